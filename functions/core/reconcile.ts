import { type Alarm, opensIncident } from "./alarm.ts";
import { fold, isCovered } from "./fold.ts";
import { refuseFuture } from "./future.ts";
import { heldLeases } from "./held-leases.ts";
import { type Incident, isOpen, readIncident, readLock } from "./incident.ts";
import type { OpenIncidents } from "./open-incidents.ts";
import { tellOfOverrides } from "./override-news.ts";
import type { Ports } from "./ports.ts";
import { type LookedAfter, lookAfter, type OrphanPorts } from "./reconcile-incidents.ts";
import { freeHeldLease, type LeasePorts } from "./reconcile-leases.ts";
import { isOwing, type OwedRowPorts, writeOwedRows } from "./reconcile-rows.ts";
import { redact } from "./redact.ts";
import type { Settings } from "./settings.ts";

export type ReconcilePorts = OrphanPorts &
  LeasePorts &
  OwedRowPorts &
  OpenIncidents &
  Readonly<{
    /** Every alarm that is in ALARM now, as the event of its change would have told it. */
    ringing: () => Promise<readonly Alarm[]>;
  }>;

/** What one run did; `left` was not come to in its time, and is the next one's. */
export type Reconciled = Readonly<{
  /** Alarms that rang and that no incident knew. */
  folded: number;
  started: number;
  closed: number;
  letGo: number;
  rung: number;
  /** Rows of decisions that no execution was there to write. */
  rows: number;
  /** Leases that nobody gave back. */
  freed: number;
  /** Changes of the switch, a mode or who chooses, of which people were told. */
  overrides: number;
  left: number;
  /** What could not be looked after, and why: the next run tries again. */
  failures: readonly string[];
}>;

/** A run ends before the next one of its schedule begins, every five minutes. */
const RUN_MS = 4 * 60_000;

/**
 * Makes good what was lost: alarms that ring without an incident, incidents that never started or whose execution is gone,
 * wake-ups that nobody heard, rows that nobody wrote, leases that nobody gave back, changes of the switch that nobody was
 * told of. It writes as everybody else does, each item on its condition, so it may run beside them, twice, or die anywhere:
 * the next run goes on. Of each kind the oldest come first, and what fails holds nothing else up. Never throws.
 */
export const reconcile = async (ports: ReconcilePorts, settings: Settings): Promise<Reconciled> => {
  const untilMs = ports.clock.nowMs() + RUN_MS;
  const failures: string[] = [];
  let left = 0;
  const attempt = async <T>(what: string, otherwise: T, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      failures.push(redact(`${what}: ${error instanceof Error ? error.message : String(error)}`, 300).text);
      return otherwise;
    }
  };
  const inTime = async <T, A>(things: readonly T[], what: (thing: T) => string, work: (thing: T) => Promise<A>) => {
    const answers: A[] = [];
    for (const [index, thing] of things.entries()) {
      if (ports.clock.nowMs() >= untilMs) {
        left += things.length - index;
        break;
      }
      const answer = await attempt<A | null>(what(thing), null, () => work(thing));
      if (answer !== null) answers.push(answer);
    }
    return answers;
  };
  const overrides = await attempt("what was set by hand", 0, () => tellOfOverrides(ports, settings));
  const ids = await attempt("the open incidents", [], () => oldestFirst(ports, attempt));
  const looked = await inTime(ids, String, (id) => lookAfter(ports, settings, id));
  const ringing = await attempt("the alarms that ring", [], async () => overdue(await ports.ringing(), ports));
  const told = await inTime(
    ringing,
    ({ key }) => key,
    (alarm) => foldUnknown(ports, settings, alarm),
  );
  const held = await attempt("the leases that nobody gave back", [], () => heldLeases(ports.ledger));
  const freed = await inTime(
    held,
    ({ incidentId }) => `the lease of ${incidentId}`,
    (note) => freeHeldLease(ports, note),
  );
  const owing = (await readAll(ports, ids, attempt)).filter(isOwing);
  const rows = await inTime(
    owing,
    ({ id }) => `the rows of ${id}`,
    ({ id }) => writeOwedRows(ports, settings, id),
  );
  const count = (what: LookedAfter): number => looked.filter((one) => one === what).length;
  return {
    folded: told.filter((isNews) => isNews).length,
    started: count("started"),
    closed: count("closed"),
    letGo: count("let-go"),
    rung: count("rung"),
    rows: rows.reduce((sum, written) => sum + written, 0),
    freed: freed.filter((isFreed) => isFreed).length,
    overrides,
    left,
    failures,
  };
};

type Attempt = <T>(what: string, otherwise: T, work: () => Promise<T>) => Promise<T>;

const readAll = async (
  { ledger }: ReconcilePorts,
  ids: readonly string[],
  attempt: Attempt,
): Promise<readonly Incident[]> => {
  const read = await Promise.all(ids.map((id) => attempt(id, null, () => readIncident(ledger, id))));
  return read.filter((incident) => incident !== null);
};

/** Those that nobody has answered for, the oldest first, then those that are only watched or owe a row. */
const oldestFirst = async (ports: ReconcilePorts, attempt: Attempt): Promise<readonly string[]> => {
  const all = await readAll(ports, [...new Set(await ports.openIncidents())], attempt);
  return all
    .toSorted((a, b) => Number(a.terminal !== null) - Number(b.terminal !== null) || a.openedAtMs - b.openedAtMs)
    .map(({ id }) => id);
};

/** An event is on its way for so long; before that, nothing is lost. */
const DELIVERY_MS = 2 * 60_000;

const overdue = (ringing: readonly Alarm[], { clock }: Pick<Ports, "clock">): readonly Alarm[] =>
  ringing
    .filter((alarm) => opensIncident(alarm) && clock.nowMs() - alarm.changedAtMs >= DELIVERY_MS)
    .toSorted((a, b) => a.changedAtMs - b.changedAtMs);

/** The event's time of a change and that of the alarm's description may differ by less than this, and never by a ring. */
const SAME_CHANGE_MS = 30_000;

/** Folds an alarm in that rings and that no incident has answered for. True: an incident was opened, or it joined one. */
const foldUnknown = async (ports: ReconcilePorts, settings: Settings, alarm: Alarm): Promise<boolean> => {
  refuseFuture(alarm.key, alarm.changedAtMs, ports.clock.nowMs());
  const lock = await readLock(ports.ledger, alarm.key);
  const last = lock === null ? null : await readIncident(ports.ledger, lock.incidentId);
  const same = { ...alarm, changedAtMs: alarm.changedAtMs - SAME_CHANGE_MS };
  // Where a crash left it unstarted, its opening is finished as intake would: by folding the alarm in once more.
  const isUnstarted = isOpen(last) && last.startedAtMs === null;
  if (last !== null && !isUnstarted && (await isCovered(ports, last, same))) return false;
  const { kind } = await fold(ports, settings, alarm);
  return kind === "opened" || kind === "joined";
};
