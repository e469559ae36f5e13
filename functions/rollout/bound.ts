import { SCRIPTED_ANSWER_SECONDS } from "../adapters/simulated/approvals.ts";
import { simulatedEvidence } from "../adapters/simulated/evidence.ts";
import { draftOffline } from "../core/draft.ts";
import { STATE_FEATURES } from "../core/features.ts";
import { gatherContext } from "../core/gather.ts";
import { measuredTier } from "../core/guard-scope.ts";
import { alarmKey } from "../core/ids.ts";
import { actionCost } from "../core/reward.ts";
import { type Catalogue, findRunbook, type Runbook, type Tier } from "../core/runbook.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import type { Score, Verdict } from "../core/stages.ts";
import { settingsFor } from "../world/settings-for.ts";
import type { AlarmRuntime, World } from "../world/state.ts";
import { costs, type Manner, type Option } from "./bound-search.ts";
import type { PolicyOf } from "./days/day.ts";
import { withoutLogs } from "./days/without-logs.ts";

/**
 * A clairvoyant search, not a proved bound: it looks into the world, plays every allowed candidate in a fork and takes the
 * one that costs least. Nobody can decide like this: it says how much of what policies leave on the table could be had at
 * all. It can still be beaten: it looks two decisions ahead, counts the true impact where a row has what metrics showed of
 * one service, and takes an effect for good whose recovery Quell cannot see. With the candidates that every policy has it
 * stands for the best of deciding; with a drafter that names everything, of the catalogue.
 */
export const boundOf =
  (catalogue: Catalogue, policy: string): PolicyOf =>
  (world, documents) => {
    const settings = withoutLogs(settingsSchema.parse(settingsFor(world)));
    const manner: Manner = {
      documents,
      waitMs: settings.waitSeconds * 1000,
      verifyMs: settings.verifySeconds * 1000,
      soakMs: settings.soakSeconds * 1000,
      namedIn: namedIn(catalogue, settings),
    };
    return {
      policy,
      modelHash: "",
      draw: "best",
      score: async (state, _candidates, verdicts = []) =>
        scoresOf(catalogue, world, verdicts, settings.decisionsPerIncident - (state[STEP] ?? 0), manner),
    };
  };

const STEP = STATE_FEATURES.indexOf("step");

/**
 * What the catalogue's rules will name in a world, for the service whose alarm was the first to ring: the candidates that
 * a decision in it would have, before the guard has spoken.
 */
const namedIn =
  (catalogue: Catalogue, settings: Settings) =>
  async (world: World): Promise<readonly Option[]> => {
    const first = world.alarms
      .filter(({ state }) => state === "ALARM")
      .reduce<AlarmRuntime | null>(
        (one, other) => (one === null || other.changedAtMs < one.changedAtMs ? other : one),
        null,
      );
    const service = settings.services.find(({ name }) => name === first?.service);
    if (first === null || service === undefined) return [];
    const key = alarmKey({ account: world.account, region: world.region, alarmName: first.name, contributorId: null });
    const subject = {
      ...{ incidentId: "bound", keys: [key], openedAtMs: first.changedAtMs, service: service.name },
      ...{ alarmMetrics: first.kind === "metric" ? [first.metric] : [], words: [], rings: {}, storm: false },
    };
    const at = { nowMs: world.nowMs, step: 1, tried: [] };
    const context = await gatherContext(simulatedEvidence(world), settings, service, subject, at);
    return draftOffline(context, catalogue, null).proposals.flatMap(({ runbook: id, version, target, params }) => {
      const runbook = findRunbook(catalogue, id, version);
      const resource = context.resources.find(({ arn }) => arn === target);
      if (runbook === null || resource === undefined) return [];
      const tier = measuredTier(runbook, runbook.blastRadius(resource, params));
      const consentMs = tier === 0 ? 0 : SCRIPTED_ANSWER_SECONDS * 1000;
      return [{ runbook, target, params, consentMs, hours: hoursOf(runbook, tier) }];
    });
  };

const scoresOf = async (
  catalogue: Catalogue,
  world: World,
  verdicts: readonly Verdict[],
  decisionsLeft: number,
  manner: Manner,
): Promise<readonly Score[]> => {
  const options = verdicts.map((verdict) => optionOf(catalogue, verdict));
  const played = options.filter((option) => option !== null);
  const priced = await costs(world, played, decisionsLeft, manner);
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
    target: candidate.target,
    params: candidate.params,
    consentMs: verdict.consents === 0 ? 0 : SCRIPTED_ANSWER_SECONDS * 1000,
    hours: hoursOf(runbook, tier),
  };
};
