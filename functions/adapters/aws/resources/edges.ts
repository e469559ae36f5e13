import type { ServiceSettings } from "../../../core/settings.ts";
import type { Seen } from "./kind.ts";

/** A resource with the service that owns it, "" where none does. */
export type Owned = Readonly<{ seen: Seen; service: string }>;

/** Names services or ARNs of the settings, separated by spaces: what nobody else can tell. It adds edges, never resources. */
export const DEPENDS_ON_TAG = "quell:depends-on";

type Edges = Map<string, Set<string>>;
type Services = readonly Pick<ServiceSettings, "name" | "dependsOn" | "resources">[];

/**
 * Who calls or rests on whom, by ARN, among these resources alone. Control planes and tags tell what they know; what they
 * do not tell follows from the settings as in the simulated world: inside of a service its doors and queues lead to its
 * code and that to its stores and settings, and its code calls whatever lets the calls of a service in on which it depends.
 */
export const edgesOf = (services: Services, all: readonly Owned[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const edges: Edges = new Map(all.map(({ seen }) => [seen.arn, new Set()]));
  connectTold(edges, all);
  const owned = Map.groupBy(all, ({ service }) => service);
  const of = (service: string): readonly Seen[] => (owned.get(service) ?? []).map(({ seen }) => seen);
  for (const { name } of services) connectInside(edges, of(name));
  for (const { name, dependsOn } of services)
    for (const callee of dependsOn)
      for (const from of callersIn(of(name))) for (const to of wayInto(edges, of(callee))) connect(edges, from, to);
  for (const { seen } of all)
    for (const word of (seen.tags[DEPENDS_ON_TAG] ?? "").split(" ").filter((part) => part !== ""))
      for (const to of tagged(edges, services, of, word)) connect(edges, seen.arn, to);
  return edges;
};

/** An edge between two resources of the graph; nothing calls itself. */
const connect = (edges: Edges, from: string, to: string): void => {
  if (from !== to && edges.has(to)) edges.get(from)?.add(to);
};

const connectTold = (edges: Edges, all: readonly Owned[]): void => {
  const hosts = new Map<string, string[]>();
  for (const { seen } of all)
    for (const host of seen.answersAs)
      hosts.set(host.toLowerCase(), [...(hosts.get(host.toLowerCase()) ?? []), seen.arn]);
  for (const { seen } of all) {
    for (const to of seen.uses) connect(edges, seen.arn, to);
    for (const from of seen.usedBy) connect(edges, from, seen.arn);
    for (const host of seen.asks) for (const to of hosts.get(host.toLowerCase()) ?? []) connect(edges, seen.arn, to);
  }
};

const isIn = (edges: Edges, own: readonly Seen[], to: string): boolean =>
  own.some(({ arn }) => edges.get(arn)?.has(to) === true);
const isReplica = ({ attributes }: Seen): boolean => attributes.isReplica === true;
/** Somebody's failed messages end up there: it is no way in. */
const isForDeadLetters = (own: readonly Seen[], { arn, usedBy, part }: Seen): boolean =>
  part === "queue" && (usedBy.length > 0 || own.some(({ attributes }) => attributes.deadLetterTargetArn === arn));

const connectInside = (edges: Edges, own: readonly Seen[]): void => {
  const code = own.filter(({ part }) => part === "code");
  const doors = own.filter(({ part }) => part === "door");
  const queues = own.filter((one) => one.part === "queue" && !isForDeadLetters(own, one));
  const leads = ({ arn }: Seen): boolean =>
    own.some((one) => one.part !== "store" && edges.get(arn)?.has(one.arn) && !isForDeadLetters(own, one));
  // Looked at before anything is added: what is told comes first.
  const idle = code.filter(({ arn }) => !isIn(edges, own, arn));
  const open = doors.filter(leads).filter(({ arn }) => !isIn(edges, doors, arn));
  for (const door of doors.filter((one) => !leads(one)))
    for (const { arn } of idle.length > 0 ? idle : open) connect(edges, door.arn, arn);
  for (const queue of queues.filter((one) => !leads(one)))
    if (idle.length > 0 && doors.length === 0) for (const { arn } of idle) connect(edges, queue.arn, arn);
    else if (!isIn(edges, own, queue.arn)) for (const { arn } of code) connect(edges, arn, queue.arn);
  const stores = own.filter((one) => one.part === "store" && !isReplica(one));
  for (const store of stores.filter(({ arn }) => !stores.some((other) => edges.get(other.arn)?.has(arn))))
    for (const { arn } of code) connect(edges, arn, store.arn);
  for (const setting of own.filter(({ part }) => part === "setting"))
    for (const { arn } of code) connect(edges, arn, setting.arn);
};

/** What of a service calls others: its code; of one without any its doors, else its stores: a cache asks the one behind it. */
const callersIn = (own: readonly Seen[]): readonly string[] => {
  const ranks = (["code", "door", "store", "queue"] as const).map((part) =>
    own.filter((one) => one.part === part && !isReplica(one) && !isForDeadLetters(own, one)),
  );
  return (ranks.find((rank) => rank.length > 0) ?? []).map(({ arn }) => arn);
};

/** Where calls of others come into a service: its doors and queues, else its code, else its stores; what stands first. */
const wayInto = (edges: Edges, own: readonly Seen[]): readonly string[] => {
  const ranks = [["door", "queue"], ["code"], ["store"]].map((parts) =>
    own.filter((one) => parts.includes(one.part) && !isReplica(one) && !isForDeadLetters(own, one)),
  );
  const rank = ranks.find((some) => some.length > 0) ?? [];
  const first = rank.filter(
    ({ arn }) =>
      !isIn(
        edges,
        own.filter((one) => !isReplica(one)),
        arn,
      ),
  );
  // Those that call each other in a circle are all as near.
  return (first.length > 0 ? first : rank).map(({ arn }) => arn);
};

/** What a word of the tag means; nothing where it names no service and no resource of the settings. */
const tagged = (
  edges: Edges,
  services: Services,
  of: (service: string) => readonly Seen[],
  word: string,
): readonly string[] => {
  if (services.some(({ name }) => name === word)) return wayInto(edges, of(word));
  return services.some(({ resources }) => resources.includes(word)) ? [word] : [];
};
