import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FEATURE_SCHEMA, FEATURES_HASH } from "../../functions/core/features.ts";

/** The schema of both vectors for the Python side, which never encodes: run this after a feature has changed. */
export const FEATURES_FILE: string = join(import.meta.dirname, "features.json");

export const featuresFile = (): string => `${JSON.stringify(FEATURE_SCHEMA, null, 2)}\n`;

if (import.meta.main) {
  writeFileSync(FEATURES_FILE, featuresFile());
  const { state, candidate } = FEATURE_SCHEMA;
  process.stdout.write(
    `features.json: ${state.length} of the state, ${candidate.length} of a candidate, ${FEATURES_HASH}\n`,
  );
}
