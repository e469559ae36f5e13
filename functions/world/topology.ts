import { BLUEPRINTS } from "./blueprints/all-blueprints.ts";
import type { Blueprint } from "./blueprints/blueprint.ts";
import { between, chance, pick, uniform, wholeBetween } from "./random.ts";

/** What stands for what in a system; the order is that of the calls: callers before callees. */
export const ROLES = ["front", "inner", "worker", "cache", "store", "outside"] as const;
export type Role = (typeof ROLES)[number];

/** One service calls another, as it is drawn; the resources that do so are the blueprints' business. */
export type ServiceCall = Readonly<{
  to: string;
  callsPerRequest: number;
  retries: number;
  timeoutMs: number;
  isAsync: boolean;
}>;

export type ServicePlan = Readonly<{
  name: string;
  role: Role;
  /** The blueprint's id. */
  blueprint: string;
  severity: 1 | 2 | 3 | 4;
  /** Mean load from outside that arrives here, per second; null where only other services call. */
  entryPerSecond: number | null;
  /** Mean demand over the day, per second: what it is sized for. */
  perSecond: number;
  calls: readonly ServiceCall[];
}>;

/** What is drawn of a system's shape, as JSON: 5 to 60 services, callers before callees. */
export type Topology = Readonly<{ system: string; peakHour: number; services: readonly ServicePlan[] }>;

export const ACCOUNT = "111122223333"; // the account id that AWS's own documentation uses
export const REGION = "eu-west-1";
export const ZONES: readonly string[] = ["a", "b", "c"].map((letter) => `${REGION}${letter}`);

/** Share of its requests for which a warm cache asks the store behind it. */
export const MISS_SHARE = 0.05;
const QUERIES_A_MISS = [2, 4] as const; // an entry of a cache is put together from several rows
const MORE_CALLS = 0.3; // services that call another besides the store that they share and whoever needs a caller
const FEWEST_SERVICES = 5;
const MOST_SERVICES = 60;

const NAMES: Readonly<Record<Role, readonly string[]>> = {
  front: ["web", "storefront", "gateway", "mobile", "portal", "partner"],
  inner: [
    ...["api", "catalog", "accounts", "search", "pricing", "profile", "cart", "checkout", "stock", "reviews", "tax"],
    ...["shipping", "sessions", "quotes", "offers", "loyalty", "media", "routing", "slots", "ranking", "consent"],
    ...["identity", "ledger", "limits", "risk", "terms", "tickets", "venues", "rates", "geo", "labels", "badges"],
  ],
  worker: ["orders", "invoices", "mailer", "thumbnails", "exports", "webhooks", "imports", "reports"],
  cache: ["hot", "near", "page", "token"],
  store: ["main", "events", "archive", "customers", "baskets", "audit", "prices", "metrics", "documents"],
  outside: ["payments", "sms", "maps", "weather"],
};

type Draw = (fact: string) => string;

/**
 * Draws a topology of `services` services, or of 5 to 60 (small ones more often). Every kind of resource in `needs` is
 * brought by one of them. Throws RangeError where no blueprint brings it.
 * @param without ids of blueprints by which nothing is built
 */
export const drawTopology = (
  streams: string,
  needs: readonly string[],
  services: number | null = null,
  without: readonly string[] = [],
): Topology => {
  const stream: Draw = (fact) => `${streams}|topology|${fact}`;
  const blueprints = BLUEPRINTS.filter(({ id }) => !without.includes(id));
  const drawn = FEWEST_SERVICES * (MOST_SERVICES / FEWEST_SERVICES) ** (uniform(stream("size"), 0) ** 2);
  const size = Math.min(MOST_SERVICES, Math.max(FEWEST_SERVICES, services ?? Math.round(drawn)));
  const slots = named(withNeeds(blueprints, kindsOf(blueprints, size, stream), needs, stream), stream);
  const called = callsOf(slots, stream);
  return {
    system: pick(stream("system"), 0, ["shop", "media", "booking", "bank", "fleet", "clinic"]),
    peakHour: Math.round(24 * uniform(stream("peak"), 0)) % 24,
    services: withDemand(called),
  };
};

type Kind = Readonly<{ role: Role; blueprint: Blueprint }>;
type Slot = Kind & Readonly<{ name: string }>;

/** A role that no blueprint is for has no services. */
const isBuilt = (blueprints: readonly Blueprint[], role: Role): boolean =>
  blueprints.some((blueprint) => blueprint.role === role);

/** How many of each role a system of this size has; the rest are inner services. */
const countsOf = (blueprints: readonly Blueprint[], size: number, stream: Draw): Readonly<Record<Role, number>> => {
  const front = 1 + (size > 12 ? 1 : 0) + (size > 30 ? 1 : 0);
  const worker = 1 + Math.floor(size / 12);
  const store = 1 + Math.floor(size / 9);
  const cache = isBuilt(blueprints, "cache") && chance(stream("has-cache"), 0, 0.6) ? 1 + Math.floor(size / 30) : 0;
  const outside =
    isBuilt(blueprints, "outside") && chance(stream("has-outside"), 0, 0.6) ? 1 + Math.floor(size / 25) : 0;
  const inner = Math.max(1, size - front - worker - store - cache - outside);
  return { front, inner, worker, cache, store, outside };
};

const kindsOf = (blueprints: readonly Blueprint[], size: number, stream: Draw): readonly Kind[] => {
  const counts = countsOf(blueprints, size, stream);
  return ROLES.flatMap((role) =>
    Array.from({ length: counts[role] }, (_, index) => ({
      role,
      blueprint: drawBlueprint(blueprints, role, stream(`${role}-${index}-blueprint`)),
    })),
  );
};

/** Names are given once all are known: none says whether its service was needed or merely drawn. */
const named = (kinds: readonly Kind[], stream: Draw): readonly Slot[] =>
  kinds.map((kind, place) => {
    const names = NAMES[kind.role];
    const first = wholeBetween(stream(`${kind.role}-names`), 0, 0, names.length - 1);
    const index = kinds.slice(0, place).filter(({ role }) => role === kind.role).length;
    const base = names[(first + index) % names.length] ?? kind.role;
    return { ...kind, name: index < names.length ? base : `${base}-${Math.floor(index / names.length) + 1}` };
  });

const drawBlueprint = (blueprints: readonly Blueprint[], role: Role, stream: string): Blueprint => {
  const fitting = blueprints.filter((blueprint) => blueprint.role === role);
  let rest = uniform(stream, 0) * fitting.reduce((sum, one) => sum + one.likelihood, 0);
  for (const blueprint of fitting) {
    rest -= blueprint.likelihood;
    if (rest < 0) return blueprint;
  }
  throw new RangeError(`no blueprint is for the role ${role}`);
};

/** Gives what is needed and missing to a service of the same role; where there is none, to one more. */
const withNeeds = (
  blueprints: readonly Blueprint[],
  kinds: readonly Kind[],
  needs: readonly string[],
  stream: Draw,
): readonly Kind[] => {
  let all = kinds;
  const given = new Set<number>();
  for (const need of needs) {
    const isThere = all.findIndex(({ blueprint }) => blueprint.brings.includes(need));
    if (isThere >= 0) {
      given.add(isThere);
      continue;
    }
    const bringing = blueprints.filter(({ brings }) => brings.includes(need));
    if (bringing.length === 0) throw new RangeError(`no blueprint brings a ${need}`);
    const blueprint = pick(stream(`need-${need}`), 0, bringing);
    const places = all.map(({ role }, index) => ({ role, index }));
    const free = places.filter(({ role, index }) => role === blueprint.role && !given.has(index));
    const place = free.length === 0 ? null : pick(stream(`need-${need}-place`), 0, free);
    const index =
      place?.index ?? all.findLastIndex(({ role }) => ROLES.indexOf(role) <= ROLES.indexOf(blueprint.role)) + 1;
    given.add(index);
    all = [
      ...all.slice(0, index),
      { role: blueprint.role, blueprint },
      ...all.slice(place === null ? index : index + 1),
    ];
  }
  return all;
};

type Called = Omit<ServicePlan, "perSecond">;

/** Every service but a front is called by at least one that stands before it. */
const callsOf = (slots: readonly Slot[], stream: Draw): readonly Called[] => {
  const calls = new Map<string, ServiceCall[]>(slots.map(({ name }) => [name, []]));
  const connect = (from: Slot, to: Slot): void => {
    const own = calls.get(from.name) ?? [];
    if (own.some((call) => call.to === to.name)) return;
    own.push(drawCall(from, to, stream(`${from.name}>${to.name}`)));
  };
  for (const [index, slot] of slots.entries()) {
    // What a cache leaves over is not enough for a store to live on.
    const callers = slots.slice(0, index).filter((one) => one.role !== "cache" && canCall(one, slot));
    if (slot.role !== "front" && callers.length > 0) {
      // Any of them: trees that grow like this stay flat, a dozen calls deep at sixty services at most.
      connect(pick(stream(`${slot.name}-caller`), 0, callers), slot);
    }
    const callees = slots.slice(index + 1).filter((one) => canCall(slot, one));
    const shared = callees.filter(({ role }) => role !== "inner");
    const others = slot.role !== "cache" && chance(stream(`${slot.name}-more`), 0, MORE_CALLS) ? [callees] : [];
    for (const [call, among] of [shared, ...others].entries())
      if (among.length > 0 && (slot.role === "cache" || chance(stream(`${slot.name}-calls-${call}`), 0, 0.7)))
        connect(slot, pick(stream(`${slot.name}-callee-${call}`), 0, among));
  }
  return slots.map((slot) => ({
    name: slot.name,
    role: slot.role,
    blueprint: slot.blueprint.id,
    severity: severityOf(slot, stream),
    entryPerSecond: slot.role === "front" ? Math.round(between(stream(`${slot.name}-load`), 0, 120, 600)) : null,
    calls: calls.get(slot.name) ?? [],
  }));
};

/** Fronts do not call fronts; a cache calls the store behind it; stores and the outside call nobody. */
const canCall = (from: Slot, to: Slot): boolean =>
  to.role !== "front" &&
  (from.role === "front" ||
    from.role === "inner" ||
    (from.role === "cache" && to.role === "store") ||
    (from.role === "worker" && to.role !== "inner" && to.role !== "worker"));

const drawCall = (from: Slot, to: Slot, stream: string): ServiceCall => {
  const isAsync = to.role === "worker";
  const [low, high] = callsPerRequestOf(from, to);
  return {
    to: to.name,
    callsPerRequest: Math.round(between(`${stream}|calls`, 0, low, high) * 100) / 100,
    retries: isAsync ? 0 : wholeBetween(`${stream}|retries`, 0, 0, 2),
    timeoutMs: to.role === "store" || to.role === "cache" ? 1000 : pick(`${stream}|timeout`, 0, [2000, 3000, 5000]),
    isAsync,
  };
};

/** Between which numbers of calls a request makes: a cache is asked often, and asks its store for what it misses. */
const callsPerRequestOf = (from: Slot, to: Slot): readonly [low: number, high: number] => {
  if (to.role === "worker") return [0.03, 0.12];
  if (to.role === "cache") return [1.5, 4];
  if (to.role !== "store") return [0.2, 0.8];
  return from.role === "cache" ? [MISS_SHARE * QUERIES_A_MISS[0], MISS_SHARE * QUERIES_A_MISS[1]] : [0.5, 1.5];
};

const severityOf = ({ name, role }: Slot, stream: Draw): ServicePlan["severity"] =>
  role === "front" || role === "store" ? 1 : role === "outside" ? 3 : pick(stream(`${name}-severity`), 0, [2, 2, 3]);

const withDemand = (services: readonly Called[]): readonly ServicePlan[] => {
  const demand = new Map<string, number>();
  return services.map((service) => {
    const perSecond = Math.max(1, (demand.get(service.name) ?? 0) + (service.entryPerSecond ?? 0));
    for (const { to, callsPerRequest } of service.calls)
      demand.set(to, (demand.get(to) ?? 0) + perSecond * callsPerRequest);
    return { ...service, perSecond: Math.round(perSecond * 10) / 10 };
  });
};
