import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import { draftOffline } from "../core/draft.ts";
import { POLICIES } from "../core/policies.ts";
import type { Drafter, Guardrails, Scorer } from "../core/ports.ts";

const { policies, schema } = loadGuardrails();

/** The real guardrails: their engine is part of what is measured. */
export const guardrails: Guardrails = cedarGuardrails(policies, schema);

/** The catalogue's own rules; no model is asked. */
export const offline: Drafter = { draft: async (context, catalogue) => draftOffline(context, catalogue, null) };

/** A policy that the command line lists. Throws on any other name. */
export const scorerNamed = (name: string): Scorer => {
  const scorer = POLICIES[name];
  if (scorer === undefined) throw new RangeError(`no policy is called ${name}`);
  return scorer;
};
