import { type Citable, evidenceIn } from "./citations.ts";
import { standing, usualUntilMs } from "./claims.ts";
import type { Context } from "./context.ts";
import { cut, redact, redactSure } from "./redact.ts";
import { readSli } from "./severity.ts";
import { baselineOf } from "./verify.ts";

/**
 * What a model is shown of an incident: one JSON document, built field by field from what is listed here and nothing
 * else. Free text stands under `untrusted`, redacted and bounded once more on its way out.
 */
const WORDS_CHARACTERS = 300;
const NAME_CHARACTERS = 512;
const LAST_VALUES = 5;
/** What the notes of the sections that were cut can take, with room to spare. */
const NOTES_BYTES = 500;

type Untrusted = Readonly<{ untrusted: string }>;
const words = (text: string): Untrusted => ({ untrusted: redact(text, WORDS_CHARACTERS).text });

/** What may have to be repeated to the letter, an ARN or a version, loses nothing but what is surely a secret. */
const name = (text: string): string => cut(redactSure(cut(text, NAME_CHARACTERS)).text, NAME_CHARACTERS);
const nameOrNull = (text: string | null): string | null => (text === null ? null : name(text));

const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(4)));
const minutesBetween = (fromMs: number, toMs: number): number => Math.round((toMs - fromMs) / 60_000);

type Of<K extends Citable["kind"]> = Extract<Citable, { kind: K }>;

/** A key is `account/region/name`, and the name is somebody's. */
const alarmRow = (context: Context, { ref, alarm }: Of<"alarm">) => ({
  ref,
  name: words(alarm.key.split("/").slice(2).join("/")),
  state: alarm.state,
  minutesInState: minutesBetween(alarm.changedAtMs, context.nowMs),
});

const alarmTextRow = (said: Context["words"][number]) => ({
  name: words(said.name),
  description: words(said.description),
  reason: words(said.reason),
});

const seriesRow = (context: Context, { ref, series }: Of<"series">) => {
  const known = series.values.filter((value) => value !== null);
  const now = standing(context, series);
  return {
    ref,
    metric: name(`${series.metric.namespace}/${series.metric.metricName}`),
    stat: name(series.metric.stat),
    resource: nameOrNull(series.arn),
    stands: now?.stands ?? null,
    usual: rounded(now?.usual ?? null),
    last: series.values.slice(-LAST_VALUES).map(rounded),
    min: rounded(known.length === 0 ? null : Math.min(...known)),
    max: rounded(known.length === 0 ? null : Math.max(...known)),
  };
};

const changeRow = (context: Context, { ref, change }: Of<"change">) => ({
  ref,
  kind: change.kind,
  minutesBeforeAlarm: minutesBetween(change.atMs, context.openedAtMs),
  target: name(change.target),
  from: nameOrNull(change.from),
  to: nameOrNull(change.to),
  title: words(change.title),
});

const logRow = ({ ref, log }: Of<"log">) => ({ ref, count: log.count, template: words(log.template) });

/** Whom a resource calls, among those shown. */
const resourceRow = (context: Context, { arn, type, attributes, dependsOn }: Context["resources"][number]) => ({
  arn: name(arn),
  type: name(type),
  dependsOn: dependsOn.filter((one) => context.resources.some((other) => other.arn === one)).map(name),
  attributes: Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [name(key), typeof value === "string" ? name(value) : value]),
  ),
});

const sliRows = (context: Context) => {
  const { service, series } = context;
  const now = baselineOf(service, series, context.nowMs).slis;
  return service.slis.map((sli, i) => ({
    name: name(sli.name),
    role: sli.role,
    bad: sli.bad,
    limit: sli.limit,
    now: rounded(now[i]?.value ?? null),
    usual: rounded(readSli(series, sli, 0, usualUntilMs(context)).value),
  }));
};

/** What goes first where there is too much: other people's lines, then numbers, then what changed. */
const CUT_ORDER = ["logs", "series", "changes", "resources", "alarmTexts", "alarms"] as const;
type Sections = Record<(typeof CUT_ORDER)[number], readonly unknown[]>;

const sectionsOf = (context: Context): Sections => {
  const evidence = evidenceIn(context);
  const of = <K extends Citable["kind"]>(kind: K): readonly Of<K>[] =>
    evidence.filter((one): one is Of<K> => one.kind === kind);
  return {
    alarms: of("alarm").map((one) => alarmRow(context, one)),
    alarmTexts: context.words.map(alarmTextRow),
    resources: context.resources.map((one) => resourceRow(context, one)),
    changes: of("change").map((one) => changeRow(context, one)),
    series: of("series").map((one) => seriesRow(context, one)),
    logs: of("log").map(logRow),
  };
};

/** No tag can be opened, closed or faked inside: its characters do not occur. */
const escaped = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const bytesOf = (value: unknown): number => new TextEncoder().encode(escaped(value)).length;

/** The document, escaped, on one line. @param mostBytes of UTF-8; kept by leaving out rows, and said in `cut` */
export const incidentData = (context: Context, mostBytes: number): string => {
  const { service } = context;
  const facts = {
    minutesSinceAlarm: minutesBetween(context.openedAtMs, context.nowMs),
    timesAlarmed: context.flaps,
    decision: context.step + 1,
    service: {
      name: name(service.name),
      environment: name(service.environment),
      severity: service.severity,
      dependsOn: service.dependsOn.map(name),
    },
    slis: sliRows(context),
    tried: context.tried.map(({ runbook, target, outcome }) => ({ runbook, target: nameOrNull(target), outcome })),
    missing: context.missing.map(({ source }) => name(source)),
  };
  const sections = sectionsOf(context);
  const left: unknown[] = context.cut.map(({ source, kept, of, unit }) => ({ source: name(source), kept, of, unit }));
  let over = bytesOf({ ...facts, ...sections, cut: left }) + NOTES_BYTES - mostBytes;
  for (const section of CUT_ORDER) {
    const rows = sections[section];
    let kept = rows.length;
    for (; over > 0 && kept > 0; kept -= 1) over -= bytesOf(rows[kept - 1]) + 1;
    if (kept === rows.length) continue;
    sections[section] = rows.slice(0, kept);
    left.push({ source: section, kept, of: rows.length, unit: "rows" });
  }
  return escaped({ ...facts, ...sections, cut: left });
};
