import type { Chapter } from "./chapter.ts";
import type { Ending } from "./ending.ts";
import { effectsOf } from "./execute.ts";
import { noteHeldLeases } from "./held-leases.ts";
import { changeIncident, type Incident } from "./incident.ts";
import { noteStanding } from "./overwritten.ts";
import { incidentRecord } from "./record.ts";
import { recordEpisode } from "./record-episode.ts";
import { currentIncident, isSilent, type Session, sleep } from "./session.ts";
import { type Watched, watch, watchEndsMs } from "./watch.ts";

/** Seconds between tries to reach the pager: people must be told, so it is tried for over two hours. */
const PAGE_AGAIN_SECONDS = [60, 300, 900, 1800, 3600] as const;

/** Pages, and keeps at it. False: nobody could be reached, which the record then says. */
const page = async (session: Session, chapters: readonly Chapter[], ending: Ending): Promise<boolean> => {
  const tell = async () => {
    if (await isSilent(session)) return null;
    const incident = await currentIncident(session);
    await session.ports.pager.page({
      incidentId: incident.id,
      severity: incident.severity,
      summary: `${subjectOf(incident)}: ${ending.because.detail}`,
      details: [
        ...(chapters.at(-1)?.decision.facts ?? []),
        ...chapters.map(({ decision, deed }) => `decision ${decision.step}: ${said(decision)} -> ${deed.outcome.kind}`),
      ],
    });
    return null;
  };
  for (const [turn, seconds] of [...PAGE_AGAIN_SECONDS, 0].entries()) {
    try {
      await session.journal.step(`page-${turn}`, tell);
      return true;
    } catch {
      // The pager is down: what is left is to try again later, and to say so in the record.
      if (seconds > 0) await sleep(session, `page-nap-${turn}`, seconds);
    }
  }
  return false;
};

const subjectOf = ({ umbrella, alarmName, service }: Incident): string =>
  umbrella ? "a storm of alarms" : `${alarmName} (${service || "no service claims it"})`;

const said = (decision: Chapter["decision"]): string =>
  decision.result.kind === "chosen" ? decision.result.candidate.runbook : `abstained, ${decision.result.because.code}`;

/** Whether an ending leaves the incident with people, who are then watched until it recovers. */
const isHandedOver = (ending: Ending): boolean => ending.page || ending.terminal === "REJECTED";

/**
 * Writes the record, then the terminal state. Nothing leaves a terminal state: a second call changes nothing.
 * @param seenNews the incident ends only while its `news` is this one; null: whatever was told to it
 */
export const writeTerminal = async (
  session: Session,
  incident: Incident,
  chapters: readonly Chapter[],
  ending: Ending,
  atMs: number,
  seenNews: number | null = null,
): Promise<void> => {
  if (incident.terminal !== null) return;
  const { ports } = session;
  const effects = await effectsOf(ports, incident.id);
  const started = effects.filter((effect) => effect.executionId !== null);
  await noteHeldLeases(ports.ledger, incident.id, effects);
  await ports.records.put(incidentRecord(ports, incident, { ...ending, atMs }, chapters, started));
  if (ending.terminal === "RESOLVED") await noteStanding(ports, incident.id, chapters, started);
  const last = chapters.at(-1);
  await changeIncident(ports.ledger, incident.id, (current) =>
    current.terminal === null && (seenNews === null || current.news === seenNews)
      ? {
          ...current,
          terminal: ending.terminal,
          because: ending.because,
          closedAtMs: atMs,
          watching: isHandedOver(ending),
          came: last === undefined ? null : { step: last.decision.step, deed: last.deed },
        }
      : undefined,
  );
};

/**
 * Ends an incident that recovered, as it was last looked at. False: something was told to it since, so that nobody knows
 * whether it still holds, and the incident goes on.
 */
export const closeRecovered = (
  session: Session,
  chapters: readonly Chapter[],
  ending: Ending,
  seen: Readonly<{ name: string; news: number | null }>,
): Promise<boolean> =>
  session.journal.step(seen.name, async () => {
    const incident = await currentIncident(session);
    await writeTerminal(session, incident, chapters, ending, session.ports.clock.nowMs(), seen.news);
    return (await currentIncident(session)).terminal !== null;
  });

/**
 * Ends an incident: people are paged where they must be, the record and the terminal state are written. What was handed
 * over is watched until it recovers, at most `handoverSeconds`: their time is part of the last decision's outcome.
 */
export const close = async (session: Session, chapters: readonly Chapter[], ending: Ending): Promise<void> => {
  const reached = ending.page ? await page(session, chapters, ending) : true;
  const said = reached ? ending : { ...ending, because: unreached(ending) };
  const closedAtMs = await session.journal.step("close", async () => {
    const incident = await currentIncident(session);
    const atMs = incident.closedAtMs ?? session.ports.clock.nowMs();
    await writeTerminal(session, incident, chapters, said, atMs);
    return atMs;
  });
  const last = chapters.at(-1);
  if (!isHandedOver(ending)) {
    if (last !== undefined) {
      const end = ending.because.code === "observed" ? "open" : "recovered";
      await recordEpisode(session, last, { toMs: closedAtMs, end });
    }
    return;
  }
  const recovered = await watchHandover(session, chapters, closedAtMs);
  if (last === undefined) return;
  await recordEpisode(session, last, {
    toMs: closedAtMs,
    end: "handed_over",
    handoverToMs: recovered.endedAtMs,
    recoveredByHand: recovered.kind === "recovered",
  });
};

const unreached = (ending: Ending): Ending["because"] => ({
  code: ending.because.code,
  detail: `${ending.because.detail}; THE PAGER COULD NOT BE REACHED`,
});

const watchHandover = async (session: Session, chapters: readonly Chapter[], fromMs: number): Promise<Watched> => {
  const baseline = chapters.at(-1)?.decision.baseline ?? { atMs: fromMs, slis: [] };
  const untilMs = watchEndsMs(session, fromMs, session.settings.handoverSeconds);
  for (let turn = 0; ; turn += 1) {
    const watched = await watch(session, { name: `handover-${turn}`, untilMs, baseline, stopWhenWorse: false });
    if (await session.journal.step(`handover-ends-${turn}`, () => letGo(session, watched))) return watched;
  }
};

/** Watches no longer. False: recovery was seen, something was told since, and it is looked at again. */
const letGo = async (session: Session, { kind, news }: Watched): Promise<boolean> => {
  const incident = await changeIncident(session.ports.ledger, session.incidentId, (current) =>
    current.watching && (kind === "not-recovered" || current.news === news)
      ? { ...current, watching: false }
      : undefined,
  );
  if (incident.watching) return false;
  if (kind === "recovered" && !(await isSilent(session)))
    await session.ports.pager.resolve(session.incidentId, "recovery held through the soak");
  return true;
};
