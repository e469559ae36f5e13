import { PublishCommand, type SNSClient } from "@aws-sdk/client-sns";
import type { Ledger, Pager } from "../../core/ports.ts";
import { pagedOnce } from "../pager/paged-once.ts";
import { cut, inAscii, pageText } from "../pager/words.ts";
import { callAws } from "./call.ts";

/** docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII without line breaks, and not this long yet. */
const MOST_SUBJECT = 99;

/**
 * Pages by a topic: each of its subscribers gets the message, as an e-mail or a text. Idempotent by incident as
 * `pagedOnce` says. Throws AwsCallFailed where the topic did not take the message; it may then still have gone out.
 */
export const snsPager = (client: SNSClient, topicArn: string, ledger: Pick<Ledger, "read" | "write">): Pager => {
  const publish = async (kind: string, incidentId: string, subject: string, message: string): Promise<void> => {
    const text = (StringValue: string) => ({ DataType: "String", StringValue });
    await callAws("sns:Publish", `${kind} of ${incidentId} to ${topicArn}`, () =>
      client.send(
        new PublishCommand({
          ...{ TopicArn: topicArn, Subject: subjectOf(subject), Message: message },
          // For subscriptions that filter; nothing that people read.
          MessageAttributes: { incidentId: text(incidentId), kind: text(kind) },
        }),
      ),
    );
  };
  return pagedOnce(ledger, "sns", {
    page: (request) =>
      publish("page", request.incidentId, `Severity ${request.severity}: ${request.summary}`, pageText(request)),
    update: (incidentId, text) => publish("update", incidentId, `Update: ${text}`, about(incidentId, text)),
    resolve: (incidentId, text) => publish("resolve", incidentId, `Over: ${text}`, about(incidentId, text)),
  });
};

const subjectOf = (text: string): string => cut(inAscii(text), MOST_SUBJECT);

/** As long as a message of details at most. */
const about = (incidentId: string, text: string): string => `${text.slice(0, 15_000)}\n\nIncident ${incidentId}.`;
