import { existsSync } from "node:fs";
import type { Place } from "../adapters/recorded/namespaces.ts";
import type { Configuration } from "../core/configuration.ts";
import { callerIn, callerOf } from "./account-caller.ts";
import { type AccountClients, accountClients } from "./account-clients.ts";
import { CONFIGURATION_FILE, readConfiguration } from "./configuration-file.ts";
import { BadInput } from "./errors.ts";
import type { Screen } from "./screen.ts";
import type { ShadowFlags } from "./shadow-options.ts";

/** Where alarms are read, through what, and what is known of them; without a configuration services are guessed. */
export type ShadowPlace = Readonly<{ place: Place; clients: AccountClients; configuration: Configuration | null }>;

/**
 * The account of the caller. A configuration that was named must be for it; one that only lies there and is for another, as
 * the example is, is left out, which is said. Throws BadInput.
 */
export const shadowPlace = async (flags: ShadowFlags, { writeError }: Screen): Promise<ShadowPlace> => {
  if (flags.config !== undefined) {
    const configuration = await readConfiguration(flags.config);
    const clients = accountClients(configuration.settings.region, "read");
    const { account } = await callerIn(configuration, flags.config, clients);
    return { place: { account, region: clients.region }, clients, configuration };
  }
  const found = existsSync(CONFIGURATION_FILE) ? await readConfiguration(CONFIGURATION_FILE) : null;
  const region = regionOf(flags, found);
  const clients = accountClients(region, "read");
  const { account } = await callerOf(clients);
  const isOwn = found !== null && found.settings.account === account && found.settings.region === region;
  if (found !== null && !isOwn) {
    const its = `${found.settings.account} ${found.settings.region}`;
    writeError(`quell: ${CONFIGURATION_FILE} is for ${its}, not for ${account} ${region}: it is left out\n`);
  }
  return { place: { account, region }, clients, configuration: isOwn ? found : null };
};

const regionOf = ({ region }: ShadowFlags, found: Configuration | null): string => {
  const named = region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? found?.settings.region;
  if (named !== undefined && named !== "") return named;
  throw new BadInput("no Region is named; give --region, set AWS_REGION, or name a configuration with --config");
};
