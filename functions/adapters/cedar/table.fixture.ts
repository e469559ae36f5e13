import { hashOf } from "../../core/ids.ts";
import type { Guardrails } from "../../core/ports.ts";
import { because, type RefusedCode } from "../../core/reasons.ts";
import type { Consents, GuardAnswer, GuardFacts, GuardRequest } from "../../core/stages.ts";

/** What makes each fact a refusal, in the order in which they speak, and its code. */
export const FORBIDDING: readonly Readonly<{ fact: keyof GuardFacts; when: boolean; code: RefusedCode }>[] = [
  { fact: "switchOn", when: false, code: "kill-switch" },
  { fact: "frozen", when: true, code: "freeze-window" },
  { fact: "evidenceStale", when: true, code: "stale-plan" },
  { fact: "overBlastRadius", when: true, code: "blast-radius" },
  { fact: "belowCapacityFloor", when: true, code: "capacity-floor" },
  { fact: "changeInProgress", when: true, code: "change-in-progress" },
  { fact: "leaseHeld", when: true, code: "lease-held" },
  { fact: "breakerOpen", when: true, code: "breaker-open" },
  { fact: "coolingDown", when: true, code: "cooldown" },
  { fact: "budgetSpent", when: true, code: "budget-spent" },
];

/**
 * The guardrails as a table, without an engine: what the contract says, written a second time. Cedar is compared with it
 * over the whole request space, and tests that need no engine can use it. It reads no policy, so it is not for production.
 */
export const tableGuardrails = (): Guardrails => ({
  hash: hashOf("guardrails as a table"),
  ask: async (request) => answerOf(request),
});

const answerOf = (request: GuardRequest): GuardAnswer => {
  if (!isWhole(request)) return refused("guard-error", "The request lacks something.");
  if (!request.effect) return { kind: "permitted", consents: 0, policies: ["table"] };
  const { facts, mode } = request;
  if (!facts.switchOn) return refused("kill-switch", "The switch is off.");
  if (mode === "observe") return refused("environment-forbidden", "Mode observe permits no effect.");
  const forbidding = FORBIDDING.find(({ fact, when }) => facts[fact] === when);
  if (forbidding !== undefined) return refused(forbidding.code, `${forbidding.fact} is ${forbidding.when}.`);
  return { kind: "permitted", consents: consentsOf(request), policies: ["table"] };
};

const refused = (code: RefusedCode, detail: string): GuardAnswer => ({
  kind: "refused",
  because: because(code, detail),
  policies: ["table"],
});

const consentsOf = ({ tier, environment, mode, facts }: GuardRequest): Consents => {
  const alone = mode === "auto" && facts.reversible;
  if (tier === 3) return 2;
  if (tier === 2 || !alone) return 1;
  if (tier === 1) return facts.autonomyEarned || environment === "other" ? 0 : 1;
  return 0;
};

const isWhole = ({ effect, tier, environment, mode, facts }: GuardRequest): boolean =>
  typeof effect === "boolean" &&
  [0, 1, 2, 3].includes(tier) &&
  ["production", "other"].includes(environment) &&
  ["observe", "approve", "auto"].includes(mode) &&
  [...FORBIDDING.map(({ fact }) => fact), "autonomyEarned" as const, "reversible" as const].every(
    (fact) => typeof facts[fact] === "boolean",
  );
