import { type Place, resourceBehind } from "../adapters/recorded/namespaces.ts";
import { joinableServices, serviceOf } from "../core/service-graph.ts";
import type { Settings } from "../core/settings.ts";
import { openingAlarm, type PastEpisode } from "./shadow-episodes.ts";

/** An episode, and the one that it would have joined; null where it would have opened an incident of its own. */
export type Folded = Readonly<{ episode: PastEpisode; joins: PastEpisode | null }>;

/** Without a configuration: an alarm of the same resource joins within this time (`settings.foldSeconds`). */
const FOLD_SECONDS = 900;

/**
 * Which episodes are one incident, as intake would have folded them: an alarm of a service that shares a dependency, soon
 * after the first and while that one rang. Otherwise one cause would be counted once for each of its alarms.
 * @param episodes oldest first
 */
export const foldEpisodes = (
  episodes: readonly PastEpisode[],
  place: Place,
  settings: Settings | null,
): readonly Folded[] => {
  const first: PastEpisode[] = [];
  return episodes.map((episode) => {
    const joins = first.find((one) => joined(one, episode, place, settings)) ?? null;
    if (joins === null) first.push(episode);
    return { episode, joins };
  });
};

const joined = (first: PastEpisode, later: PastEpisode, place: Place, settings: Settings | null): boolean => {
  const afterMs = later.opening.atMs - first.opening.atMs;
  if (afterMs > (settings?.foldSeconds ?? FOLD_SECONDS) * 1000) return false;
  if (first.endedAtMs !== null && later.opening.atMs >= first.endedAtMs) return false;
  if (settings === null) {
    const [one, other] = [resourceOf(first, place), resourceOf(later, place)];
    return one !== null && one === other;
  }
  const [one, other] = [first, later].map((episode) => serviceOf(settings, openingAlarm(episode, place))?.name);
  return one !== undefined && other !== undefined && joinableServices(settings, other).includes(one);
};

const resourceOf = ({ alarm: { metrics } }: PastEpisode, place: Place): string | null => {
  const [metric] = metrics;
  return metric === undefined ? null : (resourceBehind(metric, place)?.arn ?? null);
};
