import type { Change, Resource } from "../../../core/evidence.ts";
import { servicesReached } from "../../../core/gather.ts";
import { once } from "../../../core/once.ts";
import type { Settings } from "../../../core/settings.ts";
import type { ClientOf } from "../clients.ts";
import type { ZoneIds } from "../zone-ids.ts";
import { kindOf } from "./all-kinds.ts";
import { isOf } from "./arn.ts";
import { edgesOf, type Owned } from "./edges.ts";
import type { Aside, Seen } from "./kind.ts";

/** What stands beside the control planes; each may be left out. */
export type GraphSources = Readonly<{
  /** Changes of these resources that were told when they happened, oldest first. */
  recorded?: (arns: readonly string[]) => Promise<readonly Change[]>;
  /** Ids of the account's zones by their names, asked for where a zone could be shifted away: without them none can. */
  zoneIds?: () => Promise<ZoneIds>;
  /** Hears what was left out although it was looked for. */
  say?: (sentence: string) => void;
}>;

/** Control planes did not tell of resources that the settings name. `cause` is an AggregateError of all that failed. */
export class GraphUnreadable extends Error {
  override readonly name = "GraphUnreadable";
}

/** Beyond these, what is found hangs together with everything; a context takes two hundred resources in all. */
const MOST_FOUND = 100;
/** Service, cluster, its instances; queue, mapping, function: nothing that belongs together is further apart. */
const MOST_HOPS = 4;

/**
 * Reads the resources of these services, and of all on which they depend, as their control planes show them now, with
 * what these name besides: clusters, target groups, dead-letter queues, replicas. Nothing is remembered between calls.
 *
 * The guard must not act on half a graph, so what the settings name is read or GraphUnreadable is thrown, which tells of
 * everything that failed. What does not exist, is of another account or Region, or is of no kind that can be read is left
 * out, as is what was only found on the way and cannot be read: what is not in the graph is no target.
 */
export const liveResources =
  (clientOf: ClientOf, settings: Settings, sources: GraphSources = {}) =>
  async (arns: readonly string[]): Promise<readonly Resource[]> => {
    const { say = () => {} } = sources;
    const named = namedBy(settings, arns).filter((arn) => isReadable(settings, arn));
    const beside = besideOf(settings, sources);
    const first = await readAll(clientOf, named, beside);
    if (first.failures.length > 0) throw unreadable(first.failures);
    const owners = new Map(named.map((arn) => [arn, ownerIn(settings, arn)]));
    const all = [...first.read];
    for (let hop = 0; hop < MOST_HOPS; hop += 1) {
      const found = foundBy(settings, all, owners, named.length + MOST_FOUND);
      if (found.size === 0) break;
      for (const [arn, service] of found) owners.set(arn, service);
      const { read, failures } = await readAll(clientOf, [...found.keys()], beside);
      all.push(...read);
      for (const { type, error } of failures) say(`${type} left out of the graph: ${wordsOf(error)}`);
    }
    return graphOf(settings, [...new Map(all.map((one) => [one.arn, one])).values()], owners);
  };

const isReadable = (settings: Settings, arn: string): boolean => isOf(arn, settings) && kindOf(arn) !== null;

/** Every resource of the services that own these, and of those that they depend on. */
const namedBy = ({ services, ...settings }: Settings, arns: readonly string[]): readonly string[] => {
  const asked = services.filter(({ resources }) => resources.some((arn) => arns.includes(arn)));
  const reached = asked.flatMap(({ name }) => servicesReached({ services, ...settings }, name));
  return [...new Set([...arns, ...reached.flatMap(({ resources }) => resources)])];
};

const ownerIn = ({ services }: Settings, arn: string): string =>
  services.find(({ resources }) => resources.includes(arn))?.name ?? "";

/** Whether one service of these settings names both. */
export const namedTogetherIn =
  ({ services }: Settings) =>
  (one: string, other: string): boolean =>
    services.some(({ resources }) => resources.includes(one) && resources.includes(other));

type Failure = Readonly<{ type: string; error: unknown }>;

/** Asks every kind at once for its own; one that fails takes nothing from the others. */
const readAll = async (
  clientOf: ClientOf,
  arns: readonly string[],
  beside: Beside,
): Promise<Readonly<{ read: readonly Seen[]; failures: readonly Failure[] }>> => {
  const aside = await beside(arns);
  const byKind = [...Map.groupBy(arns, kindOf)].flatMap(([kind, own]) => (kind === null ? [] : [{ kind, own }]));
  const settled = await Promise.allSettled(
    byKind.map(async ({ kind, own }) => (await kind.load()).read(clientOf, own, aside)),
  );
  const read = settled.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  const failures = settled.flatMap((one, index): readonly Failure[] =>
    one.status === "rejected" ? [{ type: byKind[index]?.kind.type ?? "", error: one.reason }] : [],
  );
  // In the order in which they were asked for, whoever answered first.
  const order = new Map(arns.map((arn, index) => [arn, index]));
  return { read: read.toSorted((a, b) => (order.get(a.arn) ?? 0) - (order.get(b.arn) ?? 0)), failures };
};

/** What stands beside the control planes, of these resources. */
type Beside = (arns: readonly string[]) => Promise<Aside>;

/** What cannot be read there is said once a graph, and takes nothing from it. */
const besideOf = (settings: Settings, { recorded, zoneIds, say = () => {} }: GraphSources): Beside => {
  const ids = once(async (): Promise<ZoneIds> => {
    try {
      return (await zoneIds?.()) ?? {};
    } catch (error) {
      say(`the ids of zones cannot be read, so no zonal shift is proposed: ${wordsOf(error)}`);
      return {};
    }
  });
  const own = { zoneIds: ids, areNamedTogether: namedTogetherIn(settings), say };
  return async (arns) => {
    try {
      const byTarget = Map.groupBy((await recorded?.(arns)) ?? [], ({ target }) => target);
      return { recorded: (arn) => byTarget.get(arn) ?? [], ...own };
    } catch (error) {
      // Nothing is known to have run before, and no rollback is offered.
      say(`what was told of changes cannot be read: ${wordsOf(error)}`);
      return { recorded: () => [], ...own };
    }
  };
};

/** Resources that those at hand name, each with its owner: that of whoever names it, "" where several services do. */
const foundBy = (
  settings: Settings,
  all: readonly Seen[],
  owners: ReadonlyMap<string, string>,
  most: number,
): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const { arn, uses, usedBy } of all)
    for (const other of [...uses, ...usedBy]) {
      if (owners.has(other) || !isReadable(settings, other) || owners.size + found.size >= most) continue;
      const service = ownerIn(settings, other) || (owners.get(arn) ?? "");
      found.set(other, found.has(other) && found.get(other) !== service ? "" : service);
    }
  return found;
};

const graphOf = (
  settings: Settings,
  all: readonly Seen[],
  owners: ReadonlyMap<string, string>,
): readonly Resource[] => {
  const told = new Map(all.flatMap(({ tells }) => Object.entries(tells)));
  const owned = all.map((one): Owned => {
    const more = told.get(one.arn);
    const whole: Seen = more === undefined ? one : { ...one, part: "room", attributes: { ...one.attributes, ...more } };
    return { seen: whole, service: owners.get(one.arn) ?? "" };
  });
  const edges = edgesOf(settings.services, owned);
  return owned.map(({ seen, service }) => {
    const { arn, type, name, root, zones, tags, attributes } = seen;
    return { arn, type, name, service, root, zones, tags, dependsOn: [...(edges.get(arn) ?? [])], attributes };
  });
};

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const unreadable = (failures: readonly Failure[]): GraphUnreadable => {
  const told = failures.map(({ error }) => wordsOf(error)).join("; ");
  const cause = new AggregateError(failures.map(({ error }) => error));
  return new GraphUnreadable(`${told} (${failures.map(({ type }) => type).join(", ")} not read)`, { cause });
};
