import type { MetricRef } from "./alarm.ts";
import type { AlarmSnapshot, Series } from "./evidence.ts";
import { isAllGone, standingKeys } from "./incident.ts";
import { currentIncident, doze, type Session, serviceFor } from "./session.ts";
import { loudMembers } from "./storm.ts";
import { assessRecovery, type Baseline, type Recovery, TRAFFIC_BEFORE_MS, worsened } from "./verify.ts";

/**
 * How a watch ended. `unknown`: time was up and nobody could tell (unreadable, absent data, traffic not back), or every
 * alarm was deleted and nobody ever will.
 * `worse`: SLIs beyond their limit and worse than at the decision, when it ended.
 */
export type Watched = Readonly<{
  kind: "recovered" | "not-recovered" | "unknown";
  endedAtMs: number;
  /** When the alarm last went OK, where it did. */
  okAtMs: number | null;
  worse: readonly string[];
  /** Whether it was stopped because an SLI was left worse for several looks in a row. */
  regressed: boolean;
  /** The incident's `news` at the last look: what was written since was not looked at. */
  news: number;
}>;

type Glance = Readonly<{
  nowMs: number;
  news: number;
  recovery: Recovery;
  worse: readonly string[];
  okAtMs: number | null;
  /** Whether every alarm was deleted: nothing more can be seen. */
  gone: boolean;
}>;

/** Everything an incident's recovery is read from: its alarms' metrics, its service's SLIs and their bases. */
const watchedMetrics = (session: Session, alarmMetrics: readonly MetricRef[], name: string): readonly MetricRef[] => {
  const service = session.settings.services.find((one) => one.name === name);
  const slis = service?.slis ?? [];
  return [...alarmMetrics, ...slis.flatMap((sli) => (sli.per === undefined ? [sli.metric] : [sli.metric, sli.per]))];
};

/** Looks once. A source that fails makes the moment unknown: nothing is believed from missing data. */
const glance = async (session: Session, baseline: Baseline): Promise<Glance> => {
  const { evidence, clock } = session.ports;
  const incident = await currentIncident(session);
  const nowMs = clock.nowMs();
  const service = serviceFor(session.settings, incident);
  let alarms: readonly AlarmSnapshot[];
  let series: readonly Series[];
  try {
    alarms = await evidence.alarms(incident.keys);
    const metrics = watchedMetrics(session, Object.values(incident.metrics).flat(), incident.service);
    // Far enough back for the traffic before the incident, with which today's is compared.
    series = await evidence.metrics(metrics, incident.openedAtMs - TRAFFIC_BEFORE_MS, nowMs);
  } catch (error) {
    const detail = `not readable: ${error instanceof Error ? error.message : String(error)}`.slice(0, 200);
    return { nowMs, news: incident.news, recovery: { kind: "unknown", detail }, worse: [], okAtMs: null, gone: false };
  }
  const assessed = assessRecovery(session.settings, {
    nowMs,
    openedAtMs: incident.openedAtMs,
    alarms,
    expectedAlarms: standingKeys(incident, alarms).length,
    alarmMetrics: incident.metrics,
    series,
    service,
    baseline,
  });
  const recovery =
    incident.umbrella && assessed.kind === "holding" ? await allMembersQuiet(session, assessed, nowMs) : assessed;
  const ok = alarms.length > 0 && alarms.every((alarm) => alarm.state === "OK");
  return {
    nowMs,
    news: incident.news,
    recovery,
    worse: worsened(service, series, baseline, nowMs),
    okAtMs: ok ? Math.max(...alarms.map((alarm) => alarm.changedAtMs)) : null,
    gone: !incident.umbrella && isAllGone(incident, alarms),
  };
};

/** The alarms that an umbrella names are OK; those that it does not name must be as well, as far as was delivered. */
const allMembersQuiet = async (session: Session, holding: Recovery, nowMs: number): Promise<Recovery> => {
  const loud = (await loudMembers(session.ports.ledger, session.settings, session.incidentId, nowMs)).length;
  return loud === 0 ? holding : { kind: "alarming", detail: `${loud} alarms of the storm may still ring` };
};

/**
 * Looks while an alarm rings: its OK rings the doorbell, so this only bounds how late a silent change is seen. A short
 * watch looks more often: what it decides cannot wait.
 */
const ringingSeconds = (leftMs: number): number => Math.min(900, Math.max(120, leftMs / 8000));
/** Looks while recovery holds: often enough that no bad period slips through a soak. */
const HOLDING_SECONDS = 60;
/** This many looks in a row with an SLI left worse is a regression, not noise. */
const REGRESSION_LOOKS = 3;
const MOST_LOOKS = 400;

/** The end of a long watch: after `seconds`, or at the end of a recording, past which nothing can be seen. */
export const watchEndsMs = (session: Session, fromMs: number, seconds: number): number =>
  Math.min(fromMs + seconds * 1000, Math.max(fromMs, session.settings.horizonMs ?? Number.POSITIVE_INFINITY));

export type WatchFor = Readonly<{ name: string; untilMs: number; baseline: Baseline; stopWhenWorse: boolean }>;

/**
 * Watches until recovery has held through its soak, or until `untilMs` passes without it; a soak that runs at the
 * deadline may finish, once. Looks at intervals and whenever somebody writes a newer fact.
 */
export const watch = async (
  session: Session,
  { name, untilMs, baseline, stopWhenWorse }: WatchFor,
): Promise<Watched> => {
  let notBeforeMs = 0;
  let regression = 0;
  for (let look = 0; ; look += 1) {
    const seen = await session.journal.step(`${name}-look-${look}`, () => glance(session, baseline));
    const { nowMs, recovery } = seen;
    const ended = (kind: Watched["kind"], regressed = false): Watched => ({
      kind,
      regressed,
      endedAtMs: nowMs,
      okAtMs: seen.okAtMs,
      worse: seen.worse,
      news: seen.news,
    });
    if (seen.gone) return ended("unknown");
    let napSeconds: number;
    if (recovery.kind === "holding") {
      const heldUntilMs = Math.max(recovery.sinceMs, notBeforeMs) + recovery.soakMs;
      if (nowMs >= heldUntilMs) return ended("recovered");
      if (nowMs >= untilMs + 2 * recovery.soakMs) return ended("not-recovered");
      napSeconds = Math.min(HOLDING_SECONDS, (heldUntilMs - nowMs) / 1000);
    } else {
      notBeforeMs = nowMs;
      if (nowMs >= untilMs) return ended(recovery.kind === "unknown" ? "unknown" : "not-recovered");
      napSeconds = Math.min(ringingSeconds(untilMs - nowMs), (untilMs - nowMs) / 1000);
    }
    regression = seen.worse.length > 0 ? regression + 1 : 0;
    if (stopWhenWorse && regression >= REGRESSION_LOOKS) return ended("not-recovered", true);
    if (look >= MOST_LOOKS) return ended("not-recovered");
    await doze(session, `${name}-nap-${look}`, napSeconds, seen.news);
  }
};
