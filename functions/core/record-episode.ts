import type { MetricRef } from "./alarm.ts";
import type { Chapter } from "./chapter.ts";
import { isDrill } from "./drill.ts";
import { type EpisodeRow, episodeRow } from "./episode.ts";
import type { Series } from "./evidence.ts";
import type { Incident } from "./incident.ts";
import { noteRows } from "./owed-rows.ts";
import type { Evidence, Ports } from "./ports.ts";
import { currentIncident, type Session, serviceFor } from "./session.ts";
import { IMPACT_RATE, type ServiceSettings, type Settings } from "./settings.ts";
import { impactPerMinute } from "./severity.ts";

/** Until when a decision is charged, and how its incident went on from there. */
export type EpisodeEnd = Readonly<{
  toMs: number;
  end: "none" | "recovered" | "handed_over" | "open";
  handoverToMs?: number;
  /** Null where nobody saw whether it recovered. */
  recoveredByHand?: boolean | null;
}>;

/** What a row is made from, and where it is kept. */
export type RowPorts = Pick<Ports, "episodes" | "catalogue"> &
  Readonly<{ evidence: Pick<Evidence, "metrics">; guardrails: Pick<Ports["guardrails"], "hash"> }>;

/** The service's SLIs over a span; null where they cannot be read. */
const slisBetween = async (
  ports: Pick<RowPorts, "evidence">,
  service: ServiceSettings,
  fromMs: number,
  toMs: number,
): Promise<readonly Series[] | null> => {
  const metrics: readonly MetricRef[] = service.slis.flatMap((sli) =>
    sli.per === undefined ? [sli.metric] : [sli.metric, sli.per],
  );
  try {
    return await ports.evidence.metrics(metrics, fromMs, toMs);
  } catch {
    // The row must not be lost with the metrics: what nobody measured is charged in full, below.
    return null;
  }
};

const charged = (service: ServiceSettings, series: readonly Series[] | null, fromMs: number, toMs: number) =>
  series !== null
    ? impactPerMinute(service, series, fromMs, toMs)
    : Array.from(
        { length: Math.max(0, Math.round((toMs - fromMs) / 60_000)) },
        () => IMPACT_RATE[service.severity] ?? 1,
      );

/** The row of one decision as it is known now: its costs are measured from its own time to the next decision or the end. */
const rowNow = async (
  ports: RowPorts,
  settings: Settings,
  incident: Incident,
  chapter: Chapter,
  until: EpisodeEnd,
): Promise<EpisodeRow> => {
  const service = serviceFor(settings, incident);
  const fromMs = chapter.decision.decidedAtMs;
  const handoverToMs = until.handoverToMs ?? until.toMs;
  const series = await slisBetween(ports, service, fromMs - 300_000, handoverToMs);
  return episodeRow(ports, incident, chapter, {
    impact: charged(service, series, fromMs, until.toMs),
    handover: charged(service, series, until.toMs, handoverToMs),
    end: until.end,
    recoveredByHand: until.recoveredByHand === undefined ? false : until.recoveredByHand,
  });
};

/**
 * Appends the first version of a decision's row, unless one stands, and gives it back as it would be now; null of a drill.
 * What a drill decides is about nothing, and nothing may be learnt from it: a row that is never written need not be left
 * out by anybody who reads them.
 */
export const appendRow = async (
  ports: RowPorts,
  settings: Settings,
  incident: Incident,
  chapter: Chapter,
  until: EpisodeEnd,
  made: Partial<EpisodeRow> = {},
): Promise<EpisodeRow | null> => {
  if (isDrill(incident)) return null;
  const row = { ...(await rowNow(ports, settings, incident, chapter, until)), ...made };
  await ports.episodes.append(row);
  return row;
};

/**
 * Tells the row of one decision, once. Where reconcile took this execution for dead, it may have told what was known then:
 * what is known now is the next version. It has said so in the incident before it appended anything.
 */
export const recordEpisode = (session: Session, chapter: Chapter, until: EpisodeEnd): Promise<null> =>
  session.journal.step(`episode-${chapter.decision.step}`, async () => {
    const { ports, settings, incidentId } = session;
    const row = await appendRow(ports, settings, await currentIncident(session), chapter, until);
    const { takenOver } = await noteRows(ports.ledger, incidentId, [chapter.decision.step]);
    if (row !== null && takenOver === true) await ports.episodes.append({ ...row, row_version: 1 });
    return null;
  });
