import type { Configuration } from "../core/configuration.ts";
import { few } from "./doctor-finding.ts";
import type { PastAlarm } from "./shadow-episodes.ts";
import type { ShadowEpisode } from "./shadow-one.ts";

/** What a shadow run came to, as far as it limits what is said of it. */
export type Limits = Readonly<{
  episodes: readonly ShadowEpisode[];
  failed: readonly string[];
  coarse: number;
  pasts: readonly PastAlarm[];
  configuration: Configuration | null;
  sinceMs: number;
  nowMs: number;
  /** Of the sources that failed on the way. */
  notes: readonly string[];
}>;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html */
const HISTORY_DAYS = 30;
const DAY_MS = 86_400_000;

/** What it could not see, in sentences; the ones that hold of every run come last. */
export const limitsOf = (run: Limits): readonly string[] => {
  const { episodes, failed, coarse, pasts, configuration, sinceMs, nowMs } = run;
  const unclaimed = configuration === null ? [] : namesOf(episodes.filter(({ service }) => service === null));
  const ringing = namesOf(episodes.filter(({ endedAt }) => endedAt === null));
  const contributors = pasts.filter(({ alarm }) => alarm.hasContributors).map(({ alarm }) => alarm.name);
  const children = pasts.filter(({ alarm }) => alarm.kind === "composite").map(({ alarm }) => alarm.name);
  return [
    ...(configuration === null
      ? ["no configuration: services are guessed from each alarm's own metric; write quell.config.ts for better"]
      : []),
    ...(unclaimed.length === 0 ? [] : [`alarms of no service, which are only handed to people: ${few(unclaimed)}`]),
    ...(failed.length === 0 ? [] : [`${failed.length} episodes could not be played: ${few(failed)}`]),
    ...(ringing.length === 0 ? [] : [`rings still, and counts until now: ${few(ringing)}`]),
    ...(coarse === 0
      ? []
      : [`${coarse} episodes are so old that CloudWatch keeps their minutes only in coarser periods`]),
    ...(nowMs - sinceMs <= HISTORY_DAYS * DAY_MS
      ? []
      : [`alarms' history is kept for ${HISTORY_DAYS} days: what is older is not here`]),
    ...(contributors.length === 0 ? [] : [`which time series of an alarm over many: ${few(contributors)}`]),
    ...(children.length === 0 ? [] : [`composites, counted beside their children: ${few(children)}`]),
    ...missingIn(episodes),
    ...run.notes,
    "resources, and alarms' thresholds, are as they are today, not as they were",
    "each episode is played by itself: no budget, cooldown, earlier run or storm of another one holds it back",
    "no hosted model is asked: what is proposed comes from the catalogue's own rules",
    "until people had acted, what they did shows in the metrics: a later proposal may have seen its effect",
  ];
};

const namesOf = (episodes: readonly ShadowEpisode[]): readonly string[] => [
  ...new Set(episodes.map(({ alarm }) => alarm)),
];

/** Sources that were missing, how often, and why the first time. */
const missingIn = (episodes: readonly ShadowEpisode[]): readonly string[] => {
  const bySource = new Map<string, { because: string; count: number }>();
  for (const { missing } of episodes)
    for (const [source, because] of new Map(missing.map((one) => [one.source, one.because]))) {
      const known = bySource.get(source) ?? { because, count: 0 };
      bySource.set(source, { ...known, count: known.count + 1 });
    }
  return [...bySource].map(
    ([source, { because, count }]) => `${source} in ${count} of ${episodes.length} episodes: ${because}`,
  );
};
