import type { Place } from "../adapters/recorded/namespaces.ts";
import { settingsForRecording } from "../adapters/recorded/settings.ts";
import type { Alarm } from "../core/alarm.ts";
import type { Configuration } from "../core/configuration.ts";
import { draftOffline } from "../core/draft.ts";
import type { Series } from "../core/evidence.ts";
import { isoTime } from "../core/ids.ts";
import type { Scorer } from "../core/ports.ts";
import type { IncidentRecord } from "../core/record.ts";
import { serviceOf } from "../core/service-graph.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import type { Mode } from "../core/stages.ts";
import { answerDry } from "./replay-dry.ts";
import { openingAlarm, type PastEpisode } from "./shadow-episodes.ts";
import { type Past, pastEvidence } from "./shadow-evidence.ts";
import { type PastSources, type ReadPast, readPast } from "./shadow-past.ts";
import {
  firstProposal,
  minutesBetween,
  NOTHING_SAVED,
  type Saved,
  type ShadowProposal,
  savedBy,
} from "./shadow-savings.ts";

/** What would have become of one episode, and what did. Minutes count from the alarm. */
export type ShadowEpisode = Readonly<{
  alarm: string;
  /** Null where no service of the configuration claims it. */
  service: string | null;
  openedAt: string;
  /** Null while it rings still; `minutes` then goes on until now. */
  endedAt: string | null;
  minutes: number;
  /** The alarm whose incident it would have joined; its minutes are counted there. */
  joins: string | null;
  proposed: ShadowProposal | null;
  /** What it came to where no effect was proposed, in Quell's own words. */
  instead: string | null;
  saved: Saved;
  decisions: number;
  /** What the decisions could not see, and why. */
  missing: readonly Readonly<{ source: string; because: string }>[];
}>;

/** How episodes are played. */
export type ShadowRules = Readonly<{
  place: Place;
  configuration: Configuration | null;
  mode: Mode | null;
  scorer: Scorer;
  approvalMinutes: number;
  nowMs: number;
}>;

/** Recovery shows through the soak and some minutes of looking. */
const AFTER_MS = 30 * 60_000;
/** As a recorded incident: by then people have it. */
const LONGEST_MS = 24 * 3_600_000;

/** Plays one episode as it was seen then. Throws AwsCallFailed where its metrics cannot be read. */
export const shadowOne = async (
  episode: PastEpisode,
  rules: ShadowRules,
  sources: PastSources,
): Promise<Readonly<{ episode: ShadowEpisode; read: ReadPast }>> => {
  const alarm = openingAlarm(episode, rules.place);
  const endedAtMs = episode.endedAtMs ?? rules.nowMs;
  const endsAtMs = Math.min(endedAtMs + AFTER_MS, rules.nowMs, alarm.changedAtMs + LONGEST_MS);
  const own = rules.configuration === null ? null : asAsked(rules.configuration.settings, rules.mode);
  const service = own === null ? null : serviceOf(own, alarm);
  const of = own === null || service === null ? null : { settings: own, service };
  const read = await readPast(sources, episode, alarm, of, endsAtMs);
  const settings = {
    ...(own ?? settingsSchema.parse(guessed(alarm, read.past, episode, rules.mode))),
    horizonMs: endsAtMs,
  };
  const { record } = await answerDry(
    {
      alarm,
      settings,
      evidence: (clock) => pastEvidence(read.past, clock),
      drafter: { draft: async (context, catalogue) => draftOffline(context, catalogue, null) },
    },
    rules.scorer,
  );
  const minutes = minutesBetween(alarm.changedAtMs, endedAtMs);
  const proposed = firstProposal(record);
  const { periodSeconds, evaluationPeriods } = episode.alarm;
  const soakMinutes = Math.max(settings.soakSeconds, 2 * periodSeconds * evaluationPeriods) / 60;
  return {
    episode: {
      alarm: alarm.alarmName,
      service: service?.name ?? null,
      openedAt: record.incident.openedAt,
      endedAt: episode.endedAtMs === null ? null : isoTime(episode.endedAtMs),
      minutes,
      joins: null,
      proposed,
      instead: proposed === null ? insteadOf(record) : null,
      saved: proposed === null ? NOTHING_SAVED : savedBy(minutes, proposed, soakMinutes, rules.approvalMinutes),
      decisions: record.decisions.length,
      missing: missingIn(record),
    },
    read,
  };
};

/** An episode that would have joined another one's incident: nothing is decided about it. */
export const joinedEpisode = (
  episode: PastEpisode,
  joins: PastEpisode,
  { place, configuration, nowMs }: ShadowRules,
): ShadowEpisode => {
  const { opening, endedAtMs } = episode;
  const service = configuration === null ? null : serviceOf(configuration.settings, openingAlarm(episode, place));
  return {
    ...{ alarm: episode.alarm.name, service: service?.name ?? null, openedAt: isoTime(opening.atMs) },
    endedAt: endedAtMs === null ? null : isoTime(endedAtMs),
    minutes: minutesBetween(opening.atMs, endedAtMs ?? nowMs),
    ...{ joins: joins.alarm.name, proposed: null, instead: null, saved: NOTHING_SAVED, decisions: 0, missing: [] },
  };
};

/** The owner's settings; observe asks nobody, so that what is observed is played as if it asked. */
const asAsked = (settings: Settings, mode: Mode | null): Settings => {
  const played = (own: Mode): Mode => mode ?? (own === "observe" ? "approve" : own);
  return {
    ...settings,
    mode: played(settings.mode),
    services: settings.services.map((one) => ({ ...one, mode: played(one.mode ?? settings.mode) })),
  };
};

/** Without a configuration: settings from the alarm and its metrics alone, as a recorded incident has them. */
const guessed = (
  alarm: Alarm,
  { series, resources }: Past,
  { transitions, alarm: described }: PastEpisode,
  mode: Mode | null,
) => {
  const { threshold, periodSeconds, evaluationPeriods } = described;
  const rows =
    typeof series === "string"
      ? []
      : [...series.values()].filter(({ values }) => values.some((value) => value !== null));
  return settingsForRecording(
    {
      alarm,
      evaluation: { threshold, periodSeconds, evaluationPeriods, breaches: null },
      metrics: { kind: "read", rows: rows.map(recorded) },
      logs: { kind: "missing", because: "not read back" },
      changes: { kind: "missing", because: "not read back" },
      resources: { kind: "read", rows: typeof resources === "string" ? [] : resources },
      history: { kind: "read", rows: transitions },
      drafter: null,
      damaged: [],
    },
    mode ?? "approve",
  );
};

const recorded = ({ metric, fromMs, periodSeconds, values }: Series) => ({
  metric: { ...metric, periodSeconds },
  points: values.map((value, index) => ({ atMs: fromMs + index * periodSeconds * 1000, value })),
});

const insteadOf = ({ decisions, because }: IncidentRecord): string => {
  const last = decisions.at(-1);
  if (last === undefined) return because.detail;
  const waited = decisions.filter(
    ({ choice, candidates }) => candidates[choice?.candidate ?? -1]?.kind === "wait",
  ).length;
  const abstained = last?.abstention?.because ?? null;
  if (abstained !== null) return `a person is called: ${abstained.code}`;
  const kind = candidateKind(last);
  if (kind === "page") return "a person is called";
  if (waited > 0) return `it waits, ${waited} ${waited === 1 ? "time" : "times"}`;
  return `a person is called: ${because.detail}`;
};

const candidateKind = (decision: IncidentRecord["decisions"][number] | undefined): string | null =>
  decision?.choice === null || decision === undefined
    ? null
    : (decision.candidates[decision.choice.candidate]?.kind ?? null);

const missingIn = ({ decisions }: IncidentRecord): ShadowEpisode["missing"] => {
  const all = decisions.flatMap(({ context }) => context.missing);
  return [...new Map(all.map((one) => [`${one.source} ${one.because}`, one])).values()];
};
