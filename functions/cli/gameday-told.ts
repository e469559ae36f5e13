import type { Alarm } from "../core/alarm.ts";
import type { Folded } from "../core/fold.ts";
import type { Json } from "../core/json.ts";
import type { Evidence, Ports } from "../core/ports.ts";
import { runTags } from "../rollout/days/measure.ts";
import type { Seen, Told, ToldDecision } from "./timeline.ts";

/** Hears everything that happens, in order. */
export type Tell = (told: Told) => void;

/**
 * The same ports, telling what passes through them. A telling port changes no value and no order; what a replayed step
 * repeats is told once.
 */
export const tellingPorts = (ports: Ports, tell: Tell): Ports => {
  const { clock } = ports;
  const once = firstTime();
  const { evidence, seen } = countingEvidence(ports.evidence);
  const documents = new Map<string, Readonly<{ document: string; role: string }>>();
  return {
    ...ports,
    evidence,
    ledger: {
      ...ports.ledger,
      write: async (key, item, expected) => {
        const wrote = await ports.ledger.write(key, item, expected);
        const decision = wrote && key.startsWith("decision#") ? decisionIn(item) : null;
        if (decision !== null && once(key)) tell({ kind: "decided", atMs: clock.nowMs(), decision, seen: seen() });
        return wrote;
      },
    },
    approvals: {
      ...ports.approvals,
      ask: async (card) => {
        await ports.approvals.ask(card);
        if (once(`asked ${card.plan.hash}`)) tell({ kind: "asked", atMs: clock.nowMs(), card });
      },
      votes: async (decisionId) => {
        const votes = await ports.approvals.votes(decisionId);
        for (const vote of votes)
          if (once(`vote ${decisionId} ${vote.person}`)) tell({ kind: "answered", atMs: vote.atMs, vote });
        return votes;
      },
    },
    actuator: {
      ...ports.actuator,
      start: async (request) => {
        const reply = await ports.actuator.start(request);
        const { documentName: document, parameters, tags } = request;
        const { role } = runTags(tags);
        const refused = reply.kind === "refused" ? reply.detail : null;
        if (reply.kind === "started") documents.set(reply.executionId, { document, role });
        if (once(`start ${request.clientToken}`))
          tell({ kind: "started", atMs: clock.nowMs(), role, document, parameters, refused });
        return reply;
      },
      poll: async (executionId) => {
        const run = await ports.actuator.poll(executionId);
        const known = documents.get(executionId) ?? { document: executionId, role: "" };
        if (run.status !== "running" && once(`end ${executionId}`))
          tell({ kind: "ended", atMs: clock.nowMs(), ...known, run });
        return run;
      },
    },
    pager: {
      ...ports.pager,
      page: async (request) => {
        await ports.pager.page(request);
        const { incidentId, summary, details } = request;
        if (once(`page ${incidentId}`)) tell({ kind: "paged", atMs: clock.nowMs(), incidentId, summary, details });
      },
    },
    records: {
      put: async (record) => {
        await ports.records.put(record);
        if (once(`closed ${record.incident.id} ${record.terminal}`))
          tell({ kind: "closed", atMs: clock.nowMs(), record });
      },
    },
  };
};

/** Tells what intake made of a delivered state change; news that nobody waits for is not told. */
export const tellDelivery = (tell: Tell, atMs: number, alarm: Alarm, intake: Folded["kind"]): void => {
  if (intake !== "ignored") tell({ kind: "fired", atMs, alarmName: alarm.alarmName, state: alarm.state, intake });
};

const firstTime = (): ((what: string) => boolean) => {
  const told = new Set<string>();
  return (what) => {
    if (told.has(what)) return false;
    told.add(what);
    return true;
  };
};

type Counts = { series: number; resources: number; logLines: number; changes: Seen["changes"] };

const nothing = (): Counts => ({ series: 0, resources: 0, logLines: 0, changes: [] });

/** Evidence that remembers what it showed since it was last asked: the largest answer of each kind. */
const countingEvidence = (evidence: Evidence): Readonly<{ evidence: Evidence; seen: () => Seen }> => {
  let counts = nothing();
  return {
    seen: () => {
      const shown = counts;
      counts = nothing();
      return shown;
    },
    evidence: {
      ...evidence,
      metrics: async (metrics, fromMs, toMs) => {
        const series = await evidence.metrics(metrics, fromMs, toMs);
        const filled = series.filter(({ values }) => values.some((value) => value !== null));
        counts.series = Math.max(counts.series, filled.length);
        return series;
      },
      logs: async (groups, fromMs, toMs) => {
        const lines = await evidence.logs(groups, fromMs, toMs);
        counts.logLines = Math.max(counts.logLines, lines.length);
        return lines;
      },
      changes: async (arns, fromMs, toMs) => {
        const changes = await evidence.changes(arns, fromMs, toMs);
        if (changes.length > counts.changes.length) counts.changes = changes;
        return changes;
      },
      resources: async (arns) => {
        const resources = await evidence.resources(arns);
        counts.resources = Math.max(counts.resources, resources.length);
        return resources;
      },
    },
  };
};

/** The decision in a ledger item, or null where the item is something else: telling must never stop the incident. */
const decisionIn = (item: Json): ToldDecision | null => {
  if (typeof item !== "object" || item === null) return null;
  const isWhole = ["step", "policy", "missing", "facts", "weighed", "result"].every((member) => member in item);
  return isWhole ? (item as unknown as ToldDecision) : null;
};
