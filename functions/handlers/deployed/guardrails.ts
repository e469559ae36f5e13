import { loadGuardrails } from "../../../policies/guardrails/load.ts";
import { cedarGuardrails } from "../../adapters/cedar/guardrails.ts";
import type { Guardrails } from "../../core/ports.ts";

/** The policies that lie beside the bundle, with their schema. */
export const deployedGuardrails = (): Guardrails => {
  const { policies, schema } = loadGuardrails();
  return cedarGuardrails(policies, schema);
};
