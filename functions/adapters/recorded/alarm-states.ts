import type { AlarmState } from "../../core/alarm.ts";
import type { AlarmTransition } from "../../core/evidence.ts";
import { type Recording, recordingEndsAtMs, rowsOf } from "./recording.ts";
import { findSeries } from "./series.ts";

/**
 * Every state change of the incident's own alarm, in order: the recorded ones and the change that opened the incident.
 * Where the record holds nothing after the opening, the metric is judged against the alarm's threshold instead.
 * What is derived for an instant rests on periods that had closed by then, so a later reader sees no more.
 */
export const alarmTransitions = (recording: Recording): readonly AlarmTransition[] => {
  const { alarm, history } = recording;
  const recorded = rowsOf(history).filter(({ key, atMs }) => key === alarm.key && atMs !== alarm.changedAtMs);
  const opening: AlarmTransition = {
    key: alarm.key,
    atMs: alarm.changedAtMs,
    from: alarm.previousState,
    to: alarm.state,
  };
  const goesOn = recorded.some(({ atMs }) => atMs > alarm.changedAtMs);
  return [...recorded, opening, ...(goesOn ? [] : derivedTransitions(recording))].toSorted((a, b) => a.atMs - b.atMs);
};

/** The alarm's state at an instant. */
export const stateAt = (
  transitions: readonly AlarmTransition[],
  nowMs: number,
): Readonly<{ state: AlarmState; changedAtMs: number }> => {
  const last = transitions.findLast(({ atMs }) => atMs <= nowMs);
  if (last !== undefined) return { state: last.to, changedAtMs: last.atMs };
  return { state: transitions[0]?.from ?? "INSUFFICIENT_DATA", changedAtMs: nowMs };
};

const derivedTransitions = (recording: Recording): readonly AlarmTransition[] => {
  const { alarm, evaluation } = recording;
  const [metric] = alarm.metrics;
  const { threshold, breaches, evaluationPeriods } = evaluation;
  if (metric === undefined || alarm.kind !== "metric" || threshold === null || breaches === null) return [];
  const series = findSeries(recording, metric);
  if (series === undefined) return [];

  const periodMs = series.metric.periodSeconds * 1000;
  const bySlot = new Map(series.points.map(({ atMs, value }) => [Math.floor(atMs / periodMs), value]));
  const isBreaching = (value: number): boolean => (breaches === "above" ? value > threshold : value < threshold);
  const lastSlot = Math.floor(recordingEndsAtMs(recording) / periodMs) - 1;
  const newestSlot = Math.min(lastSlot, Math.floor((series.points.at(-1)?.atMs ?? 0) / periodMs));
  const transitions: AlarmTransition[] = [];
  let state: AlarmState = alarm.state;
  for (let slot = Math.floor(alarm.changedAtMs / periodMs); slot <= newestSlot; slot += 1) {
    const window = Array.from({ length: evaluationPeriods ?? 1 }, (_, back) => bySlot.get(slot - back) ?? null);
    const next = judge(
      window.filter((value) => value !== null),
      isBreaching,
    );
    if (next !== state) transitions.push({ key: alarm.key, atMs: (slot + 1) * periodMs, from: state, to: next });
    state = next;
  }
  return transitions;
};

// How many of the datapoints must breach is not in the event, so all of them: CloudWatch's default.
const judge = (values: readonly number[], isBreaching: (value: number) => boolean): AlarmState => {
  if (values.length === 0) return "INSUFFICIENT_DATA";
  return values.every(isBreaching) ? "ALARM" : "OK";
};
