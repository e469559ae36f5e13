import { type Asked, FACTS, steps, strictness, WORSE } from "./space.fixture.ts";

/** What holds of every answer, by name: each finds the answers that break it. */
export type Invariant = Readonly<{ name: string; broken: (asked: readonly Asked[]) => readonly Asked[] }>;

/** An invariant of effects: where `given` holds, `then` must. */
const effects = (name: string, given: (asked: Asked) => boolean, then: (asked: Asked) => boolean): Invariant => ({
  name,
  broken: (asked) => asked.filter((one) => one.request.effect && given(one) && !then(one)),
});

const isRefused = ({ answer }: Asked): boolean => answer.kind === "refused";
const takes = (consents: number) => (one: Asked) => strictness(one.answer) >= consents;

// The two facts that decide how many consents it takes; each of the others refuses alone.
const SOFT: readonly string[] = ["autonomyEarned", "reversible"];

export const INVARIANTS: readonly Invariant[] = [
  ...FACTS.filter((fact) => !SOFT.includes(fact)).map((fact) =>
    effects(
      `no effect while ${fact} is ${WORSE[fact]}`,
      ({ request }) => request.facts[fact] === WORSE[fact],
      isRefused,
    ),
  ),
  effects("no effect in mode observe", ({ request }) => request.mode === "observe", isRefused),
  effects("no T3 effect without two consents", ({ request }) => request.tier === 3, takes(2)),
  effects("no T2 effect without a consent", ({ request }) => request.tier === 2, takes(1)),
  effects(
    "no T1 effect in production without a consent, unless autonomy is earned",
    ({ request: { tier, environment, facts } }) => tier === 1 && environment === "production" && !facts.autonomyEarned,
    takes(1),
  ),
  effects("no effect without a consent in mode approve", ({ request }) => request.mode === "approve", takes(1)),
  effects("nothing irreversible without a consent", ({ request }) => !request.facts.reversible, takes(1)),
  {
    name: "waiting and handing over are always permitted, without consent",
    broken: (asked) => asked.filter((one) => !one.request.effect && strictness(one.answer) !== 0),
  },
  {
    name: "nothing made worse turns a refusal into a permit or lowers consents",
    broken: (asked) =>
      steps(asked)
        .filter(({ better, worse }) => strictness(worse.answer) < strictness(better.answer))
        .map(({ worse }) => worse),
  },
];
