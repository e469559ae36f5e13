import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { catalogue as shipped } from "../../runbooks/catalogue.ts";
import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import { createEngine, type Engine, type EngineParts } from "../adapters/durable/engine.ts";
import { memoryEngineStore } from "../adapters/durable/memory-engine-store.ts";
import { createSandbox, type Sandbox } from "../adapters/durable/sandbox.ts";
import type { EngineStore } from "../adapters/durable/store.ts";
import { documentsOf, simulatedActuator } from "../adapters/simulated/actuator.ts";
import { type People, scriptedPeople, simulatedApprovals } from "../adapters/simulated/approvals.ts";
import { simulatedClock } from "../adapters/simulated/clock.ts";
import { simulatedEvidence } from "../adapters/simulated/evidence.ts";
import { simulatedExecutions } from "../adapters/simulated/executions.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { simulatedPager } from "../adapters/simulated/pager.ts";
import { draftOffline } from "../core/draft.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { type Incident, readIncident } from "../core/incident.ts";
import type { Json } from "../core/json.ts";
import { POLICIES } from "../core/policies.ts";
import type { Ports, Scorer } from "../core/ports.ts";
import type { IncidentRecord } from "../core/record.ts";
import type { Catalogue } from "../core/runbook.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import { isSeal } from "../core/stored-decision.ts";
import { emptyTrackRecord } from "../core/track-record.ts";
import type { Fault } from "../world/faults/fault.ts";
import { runsOf } from "../world/runs.ts";
import type { Scenario } from "../world/scenario.ts";
import { settingsFor } from "../world/settings-for.ts";
import type { World } from "../world/state.ts";
import type { Delivery, WorldInput, WorldRun } from "../world/types.ts";
import { advance, createWorld, nextEventMs, takeDeliveries } from "../world/world.ts";
import { intakeWith } from "./intake.ts";
import { respondWith } from "./respond.ts";

/** One incident to be played through the deployed handlers, from alarm to end, in memory. */
export type Flow = Readonly<{
  scenario: Scenario;
  /** Faults and runbooks of one's own; those that are shipped where they are not given. */
  faults?: readonly Fault[];
  catalogue?: Catalogue;
  people?: People | null;
  scorer?: Scorer;
  drafter?: Ports["drafter"];
  settings?: Partial<Settings>;
  switch?: Ports["switch"];
  /** Wraps the ports that the handlers get; the world and the test keep the real ones. */
  around?: (ports: Ports, sandbox: Sandbox) => Ports;
  hooks?: EngineParts["hooks"];
  /** Where the executions live; a memory of the flow's own where it is not given. */
  store?: EngineStore;
  /** What happens to deliveries on their way: duplicated, reordered. */
  deliver?: (due: readonly Delivery[]) => readonly Delivery[];
  /** What the ledger holds before the first alarm. */
  before?: (ledger: Ports["ledger"], world: World) => Promise<void>;
  /** An incident that is still open then is a finding. By default a day: what fills slowly rings late, and is watched for eight hours. */
  mostHours?: number;
  /** It goes on for this long, though all is closed before: more may come. */
  leastHours?: number;
}>;

/** What the world and the stores show when it is over. */
export type Flown = Readonly<{
  world: World;
  runs: readonly WorldRun[];
  inputs: readonly WorldInput[];
  incidents: readonly Incident[];
  rows: readonly EpisodeRow[];
  records: readonly IncidentRecord[];
  decisions: readonly string[];
  /** How each card ended, in words. */
  settled: readonly string[];
  item: (key: string) => Promise<Json | null>;
  statuses: readonly string[];
  deaths: number;
}>;

const guard = loadGuardrails();
const guardrails = cedarGuardrails(guard.policies, guard.schema);

/** People who never answer. */
export const nobody: People = {
  members: [],
  answersAfterSeconds: 7 * 86_400,
  answer: async () => ({ answer: "reject", reason: "too late" }),
};

const keyOf = ({ decision_id, row_version }: EpisodeRow): string => `${decision_id}/${row_version}`;

/** Plays one flow until every incident is closed and no longer watched. */
export const play = async (flow: Flow): Promise<Flown> => {
  const world = createWorld(flow.scenario, flow.faults);
  const settings = settingsSchema.parse({ ...settingsFor(world), ...flow.settings });
  const clock = simulatedClock(world.nowMs);
  const sandbox = createSandbox();
  const ledger = simulatedLedger();
  const inputs: WorldInput[] = [];
  const rows = new Map<string, EpisodeRow>();
  const appended: EpisodeRow[] = [];
  const records = new Map<string, IncidentRecord>();
  const settled: string[] = [];
  let engine: Engine;
  const executions = simulatedExecutions(() => engine);
  const people = flow.people === null ? nobody : (flow.people ?? scriptedPeople("approve"));
  const pager = simulatedPager(world, (input) => inputs.push(input));
  const approvals = await simulatedApprovals(ledger, clock, people, {
    ring: async (incidentId) => {
      const doorbell = (await readIncident(ledger, incidentId))?.doorbell ?? null;
      if (doorbell !== null) await executions.ring(doorbell);
    },
    takeOver: (incidentId) => pager.page({ incidentId, severity: 1, summary: "taken over", details: [] }),
  });
  const ports: Ports = {
    evidence: simulatedEvidence(world),
    drafter: flow.drafter ?? { draft: async (context, all) => draftOffline(context, all, null) },
    guardrails,
    scorer: flow.scorer ?? (POLICIES.rules as Scorer),
    approvals: {
      ...approvals,
      settle: (id, text) => {
        settled.push(text);
        return approvals.settle(id, text);
      },
    },
    actuator: simulatedActuator(world, documentsOf(flow.catalogue ?? shipped), (input) => inputs.push(input)),
    ledger,
    episodes: {
      append: async (row) => {
        if (!rows.has(keyOf(row))) appended.push(row);
        rows.set(keyOf(row), row);
      },
    },
    trackRecord: emptyTrackRecord,
    records: { put: async (record) => void records.set(record.incident.id, record) },
    pager,
    switch: flow.switch ?? { read: async () => "on" },
    clock,
    executions,
    catalogue: flow.catalogue ?? shipped,
    dryRun: false,
    codeHash: "test",
  };
  await flow.before?.(ledger, world);
  const handled = flow.around?.(ports, sandbox) ?? ports;
  engine = createEngine({
    store: flow.store ?? memoryEngineStore(),
    clock,
    sandbox,
    handler: respondWith(handled, settings),
    ...(flow.hooks === undefined ? {} : { hooks: flow.hooks }),
  });
  const openIncidents = async () => (await ledger.list("incident#")).map(({ item }) => item as unknown as Incident);
  const leastMs = world.nowMs + (flow.leastHours ?? 0) * 3_600_000;
  const endMs = world.nowMs + (flow.mostHours ?? 26) * 3_600_000;
  let incidents: readonly Incident[] = [];
  while (world.nowMs < endMs) {
    await approvals.answerDue(clock.nowMs());
    const due = takeDeliveries(world);
    for (const { event } of flow.deliver?.(due) ?? due) await intakeWith(ports, settings)(parseAlarmEvent(event));
    if ((await engine.runDue()) + due.length > 0) incidents = await openIncidents();
    const closed = incidents.every(({ terminal, watching }) => terminal !== null && !watching);
    if (incidents.length > 0 && closed && world.nowMs >= leastMs && engine.nextDueMs() === null) break;
    const times = [nextEventMs(world), engine.nextDueMs(), approvals.nextAnswerMs()].filter((atMs) => atMs !== null);
    const nextMs = Math.max(clock.nowMs(), Math.min(...times));
    clock.moveTo(nextMs);
    advance(world, nextMs);
  }
  const told = engine.names().map((name) => engine.describe(name));
  return {
    world,
    runs: runsOf(world),
    inputs,
    incidents: await openIncidents(),
    rows: appended,
    records: [...records.values()],
    decisions: (await ledger.list("decision#")).filter(({ item }) => !isSeal(item)).map(({ key }) => key),
    settled,
    item: async (key) => (await ledger.read(key))?.item ?? null,
    statuses: told.map((one) => one?.status ?? "unknown"),
    deaths: told.reduce((sum, one) => sum + (one?.deaths ?? 0), 0),
  };
};
