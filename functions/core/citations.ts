import type { Context } from "./context.ts";
import type { AlarmSnapshot, Change, LogTemplate, Series } from "./evidence.ts";

/**
 * One thing of a context that can be cited. `ref` (`e1`, `e2`, ...) names it to a drafter, so that nothing which other
 * people named has to be repeated; `id` is its id in the context (an alarm's is its key).
 */
export type Citable = Readonly<{ ref: string; id: string }> &
  (
    | Readonly<{ kind: "alarm"; alarm: AlarmSnapshot }>
    | Readonly<{ kind: "series"; series: Series }>
    | Readonly<{ kind: "change"; change: Change }>
    | Readonly<{ kind: "log"; log: LogTemplate }>
  );

/** Everything that can be cited, in an order that depends on the context alone: alarms, series, changes, logs. */
export const evidenceIn = (context: Context): readonly Citable[] =>
  [
    ...context.alarms.map((alarm) => ({ kind: "alarm" as const, id: alarm.key, alarm })),
    ...context.series.map((series) => ({ kind: "series" as const, id: series.id, series })),
    ...context.changes.map((change) => ({ kind: "change" as const, id: change.id, change })),
    ...context.logs.map((log) => ({ kind: "log" as const, id: log.id, log })),
  ].map((evidence, i) => ({ ref: `e${i + 1}`, ...evidence }));

/** Reads what a drafter wrote: the id that it means by a ref, or by the id itself; null where the context has neither. A ref wins. */
export const idsIn = (context: Context): ((written: string) => string | null) => {
  const all = evidenceIn(context);
  const ids = new Map([...all.map(({ id }) => [id, id] as const), ...all.map(({ ref, id }) => [ref, id] as const)]);
  return (written) => ids.get(written) ?? null;
};
