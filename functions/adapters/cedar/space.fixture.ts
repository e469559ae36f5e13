import type { Guardrails } from "../../core/ports.ts";
import type { Tier } from "../../core/runbook.ts";
import type { GuardAnswer, GuardFacts, GuardRequest, Mode } from "../../core/stages.ts";

/** The request space, enumerated: everything that can ever be asked of the guardrails. */

/** Every fact with the value that is worse to have. */
export const WORSE: Readonly<GuardFacts> = {
  switchOn: false,
  frozen: true,
  overBlastRadius: true,
  belowCapacityFloor: true,
  budgetSpent: true,
  coolingDown: true,
  breakerOpen: true,
  leaseHeld: true,
  changeInProgress: true,
  evidenceStale: true,
  autonomyEarned: false,
  reversible: false,
};
export const FACTS = Object.keys(WORSE) as readonly (keyof GuardFacts)[];
export const TIERS: readonly Tier[] = [0, 1, 2, 3];
export const ENVIRONMENTS: readonly GuardRequest["environment"][] = ["production", "other"];
export const MODES: readonly Mode[] = ["observe", "approve", "auto"];

/** @param bad a bit a fact, in the order of FACTS: 1 = its worse value, so 0 is as good as it gets */
export const factsOf = (bad: number): GuardFacts =>
  Object.fromEntries(
    FACTS.map((fact, i) => [fact, ((bad >> i) & 1) === 1 ? WORSE[fact] : !WORSE[fact]]),
  ) as unknown as GuardFacts;

/** A request with what was answered; `bad` says which facts are at their worse value. */
export type Asked = Readonly<{ request: GuardRequest; bad: number; answer: GuardAnswer }>;

export const ALL_FACTS: readonly number[] = Array.from({ length: 1 << FACTS.length }, (_, bad) => bad);
/** At most `most` facts at their worse value. */
export const nearlyGood = (most: number): readonly number[] =>
  ALL_FACTS.filter((bad) => [...bad.toString(2)].filter((bit) => bit === "1").length <= most);

/** Asks every tier, environment and mode with each of these facts. */
export const askAll = async (
  guardrails: Guardrails,
  effect: boolean,
  bads: readonly number[],
): Promise<readonly Asked[]> => {
  const asked: Asked[] = [];
  for (const bad of bads) {
    const facts = factsOf(bad);
    for (const tier of TIERS) {
      for (const environment of ENVIRONMENTS) {
        for (const mode of MODES) {
          const request = { effect, tier, environment, mode, facts };
          asked.push({ request, bad, answer: await guardrails.ask(request) });
        }
      }
    }
  }
  return asked;
};

/** How strict an answer is: the consents that it takes, or 3 for a refusal. */
export const strictness = (answer: GuardAnswer): number => (answer.kind === "refused" ? 3 : answer.consents);

const placeOf = ({ effect, tier, environment, mode }: GuardRequest, bad: number): string =>
  `${effect}/${tier}/${environment}/${mode}/${bad}`;

/** Every pair of requests that differ in one thing alone, the worse second: a fact, the tier, the environment, the mode. */
export const steps = (asked: readonly Asked[]): readonly Readonly<{ better: Asked; worse: Asked }>[] => {
  const found = new Map(asked.map((one) => [placeOf(one.request, one.bad), one]));
  return asked.flatMap((better) => {
    const { request, bad } = better;
    const places = [
      ...FACTS.map((_, i) => placeOf(request, bad | (1 << i))),
      placeOf({ ...request, tier: Math.min(request.tier + 1, 3) as Tier }, bad),
      placeOf({ ...request, environment: "production" }, bad),
      placeOf({ ...request, mode: request.mode === "auto" ? "approve" : "observe" }, bad),
    ];
    const self = placeOf(request, bad);
    return places.flatMap((place) => {
      const worse = found.get(place);
      return place === self || worse === undefined ? [] : [{ better, worse }];
    });
  });
};
