import type { AuditBody, AuditTrail } from "./audit.ts";
import type { AuditKind } from "./audit-store.ts";
import { cleaned } from "./egress.ts";
import { hashOf, isoTime } from "./ids.ts";
import { type Incident, readIncident } from "./incident.ts";
import type { Pager, Ports, Records } from "./ports.ts";
import type { IncidentRecord } from "./record.ts";

/** Hears what could not be written into the trail, where that stops nothing. */
export type Unheard = (what: string, because: unknown) => void;

/** Writes into an incident's chain, which begins with what opened it. */
export type Tell = Readonly<{
  /** Never throws: what cannot be written is said to `unheard`, and the incident goes on. */
  told: (incidentId: string, kind: AuditKind, body: AuditBody) => Promise<void>;
  /** The same for what must not be done unless it is written. Throws where it is not. */
  written: AuditTrail["append"];
  unheard: Unheard;
}>;

/**
 * Tells a trail. Intake, which opens incidents, takes what anybody may send, and writes no chain: the first to tell anything
 * of an incident writes down before it what the ledger says opened it.
 */
export const tellTrail = (
  ledger: Pick<Ports["ledger"], "read">,
  trail: AuditTrail,
  unheard: Unheard = () => {},
): Tell => {
  const begun = new Set<string>();
  const begin = async (incidentId: string): Promise<void> => {
    if (begun.has(incidentId)) return;
    try {
      const incident = await readIncident(ledger, incidentId);
      if (incident !== null) await trail.append(incidentId, "opened", opened(incident));
      begun.add(incidentId);
    } catch (because) {
      // Whoever tells the next thing tries again: it then stands later in the chain, with the time at which it opened.
      unheard(`opened of ${incidentId}`, because);
    }
  };
  return {
    told: async (incidentId, kind, body) => {
      await begin(incidentId);
      try {
        await trail.append(incidentId, kind, body);
      } catch (because) {
        unheard(`${kind} of ${incidentId}`, because);
      }
    },
    written: async (incidentId, kind, body) => {
      await begin(incidentId);
      await trail.append(incidentId, kind, body);
    },
    unheard,
  };
};

/** Which alarm opened it, when, and which execution took it. Ledger items have not passed the egress. */
const opened = (incident: Incident): AuditBody => {
  const { keys, account, region, alarmName, service, environment, severity, umbrella, startedBy } = incident;
  return cleaned({
    key: "incident",
    ...{ alarm: keys[0] ?? "", account, region, alarmName, service, environment, severity, umbrella },
    openedAt: isoTime(incident.openedAtMs),
    execution: startedBy,
  });
};

/** As the trail names a record: its time of closing aside, which a crash between record and end may move. */
export const recordHash = (record: IncidentRecord): string =>
  hashOf({ ...record, incident: { ...record.incident, closedAt: null } });

/** A pager of which the trail tells whom it woke, and that it said it was over. */
export const toldPager = (pager: Pager, { told }: Tell): Pager => ({
  ...pager,
  page: async (request) => {
    await pager.page(request);
    const { incidentId, severity, summary } = request;
    await told(incidentId, "paged", { key: "page", severity, summary });
  },
  resolve: async (incidentId, text) => {
    await pager.resolve(incidentId, text);
    await told(incidentId, "reported", { key: "pager", to: "pager", says: text });
  },
});

/** Records of which the trail tells how the incident ended, and the hash by which what lies there is known again. */
export const toldRecords = (records: Records, { told }: Tell): Records => ({
  put: async (record) => {
    await records.put(record);
    const hash = recordHash(record);
    const body = { key: hash, terminal: record.terminal, because: record.because.code, record: hash };
    await told(record.incident.id, "closed", body);
  },
});

/** Tells that a record became an issue, and where. */
export const tellReported = async ({ told }: Tell, record: IncidentRecord, at: string): Promise<void> => {
  const hash = recordHash(record);
  await told(record.incident.id, "reported", { key: `issue/${hash}`, to: "github", at, record: hash });
};
