import { z } from "zod";
import type { Change } from "./evidence.ts";
import type { Json } from "./json.ts";
import { change } from "./ledger.ts";
import type { Ledger } from "./ports.ts";

/** The newest changes of one target, as they were told when they happened. @param arn the target */
export const changeLogKey = (arn: string): string => `change#${arn}`;

/** Deployments of two busy weeks; what an incident looks back on is a few hours. */
export const MOST_REMEMBERED = 50;

const text = z.string();
const logItem = z.array(
  z.strictObject({
    id: text,
    kind: z.enum(["deployment", "commit", "config"]),
    atMs: z.number(),
    target: text,
    ref: text,
    from: text.nullable(),
    to: text.nullable(),
    author: text,
    title: text,
  }),
);

/** `known`: everything that it says was told before. `too-old`: so many newer ones of this target are remembered. */
export type Recorded = "recorded" | "known" | "too-old";

/**
 * Remembers a change under its target. Events come more than once, in any order, and one change is told by several
 * sources: what one id was told of adds up, and the log is the same whatever the order. Throws LedgerContended where it
 * cannot be written, and a ZodError on a damaged log.
 */
export const recordChange = async (ledger: Pick<Ledger, "read" | "write">, told: Change): Promise<Recorded> => {
  const decided = await change(ledger, changeLogKey(told.target), (item) => recordedIn(item, told));
  return "stop" in decided ? decided.stop : "recorded";
};

/**
 * Changes to these targets within [fromMs, toMs], oldest first. Where an event did not say what ran before a deployment,
 * it is what the last one before it put there. Throws where the ledger cannot be read.
 */
export const recordedChanges = async (
  ledger: Pick<Ledger, "read">,
  arns: readonly string[],
  fromMs: number,
  toMs: number,
): Promise<readonly Change[]> => {
  const told = await logsOf(ledger, [...new Set(arns)]);
  return told.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).toSorted(byTime);
};

/** One read at a time of each of so many items: a graph has up to two hundred targets. */
const SIDE_BY_SIDE = 20;

const logsOf = async (ledger: Pick<Ledger, "read">, arns: readonly string[]): Promise<readonly Change[]> => {
  const told: Change[] = [];
  for (let at = 0; at < arns.length; at += SIDE_BY_SIDE) {
    const batch = arns.slice(at, at + SIDE_BY_SIDE).map(async (arn) => {
      const read = await ledger.read(changeLogKey(arn));
      return withBefore(parse(read?.item ?? null));
    });
    told.push(...(await Promise.all(batch)).flat());
  }
  return told;
};

const parse = (item: Json | null): readonly Change[] => (item === null ? [] : logItem.parse(item));

const byTime = (one: Change, other: Change): number =>
  one.atMs - other.atMs || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);

const recordedIn = (item: Json | null, told: Change): Readonly<{ write: Json }> | Readonly<{ stop: Recorded }> => {
  const log = parse(item);
  const twin = log.find(({ id }) => id === told.id);
  const whole = twin === undefined ? told : together(twin, told);
  if (twin !== undefined && isSame(twin, whole)) return { stop: "known" };
  const next = [...log.filter((one) => one !== twin), whole].toSorted(byTime).slice(-MOST_REMEMBERED);
  return next.includes(whole) ? { write: next.map((one) => ({ ...one })) } : { stop: "too-old" };
};

/** What two tellings of one change say together: the earlier time, and of each word the fuller, whichever came first. */
const together = (one: Change, other: Change): Change => ({
  ...one,
  kind: fuller(one.kind, other.kind),
  atMs: Math.min(one.atMs, other.atMs),
  ref: fuller(one.ref, other.ref),
  from: fullerOf(one.from, other.from),
  to: fullerOf(one.to, other.to),
  author: fuller(one.author, other.author),
  title: fuller(one.title, other.title),
});

const fuller = <T extends string>(one: T, other: T): T =>
  one.length === other.length ? (one < other ? one : other) : one.length > other.length ? one : other;
const fullerOf = (one: string | null, other: string | null): string | null =>
  one === null || other === null ? (one ?? other) : fuller(one, other);

const FIELDS = ["kind", "atMs", "ref", "from", "to", "author", "title"] as const;
const isSame = (one: Change, other: Change): boolean => FIELDS.every((field) => one[field] === other[field]);

/** Fills in what a deployment replaced where its own event did not say. @param log of one target, oldest first */
const withBefore = (log: readonly Change[]): readonly Change[] => {
  let running: string | null = null;
  return log.map((told) => {
    if (told.kind !== "deployment" || told.to === null) return told;
    const before = running === told.to ? null : running;
    running = told.to;
    return told.from === null ? { ...told, from: before } : told;
  });
};
