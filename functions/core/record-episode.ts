import type { MetricRef } from "./alarm.ts";
import type { Chapter } from "./chapter.ts";
import { episodeRow } from "./episode.ts";
import type { Series } from "./evidence.ts";
import type { Ports } from "./ports.ts";
import { currentIncident, type Session, serviceFor } from "./session.ts";
import { IMPACT_RATE, type ServiceSettings } from "./settings.ts";
import { impactPerMinute } from "./severity.ts";

/** Until when a decision is charged, and how its incident went on from there. */
export type EpisodeEnd = Readonly<{
  toMs: number;
  end: "none" | "recovered" | "handed_over" | "open";
  handoverToMs?: number;
  recoveredByHand?: boolean;
}>;

/** The service's SLIs over a span; null where they cannot be read. */
const slisBetween = async (
  ports: Pick<Ports, "evidence">,
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

/** Appends the row of one decision, once: its costs are measured from its own time to the next decision or the end. */
export const recordEpisode = (session: Session, chapter: Chapter, until: EpisodeEnd): Promise<null> =>
  session.journal.step(`episode-${chapter.decision.step}`, async () => {
    const { ports, settings } = session;
    const incident = await currentIncident(session);
    const service = serviceFor(settings, incident);
    const fromMs = chapter.decision.decidedAtMs;
    const handoverToMs = until.handoverToMs ?? until.toMs;
    const series = await slisBetween(ports, service, fromMs - 300_000, handoverToMs);
    await ports.episodes.append(
      episodeRow(ports, incident, chapter, {
        impact: charged(service, series, fromMs, until.toMs),
        handover: charged(service, series, until.toMs, handoverToMs),
        end: until.end,
        recoveredByHand: until.recoveredByHand ?? false,
      }),
    );
    return null;
  });
