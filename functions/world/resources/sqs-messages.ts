import { MINUTE_MS, type ResourceState, type World } from "../state.ts";

/** A task that moves messages of a dead-letter queue back, as ListMessageMoveTasks shows it. */
export type MoveTask = {
  readonly handle: string;
  status: "RUNNING" | "COMPLETED" | "CANCELLED";
  readonly startedAtMs: number;
  readonly toMove: number;
  moved: number;
  readonly perSecond: number;
};

/**
 * A queue, or the dead-letter queue of one. A message whose handling fails comes back after the visibility timeout, and
 * after `maxReceiveCount` of them it is dead. All contents are fluids.
 */
export type SqsQueue = ResourceState & {
  readonly kind: "sqs-queue";
  readonly url: string;
  readonly visibilitySeconds: number;
  /** Where its dead messages go; null in a dead-letter queue itself, or where there is none. */
  readonly redrive: Readonly<{ deadLetterQueue: string; maxReceiveCount: number }> | null;
  /** ARN of the queue whose dead messages it holds; null in an ordinary queue. */
  readonly deadLettersOf: string | null;
  /** Messages waiting that can be handled. */
  backlog: number;
  /** Messages that fail whenever they are handled, and how many of them arrive a minute. */
  poisoned: number;
  poisonPerMinute: number;
  /** Dead messages whose senders still wait for what they asked. */
  awaited: number;
  /** Since when a dead-letter queue has held anything; null where it holds nothing, and in an ordinary queue. */
  oldestAtMs: number | null;
  /** Share of the handlings that failed, averaged over the time that a message needs to die. */
  failing: number;
  tasks: MoveTask[];
};

export const isSqsQueue = (resource: ResourceState): resource is SqsQueue => resource.kind === "sqs-queue";

/** Everything in it, as it counts its messages. */
export const depthOf = ({ backlog, poisoned }: SqsQueue): number => backlog + poisoned;

/** The queue at the other end of a redrive, or null where there is none. */
export const queueAtArn = (world: World, arn: string | null): SqsQueue | null => {
  const found = arn === null ? undefined : world.resources[arn];
  return found !== undefined && isSqsQueue(found) ? found : null;
};

/** Whether a level changed so much that what is served should be looked at again. */
const differs = (one: number, other: number): boolean =>
  Math.round(one) !== Math.round(other) && Math.abs(one - other) > 0.01 * Math.max(one, other);

/**
 * Seconds since the oldest message of a dead-letter queue was moved to it: that is what SQS counts there, not when it
 * was sent. Those that a redrive takes are not the oldest alone, so this lasts until none is left.
 */
export const agedSeconds = ({ nowMs }: World, { oldestAtMs }: SqsQueue): number =>
  oldestAtMs === null ? 0 : (nowMs - oldestAtMs) / 1000;

const LESS_THAN_ONE = 0.5; // message, as it is counted
const AGED_SHARE = 0.05; // what SQS shows is approximate

/** Lets a dead-letter queue age; true where that is no longer what it shows. */
export const growOld = (world: World, dead: SqsQueue, shownSeconds: number): boolean => {
  if (depthOf(dead) < LESS_THAN_ONE) dead.oldestAtMs = null;
  else dead.oldestAtMs ??= world.nowMs;
  const seconds = agedSeconds(world, dead);
  return Math.abs(seconds - shownSeconds) > AGED_SHARE * Math.max(seconds, shownSeconds);
};

/** Lets messages arrive, be handled, fail and die over a span of constant load. */
export const flowThrough = (
  world: World,
  queue: SqsQueue,
  span: Readonly<{ demand: number; passed: number; failure: number; elapsedMs: number }>,
): boolean => {
  const { demand, passed, failure, elapsedMs } = span;
  const seconds = elapsedMs / 1000;
  const before = { backlog: queue.backlog, poisoned: queue.poisoned };
  queue.backlog = Math.max(0, queue.backlog + (demand - passed) * seconds);
  queue.poisoned += (queue.poisonPerMinute * elapsedMs) / MINUTE_MS;
  const diedOut = queue.redrive === null ? false : letDie(world, queue, queue.redrive, { passed, failure, seconds });
  return queue.backlog !== before.backlog || differs(queue.poisoned, before.poisoned) || diedOut;
};

/** A message dies after as many failures in a row as the queue allows, each a visibility timeout after the last. */
const letDie = (
  world: World,
  queue: SqsQueue,
  { deadLetterQueue, maxReceiveCount }: NonNullable<SqsQueue["redrive"]>,
  { passed, failure, seconds }: Readonly<{ passed: number; failure: number; seconds: number }>,
): boolean => {
  const dead = queueAtArn(world, deadLetterQueue);
  if (dead === null) return false;
  const before = depthOf(dead);
  const lifeSeconds = queue.visibilitySeconds * maxReceiveCount;
  const share = 1 - Math.exp(-seconds / lifeSeconds);
  queue.failing += (failure - queue.failing) * share;
  dead.backlog += passed * seconds * Math.min(queue.failing, failure) ** maxReceiveCount;
  // Nobody takes messages: none is received often enough to die.
  const landed = passed === 0 ? 0 : queue.poisoned < 0.5 ? queue.poisoned : queue.poisoned * share;
  queue.poisoned -= landed;
  dead.poisoned += landed;
  return differs(depthOf(dead), before);
};

/** Moves messages of a dead-letter queue back to where they came from, as far as a running task has come. */
export const moveBack = (world: World, dead: SqsQueue, elapsedMs: number): boolean => {
  const task = dead.tasks.at(-1);
  const home = queueAtArn(world, dead.deadLettersOf);
  if (task?.status !== "RUNNING" || home === null) return false;
  const left = Math.min(task.toMove - task.moved, depthOf(dead));
  const moved = Math.min(left, (task.perSecond * elapsedMs) / 1000);
  const share = depthOf(dead) > 0 ? moved / depthOf(dead) : 1;
  home.backlog += dead.backlog * share;
  home.poisoned += dead.poisoned * share;
  dead.backlog -= dead.backlog * share;
  dead.poisoned -= dead.poisoned * share;
  dead.awaited -= dead.awaited * share;
  task.moved += moved;
  if (moved >= left) task.status = "COMPLETED";
  return true;
};
