import { z } from "zod";
import type { Ingested } from "../../core/ingest.ts";
import { parseDelivery } from "./delivery.ts";

/** One payload of one SQS message; a message may hold several. */
export type Received = Readonly<{ messageId: string; ingested: Ingested }>;

/**
 * What Lambda reads from a function that reports each message by itself: those named come again, all others are done.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export type BatchAnswer = Readonly<{ batchItemFailures: readonly Readonly<{ itemIdentifier: string }>[] }>;

const batch = z.object({ Records: z.array(z.looseObject({ messageId: z.string().min(1) })) });

/**
 * Reads the messages that Lambda polled from SQS, in the order of arrival.
 * @throws where it is no SQS event: no message could be named as failed, so all of them must come again.
 */
export const readSqsBatch = (event: unknown): readonly Received[] => {
  const parsed = batch.safeParse(event);
  if (!parsed.success)
    throw new TypeError("not an SQS event: let an event source mapping of a queue call this function", {
      cause: parsed.error,
    });
  return parsed.data.Records.flatMap((message) =>
    parseDelivery(message).map((ingested) => ({ messageId: message.messageId, ingested })),
  );
};

export const failedMessages = (messageIds: Iterable<string>): BatchAnswer => ({
  batchItemFailures: [...new Set(messageIds)].map((itemIdentifier) => ({ itemIdentifier })),
});
