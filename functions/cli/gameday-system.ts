import type { DatabaseSync } from "node:sqlite";
import { createEngine, type Engine } from "../adapters/durable/engine.ts";
import type { EngineStore } from "../adapters/durable/store.ts";
import { documentsOf, simulatedActuator } from "../adapters/simulated/actuator.ts";
import { type SimulatedApprovals, simulatedApprovals } from "../adapters/simulated/approvals.ts";
import { type SimulatedClock, simulatedClock } from "../adapters/simulated/clock.ts";
import { simulatedEvidence } from "../adapters/simulated/evidence.ts";
import { simulatedExecutions } from "../adapters/simulated/executions.ts";
import type { KeepInput } from "../adapters/simulated/inputs.ts";
import { simulatedPager } from "../adapters/simulated/pager.ts";
import { simulatedSwitch } from "../adapters/simulated/switch.ts";
import { sqliteEpisodes } from "../adapters/sqlite/episodes.ts";
import { sqliteLedger } from "../adapters/sqlite/ledger.ts";
import { sqliteRecords } from "../adapters/sqlite/records.ts";
import type { AutomationDocument } from "../core/automation-document.ts";
import { grantAutonomy } from "../core/grant-autonomy.ts";
import { readIncident } from "../core/incident.ts";
import type { Guardrails, Ports } from "../core/ports.ts";
import type { Catalogue } from "../core/runbook.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import { emptyTrackRecord } from "../core/track-record.ts";
import { respondWith } from "../handlers/respond.ts";
import type { PolicyOf } from "../rollout/days/day.ts";
import { worldAt } from "../rollout/days/measure.ts";
import { type Scenario, scenarioAt } from "../world/scenario.ts";
import { settingsFor } from "../world/settings-for.ts";
import type { World } from "../world/state.ts";
import type { GamedayAutonomy } from "./gameday-autonomy.ts";
import type { EpisodesOf } from "./gameday-episodes.ts";
import type { GamedayParameters } from "./gameday-options.ts";
import type { PeopleOf } from "./gameday-people.ts";
import type { DrafterOf } from "./gameday-policies.ts";
import type { GamedayStore } from "./gameday-store.ts";
import { type Tell, tellingPorts } from "./gameday-told.ts";

/** What all worlds of a gameday share. */
export type Stage = Readonly<{
  parameters: GamedayParameters;
  database: DatabaseSync;
  store: GamedayStore;
  /** Each world's executions. */
  engineStoreOf: (index: number) => EngineStore;
  episodesOf: EpisodesOf;
  catalogue: Catalogue;
  guardrails: Guardrails;
  /** What drafts spends by a ledger that all worlds share: money and providers are the same on every simulated day. */
  drafter: DrafterOf;
  /** Made for each world: a clairvoyant policy looks into it. */
  scorer: PolicyOf;
  people: PeopleOf;
  /** What had earned to act alone before the gameday, the same in every world; nothing where it is left out. */
  autonomy?: GamedayAutonomy | null;
  /** Identifies the running code in the records. */
  codeHash: string;
  /** Hears one world; null where nobody watches. */
  tellOf: (index: number) => Tell | null;
  /** Lets real time pass while somebody watches; at once where nobody does. */
  pace: (simulatedMs: number) => Promise<void>;
}>;

/** One world with Quell wired onto it: the handlers that are deployed, on simulated ports and the embedded engine. */
export type System = Readonly<{
  scenario: Scenario;
  world: World;
  settings: Settings;
  documents: ReadonlyMap<string, AutomationDocument>;
  clock: SimulatedClock;
  ports: Ports;
  engine: Engine;
  approvals: SimulatedApprovals;
  tell: Tell | null;
}>;

/** Opens world `index` as the store left it, or at its beginning. */
export const openSystem = async (stage: Stage, index: number): Promise<System> => {
  const { parameters, database, store } = stage;
  const scenario = scenarioAt(parameters.seed, index);
  const documents = documentsOf(stage.catalogue);
  const world = worldAt(scenario, documents, store.inputsOf(index), store.clockOf(index));
  const settings = settingsSchema.parse({
    ...settingsFor(world),
    mode: parameters.mode,
    drafter: { name: parameters.drafter },
  });
  const clock = simulatedClock(world.nowMs);
  const keepInput: KeepInput = (input) => store.keepInput(index, input);
  const ledger = store.parts.ledgerOf(index);
  const earned = stage.autonomy ?? null;
  if (earned !== null) await grantAutonomy(ledger, earned.states, earned.actor, world.nowMs);
  const executions = simulatedExecutions(() => engine);
  const pager = simulatedPager(world, keepInput);
  const approvals = await simulatedApprovals(ledger, clock, stage.people(world), {
    ring: async (incidentId) => {
      const doorbell = (await readIncident(ledger, incidentId))?.doorbell ?? null;
      if (doorbell !== null) await executions.ring(doorbell);
    },
    takeOver: (incidentId) => pager.page({ incidentId, severity: 1, summary: "taken over", details: [] }),
  });
  const silent: Ports = {
    evidence: simulatedEvidence(world),
    drafter: stage.drafter(sqliteLedger(database), settings, world),
    guardrails: stage.guardrails,
    scorer: stage.scorer(world, documents),
    approvals,
    actuator: simulatedActuator(world, documents, keepInput),
    ledger,
    episodes: sqliteEpisodes(database),
    records: sqliteRecords(database),
    // Each world is a stream of its own: what became of runs in another one is not its past.
    trackRecord: emptyTrackRecord,
    pager,
    switch: simulatedSwitch(() => "on"),
    clock,
    executions,
    catalogue: stage.catalogue,
    dryRun: false,
    codeHash: stage.codeHash,
  };
  const tell = stage.tellOf(index);
  const ports = tell === null ? silent : tellingPorts(silent, tell);
  const engine: Engine = createEngine({
    store: stage.engineStoreOf(index),
    clock,
    handler: respondWith(ports, settings),
  });
  return { scenario, world, settings, documents, clock, ports, engine, approvals, tell };
};
