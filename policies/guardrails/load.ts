import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { policySetTextToParts, policyToJson } from "@cedar-policy/cedar-wasm/nodejs";

/** Policies by name, in the order in which they speak, and the schema that they are written against. */
export type GuardrailFiles = Readonly<{ policies: Readonly<Record<string, string>>; schema: string }>;

/** A policy file that does not parse, or a policy without a name of its own; the message says which and where. */
export class GuardrailsUnreadable extends Error {
  override name = "GuardrailsUnreadable";
}

/**
 * Reads every `*.cedar` file of a folder, in the order of their names, and its `schema.cedarschema`.
 * Throws GuardrailsUnreadable, or the error of the file system. Whether they fit the schema is for `validate.ts`.
 */
export const loadGuardrails = (folder: string = import.meta.dirname): GuardrailFiles => {
  const policies: Record<string, string> = {};
  const files = readdirSync(folder).filter((file) => file.endsWith(".cedar"));
  for (const file of files.sort()) {
    for (const text of policiesOf(file, readFileSync(join(folder, file), "utf8"))) {
      const name = nameOf(file, text);
      if (name in policies) throw new GuardrailsUnreadable(`${file}: a second policy has @id("${name}")`);
      policies[name] = text;
    }
  }
  return { policies, schema: readFileSync(join(folder, "schema.cedarschema"), "utf8") };
};

const policiesOf = (file: string, text: string): readonly string[] => {
  const parts = policySetTextToParts(text);
  if (parts.type === "failure") {
    throw new GuardrailsUnreadable(`${file}: ${parts.errors.map((error) => error.message).join("; ")}`);
  }
  if (parts.policy_templates.length > 0) throw new GuardrailsUnreadable(`${file}: a template is no policy of its own`);
  // The engine hands them out by number as text (10 before 2); their order in the file is what their authors meant.
  return [...parts.policies].sort((a, b) => text.indexOf(a) - text.indexOf(b));
};

const nameOf = (file: string, text: string): string => {
  const parsed = policyToJson(text);
  const name = parsed.type === "success" ? parsed.json.annotations?.id : undefined;
  if (!name) throw new GuardrailsUnreadable(`${file}: a policy has no @id: ${text.slice(0, 80)}`);
  return name;
};
