import fc from "fast-check";
import type { EpisodeRow } from "../../core/episode.ts";
import { WORDS } from "./read-episodes.ts";

const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 12 }), fc.constantFrom("", "Größe 🔥", "a\u0000b"));
const real = fc.double({ noNaN: true, noDefaultInfinity: true });
// A dictionary of a Parquet file knows one zero only.
const float = fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const cost = fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => value + 0);
const small = fc.integer({ min: 0, max: 5 });
const at = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** Any distribution over so many candidates: whole shares of a sum, so that they add up to 1 but for rounding. */
const distribution = (candidates: number): fc.Arbitrary<readonly number[] | null> =>
  candidates === 0
    ? fc.constant(null)
    : fc.option(
        fc
          .tuple(fc.array(fc.nat(99), { minLength: candidates, maxLength: candidates }), fc.nat(candidates - 1))
          .map(([shares, sure]) => {
            const whole = shares.map((share, i) => share + (i === sure ? 1 : 0));
            const sum = whole.reduce((total, share) => total + share, 0);
            return whole.map((share) => share / sum);
          }),
      );

const scene = (candidates: number) => {
  const each = <T>(one: fc.Arbitrary<T>, times = 1) =>
    fc.array(one, { minLength: candidates * times, maxLength: candidates * times });
  return {
    ...{ state: fc.array(float, { maxLength: 6 }), candidates: each(float, 3), candidate_key: each(text) },
    ...{ runbook_id: each(text), drafted_by: each(text), tier: each(small), consents: each(small) },
    ...{ allowed: each(fc.boolean()), refused_because: each(text), tie_set: each(fc.boolean()) },
    ...{
      probability: distribution(candidates),
      q: fc.option(
        each(
          real.map((value) => value + 0),
          2,
        ),
      ),
    },
    ...{
      proposed: fc.integer({ min: -1, max: candidates - 1 }),
      executed: fc.integer({ min: -1, max: candidates - 1 }),
    },
  };
};

/** Any row that the contract of episodes allows, its float32 columns with values that a float32 holds. */
export const anyRow: fc.Arbitrary<EpisodeRow> = fc.nat(5).chain((candidates) =>
  fc.record({
    ...{ schema_version: fc.constant(1 as const), row_version: small, step: small, severity: small, decided_at: at },
    ...{ decision_id: text, incident_id: text, cluster_id: text, service: text, environment: text },
    source: fc.constantFrom(...WORDS.source),
    ...{ features_hash: text, catalogue_hash: text, guardrails_hash: text, model_hash: text, world_hash: text },
    ...scene(candidates),
    ...{ drafter: text, canary_arm: text, arm_probability: cost, epsilon: cost, seed: text, abstained_because: text },
    stage: fc.constantFrom(...WORDS.stage),
    human_response: fc.constantFrom(...WORDS.human_response),
    ...{ human_reason: text, executed_runbook: text, undone: fc.boolean(), recovered: fc.boolean() },
    exit_status: fc.constantFrom(...WORDS.exit_status),
    ...{ elapsed_minutes: cost, impact_minutes: cost, impact_discounted: cost, handover_impact: cost },
    ...{ cost_action: cost, cost_harm: cost, cost_recurrence: cost },
    harm: fc.constantFrom(...WORDS.harm),
    recovered_by: fc.constantFrom(...WORDS.recovered_by),
    end: fc.constantFrom(...WORDS.end),
    ...{ reopened_24h: fc.option(fc.boolean()), matured_at: fc.option(at) },
  }),
);
