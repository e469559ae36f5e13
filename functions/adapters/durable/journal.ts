import {
  CallbackExternalError,
  CallbackTimeoutError,
  type DurableContext,
  DurableOperationError,
  type RetryDecision,
  StepSemantics,
} from "@aws/durable-execution-sdk-js";
import type { Journal, Ledger } from "../../core/ports.ts";
import { PAYLOAD_LIMIT_BYTES } from "./payload.ts";

/** A step or a bell's submitter that failed for good; `cause` is the last error, as far as a replay can restore it: name and message. */
export class StepAbandoned extends Error {
  override readonly name = "StepAbandoned";
}

/** Tries of one step in all, a try whose sandbox died included. */
export const MAXIMUM_ATTEMPTS = 3;
const RETRY_DELAYS_SECONDS = [2, 8]; // one fewer than the tries: after the last one there is no delay, and no retry

type Attempts = { made: number };

/**
 * The journal of one incident over the SDK's context: made anew by every invocation. A step's name is also the name of
 * its attempt counter, so using one twice in an incident throws.
 * @param ledger holds one item `attempt#INCIDENT/NAME` a step, written before the step's body runs
 */
export const durableJournal = (context: DurableContext, ledger: Ledger, incidentId: string): Journal => {
  const names = new Set<string>();
  const claim = (name: string): string => {
    if (names.has(name)) throw new Error(`step "${name}" of ${incidentId} is named twice: a replay could swap the two`);
    names.add(name);
    return `attempt#${incidentId}/${name}`;
  };
  return {
    step: async (name, body) => {
      const key = claim(name);
      const attempts: Attempts = { made: 0 };
      const counted = async () => {
        await countAttempt(ledger, key, attempts);
        return carriable(await body());
      };
      const semantics = StepSemantics.AtLeastOncePerRetry;
      try {
        return await context.step(name, counted, { semantics, retryStrategy: strategy(attempts) });
      } catch (error) {
        throw abandoned(`step "${name}" of ${incidentId}`, error);
      }
    },
    doze: async (name, seconds, submit) => {
      const key = claim(name);
      const attempts: Attempts = { made: 0 };
      const counted = async (callbackId: string) => {
        await countAttempt(ledger, key, attempts);
        await submit(callbackId);
      };
      const timeout = { seconds: Math.max(1, Math.ceil(seconds)) }; // the service takes whole seconds, at least one
      try {
        await context.waitForCallback(name, counted, { timeout, retryStrategy: strategy(attempts) });
        return "rung";
      } catch (error) {
        if (error instanceof CallbackTimeoutError) return "timed-out";
        if (error instanceof CallbackExternalError) return "rung"; // a bell says nothing but that it rang
        throw abandoned(`submitter "${name}" of ${incidentId}`, error);
      }
    },
  };
};

/** Counts this try before anything else happens in it. Throws StepAbandoned when three tries have gone before. */
const countAttempt = async (ledger: Ledger, key: string, attempts: Attempts): Promise<void> => {
  for (;;) {
    const counter = await ledger.read(key);
    const before = typeof counter?.item === "number" ? counter.item : 0;
    attempts.made = before + 1;
    if (before >= MAXIMUM_ATTEMPTS) {
      throw new StepAbandoned(`${before} tries were made and the last one never answered`);
    }
    if (await ledger.write(key, before + 1, counter?.version ?? null)) return;
  }
};

/** A result that no operation can carry would end the execution without a word: it is abandoned, and people hear of it. */
const carriable = <T>(result: T): T => {
  const bytes = Buffer.byteLength(JSON.stringify(result) ?? "", "utf8");
  if (bytes <= PAYLOAD_LIMIT_BYTES) return result;
  throw new StepAbandoned(
    `its result has ${bytes} bytes, more than the ${PAYLOAD_LIMIT_BYTES} that are kept of a step`,
  );
};

/** Up to three tries, 2 s and 8 s apart; tries of dead sandboxes, which only the ledger knows, count too. */
const strategy =
  (attempts: Attempts) =>
  (error: Error, failures: number): RetryDecision => {
    const tries = Math.max(attempts.made, failures);
    const seconds = RETRY_DELAYS_SECONDS[tries - 1];
    if (error instanceof StepAbandoned || seconds === undefined) return { shouldRetry: false };
    return { shouldRetry: true, delay: { seconds } };
  };

/**
 * The SDK hands a failed step on as a StepError whose cause is an Error with the original's name and message, on the
 * first run and on a replay alike; a submitter's comes wrapped once more.
 */
const abandoned = (what: string, error: unknown): StepAbandoned => {
  let cause: unknown = error;
  while (cause instanceof DurableOperationError && cause.cause instanceof Error) cause = cause.cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StepAbandoned(`${what} was abandoned: ${message}`, { cause });
};
