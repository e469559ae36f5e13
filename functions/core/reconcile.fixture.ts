import type { Alarm } from "./alarm.ts";
import type { EpisodeRow } from "./episode.ts";
import { catalogueOf, incidentWith, MINUTE_MS, OPENED_MS, page, runbookWith, wait } from "./example.fixture.ts";
import { type Incident, readIncident, readIncidents } from "./incident.ts";
import type { Json } from "./json.ts";
import { fakeLedger } from "./ledger.fixture.ts";
import { isLookedAfter } from "./open-incidents.ts";
import type { PageRequest } from "./ports.ts";
import type { ReconcilePorts } from "./reconcile.ts";
import type { IncidentRecord } from "./record.ts";
import type { Runbook } from "./runbook.ts";
import type { RunStatus } from "./stages.ts";

export const NOW_MS: number = OPENED_MS + 60 * MINUTE_MS;
export const RUNBOOK: Runbook = runbookWith();

export type State = Awaited<ReturnType<ReconcilePorts["executionState"]>>;
export type Given = Readonly<{
  incidents?: readonly Incident[];
  states?: Readonly<Record<string, State>>;
  ringing?: readonly Alarm[];
  nowMs?: number;
  run?: RunStatus;
  runningOf?: ReconcilePorts["runningOf"];
  items?: Readonly<Record<string, Json>>;
}>;

/** An account in memory: what its ports were told, and a ledger of these incidents. */
export const accountWith = (given: Given) => {
  const { incidents = [], states = {}, ringing = [], run = "succeeded", runningOf, items = {} } = given;
  let { nowMs = NOW_MS } = given;
  const ledger = fakeLedger();
  for (const incident of incidents) {
    ledger.items.set(`incident#${incident.id}`, { item: incident as unknown as Json, version: 1 });
    for (const key of incident.keys)
      ledger.items.set(`open#${key}`, {
        item: { incidentId: incident.id, openedAtMs: incident.openedAtMs },
        version: 1,
      });
  }
  for (const [key, item] of Object.entries(items)) ledger.items.set(key, { item, version: 1 });
  const told = {
    started: [] as string[],
    rung: [] as string[],
    pages: [] as PageRequest[],
    records: new Map<string, IncidentRecord>(),
    rows: new Map<string, EpisodeRow>(),
  };
  const ports: ReconcilePorts = {
    ledger,
    ringing: async () => ringing,
    openIncidents: async () => (await readIncidents(ledger)).filter(isLookedAfter).map(({ id }) => id),
    executionState: async (id) =>
      states[id] ?? ((await readIncident(ledger, id))?.startedAtMs == null ? "absent" : "running"),
    executions: {
      start: async (id) => void told.started.push(id),
      ring: async (bell) => void told.rung.push(bell),
    },
    pager: {
      page: async (request) => {
        if (told.pages.every(({ incidentId }) => incidentId !== request.incidentId)) told.pages.push(request);
      },
      update: async () => {},
      resolve: async () => {},
    },
    records: { put: async (record) => void told.records.set(record.incident.id, record) },
    episodes: {
      append: async (row) => {
        const key = `${row.decision_id}-${row.row_version}`;
        if (!told.rows.has(key)) told.rows.set(key, row);
      },
    },
    evidence: { metrics: async () => [] },
    actuator: {
      start: () => Promise.reject(new Error("reconcile starts nothing")),
      stop: () => Promise.reject(new Error("reconcile stops nothing")),
      poll: async (executionId) => ({
        ...{ executionId, status: run, failedStep: null, reason: null, outputs: {} },
        ...{ startedAtMs: OPENED_MS, endedAtMs: null },
      }),
    },
    guardrails: { hash: "g" },
    clock: { nowMs: () => nowMs },
    catalogue: catalogueOf(RUNBOOK, wait, page),
    codeHash: "c",
    ...(runningOf === undefined ? {} : { runningOf }),
  };
  const moveTo = (atMs: number): void => {
    nowMs = atMs;
  };
  return { ports, ledger, told, moveTo, incident: (id: string) => readIncident(ledger, id) };
};

/** An incident whose execution took it, and waits. */
export const asked: Incident = incidentWith({
  ...{ startedBy: "e", startedAtMs: OPENED_MS, doorbell: "bell", severity: 2 },
});
