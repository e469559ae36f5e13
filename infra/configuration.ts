import { join, relative } from "node:path";
import { CONFIGURATION_FILE, readConfiguration } from "../functions/cli/configuration-file.ts";
import { BadInput } from "../functions/cli/errors.ts";
import type { Configuration } from "../functions/core/configuration.ts";

/** The file that is deployed: what the context `config` names, or `$QUELL_CONFIG`, or the one at the project's root. */
export const configurationFile = (context: unknown, env: Readonly<Record<string, string | undefined>>): string => {
  if (typeof context === "string" && context !== "") return context;
  return env.QUELL_CONFIG ?? relative(process.cwd(), join(import.meta.dirname, "..", CONFIGURATION_FILE));
};

/**
 * Reads what is to be deployed. What is wrong with it is the person's to mend, so it comes as lines of "file: field: what
 * is allowed" and no stack: null then, and `complain` was told.
 */
export const configurationFor = async (
  context: unknown,
  env: Readonly<Record<string, string | undefined>>,
  complain: (lines: string) => void,
): Promise<Configuration | null> => {
  try {
    return await readConfiguration(configurationFile(context, env));
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    complain(`${error.message}\n`);
    return null;
  }
};
