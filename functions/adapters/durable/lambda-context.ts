import type { Context } from "aws-lambda";

/**
 * Milliseconds that the SDK is told are left: below its MIN_REMAINING_TIME_TO_POLL_MS of 1000 it never polls in the
 * process and always suspends, so the engine's clock alone owns time.
 */
export const REMAINING_MS = 999;

const FUNCTION_NAME = "quell";
const FUNCTION_ARN = `arn:aws:lambda:us-east-1:000000000000:function:${FUNCTION_NAME}:live`;

/** The ARN that an execution has on the laptop, in the shape that Lambda's durable executions have. */
export const executionArn = (name: string): string => `${FUNCTION_ARN}/durable-execution/${name}/${name}`;

/** What Lambda passes beside the event, as far as the SDK and middy read it. */
export const lambdaContext = (name: string, invocation: number): Context => ({
  callbackWaitsForEmptyEventLoop: false,
  functionName: FUNCTION_NAME,
  functionVersion: "live",
  invokedFunctionArn: FUNCTION_ARN,
  memoryLimitInMB: "512",
  awsRequestId: `${name}-${invocation}`,
  logGroupName: `/aws/lambda/${FUNCTION_NAME}`,
  logStreamName: name,
  getRemainingTimeInMillis: () => REMAINING_MS,
  done: () => {},
  fail: () => {},
  succeed: () => {},
});
