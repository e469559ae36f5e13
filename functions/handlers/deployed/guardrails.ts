import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { guardrailsWhenAsked } from "../../adapters/cedar/when-asked.ts";
import type { Guardrails } from "../../core/ports.ts";

/** What `loadGuardrails` found in the policies' own files when the bundle was made. */
const guardrailFiles = z.strictObject({ policies: z.record(z.string(), z.string()), schema: z.string() });

/** The policies that lie beside the bundle, with their schema. Throws where they cannot be read. */
export const deployedGuardrails = (folder: string = import.meta.dirname): Guardrails => {
  const raw = JSON.parse(readFileSync(join(folder, "guardrails.json"), "utf8"));
  const { policies, schema } = guardrailFiles.parse(raw);
  return guardrailsWhenAsked(policies, schema);
};
