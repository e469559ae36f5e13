import type { AutomationDocument } from "../core/automation-document.ts";
import { decisionId } from "../core/ids.ts";
import type { DecisionRecord, IncidentRecord } from "../core/record.ts";
import { type Catalogue, findRunbook } from "../core/runbook.ts";
import { hoursOf } from "../rollout/bound.ts";
import { runTags } from "../rollout/days/measure.ts";
import { faultNamed } from "../world/faults/all-faults.ts";
import { type Course, courseWithout, type Truth, truthOf } from "../world/forked-truth.ts";
import { presentFaults } from "../world/people/knowledge.ts";
import { applyInput } from "../world/replay.ts";
import type { Scenario } from "../world/scenario.ts";
import type { World } from "../world/state.ts";
import type { WorldInput } from "../world/types.ts";
import { advance, createWorld, fork } from "../world/world.ts";

/** What only the world knows of one decision. It joins an episode row by `decision_id` and shares no other key with it. */
export type TruthRow = Readonly<{
  decision_id: string;
  /** The scenario's faults, in the order of their onsets, and their families. */
  faults: readonly string[];
  families: readonly string[];
  /** Those whose cause was there at the decision. */
  present: readonly string[];
  /** Index of the allowed candidate that would have cost least, had it been the last thing done. */
  best: number;
  /** What the run that was started for this decision did; null where none was. */
  ran: Outcome | null;
  /** What each candidate would have done at the decision, nothing after it; null for one that was not allowed. */
  outcomes: readonly (Outcome | null)[];
}>;

/** Added: impact-minutes more within half an hour. Spared: impact-minutes less until recovery, at most for eight hours. */
export type Outcome = Readonly<{ added_impact: number; spared_impact: number; heals: boolean; heals_alone: boolean }>;

/** One world as it was played. */
export type Played = Readonly<{
  scenario: Scenario;
  inputs: readonly WorldInput[];
  records: readonly IncidentRecord[];
}>;

/** The truth of each decision of a world, in the order of the decisions: the world is played again and forked at each. */
export const truthRows = (
  { scenario, inputs, records }: Played,
  catalogue: Catalogue,
  documents: ReadonlyMap<string, AutomationDocument>,
): readonly TruthRow[] => {
  const world = createWorld(scenario);
  const left = [...inputs];
  return decisionsIn(records).map(({ id, atMs, decision }) => {
    for (let next = left[0]; next !== undefined && next.atMs < atMs; next = left[0]) {
      applyInput(world, documents, next);
      left.shift();
    }
    advance(world, atMs);
    const without = courseWithout(world, atMs);
    const outcomes = decision.candidates.map((candidate) => {
      if (candidate.verdict !== "allowed") return null;
      const action = actionOf(catalogue, candidate, atMs);
      return action === null ? nothingDone(without) : outcomeOf(truthOf(world, documents, action, without));
    });
    return {
      decision_id: id,
      faults: scenario.faults.map(({ fault }) => fault),
      families: scenario.faults.map(({ fault }) => faultNamed(fault)?.family ?? "none"),
      present: presentFaults(world).map(({ fault }) => fault.id),
      best: bestOf(catalogue, decision, outcomes),
      ran: ranOf(world, documents, left, id),
      outcomes,
    };
  });
};

type Decided = Readonly<{ id: string; atMs: number; decision: DecisionRecord }>;

const decisionsIn = (records: readonly IncidentRecord[]): readonly Decided[] =>
  records
    .flatMap(({ incident, decisions }) =>
      decisions.map((decision) => ({
        id: decisionId(incident.id, decision.step),
        atMs: Date.parse(decision.decidedAt),
        decision,
      })),
    )
    .toSorted((one, other) => one.atMs - other.atMs || (one.id < other.id ? -1 : 1));

/** A candidate as an input of the world; null where it does nothing. */
const actionOf = (
  catalogue: Catalogue,
  { runbook: id, version, params }: DecisionRecord["candidates"][number],
  atMs: number,
): WorldInput | null => {
  const runbook = findRunbook(catalogue, id, version);
  if (runbook?.kind === "page") return { kind: "page", atMs, incidentId: "truth" };
  const document = runbook?.documents?.automation;
  if (document === undefined) return null;
  const { name: documentName, hash: documentHash } = document;
  return {
    kind: "start-automation",
    atMs,
    documentName,
    documentHash,
    parameters: params,
    clientToken: "truth",
    tags: {},
  };
};

const nothingDone = ({ recovers }: Course): Outcome => ({
  added_impact: 0,
  spared_impact: 0,
  heals: recovers,
  heals_alone: recovers,
});

const outcomeOf = ({ harm, uplift, recovers }: Truth): Outcome => ({
  added_impact: rounded(harm),
  spared_impact: rounded(uplift),
  heals: recovers.withIt,
  heals_alone: recovers.without,
});

/** What the run of this decision did, from where it was started: people may have thought about it for a while. */
const ranOf = (
  world: World,
  documents: ReadonlyMap<string, AutomationDocument>,
  left: readonly WorldInput[],
  id: string,
): Outcome | null => {
  const index = left.findIndex((input) => {
    if (input.kind !== "start-automation") return false;
    const { decision, role } = runTags(input.tags);
    return decision === id && role !== "undo";
  });
  const action = left[index];
  if (action === undefined) return null;
  const before = fork(world);
  for (const input of left.slice(0, index)) applyInput(before, documents, input);
  return outcomeOf(truthOf(before, documents, action));
};

const bestOf = (
  catalogue: Catalogue,
  { candidates }: DecisionRecord,
  outcomes: readonly (Outcome | null)[],
): number => {
  const costs = candidates.map((candidate, index) => {
    const runbook = findRunbook(catalogue, candidate.runbook, candidate.version);
    const outcome = outcomes[index] ?? null;
    if (runbook === null || outcome === null) return Number.POSITIVE_INFINITY;
    return hoursOf(runbook, candidate.tier) - outcome.spared_impact / 60;
  });
  return costs.indexOf(Math.min(...costs));
};

/** A ten-thousandth of an impact-minute is far below what a world's noise makes of it. */
const rounded = (value: number): number => Math.round(value * 10_000) / 10_000 + 0;
