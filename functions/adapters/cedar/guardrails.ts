import {
  type AuthorizationAnswer,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from "@cedar-policy/cedar-wasm/nodejs";
import { NO_FACTS } from "../../core/guard-facts.ts";
import { hashOf } from "../../core/ids.ts";
import type { Guardrails } from "../../core/ports.ts";
import { because } from "../../core/reasons.ts";
import type { Tier } from "../../core/runbook.ts";
import type { GuardAnswer, GuardFacts, GuardRequest, Mode } from "../../core/stages.ts";
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
  const answered = new Map<number, GuardAnswer>();
  const ask = async (request: GuardRequest): Promise<GuardAnswer> => {
    if (typeof prepared === "string") return refused(prepared);
    // A failure of the engine is not remembered: the next question finds out whether it has passed.
    const answer = guarded(() => {
      const number = numberOf(request);
      const known = number === null ? undefined : answered.get(number);
      if (known !== undefined) return known;
      const found = answerOf(prepared, decide(hash, request));
      if (number !== null) answered.set(number, found);
      return found;
    });
    return typeof answer === "string" ? refused(answer) : answer;
  };
  return { hash, ask };
};

const FACTS = Object.keys(NO_FACTS) as readonly (keyof GuardFacts)[];
const TIERS: readonly unknown[] = [0, 1, 2, 3] satisfies readonly Tier[];
const ENVIRONMENTS: readonly unknown[] = ["production", "other"] satisfies readonly GuardRequest["environment"][];
const MODES: readonly unknown[] = ["observe", "approve", "auto"] satisfies readonly Mode[];

/**
 * The place of a request among all that can be asked, which are finitely many; null for one that is none of them, which
 * is answered by the engine each time.
 */
const numberOf = ({ effect, tier, environment, mode, facts }: GuardRequest): number | null => {
  const places = [TIERS.indexOf(tier), ENVIRONMENTS.indexOf(environment), MODES.indexOf(mode)] as const;
  if (typeof effect !== "boolean" || places.includes(-1) || Object.keys(facts).length !== FACTS.length) return null;
  let number = ((places[0] * ENVIRONMENTS.length + places[1]) * MODES.length + places[2]) * 2 + (effect ? 1 : 0);
  for (const name of FACTS) {
    if (typeof facts[name] !== "boolean") return null;
    number = number * 2 + (facts[name] ? 1 : 0);
  }
  return number;
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
