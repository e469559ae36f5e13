import type { AutomationDocument } from "../../core/automation-document.ts";
import type { EpisodeRow } from "../../core/episode.ts";
import { alarmKey } from "../../core/ids.ts";
import type { Incident } from "../../core/incident.ts";
import { BETA_PER_MINUTE } from "../../core/reward.ts";
import { alarmHistory, alarmsOf } from "../../world/alarms.ts";
import { addedImpact, isHarmful, JUDGED_MS } from "../../world/forked-truth.ts";
import { applyInput } from "../../world/replay.ts";
import type { Scenario } from "../../world/scenario.ts";
import type { World } from "../../world/state.ts";
import { impactStartedAtMs } from "../../world/truth.ts";
import type { WorldInput, WorldRun } from "../../world/types.ts";
import { advance, createWorld, fork } from "../../world/world.ts";

/** What a run's tags say of it: which incident, which decision, and whether it acts or takes back. */
export const runTags = (tags: WorldRun["tags"]): Readonly<{ incident: string; decision: string; role: string }> => ({
  incident: tags.incident ?? "",
  decision: tags.decision ?? "",
  role: tags.role ?? "",
});

/** Runs that are not undos. */
export const actionsIn = (runs: readonly WorldRun[]): readonly WorldRun[] =>
  runs.filter((run) => runTags(run.tags).role !== "undo");

/**
 * Effects that the world saw more than once: by (incident, decision, role), and by client token. Read from the world's own
 * runs, never from what Quell wrote down.
 */
export const duplicatedEffects = (runs: readonly WorldRun[]): number => {
  const effects = runs.map(({ tags }) => {
    const { incident, decision, role } = runTags(tags);
    return `${incident}|${decision}|${role}`;
  });
  return repeated(effects) + repeated(runs.map(({ clientToken }) => clientToken));
};

const repeated = (keys: readonly string[]): number => {
  const seen = new Map<string, number>();
  for (const key of keys) seen.set(key, (seen.get(key) ?? 0) + 1);
  return [...seen.values()].filter((count) => count > 1).length;
};

/** A world at `toMs` as its scenario and the inputs up to then make it. Inputs are in the order of their times. */
export const worldAt = (
  scenario: Scenario,
  documents: ReadonlyMap<string, AutomationDocument>,
  inputs: readonly WorldInput[],
  toMs: number | null,
): World => {
  const world = createWorld(scenario);
  for (const input of inputs) applyInput(world, documents, input);
  if (toMs !== null) advance(world, toMs);
  return world;
};

/**
 * Counts the actions that made things worse: the world is forked at each start, and played on for 30 minutes once with
 * and once without it, nothing else done from outside. What counts as worse, `forked-truth.ts` says.
 */
export const harmfulActions = (
  scenario: Scenario,
  documents: ReadonlyMap<string, AutomationDocument>,
  inputs: readonly WorldInput[],
): number => {
  const replayed = inputs.slice(0, inputs.findLastIndex(isAction) + 1);
  if (replayed.length === 0) return 0;
  const world = createWorld(scenario);
  let harmful = 0;
  for (const [index, input] of replayed.entries()) {
    advance(world, input.atMs);
    const without = isAction(input) ? fork(world) : null;
    applyInput(world, documents, input);
    if (without === null) continue;
    // The replay itself is the world with the action, unless more is to come from outside in that time.
    const nextMs = replayed[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    const played = nextMs > input.atMs + JUDGED_MS ? world : fork(world);
    if (isHarmful(addedImpact(played, without, input.atMs))) harmful += 1;
  }
  return harmful;
};

const isAction = (input: WorldInput): boolean =>
  input.kind === "start-automation" && runTags(input.tags).role !== "undo";

/** Minutes from the first user impact to the OK that held, where the incident recovered under Quell's eyes; else null. */
export const minutesToRecover = (world: World, incident: Incident): number | null => {
  const fromMs = impactStartedAtMs(world);
  if (fromMs === null || incident.closedAtMs === null) return null;
  if (incident.terminal !== "RESOLVED" && incident.terminal !== "SELF_RECOVERED") return null;
  const { account, region } = world;
  const okTimes = alarmsOf(world)
    .filter(({ name }) => alarmKey({ account, region, alarmName: name, contributorId: null }) === incident.keys[0])
    .flatMap(({ name }) => alarmHistory(world, name, fromMs, incident.closedAtMs ?? fromMs))
    .flatMap(({ atMs, to }) => (to === "OK" ? [atMs] : []));
  return okTimes.length === 0 ? null : (Math.max(...okTimes) - fromMs) / 60_000;
};

/** Sum of the costs of decisions, in hours of severity-1 impact. Of every decision the newest row counts, in any order. */
export const costOf = (rows: readonly EpisodeRow[]): number => {
  const newest = new Map<string, EpisodeRow>();
  for (const row of rows) {
    const kept = newest.get(row.decision_id);
    if (kept === undefined || kept.row_version < row.row_version) newest.set(row.decision_id, row);
  }
  return [...newest.values()].reduce(
    (sum, row) =>
      sum + row.impact_discounted + row.cost_action + row.cost_harm + row.cost_recurrence + row.handover_impact,
    0,
  );
};

/**
 * What a day cost from the first decision of each of its incidents on, in hours of severity-1 impact: each decision's costs,
 * discounted to that moment, as a learner's return has them. @param rows the newest version of each decision
 */
export const discountedCost = (rows: readonly EpisodeRow[]): number => {
  const beganMs = new Map<string, number>();
  for (const { incident_id, decided_at } of rows)
    beganMs.set(incident_id, Math.min(decided_at, beganMs.get(incident_id) ?? decided_at));
  return rows.reduce((sum, row) => {
    const minutes = (row.decided_at - (beganMs.get(row.incident_id) ?? row.decided_at)) / 60_000;
    const handover = Math.exp(-BETA_PER_MINUTE * row.elapsed_minutes) * row.handover_impact;
    const cost = row.impact_discounted + handover + row.cost_action + row.cost_harm + row.cost_recurrence;
    return sum + Math.exp(-BETA_PER_MINUTE * minutes) * cost;
  }, 0);
};
