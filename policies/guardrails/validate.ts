import { validate } from "@cedar-policy/cedar-wasm/nodejs";
import { sayingOf } from "../../functions/adapters/cedar/policy.ts";
import { type GuardrailFiles, loadGuardrails } from "./load.ts";

/** Everything wrong with the policies, a sentence each; warnings count, for a policy that can never hold is a mistake. */
export const faultsOf = ({ policies, schema }: GuardrailFiles): readonly string[] => {
  const sayings = Object.entries(policies).map(([name, text]) => sayingOf(name, text));
  const annotations = sayings.filter((saying) => typeof saying === "string");
  const answer = validate({ schema, policies: { staticPolicies: { ...policies } } });
  if (answer.type === "failure") return [...annotations, ...answer.errors.map((error) => error.message)];
  const found = [...answer.validationErrors, ...answer.validationWarnings];
  return [
    ...annotations,
    ...found.map(({ policyId, error }) => `${policyId}: ${error.message}`),
    ...answer.otherWarnings.map((warning) => warning.message),
  ];
};

/** Prints the verdict; returns the exit code: 0 valid, 1 not. */
const main = (): number => {
  try {
    const files = loadGuardrails();
    const faults = faultsOf(files);
    if (faults.length === 0) {
      process.stdout.write(`guardrails: ${Object.keys(files.policies).length} policies valid\n`);
      return 0;
    }
    process.stderr.write(`${faults.map((fault) => `guardrails: ${fault}`).join("\n")}\n`);
  } catch (cause) {
    process.stderr.write(`guardrails: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  }
  return 1;
};

if (import.meta.main) process.exitCode = main();
