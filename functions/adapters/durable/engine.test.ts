import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DurableContext,
  InvocationStatus,
  StepSemantics,
  withDurableExecution,
} from "@aws/durable-execution-sdk-js";
import type { Json } from "../../core/json.ts";
import { createEngine } from "./engine.ts";
import { CallbackUnknown, DurableExecutionAlreadyStarted, ExecutionNameInvalid, PayloadTooLarge } from "./errors.ts";
import { memoryEngineStore } from "./memory-engine-store.ts";
import { REHEARSAL_START_MS, type Rehearsal, rehearse } from "./rehearsal.fixture.ts";
import { createSandbox } from "./sandbox.ts";

type Play = Readonly<{ r: Rehearsal; log: Json[]; retried: (delays: readonly number[]) => Retry }>;
type Retry = Readonly<{
  retryStrategy: (error: Error, attempt: number) => { shouldRetry: boolean; delay?: { seconds: number } };
}>;
type Case = Readonly<{
  says: string;
  handler: (context: DurableContext, play: Play, input: Json) => Promise<Json>;
  drive: (play: Play) => Promise<unknown>;
  expected: unknown;
}>;

const once = { retryStrategy: () => ({ shouldRetry: false }) };
const retried = (delays: readonly number[]): Retry => ({
  retryStrategy: (_error, attempt) => {
    const seconds = delays[attempt - 1];
    return seconds === undefined ? { shouldRetry: false } : { shouldRetry: true, delay: { seconds } };
  },
});
const large = "x".repeat(150_000);
const ended = ({ r }: Play) => [r.told().status, r.told().result ?? r.told().error?.message ?? null];
const quiet = (observe: (play: Play) => unknown) => async (play: Play) => {
  await play.r.untilQuiet();
  return observe(play);
};
/** Notes the try and fails it. */
const failing = (log: Json[], message: string) => async () => {
  log.push("ran");
  throw new Error(message);
};
const statuses = ({ r }: Play) => r.told().operations.map(({ subType, status }) => `${subType} ${status}`);

const cases: readonly Case[] = [
  {
    says: "three steps run once each in one invocation, and the result is the handler's",
    handler: async (context, { log }, input) => {
      for (const name of ["a", "b", "c"]) await context.step(name, async () => log.push(name));
      return input;
    },
    drive: quiet((play) => [...ended(play), play.log, play.r.told().invocations]),
    expected: ["SUCCEEDED", "input", ["a", "b", "c"], 1],
  },
  {
    says: "a failing step is tried again after exactly its own delays",
    handler: (context, { r, log }) =>
      context.step(
        "flaky",
        async () => (log.push(r.nowSeconds()) < 3 ? assert.fail("not yet") : "third"),
        retried([2, 8]),
      ),
    drive: quiet((play) => [...ended(play), play.log]),
    expected: ["SUCCEEDED", "third", [0, 2, 10]],
  },
  {
    says: "a retry that is not due yet is not made, and nextDueMs says when it will be",
    handler: (context, { log }) => context.step("flaky", failing(log, "no"), retried([60])),
    drive: async ({ r, log }) => {
      await r.at(0);
      await r.at(59);
      return [log.length, r.engine.nextDueMs(), await r.engine.runDue()];
    },
    expected: [1, REHEARSAL_START_MS + 60_000, 0],
  },
  {
    says: "a step that runs out of tries fails the execution with the step's own message",
    handler: (context) => context.step("doomed", async () => assert.fail("broken"), retried([1, 1])),
    drive: quiet((play) => [...ended(play), play.r.told().operations[0]?.attempt]),
    expected: ["FAILED", "broken", 2],
  },
  {
    says: "a wait ends at its scheduled time and not before, and its end is stamped with that time",
    handler: (context) => context.wait("pause", { seconds: 30 }).then(() => "rested"),
    drive: async (play) => {
      await play.r.at(0);
      await play.r.at(29);
      const early = play.r.told().status;
      await play.r.at(31);
      return [early, ...ended(play), play.r.told().operations[0]?.endedAtMs];
    },
    expected: ["RUNNING", "SUCCEEDED", "rested", REHEARSAL_START_MS + 30_000],
  },
  {
    says: "a clock that jumps back neither loses a wait nor ends it early",
    handler: (context) => context.wait("pause", { seconds: 30 }).then(() => "rested"),
    drive: async (play) => {
      await play.r.at(0);
      await play.r.at(-600);
      const back = play.r.told().status;
      await play.r.at(30);
      return [back, ...ended(play)];
    },
    expected: ["RUNNING", "SUCCEEDED", "rested"],
  },
  {
    says: "an answered callback gives the handler its text",
    handler: (context) => context.waitForCallback("ask", async () => {}, { timeout: { minutes: 5 } }),
    drive: async (play) => {
      await play.r.at(0);
      const rung = play.r.engine.ring(play.r.callbacks()[0] ?? "", { approved: true });
      await play.r.at(1);
      return [rung, ...ended(play)];
    },
    expected: ["completed", "SUCCEEDED", '{"approved":true}'],
  },
  {
    says: "a callback answered inside its own submitter goes on in the same invocation",
    handler: (context, { r }) =>
      context.waitForCallback("ask", async (id) => void r.engine.ring(id, "at once"), { timeout: { minutes: 5 } }),
    drive: async (play) => {
      await play.r.at(0);
      return [...ended(play), play.r.told().invocations];
    },
    expected: ["SUCCEEDED", "at once", 1],
  },
  {
    says: "a callback answered while its invocation is suspending is not missed",
    handler: async (context, { r }) => {
      const [answer, id] = await context.createCallback("ask", { timeout: { minutes: 5 } });
      setTimeout(() => r.engine.ring(id, "late in the invocation"), 5);
      return answer;
    },
    drive: async (play) => {
      await play.r.at(0);
      return [...ended(play), play.r.told().invocations];
    },
    expected: ["SUCCEEDED", "late in the invocation", 2],
  },
  {
    says: "a failed callback throws its message into the handler",
    handler: (context) => context.waitForCallback("ask", async () => {}, { timeout: { minutes: 5 } }),
    drive: async (play) => {
      await play.r.at(0);
      play.r.engine.fail(play.r.callbacks()[0] ?? "", "rejected");
      await play.r.at(1);
      return [...ended(play), play.r.told().error?.type];
    },
    expected: ["FAILED", "rejected", "CallbackExternalError"],
  },
  {
    says: "a callback times out at its deadline and the handler may go on",
    handler: async (context, { r }) => {
      await context.waitForCallback("ask", async () => {}, { timeout: { seconds: 90 } }).catch(() => {});
      return r.nowSeconds();
    },
    drive: quiet((play) => [...ended(play), ...statuses(play)]),
    expected: ["SUCCEEDED", 90, "WaitForCallback FAILED", "Callback TIMED_OUT", "Step SUCCEEDED"],
  },
  {
    says: "an answer at the deadline is late even before the timer was looked at",
    handler: (context) => context.waitForCallback("ask", async () => {}, { timeout: { seconds: 90 } }),
    drive: async (play) => {
      await play.r.at(0);
      const [id = ""] = play.r.callbacks();
      const late: string[] = [];
      await play.r.at(89);
      const still = play.r.callbacks().length;
      play.r.pass(90);
      late.push(play.r.engine.ring(id, "too late"));
      await play.r.untilQuiet();
      return [still, late, play.r.told().error?.type];
    },
    expected: [1, ["already-completed"], "CallbackTimeoutError"],
  },
  {
    says: "a second answer, and a failure after an answer, change nothing",
    handler: (context) => context.waitForCallback("ask", async () => {}, { timeout: { seconds: 90 } }),
    drive: async (play) => {
      await play.r.at(0);
      const [id = ""] = play.r.callbacks();
      const answers = [
        play.r.engine.ring(id, "first"),
        play.r.engine.ring(id, "second"),
        play.r.engine.fail(id, "third"),
      ];
      await play.r.untilQuiet();
      return [answers, ...ended(play), play.r.engine.ring(id, "after the end")];
    },
    expected: [["completed", "already-completed", "already-completed"], "SUCCEEDED", "first", "already-completed"],
  },
  {
    says: "a heartbeat puts its timeout off, and silence ends the callback",
    handler: (context) => context.waitForCallback("ask", async () => {}, { heartbeatTimeout: { seconds: 10 } }),
    drive: async (play) => {
      await play.r.at(0);
      const [id = ""] = play.r.callbacks();
      await play.r.at(8);
      const beats = [play.r.engine.heartbeat(id)];
      await play.r.at(17);
      const still = play.r.told().status;
      await play.r.at(18);
      return [beats, still, play.r.told().error?.message, play.r.engine.heartbeat(id)];
    },
    expected: [["alive"], "RUNNING", "Callback heartbeat timed out", "already-completed"],
  },
  {
    says: "of a heartbeat timeout and a timeout the earlier one ends the callback, under its own name",
    handler: (context) =>
      context.waitForCallback("ask", async () => {}, { timeout: { seconds: 30 }, heartbeatTimeout: { seconds: 10 } }),
    drive: quiet((play) => [play.r.nowSeconds(), play.r.told().operations[1]?.error?.ErrorType]),
    expected: [10, "Callback.Heartbeat"],
  },
  {
    says: "a callback whose context has ended is closed: an answer to it wakes nobody",
    handler: async (context) => {
      await context.waitForCallback("ask", async () => assert.fail("no chat"), once).catch(() => {});
      await context.wait("pause", { seconds: 5 });
      return "went on";
    },
    drive: async (play) => {
      await play.r.at(0);
      const answer = play.r.engine.ring(play.r.callbacks()[0] ?? "", "late");
      const runs = await play.r.engine.runDue();
      await play.r.untilQuiet();
      return [answer, runs, ...ended(play)];
    },
    expected: ["already-completed", 0, "SUCCEEDED", "went on"],
  },
  {
    says: "an answer over 256 KiB is refused and leaves its callback open",
    handler: (context) => context.waitForCallback("ask", async () => {}, { timeout: { seconds: 90 } }),
    drive: async ({ r }) => {
      await r.at(0);
      const [id = ""] = r.callbacks();
      assert.throws(() => r.engine.ring(id, large + large), PayloadTooLarge);
      return r.callbacks().length;
    },
    expected: 1,
  },
  {
    says: "one failed branch of a parallel leaves the other's result and the handler decides",
    handler: async (context) => {
      const both = await context.parallel(
        "both",
        [
          async (branch) => branch.step("good", async () => "good", once),
          async (branch) => branch.step("bad", async () => assert.fail("bad"), once),
        ],
        { completionConfig: { toleratedFailureCount: 1 } },
      );
      return [both.successCount, both.failureCount];
    },
    drive: quiet((play) => ended(play)),
    expected: ["SUCCEEDED", [1, 1]],
  },
  {
    says: "branches that wait for different times each run on once",
    handler: async (context, { r, log }) => {
      const branch = (seconds: number) => async (inner: DurableContext) => {
        await inner.wait(`wait-${seconds}`, { seconds });
        return inner.step(`step-${seconds}`, async () => log.push(r.nowSeconds()));
      };
      await context.parallel("both", [branch(10), branch(20)]);
      return log;
    },
    drive: quiet((play) => play.log),
    expected: [10, 20],
  },
  {
    says: "children of a finished context are not given to a replay, which takes the context's result",
    handler: async (context, { log }) => {
      const result = await context.runInChildContext("child", async (inner) => {
        log.push("body");
        return inner.step("inside", async () => "small");
      });
      await context.wait("pause", { seconds: 1 });
      return result;
    },
    drive: quiet((play) => [...ended(play), play.log]),
    expected: ["SUCCEEDED", "small", ["body"]],
  },
  {
    says: "a context too large to keep is replayed from its children, whose steps do not run again",
    handler: async (context, { log }) => {
      const keep = async () => {
        log.push("step");
        return large;
      };
      const parts = await context.runInChildContext("child", async (inner) => {
        log.push("body");
        const one = await inner.step("one", keep);
        return [one, await inner.step("two", keep)];
      });
      await context.wait("pause", { seconds: 1 });
      return parts.map((part) => part.length);
    },
    drive: quiet((play) => [...ended(play), play.log]),
    expected: ["SUCCEEDED", [150_000, 150_000], ["body", "step", "step", "body"]],
  },
  {
    says: "a caught step failure is thrown again on the replay after a wait, without running the step",
    handler: async (context, { log }) => {
      const caught = await context.step("bad", failing(log, "bad"), once).catch((e) => String(e));
      await context.wait("pause", { seconds: 1 });
      return caught;
    },
    drive: quiet((play) => [...ended(play), play.log]),
    expected: ["SUCCEEDED", "StepError: bad", ["ran"]],
  },
  {
    says: "a condition is polled with the state that the last poll left",
    handler: (context) =>
      context.waitForCondition("poll", async (state) => state + 1, {
        initialState: 10,
        waitStrategy: (state) =>
          state < 13 ? { shouldContinue: true, delay: { seconds: 5 } } : { shouldContinue: false },
      }),
    drive: quiet((play) => [...ended(play), play.r.nowSeconds()]),
    expected: ["SUCCEEDED", 13, 10],
  },
  {
    says: "an input and a step result over 256 KiB are refused by name",
    handler: (context) => context.step("huge", async () => large + large, once),
    drive: async (play) => {
      assert.throws(() => play.r.engine.start("other", large + large), PayloadTooLarge);
      await play.r.untilQuiet();
      return [play.r.told().status, /STEP "huge" of run carries 300002 bytes/.test(play.r.told().error?.message ?? "")];
    },
    expected: ["FAILED", true],
  },
  {
    says: "a step result that JSON cannot hold ends the execution after a bounded number of invocations",
    handler: (context) => context.step("big", async () => 10n as unknown as Json, once),
    drive: quiet((play) => [play.r.told().error?.type, play.r.told().deaths]),
    expected: ["Invocation.Died", 10],
  },
  {
    says: "an execution past its timeout is TIMED_OUT, stays so, and its callbacks are closed",
    handler: (context) => context.waitForCallback("ask", async () => {}, { timeout: { hours: 5 } }),
    drive: async (play) => {
      await play.r.at(0);
      const [id = ""] = play.r.callbacks();
      await play.r.at(3599);
      const before = play.r.told().status;
      play.r.pass(3600);
      const late = play.r.engine.ring(id, "late");
      await play.r.untilQuiet();
      return [before, late, play.r.told().status, play.r.engine.ring(id, "later"), play.r.engine.nextDueMs()];
    },
    expected: ["RUNNING", "already-completed", "TIMED_OUT", "already-completed", null],
  },
  {
    says: "a chained invoke is refused with a sentence that says so",
    handler: (context) => context.invoke("call", "arn:aws:lambda:us-east-1:000000000000:function:other:1", {}),
    drive: quiet((play) => /invokes no other function/.test(play.r.told().error?.message ?? "")),
    expected: true,
  },
];

for (const { says, handler, drive, expected } of cases) {
  test(says, async () => {
    const log: Json[] = [];
    const play: { r: Rehearsal } & Omit<Play, "r"> = {
      log,
      retried,
      r: rehearse(async (input, context) => handler(context, play, input), { executionTimeoutSeconds: 3600 }),
    };
    play.r.engine.start("run", "input");

    const observed = await drive(play);

    assert.deepEqual(observed, expected);
  });
}

test("starting a known name is no second start, with another payload it is refused, and so is a name of other characters", async () => {
  const { engine, untilQuiet, told } = rehearse(async (input) => input);

  const starts = [engine.start("run", { a: 1, b: 2 }), engine.start("run", { b: 2, a: 1 })];
  await untilQuiet();

  assert.deepEqual(starts, ["started", "already-running"]);
  assert.equal(engine.start("run", { a: 1, b: 2 }), "already-running");
  assert.throws(() => engine.start("run", { a: 2 }), DurableExecutionAlreadyStarted);
  assert.throws(() => engine.start("a/b", {}), ExecutionNameInvalid);
  assert.throws(() => engine.start("", {}), ExecutionNameInvalid);
  assert.equal(told().invocations, 1);
});

test("a callback id of another store is an error, not a late answer", () => {
  const { engine } = rehearse(async (input) => input);

  const ring = () => engine.ring("bm90LWEtY2FsbGJhY2s", "x");

  assert.throws(ring, CallbackUnknown);
});

test("a checkpoint with a stale token changes nothing, and only the invocation that sent it is lost", async () => {
  const store = memoryEngineStore();
  const sandbox = createSandbox();
  let overtakes = 1;
  const { engine, untilQuiet, told } = rehearse(async (_input, context) => context.step("work", async () => "done"), {
    store,
    sandbox,
    hooks: {
      beforeCheckpoint: ({ name }) => {
        const execution = store.execution(name);
        if (overtakes-- > 0 && execution !== null) store.save({ ...execution, token: execution.token + 1 }, []);
        return "live";
      },
    },
  });
  engine.start("run", null);

  await untilQuiet();

  assert.equal(told().status, "SUCCEEDED");
  assert.deepEqual([told().invocations, told().deaths], [2, 1]);
});

test("an at-most-once step whose sandbox dies is not run again and fails", async () => {
  const sandbox = createSandbox();
  let runs = 0;
  const rehearsal = rehearse(
    async (_input, context) =>
      context.step("once", async () => (++runs === 1 ? sandbox.die() : "again"), {
        ...once,
        semantics: StepSemantics.AtMostOncePerRetry,
      }),
    { sandbox },
  );
  rehearsal.engine.start("run", null);

  await rehearsal.untilQuiet();

  assert.equal(rehearsal.told().status, "FAILED");
  assert.deepEqual([runs, rehearsal.told().deaths], [1, 1]);
});

test("a sandbox that dies at the same place for ever ends the execution after ten deaths", async () => {
  const sandbox = createSandbox();
  const rehearsal = rehearse(async (_input, context) => context.step("poison", () => sandbox.die()), { sandbox });
  rehearsal.engine.start("run", null);

  await rehearsal.untilQuiet();

  assert.equal(rehearsal.told().error?.type, "Invocation.Died");
  assert.equal(rehearsal.told().deaths, 10);
});

test("executions are invoked one at a time in the order in which they were started", async () => {
  const order: string[] = [];
  const { engine, untilQuiet } = rehearse<string>(async (input, context) => {
    order.push(`${input} in`);
    await context.step("work", async () => input);
    order.push(`${input} out`);
    return null;
  });
  for (const name of ["c", "a", "b"]) engine.start(name, name);

  const [first, second] = await Promise.all([engine.runDue(), engine.runDue()]);
  await untilQuiet();

  assert.deepEqual(order, ["c in", "c out", "a in", "a out", "b in", "b out"]);
  assert.deepEqual([first, second, engine.names()], [3, 0, ["c", "a", "b"]]);
});

test("a handler without middy runs on the engine just the same", async () => {
  const handler = withDurableExecution(async (input: Json, context: DurableContext) =>
    context.step("s", async () => input),
  );
  const engine = createEngine({ store: memoryEngineStore(), clock: { nowMs: () => 0 }, handler });
  engine.start("plain", { a: 1 });

  await engine.runDue();

  assert.deepEqual(engine.describe("plain")?.result, { a: 1 });
});

test("an invocation that suspends with nothing to wake it fails its execution instead of sleeping for ever", async () => {
  const handler = async () => ({ Status: InvocationStatus.PENDING }) as const;
  const engine = createEngine({ store: memoryEngineStore(), clock: { nowMs: () => 0 }, handler });
  engine.start("idle", null);

  await engine.runDue();

  assert.equal(engine.describe("idle")?.error?.type, "Invocation.NothingPending");
});

test("an invocation that throws is made again after growing pauses, and its tenth failure is the last", async () => {
  const seconds: number[] = [];
  let nowMs = 0;
  const handler = async () => {
    seconds.push(nowMs / 1000);
    throw new Error("no memory");
  };
  const engine = createEngine({ store: memoryEngineStore(), clock: { nowMs: () => nowMs }, handler });
  engine.start("broken", null);

  for (let dueMs = engine.nextDueMs(); dueMs !== null; dueMs = engine.nextDueMs()) {
    nowMs = dueMs;
    await engine.runDue();
  }

  assert.deepEqual(seconds, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  assert.match(engine.describe("broken")?.error?.message ?? "", /no memory/);
});

test("something to do at once is due now and not in the past", () => {
  const { engine } = rehearse(async (input) => input);

  engine.start("run", null);

  assert.equal(engine.nextDueMs(), REHEARSAL_START_MS);
});

test("deaths count towards giving up only while nothing is checkpointed between them", async () => {
  const sandbox = createSandbox();
  const died = new Set<number>();
  const rehearsal = rehearse(
    async (_input, context) => {
      for (let step = 0; step < 15; step += 1) {
        await context.step(`step-${step}`, async () => (died.size === died.add(step).size ? null : sandbox.die()));
      }
      return "through";
    },
    { sandbox },
  );
  rehearsal.engine.start("run", null);

  await rehearsal.untilQuiet();

  assert.deepEqual([rehearsal.told().result, rehearsal.told().deaths], ["through", 15]);
});
