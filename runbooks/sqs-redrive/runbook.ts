import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import {
  harmAt,
  levelsOf,
  numberOf,
  type Point,
  pointsOf,
  riseOf,
  seriesOf,
  shown,
  textOf,
  wasTried,
} from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

const ID = "sqs-redrive";
const TARGET_TYPE = "AWS::SQS::Queue";

/** Messages that the automation moves in a second, and how long that may take. */
const MOVED_PER_SECOND = 50;
const EXPECTED_MINUTES = 45;
/** More dead letters than are moved in time are a decision about the data in them. */
const MOST_MESSAGES = EXPECTED_MINUTES * 60 * MOVED_PER_SECOND;
/** A dead-letter queue that gained no more than this share since the minute before gains nothing any more. */
const STILL_SHARE = 0.02;
const STILL_MINUTES = 1;
/** Fewer dead letters are worth nobody's redrive. */
const FEW = 10;
/** What counts as messages that pile up in the queue itself. */
const WAITING = { ratio: 3, floor: 60 } as const;

const aim = (target: Resource): Params | null => {
  const QueueUrl = textOf(target, "queueUrl");
  const ExpectedMessages = numberOf(target, "approximateNumberOfMessages");
  if (textOf(target, "deadLetterSourceQueue") === null || QueueUrl === null) return null;
  if (ExpectedMessages === null || ExpectedMessages < 1 || ExpectedMessages > MOST_MESSAGES) return null;
  if (target.attributes.messageMoveTaskRunning === true) return null;
  return { QueueUrl, QueueArn: target.arn, ExpectedMessages };
};

/** Whether nothing dies any more. */
const isStill = (points: readonly Point[]): boolean => {
  const last = points.at(-1);
  const before = points.at(-1 - STILL_MINUTES);
  return last !== undefined && before !== undefined && last.value <= before.value * (1 + STILL_SHARE) + 1;
};

/** Who takes messages from the queue that the dead letters come from, and how that queue is. */
const trouble = (
  context: Context,
  source: string,
): Readonly<{ because: string; evidence: readonly string[] }> | null => {
  const age = seriesOf(context, source, "ApproximateAgeOfOldestMessage");
  const late = riseOf(context, { id: age?.id ?? "", what: "age" }, pointsOf(age, "left-out"), WAITING);
  if (age !== null && late !== null) return { because: "its queue is late itself", evidence: [age.id] };
  const reached = new Set([source]);
  for (const arn of reached) {
    const found = context.resources.find((resource) => resource.arn === arn);
    for (const next of found?.dependsOn ?? []) reached.add(next);
    const harm = harmAt(context, arn);
    if (harm !== null) return { because: "its consumer fails or is slow", evidence: [harm.series] };
  }
  return null;
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  const source = textOf(target, "deadLetterSourceQueue");
  const depth = seriesOf(context, target.arn, "ApproximateNumberOfMessagesVisible");
  if (params === null || source === null || depth === null || wasTried(context, ID, target.arn)) return [];
  const points = pointsOf(depth, "left-out");
  const levels = levelsOf(context, points);
  if (levels === null || levels.now < FEW) return [];
  const told = `${target.name} holds ${shown(levels.now)} dead letters, ${shown(levels.before)} before`;
  const offer = (fit: number, because: string, evidence: readonly string[]): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [depth.id, ...evidence] },
  ];
  if (levels.now <= levels.before * 2) return offer(0.2, `${told}: they are not of this incident.`, []);
  if (!isStill(points)) return offer(0.3, `${told}, and more still die.`, []);
  const now = trouble(context, source);
  if (now !== null) return offer(0.3, `${told}, but ${now.because}.`, now.evidence);
  return offer(0.85, `${told}; none dies any more and its consumer is well.`, []);
};

/**
 * Sends dead letters through once more. Nothing takes that back: what was handled is handled, and what dies again has
 * lost its place and its age. Cancelling a task only stops what has not been moved yet.
 */
export const sqsRedrive: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Move the messages of a dead-letter queue back to their queue",
  kind: "effect",
  effect: "Every dead letter is handled once more, fifty a second. What its consumer did of it before is done again.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({
    QueueUrl: z.string().regex(/^https:\/\/sqs\.[a-z0-9-]{1,25}\.amazonaws\.com\/[0-9]{12}\/[A-Za-z0-9_-]{1,80}$/),
    QueueArn: z.string().regex(/^arn:aws[a-z-]{0,20}:sqs:[a-z0-9-]{1,25}:[0-9]{12}:[A-Za-z0-9_-]{1,80}$/),
    ExpectedMessages: z.int().min(1).max(MOST_MESSAGES),
  }),
  tier: 2,
  reversal: "none",
  documents: loadDocuments(ID),
  expectedMinutes: EXPECTED_MINUTES,
  cooldownSeconds: 3600,
  whenRecovered: "finish",
  treats: ["AWS/SQS/ApproximateNumberOfMessagesVisible"],
  endsDeployment: false,
  blastRadius: (target) => ({ share: 0, resources: 2, zones: target.zones, dataStore: true, capacity: null }),
  suitsWhen: "A dead-letter queue filled up in this incident, gains no more, and the consumer of its queue is well.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
