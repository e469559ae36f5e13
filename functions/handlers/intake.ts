import { type BatchAnswer, failedMessages, readSqsBatch } from "../adapters/aws/sqs-batch.ts";
import { type Folded, fold, subjectGone } from "../core/fold.ts";
import { refuseFuture } from "../core/future.ts";
import { type Ingested, inOrder, newsOf } from "../core/ingest.ts";
import type { Ports } from "../core/ports.ts";
import type { Settings } from "../core/settings.ts";

/** What intake did with one delivery, and why in words. */
export type Taken = Folded & Readonly<{ because: string }>;

type IntakePorts = Pick<Ports, "ledger" | "executions" | "clock">;

const WORDS: Readonly<Record<Folded["kind"], string>> = {
  opened: "no open incident answers for it",
  joined: "an open incident answers for it",
  updated: "an open incident was told",
  ignored: "no open incident concerns it, or it is known already",
};

/**
 * Takes one delivery: a state change or the deletion of an alarm of this stack's own account and Region is folded in,
 * the rest is ignored with its reason. Throws, so that it comes again, where it is ahead of time or cannot be written.
 */
export const intakeWith =
  (ports: IntakePorts, settings: Settings) =>
  async (ingested: Ingested): Promise<Taken> => {
    const ignored = (because: string): Taken => ({ kind: "ignored", incidentId: null, because });
    const news = newsOf(ingested);
    if (typeof news === "string") return ignored(news);
    const { alarm, deletedAtMs } = news;
    const [here, there] = [`${settings.account}/${settings.region}`, `${alarm.account}/${alarm.region}`];
    if (here !== there) return ignored(`it is of ${there}, this stack serves ${here}`);
    refuseFuture(alarm.key, deletedAtMs ?? alarm.changedAtMs, ports.clock.nowMs());
    const gone = deletedAtMs !== null;
    const folded = await (gone ? subjectGone(ports, settings, alarm, deletedAtMs) : fold(ports, settings, alarm));
    return { ...folded, because: WORDS[folded.kind] };
  };

/**
 * Takes one batch of SQS messages, oldest state change first, and names those that must come again: what the ledger did
 * not take, and what cannot be read: that fails again until the queue puts it where a person sees it, and may be an
 * alarm. Taking a message again changes nothing, so a dead-letter queue may be put back at any time and in any order.
 * `refused` hears why, message by message. Throws where it is no SQS event.
 */
export const intakeBatchWith =
  (ports: IntakePorts, settings: Settings, refused: (messageId: string, because: unknown) => void = () => {}) =>
  async (event: unknown): Promise<BatchAnswer> => {
    const take = intakeWith(ports, settings);
    const failed: string[] = [];
    for (const { messageId, ingested } of inOrder(readSqsBatch(event))) {
      try {
        if (ingested.kind === "invalid") throw new TypeError(ingested.reason);
        await take(ingested);
      } catch (because) {
        refused(messageId, because);
        failed.push(messageId);
      }
    }
    return failedMessages(failed);
  };
