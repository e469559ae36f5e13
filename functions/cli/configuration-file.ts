import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Configuration } from "../core/configuration.ts";
import { BadInput } from "./errors.ts";

/** What is read where nobody names a file. */
export const CONFIGURATION_FILE = "quell.config.ts";

/**
 * Reads a configuration: a module that exports `config`, or the JSON that is deployed beside a function.
 * Throws BadInput where there is none, where it does not load and where a field of it cannot be used.
 */
export const readConfiguration = async (file: string): Promise<Configuration> => {
  const path = resolve(file);
  if (!existsSync(path))
    throw new BadInput(`${file}: no such file; run this where ${CONFIGURATION_FILE} is, or name yours with --config`);
  const raw = await loaded(path, file);
  const { BadConfiguration, parseConfiguration } = await import("../core/configuration.ts");
  try {
    return parseConfiguration(raw, file);
  } catch (cause) {
    if (cause instanceof BadConfiguration) throw new BadInput(`${cause.message}\nquell: correct it there`, { cause });
    throw cause;
  }
};

const loaded = async (path: string, file: string): Promise<unknown> => {
  try {
    if (path.endsWith(".json")) return JSON.parse(readFileSync(path, "utf8"));
    const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(path).href);
    if ("config" in module) return module.config;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`${file}: cannot be loaded (${detail}); correct it, or name another with --config`, { cause });
  }
  throw new BadInput(`${file}: exports no \`config\`; write \`export const config = { ... }\` there`);
};
