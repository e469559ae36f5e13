import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { LanguageModel, ModelAnswer } from "../../core/language-model.ts";
import { parseModelAnswer } from "../../core/model-wire.ts";
import type { DraftedOfflineCode } from "../../core/reasons.ts";

/** What it takes to start the function and to carry the answer back, beyond the time that the model may take. */
const AROUND_MS = 15_000;

/**
 * A model that another function speaks to: the one that holds its key and may write nothing. Never throws: whatever
 * becomes of that function is a way in which no model spoke. Nothing is retried here, for each try costs money.
 * @param client made with no retries of its own
 * @param aroundMs how much longer than the model itself its function may take
 */
export const remoteModel = (
  client: LambdaClient,
  functionArn: string,
  provider: LanguageModel["provider"],
  aroundMs: number = AROUND_MS,
): LanguageModel => ({
  provider,
  ask: async (request) => {
    const deadline = AbortSignal.timeout(request.timeoutMs + aroundMs);
    try {
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({ FunctionName: functionArn, Payload: JSON.stringify(request) }),
        { abortSignal: deadline },
      );
      const text = new TextDecoder().decode(Payload);
      if (FunctionError !== undefined)
        return failed("server-error", `draft ended with ${FunctionError}: ${said(text)}`);
      return parseModelAnswer(parsed(text)) ?? failed("malformed-reply", "draft answered with what is no answer");
    } catch (error) {
      const name = error instanceof Error ? error.name : "";
      if (deadline.aborted)
        return failed("timed-out", `draft did not answer within ${request.timeoutMs + aroundMs} ms`);
      if (/AccessDenied/.test(name))
        return failed("unauthorised", `respond may not call lambda:InvokeFunction on draft`);
      if (/TooManyRequests|Throttl/.test(name)) return failed("rate-limited", "Lambda throttles calls of draft");
      return failed(
        "unreachable",
        `draft could not be called: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  },
});

/** What was spent is not known: the caller counts the most that it can have cost. */
const failed = (code: DraftedOfflineCode, detail: string): ModelAnswer => ({
  kind: "failed",
  code,
  detail: detail.slice(0, 200),
  usage: null,
  retryAfterMs: null,
});

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Lambda puts what a function threw into `errorMessage`. */
const said = (text: string): string => {
  const raw = parsed(text);
  return typeof raw === "object" && raw !== null && "errorMessage" in raw ? String(raw.errorMessage) : "no message";
};
