import { type Actor, autonomyItemIn, isEarnedBy } from "./autonomy-item.ts";
import { breakerOpenUntilMs, coolingUntilMs, quarantinedSinceMs } from "./breaker.ts";
import { type Budget, spentBy } from "./budget.ts";
import type { Context } from "./context.ts";
import { type Change, QUELL_AUTHOR, type Resource } from "./evidence.ts";
import { isoTime } from "./ids.ts";
import type { Json } from "./json.ts";
import { type LeaseAsker, otherHolder } from "./lease.ts";
import type { RefusedCode } from "./reasons.ts";
import type { BlastRadius, Runbook } from "./runbook.ts";
import type { Settings } from "./settings.ts";
import type { GuardFacts } from "./stages.ts";

/** One boolean of a guard request, and the numbers behind it as one sentence. */
export type Fact = Readonly<{ holds: boolean; detail: string }>;
export type Facts = Readonly<Record<keyof GuardFacts, Fact>>;

/** Drops the sentences. */
export const booleansOf = (facts: Facts): GuardFacts => ({
  switchOn: facts.switchOn.holds,
  frozen: facts.frozen.holds,
  overBlastRadius: facts.overBlastRadius.holds,
  belowCapacityFloor: facts.belowCapacityFloor.holds,
  budgetSpent: facts.budgetSpent.holds,
  coolingDown: facts.coolingDown.holds,
  breakerOpen: facts.breakerOpen.holds,
  leaseHeld: facts.leaseHeld.holds,
  changeInProgress: facts.changeInProgress.holds,
  evidenceStale: facts.evidenceStale.holds,
  autonomyEarned: facts.autonomyEarned.holds,
  reversible: facts.reversible.holds,
});

/** @param read what the switch said; anything but "on" is off */
export const switchOn = (read: "on" | "off" | "unreadable"): Fact => ({
  holds: read === "on",
  detail: read === "unreadable" ? "The switch cannot be read, which counts as off." : `The switch is ${read}.`,
});

/** Inside a window, its first millisecond included and its last excluded. */
export const frozen = (settings: Pick<Settings, "freezes">, nowMs: number): Fact => {
  const window = settings.freezes.find((freeze) => freeze.fromMs <= nowMs && nowMs < freeze.toMs);
  return window === undefined
    ? { holds: false, detail: "No freeze window is open." }
    : { holds: true, detail: `Frozen until ${isoTime(window.toMs)}: ${window.reason}.` };
};

/** A measure that is no number is over any limit. */
export const overBlastRadius = (settings: Pick<Settings, "blastRadius">, radius: BlastRadius): Fact => {
  const within = radius.share >= 0 && radius.share <= settings.blastRadius.share;
  const few = radius.resources >= 0 && radius.resources <= settings.blastRadius.resources;
  const detail =
    `It would interrupt ${radius.share} of the target and touch ${radius.resources} resources; ` +
    `allowed are ${settings.blastRadius.share} and ${settings.blastRadius.resources}.`;
  return { holds: !(within && few), detail };
};

/**
 * The floor is the settings' share of the desired capacity, rounded up, and at least their minimum. What interrupts
 * nothing takes nothing below it: a service that is down already may be rolled back.
 */
export const belowCapacityFloor = (settings: Pick<Settings, "capacityFloor">, radius: BlastRadius): Fact => {
  if (radius.capacity === null) return { holds: false, detail: "The target has no capacity to count." };
  const { desired, remaining } = radius.capacity;
  const floor = Math.max(Math.ceil(desired * settings.capacityFloor.share), settings.capacityFloor.minimum);
  const detail = `${remaining} of ${desired} would keep serving; the floor is ${floor}.`;
  const counted = desired >= 0 && remaining >= 0;
  return { holds: !counted || (radius.share !== 0 && remaining < floor), detail };
};

/** @param read each budget with its ledger item @param effectKey the asker's own, which is not counted against it */
export const budgetSpent = (
  read: readonly Readonly<{ budget: Budget; item: Json | null }>[],
  nowMs: number,
  effectKey: string | null,
): Fact => {
  const counts = read.map(({ budget, item }) => ({ budget, count: spentBy(item, budget, nowMs, effectKey) }));
  const full = counts.find(({ budget, count }) => count >= budget.limit);
  return full === undefined
    ? { holds: false, detail: "Every budget has room." }
    : { holds: true, detail: `${full.count} of ${full.budget.limit} ${full.budget.what} are spent.` };
};

/** The runbook's own cooldown on this target. */
export const coolingDown = (item: Json | null, nowMs: number, effectKey: string | null): Fact => {
  const untilMs = coolingUntilMs(item, nowMs, effectKey);
  return untilMs === null
    ? { holds: false, detail: "The runbook is not cooling down on this target." }
    : { holds: true, detail: `The runbook cools down on this target until ${isoTime(untilMs)}.` };
};

/** The breaker of (runbook, resource), or the quarantine of the resource: both mean that automation made it no better. */
export const breakerOpen = (breaker: Json | null, quarantine: Json | null, nowMs: number): Fact => {
  const sinceMs = quarantinedSinceMs(quarantine);
  if (sinceMs !== null) {
    const detail = `An undo failed here at ${isoTime(sinceMs)}: no automation until a person clears the resource.`;
    return { holds: true, detail };
  }
  const untilMs = breakerOpenUntilMs(breaker, nowMs);
  return untilMs === null
    ? { holds: false, detail: "The breaker is closed." }
    : {
        holds: true,
        detail: `The runbook kept failing on this target: its breaker is open until ${isoTime(untilMs)}.`,
      };
};

/** Somebody else's lease on the root of the target's hierarchy. */
export const leaseHeld = (item: Json | null, asker: LeaseAsker): Fact => {
  const holder = otherHolder(item, asker);
  return holder === null
    ? { holds: false, detail: "No other plan holds the lease." }
    : { holds: true, detail: `A plan of incident ${holder.incidentId} holds the lease on the target's hierarchy.` };
};

/**
 * A deployment in progress bars every runbook but those that end it; so does a change that somebody else made on the target
 * within `changeQuietSeconds`, for they may be at work: only what takes that very change back may run.
 */
export const changeInProgress = (
  settings: Pick<Settings, "changeQuietSeconds">,
  runbook: Pick<Runbook, "endsDeployment" | "takesBack">,
  target: Resource,
  changes: readonly Change[],
  nowMs: number,
): Fact => {
  const inProgress = target.attributes.deploymentInProgress === true;
  if (inProgress && !runbook.endsDeployment)
    return { holds: true, detail: "A deployment is in progress on the target." };
  const newest = newestOfOthers(changes, target.arn);
  const agoMs = newest === null ? Number.POSITIVE_INFINITY : nowMs - newest.atMs;
  if (newest !== null && agoMs < settings.changeQuietSeconds * 1000 && !takesBack(runbook, newest)) {
    const ago = Math.max(0, Math.round(agoMs / 1000));
    const detail = `Somebody else changed the target ${ago} s ago; nothing is done to it for ${settings.changeQuietSeconds} s.`;
    return { holds: true, detail };
  }
  const detail = inProgress
    ? "A deployment is in progress on the target."
    : "No deployment is known to be in progress.";
  return { holds: false, detail };
};

/** As the sources of changes name a service of AWS that acted by itself: nobody is at work there. */
const BY_AWS = /^AWSServiceRoleFor|\.amazonaws\.com$|^(?:aws|rds)$/;

/** A commit changes a repository, and the target only once it is deployed. */
const newestOfOthers = (changes: readonly Change[], arn: string): Change | null =>
  changes
    .filter((change) => change.target === arn && change.kind !== "commit")
    .filter(({ author }) => author !== QUELL_AUTHOR && !BY_AWS.test(author))
    .reduce<Change | null>((newest, one) => (newest === null || one.atMs > newest.atMs ? one : newest), null);

const takesBack = (
  { endsDeployment, takesBack: kinds }: Pick<Runbook, "endsDeployment" | "takesBack">,
  { kind }: Change,
) => (kinds ?? (endsDeployment ? ["deployment"] : [])).some((one) => one === kind);

/**
 * Evidence is stale when it was gathered more than `evidenceAgeSeconds` away from now (either way: a clock that jumped
 * is no proof of freshness), when no alarm of the incident was in ALARM then, or when no metric had a value within that
 * time and one period before it was gathered.
 */
export const evidenceStale = (
  settings: Pick<Settings, "evidenceAgeSeconds">,
  context: Pick<Context, "nowMs" | "alarms" | "series">,
  nowMs: number,
): Fact => {
  const limitMs = settings.evidenceAgeSeconds * 1000;
  const ageMs = nowMs - context.nowMs;
  if (!(Math.abs(ageMs) <= limitMs)) {
    const detail = `The evidence was gathered ${ageMs / 1000} s ago; the limit is ${settings.evidenceAgeSeconds} s.`;
    return { holds: true, detail };
  }
  if (!anyRings(context))
    return { holds: true, detail: "No alarm of the incident rings: missing data is no evidence." };
  const fresh = context.series.some((series) => {
    const periodMs = series.periodSeconds * 1000;
    const last = series.values.findLastIndex((value) => value !== null);
    return last >= 0 && context.nowMs - (series.fromMs + (last + 1) * periodMs) <= limitMs + periodMs;
  });
  return fresh
    ? { holds: false, detail: `The evidence is ${ageMs / 1000} s old.` }
    : {
        holds: true,
        detail: `None of ${context.series.length} metrics has a recent value: missing data is no evidence.`,
      };
};

/** Whether an alarm of the incident was in ALARM when CloudWatch was asked; nothing else is a reason to act. */
export const anyRings = ({ alarms }: Pick<Context, "alarms">): boolean => alarms.some(({ state }) => state === "ALARM");

/**
 * Whether (runbook, environment) may act without consent; absent is no, and so is what was earned under another policy or
 * model than the one that acts: what that one would have chosen here, nobody has asked. Throws a ZodError on a damaged item.
 */
export const autonomyEarned = (item: Json | null, acting: Actor | null = null): Fact => {
  const read = autonomyItemIn(item);
  if (read !== null && read.suspendedBecause !== null)
    return { holds: false, detail: `It must not act alone here any more: ${read.suspendedBecause}.` };
  if (read === null || !read.earned) return { holds: false, detail: "It has not earned to act alone here." };
  return isEarnedBy(read, acting)
    ? { holds: true, detail: "It has earned to act alone here." }
    : { holds: false, detail: "It has earned to act alone here under another policy or model, not under this one." };
};

/** Only what has an undo document, or ends as it began, is reversible. */
export const reversible = (runbook: Pick<Runbook, "reversal" | "documents">): Fact => {
  const undoable = runbook.reversal === "inverse" && (runbook.documents?.undo ?? null) !== null;
  const holds = runbook.reversal === "not-needed" || undoable;
  return { holds, detail: holds ? "It can be undone, or needs no undo." : "It cannot be undone." };
};

/** The facts of a request without an effect: they decide nothing. */
export const NO_FACTS: GuardFacts = {
  switchOn: false,
  frozen: false,
  overBlastRadius: false,
  belowCapacityFloor: false,
  budgetSpent: false,
  coolingDown: false,
  breakerOpen: false,
  leaseHeld: false,
  changeInProgress: false,
  evidenceStale: false,
  autonomyEarned: false,
  reversible: true,
};

/** The fact whose numbers explain a refusal of the engine. */
export const FACT_OF: Readonly<Partial<Record<RefusedCode, keyof GuardFacts>>> = {
  "kill-switch": "switchOn",
  "freeze-window": "frozen",
  "blast-radius": "overBlastRadius",
  "capacity-floor": "belowCapacityFloor",
  "budget-spent": "budgetSpent",
  cooldown: "coolingDown",
  "breaker-open": "breakerOpen",
  "lease-held": "leaseHeld",
  "change-in-progress": "changeInProgress",
  "stale-plan": "evidenceStale",
};
