import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "aws-lambda";
import { type Configuration, parseConfiguration } from "../../core/configuration.ts";
import { withDrill } from "../../core/drill.ts";
import { hashOf } from "../../core/ids.ts";

/** The bundle was put where its configuration does not belong: nothing may be done from here. */
export class WrongPlace extends Error {
  override readonly name = "WrongPlace";
}

/**
 * The configuration that was deployed with this bundle; an execution that waits keeps that of the version that started
 * it. Throws BadConfiguration, or the file system's error where the file is absent.
 */
export const deployedConfiguration = (folder: string = import.meta.dirname): Configuration => {
  const configuration = parseConfiguration(rawIn(folder), "quell.json");
  return { ...configuration, settings: withDrill(configuration.settings, configuration) };
};

/** Names the configuration as it lies beside this bundle, whatever is made of it. Throws where it cannot be read. */
export const configurationHash = (folder: string = import.meta.dirname): string => hashOf(rawIn(folder));

const rawIn = (folder: string): unknown => JSON.parse(readFileSync(join(folder, "quell.json"), "utf8"));

/** Throws WrongPlace where the function runs in another account or Region than its configuration names. */
export const expectPlace = (
  { settings }: Pick<Configuration, "settings">,
  { invokedFunctionArn }: Pick<Context, "invokedFunctionArn">,
): void => {
  const [, , , region, account] = invokedFunctionArn.split(":");
  if (region === settings.region && account === settings.account) return;
  throw new WrongPlace(
    `this runs in ${account}/${region} and was configured for ${settings.account}/${settings.region}: ` +
      "set settings.account and settings.region in quell.config.ts, and deploy again",
  );
};
