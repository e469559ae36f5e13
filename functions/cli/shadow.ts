import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { AwsCallFailed } from "../adapters/aws/call.ts";
import type { DescribedAlarm } from "../adapters/aws/described-alarm.ts";
import { writeWhole } from "../adapters/files/write-whole.ts";
import type { Configuration } from "../core/configuration.ts";
import { alarmKey, isoTime } from "../core/ids.ts";
import { deployedNames } from "./account-stack.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import { progressOn } from "./gameday-progress.ts";
import { defaultPolicy } from "./released-model.ts";
import { scorerNamed } from "./replay.ts";
import type { Screen } from "./screen.ts";
import { episodesIn, type PastAlarm } from "./shadow-episodes.ts";
import { foldEpisodes } from "./shadow-fold.ts";
import { joinedEpisode, type ShadowEpisode, type ShadowRules, shadowOne } from "./shadow-one.ts";
import { approvalMinutesOf, modeOf, type ShadowFlags, sinceOf } from "./shadow-options.ts";
import type { PastSources } from "./shadow-past.ts";
import { shadowPlace } from "./shadow-place.ts";
import { shadowMarkdown, shadowOf, shadowSummary, shadowTable } from "./shadow-report.ts";
import { sourcesOf } from "./shadow-sources.ts";
import { limitsOf } from "./shadow-words.ts";

/**
 * `quell shadow`: what Quell would have proposed for the alarms of the past days, and what that might have saved. Every
 * client only reads, and nothing is written but the file that was asked for. Throws BadInput on flags, a configuration or
 * credentials that cannot be used, and where AWS denies what it rests on.
 */
export const shadow = async (flags: ShadowFlags, screen: Screen, nowMs = Date.now()): Promise<ExitCode> => {
  const sinceMs = sinceOf(flags.since, nowMs);
  const [mode, approvalMinutes] = [modeOf(flags.mode), approvalMinutesOf(flags.approvalMinutes)];
  const { place, clients, configuration } = await shadowPlace(flags, screen);
  const policy = flags.policy ?? configuration?.policy ?? defaultPolicy();
  const { scorer, close } = await scorerNamed(policy, screen);
  try {
    const cloudWatch = await clients.cloudWatch();
    const prefix = flags.alarmPrefix ?? configuration?.alarmNamePrefix ?? "";
    const pasts = await readable(() => pastAlarms(cloudWatch, place, prefix, sinceMs, nowMs, screen));
    const rules = { place, configuration, mode, scorer, approvalMinutes, nowMs };
    const of =
      configuration === null ? null : { settings: configuration.settings, table: await ledgerOf(configuration) };
    const sources = sourcesOf(clients, cloudWatch, of, nowMs);
    const played = await play(pasts, sinceMs, rules, sources, screen);
    const cannotSee = limitsOf({ ...played, pasts, configuration, sinceMs, nowMs, notes: sources.notes() });
    const told = { ...place, since: isoTime(sinceMs), until: isoTime(nowMs), policy };
    const all = shadowOf(
      { ...told, alarms: pasts.length, metricsRead: played.metricsRead, cannotSee },
      played.episodes,
    );
    if (flags.out !== undefined) writeReport(flags.out, shadowMarkdown(all));
    screen.write(
      flags.json === true ? `${JSON.stringify(all)}\n` : `${shadowTable(all)}${shadowSummary(all).join("\n")}\n`,
    );
    return 0;
  } finally {
    await close();
  }
};

const ledgerOf = async (configuration: Configuration): Promise<string> =>
  (await deployedNames(configuration)).tables.ledger;

/** A day before the beginning: how often an alarm flaps is evidence. */
const BEFORE_MS = 86_400_000;

const pastAlarms = async (
  client: CloudWatchClient,
  place: ShadowRules["place"],
  prefix: string,
  sinceMs: number,
  nowMs: number,
  screen: Screen,
): Promise<readonly PastAlarm[]> => {
  const { alarmsWithPrefix } = await import("../adapters/aws/cloudwatch-alarms.ts");
  const { readAlarmHistory } = await import("../adapters/aws/alarm-history.ts");
  const alarms = await alarmsWithPrefix(client, prefix);
  return eachShown(alarms, "alarms' histories", screen, async (alarm: DescribedAlarm) => {
    const key = alarmKey({ ...place, alarmName: alarm.name, contributorId: null });
    return { alarm, transitions: await readAlarmHistory(client, place, key, sinceMs - BEFORE_MS, nowMs) };
  });
};

type Played = Readonly<{
  episodes: readonly ShadowEpisode[];
  failed: readonly string[];
  metricsRead: number;
  coarse: number;
}>;

const play = async (
  pasts: readonly PastAlarm[],
  sinceMs: number,
  rules: ShadowRules,
  sources: PastSources,
  screen: Screen,
): Promise<Played> => {
  const failed: string[] = [];
  const { place, configuration, nowMs } = rules;
  const all = foldEpisodes(episodesIn(pasts, sinceMs, nowMs), place, configuration?.settings ?? null);
  const played = await eachShown(all, "episodes", screen, async ({ episode, joins }) => {
    try {
      if (joins !== null) return { episode: joinedEpisode(episode, joins, rules), read: null };
      return await shadowOne(episode, rules, sources);
    } catch (error) {
      if (error instanceof AwsCallFailed && error.kind === "denied")
        throw new BadInput(error.message, { cause: error });
      const detail = error instanceof Error ? error.message : String(error);
      failed.push(`${episode.alarm.name} at ${isoTime(episode.opening.atMs)}: ${detail}`);
      return null;
    }
  });
  const done = played.filter((one) => one !== null);
  return {
    episodes: done.map(({ episode }) => episode),
    failed,
    metricsRead: done.reduce((sum, { read }) => sum + (read?.metricsRead ?? 0), 0),
    coarse: done.filter(({ read }) => (read?.coarse ?? 0) > 0).length,
  };
};

/** One after the other, so that an account's limits are left to others; on a terminal it shows how far it is. */
const eachShown = async <T, R>(
  items: readonly T[],
  what: string,
  screen: Screen,
  ask: (item: T) => Promise<R>,
): Promise<readonly R[]> => {
  const shown =
    screen.isErrorLive === true ? progressOn(screen.writeError, items.length, 0, () => performance.now(), what) : null;
  const answers: R[] = [];
  try {
    for (const item of items) {
      answers.push(await ask(item));
      shown?.ended();
    }
  } finally {
    shown?.close();
  }
  return answers;
};

/** What nothing can be said without: its failure is told as input that cannot be used. */
const readable = async <T>(read: () => Promise<T>): Promise<T> => {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof AwsCallFailed) throw new BadInput(`${cause.message}; a shadow run rests on it`, { cause });
    throw cause;
  }
};

const writeReport = (file: string, text: string): void => {
  try {
    writeWhole(file, Buffer.from(text));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`--out ${file}: cannot be written (${detail}); name a file in a folder that exists`, { cause });
  }
};
