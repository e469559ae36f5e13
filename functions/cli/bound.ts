import { SCRIPTED_ANSWER_SECONDS } from "../adapters/simulated/approvals.ts";
import { actionCost } from "../core/reward.ts";
import { type Catalogue, findRunbook, type Runbook, type Tier } from "../core/runbook.ts";
import { settingsSchema } from "../core/settings.ts";
import type { Score, Verdict } from "../core/stages.ts";
import { settingsFor } from "../world/settings-for.ts";
import type { World } from "../world/state.ts";
import { costs, type Manner, type Option } from "./bound-search.ts";
import type { PolicyOf } from "./gameday-policies.ts";

/**
 * The clairvoyant bound: it looks into the world, plays every allowed candidate in a fork and takes the one that costs
 * least. Nobody can decide like this. It says how much of what policies leave on the table could be had at all. With the candidates that every policy has it
 * is the bound of deciding; with a drafter that names everything it is the bound of the catalogue.
 */
export const boundOf =
  (catalogue: Catalogue, policy: string): PolicyOf =>
  (world, documents) => {
    const { waitSeconds, verifySeconds } = settingsSchema.parse(settingsFor(world));
    const manner: Manner = { documents, waitMs: waitSeconds * 1000, verifyMs: verifySeconds * 1000 };
    return {
      policy,
      modelHash: "",
      draw: "best",
      score: async (_state, _candidates, verdicts = []) => scoresOf(catalogue, world, verdicts, manner),
    };
  };

const scoresOf = (
  catalogue: Catalogue,
  world: World,
  verdicts: readonly Verdict[],
  manner: Manner,
): readonly Score[] => {
  const options = verdicts.map((verdict) => optionOf(catalogue, verdict));
  const played = options.filter((option) => option !== null);
  const priced = costs(world, played, manner);
  const hours = new Map(played.map((option, index) => [option, priced[index] ?? 0]));
  // What is refused cannot be done: it is worth less than the dearest that can.
  const forbidden = Math.max(0, ...priced) + 1;
  return options.map((option) => {
    const cost = option === null ? forbidden : (hours.get(option) ?? forbidden);
    return { q: { mean: -cost, sd: 0 } };
  });
};

/** What doing it costs by itself, as a decision's cost has it, in hours of severity-1 impact. */
export const hoursOf = ({ kind }: Runbook, tier: Tier): number =>
  actionCost(kind === "page" ? PAGED : NOBODY_PAGED, kind === "effect" ? tier : null);

const NOBODY_PAGED = { kind: "not-recovered", afterSeconds: 0 } as const;
const PAGED = { kind: "paged", afterSeconds: 0 } as const;

/** What may be done; null for what the guard refused. */
const optionOf = (catalogue: Catalogue, verdict: Verdict): Option | null => {
  const { candidate, tier } = verdict;
  const runbook = findRunbook(catalogue, candidate.runbook, candidate.version);
  if (verdict.kind !== "allowed" || runbook === null) return null;
  return {
    runbook,
    params: candidate.params,
    consentMs: verdict.consents === 0 ? 0 : SCRIPTED_ANSWER_SECONDS * 1000,
    hours: hoursOf(runbook, tier),
  };
};
