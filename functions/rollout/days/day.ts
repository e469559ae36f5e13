import { loadGuardrails } from "../../../policies/guardrails/load.ts";
import { parseAlarmEvent } from "../../adapters/aws/alarm-event.ts";
import { cedarGuardrails } from "../../adapters/cedar/guardrails.ts";
import { documentsOf, simulatedActuator } from "../../adapters/simulated/actuator.ts";
import { type People, scriptedPeople, simulatedApprovals } from "../../adapters/simulated/approvals.ts";
import { simulatedClock } from "../../adapters/simulated/clock.ts";
import { type DirectExecutions, directExecutions } from "../../adapters/simulated/direct-executions.ts";
import { simulatedEvidence } from "../../adapters/simulated/evidence.ts";
import { simulatedLedger } from "../../adapters/simulated/ledger.ts";
import { simulatedPager } from "../../adapters/simulated/pager.ts";
import { simulatedSwitch } from "../../adapters/simulated/switch.ts";
import type { AutomationDocument } from "../../core/automation-document.ts";
import type { CellState } from "../../core/autonomy.ts";
import type { Actor } from "../../core/autonomy-item.ts";
import { draftOffline } from "../../core/draft.ts";
import type { EpisodeRow } from "../../core/episode.ts";
import { grantAutonomy } from "../../core/grant-autonomy.ts";
import { type Incident, readIncident, readIncidents } from "../../core/incident.ts";
import type { Drafter, Ports, Scorer } from "../../core/ports.ts";
import { respond } from "../../core/respond.ts";
import type { Catalogue } from "../../core/runbook.ts";
import { type Settings, settingsSchema } from "../../core/settings.ts";
import { intakeWith } from "../../handlers/intake.ts";
import type { Truth } from "../../world/forked-truth.ts";
import { runsOf } from "../../world/runs.ts";
import type { Scenario } from "../../world/scenario.ts";
import { settingsFor } from "../../world/settings-for.ts";
import type { World } from "../../world/state.ts";
import { impactMinutes } from "../../world/truth.ts";
import type { WorldInput } from "../../world/types.ts";
import { advance, createWorld, fork, nextEventMs, takeDeliveries } from "../../world/world.ts";
import { isOver } from "./day-end.ts";
import { actionsIn, discountedCost, minutesToRecover, runTags } from "./measure.ts";
import { truthOfAction } from "./truth-of-action.ts";
import { withoutLogs } from "./without-logs.ts";

/** Makes the scorer of one world; a policy that may be deployed leaves the world alone. */
export type PolicyOf = (world: World, documents: ReadonlyMap<string, AutomationDocument>) => Scorer;

/** One simulated day and who decides in it. */
export type DayPlan = Readonly<{
  scenario: Scenario;
  catalogue: Catalogue;
  policy: PolicyOf;
  trackRecord: Ports["trackRecord"];
  /** What has earned to act alone under this actor before this day; nothing where it is left out. */
  autonomy?: (acting: Actor) => readonly CellState[];
  /** The catalogue's rules draft where it is left out. */
  drafter?: (world: World) => Drafter;
  /** Who answers cards; left out, somebody who says yes after four minutes. */
  people?: (world: World) => People;
  /** Whether every action is forked with its absence, to know what it did. */
  judge: boolean;
}>;

/** What an action did in truth, by the decision that it was started for. */
export type Judged = Readonly<{ decisionId: string }> & Truth;

/** What came of a day. Minutes are minutes of lost requests, hours are hours of severity-1 impact. */
export type Day = Readonly<{
  /** In the order in which they were appended. */
  rows: readonly EpisodeRow[];
  incidents: readonly Incident[];
  impactMinutes: number;
  /** Cost of all its decisions, discounted to the first one of each incident. */
  hours: number;
  minutesToRecover: readonly number[];
  actions: number;
  undos: number;
  pages: number;
  /** Plans that people were asked about. */
  questions: number;
  /** One an action that was started; none unless it was asked for. */
  judged: readonly Judged[];
}>;

const guard = loadGuardrails();
const guardrails = cedarGuardrails(guard.policies, guard.schema);

/** An action as it was started, and the world right before it. */
type Started = Readonly<{ before: World; action: WorldInput; decisionId: string }>;

type System = Readonly<{
  world: World;
  settings: Settings;
  documents: ReadonlyMap<string, AutomationDocument>;
  ports: Ports;
  executions: DirectExecutions;
  approvals: Awaited<ReturnType<typeof simulatedApprovals>>;
  moveTo: (nowMs: number) => void;
  rows: readonly EpisodeRow[];
  started: readonly Started[];
  /** Decisions that people were asked about. */
  asked: ReadonlySet<string>;
}>;

/**
 * Plays one day through the shipped `respond`, from the first alarm until nothing is left to do, with executions that live
 * in memory: no journal, no egress, no records. The same plan gives the same day, to the byte.
 */
export const playDay = async (plan: DayPlan): Promise<Day> => {
  const system = await openDay(plan);
  const { world, ports, executions, approvals, settings } = system;
  await grantAutonomy(ports.ledger, plan.autonomy?.(ports.scorer) ?? [], ports.scorer, world.nowMs);
  let incidents: readonly Incident[] = [];
  for (;;) {
    await approvals.answerDue(world.nowMs);
    const due = takeDeliveries(world);
    for (const { event } of due) await intakeWith(ports, settings)(parseAlarmEvent(event));
    if ((await executions.runDue()) + due.length > 0) incidents = await readIncidents(ports.ledger);
    if (
      isOver(
        world,
        incidents,
        ({ id, terminal, watching }) => terminal !== null && !watching && !executions.isRunning(id),
      )
    )
      return dayOf(system, incidents);
    system.moveTo(nextMs(system));
  }
};

const nextMs = ({ world, executions, approvals }: System): number => {
  const times = [nextEventMs(world), executions.nextDueMs(), approvals.nextAnswerMs()].filter((atMs) => atMs !== null);
  if (times.length === 0) throw new Error(`day ${world.scenario.index} stands still at ${world.nowMs}`);
  return Math.max(world.nowMs, Math.min(...times));
};

const openDay = async ({
  scenario,
  catalogue,
  policy,
  trackRecord,
  drafter,
  people,
  judge: isJudged,
}: DayPlan): Promise<System> => {
  const world = createWorld(scenario);
  const settings = withoutLogs(settingsSchema.parse(settingsFor(world)));
  const documents = documentsOf(catalogue);
  const clock = simulatedClock(world.nowMs);
  const ledger = simulatedLedger();
  const rows: EpisodeRow[] = [];
  const started: Started[] = [];
  const asked = new Set<string>();
  const executions = directExecutions(clock, (incidentId, journal) =>
    respond({ journal, ports, settings, incidentId, executionId: incidentId }),
  );
  const pager = simulatedPager(world, () => {});
  const approvals = await simulatedApprovals(ledger, clock, people?.(world) ?? scriptedPeople("approve"), {
    ring: async (incidentId) => {
      const doorbell = (await readIncident(ledger, incidentId))?.doorbell ?? null;
      if (doorbell !== null) await executions.ring(doorbell);
    },
    takeOver: (incidentId) => pager.page({ incidentId, severity: 1, summary: "taken over", details: [] }),
  });
  const actuator = simulatedActuator(world, documents, () => {});
  const ports: Ports = {
    evidence: simulatedEvidence(world),
    drafter: drafter?.(world) ?? { draft: async (context, from) => draftOffline(context, from, null) },
    guardrails,
    scorer: policy(world, documents),
    trackRecord,
    approvals: {
      ...approvals,
      ask: (card) => {
        asked.add(card.decisionId);
        return approvals.ask(card);
      },
    },
    actuator: {
      ...actuator,
      start: async (request) => {
        const { decision, role } = runTags(request.tags);
        if (isJudged && role !== "undo") {
          const action = { kind: "start-automation", atMs: world.nowMs, ...request } as const;
          started.push({ before: fork(world), action, decisionId: decision });
        }
        return actuator.start(request);
      },
    },
    ledger,
    episodes: { append: async (row) => void rows.push(row) },
    records: { put: async () => {} },
    pager,
    switch: simulatedSwitch(() => "on"),
    clock,
    executions,
    catalogue,
    dryRun: false,
    codeHash: "",
  };
  const moveTo = (nowMs: number): void => {
    clock.moveTo(nowMs);
    advance(world, nowMs);
  };
  return { world, settings, documents, ports, executions, approvals, moveTo, rows, started, asked };
};

const dayOf = ({ world, documents, rows, started, asked }: System, incidents: readonly Incident[]): Day => {
  const runs = runsOf(world);
  const actions = actionsIn(runs);
  const minutes = incidents.map((incident) => minutesToRecover(world, incident));
  return {
    rows,
    incidents,
    impactMinutes: impactMinutes(world, world.clockStartMs, world.nowMs),
    hours: discountedCost(rows),
    minutesToRecover: minutes.filter((one) => one !== null),
    actions: actions.length,
    undos: runs.length - actions.length,
    pages: world.pages.length,
    questions: asked.size,
    judged: started.map(({ before, action, decisionId }) => ({
      decisionId,
      ...truthOfAction(before, documents, action),
    })),
  };
};
