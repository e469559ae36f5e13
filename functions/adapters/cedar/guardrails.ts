import {
  type AuthorizationAnswer,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from "@cedar-policy/cedar-wasm/nodejs";
import { hashOf } from "../../core/ids.ts";
import type { Guardrails } from "../../core/ports.ts";
import { because } from "../../core/reasons.ts";
import type { GuardAnswer, GuardRequest } from "../../core/stages.ts";
import { type Saying, sayingOf } from "./policy.ts";

/**
 * Guardrails on Cedar. Neither this nor `ask` ever throws: policies that do not parse, a request that does not fit the
 * schema, an error inside the engine, a policy whose annotation says nothing: each is a refusal with `guard-error`.
 *
 * @param policies by name; where several forbids hold, the first named gives the reason
 * @param schema makes Cedar check every request: without it a `forbid` that misses an attribute is skipped, and that
 *   would be an allow
 */
export const cedarGuardrails = (policies: Readonly<Record<string, string>>, schema: string): Guardrails => {
  const hash = hashOf({ policies, schema });
  const prepared = guarded(() => prepare(hash, policies, schema));
  // The request space is finite, so the memory of answers is too.
  const answered = new Map<string, GuardAnswer>();
  const ask = async (request: GuardRequest): Promise<GuardAnswer> => {
    if (typeof prepared === "string") return refused(prepared);
    // A failure of the engine is not remembered: the next question finds out whether it has passed.
    const answer = guarded(() => {
      const key = JSON.stringify(request);
      const known = answered.get(key) ?? answerOf(prepared, decide(hash, request));
      answered.set(key, known);
      return known;
    });
    return typeof answer === "string" ? refused(answer) : answer;
  };
  return { hash, ask };
};

type Sayings = ReadonlyMap<string, Saying>;

const refused = (detail: string, policies: readonly string[] = []): GuardAnswer => ({
  kind: "refused",
  because: because("guard-error", detail),
  policies,
});

const guarded = <T>(run: () => T): T | string => {
  try {
    return run();
  } catch (cause) {
    return `The policy engine failed: ${cause instanceof Error ? cause.message : String(cause)}.`;
  }
};

/** Parses policies and schema once. The engine keeps them under the hash, so the same content is held once. */
const prepare = (hash: string, policies: Readonly<Record<string, string>>, schema: string): Sayings | string => {
  const sayings = new Map<string, Saying>();
  for (const [name, text] of Object.entries(policies)) {
    const saying = sayingOf(name, text);
    if (typeof saying === "string") return saying;
    sayings.set(name, saying);
  }
  const parsed = [preparseSchema(hash, schema), preparsePolicySet(hash, { staticPolicies: { ...policies } })];
  const errors = parsed.flatMap((part) => (part.type === "failure" ? part.errors : []));
  return errors.length === 0 ? sayings : `The guardrails do not parse: ${errors.map((e) => e.message).join("; ")}.`;
};

const decide = (hash: string, request: GuardRequest): AuthorizationAnswer =>
  statefulIsAuthorized({
    principal: { type: "Quell::Agent", id: "quell" },
    action: { type: "Quell::Action", id: request.effect ? "effect" : "no-effect" },
    resource: { type: "Quell::Environment", id: request.environment },
    context: {
      ...request.facts,
      tier: { __entity: { type: "Quell::Tier", id: `T${request.tier}` } },
      mode: { __entity: { type: "Quell::Mode", id: request.mode } },
    },
    entities: [],
    preparsedSchemaName: hash,
    preparsedPolicySetId: hash,
    validateRequest: true,
  });

/** Anything but a clean success is a refusal; of the permits that hold, the one with the fewest consents counts. */
const answerOf = (sayings: Sayings, answer: AuthorizationAnswer): GuardAnswer => {
  if (answer.type === "failure") {
    return refused(`The guardrails refuse the request itself: ${answer.errors.map((e) => e.message).join("; ")}.`);
  }
  const { decision, diagnostics } = answer.response;
  const policies = [...sayings.keys()].filter((name) => diagnostics.reason.includes(name));
  if (diagnostics.errors.length > 0) {
    const names = diagnostics.errors.map((error) => error.policyId);
    return refused(`These policies failed: ${names.join(", ")}.`, policies);
  }
  const holding = policies.flatMap((name) => sayings.get(name) ?? []);
  if (decision === "allow") {
    const consents = holding.flatMap((saying) => (saying.effect === "permit" ? [saying.consents] : []));
    const fewest = consents.sort()[0];
    return fewest === undefined
      ? refused("No policy says how many consents it takes.", policies)
      : { kind: "permitted", consents: fewest, policies };
  }
  const reason = holding.find((saying) => saying.effect === "forbid");
  return reason === undefined
    ? refused("No policy permits this.", policies)
    : { kind: "refused", because: because(reason.because, `Forbidden by the policy ${policies[0]}.`), policies };
};
