import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type BatchResult,
  type DurableContext,
  NestingType,
  type RetryDecision,
  type Serdes,
  StepSemantics,
} from "@aws/durable-execution-sdk-js";
import { parse } from "yaml";
import type { Json } from "../../core/json.ts";
import type { Operation } from "./operation.ts";
import { type Rehearsal, rehearse } from "./rehearsal.fixture.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";

/** What a history file says, as far as it is compared. */
type Event = Readonly<{
  EventType: string;
  SubType?: string;
  EventId: number;
  Id?: string;
  Name?: string;
  ParentId?: string;
}>;
type Action = Readonly<{
  CallbackName: string;
  Operation: "success" | "failure" | "heartbeat";
  Payload?: Json;
  Delay?: number;
}>;
type History = Readonly<{
  Input: Json;
  ExpectedResult?: Readonly<{ ExecutionStatus: string; Result?: Json }>;
  CallbackActions?: readonly Action[];
  ExpectedExecutionHistory: readonly Event[];
}>;
type Kit = Readonly<{ sandbox: Sandbox; tries: { made: number } }>;
type Handler = (input: never, context: DurableContext, kit: Kit) => Promise<Json>;

const never = { retryStrategy: (): RetryDecision => ({ shouldRetry: false }) };
const upTo = (attempts: number, delaySeconds = 1) => ({
  retryStrategy: (_error: Error, attempt: number): RetryDecision =>
    attempt < attempts ? { shouldRetry: true, delay: { seconds: delaySeconds } } : { shouldRetry: false },
});
/** A body that throws until this try. */
const worksAt = (kit: Kit, attempt: number, result: Json) => async (): Promise<Json> => {
  kit.tries.made += 1;
  if (kit.tries.made < attempt) throw new Error(`try ${kit.tries.made}`);
  return result;
};
const fails = async (): Promise<Json> => {
  throw new Error("fails");
};
const says = (text: Json) => async () => text;
const submit = async (): Promise<void> => {};
const inTurn = { maxConcurrency: 1 };
const tolerating = (completionConfig: object) => ({ ...inTurn, completionConfig });
const projected = ({ completionReason, status, successCount, failureCount, totalCount }: BatchResult<Json>): Json => ({
  completionReason,
  status,
  successCount,
  failureCount,
  totalCount,
});
const counted = ({ completionReason, successCount, totalCount }: BatchResult<Json>): Json => ({
  completionReason,
  successCount,
  totalCount,
});
const counting = (limit: number, initialState = 0) => ({
  initialState,
  waitStrategy: (state: number) =>
    state < limit ? ({ shouldContinue: true, delay: { seconds: 1 } } as const) : ({ shouldContinue: false } as const),
});
const addOne = async (state: number) => state + 1;
const upperCase: Serdes<string> = {
  serialize: async (value) => JSON.stringify(value).toUpperCase(),
  deserialize: async (data) => (data === undefined ? undefined : JSON.parse(data)),
};
const asked = async (name: string, context: DurableContext, config: object = {}) => {
  const [answer] = await context.createCallback(name, config);
  return answer;
};

/** The handlers that the histories describe in prose. */
const handlers: Readonly<Record<string, Handler>> = {
  "step/1-1": (input: string, context) => context.step(async () => `Hello, ${input}!`),
  "step/1-3": async (_input, context) => {
    const first = await context.step("first", says("first"));
    return context.step("second", async () => `${first}_second`);
  },
  "step/1-4": (input: { name: string; tags: string[] }, context) => context.step(says({ user: input, count: 2 })),
  "step/1-5": (_input, context) => context.step(says(null)),
  "step/1-6": (input: string, context) => context.step("upper", async () => input, { serdes: upperCase }),
  "step/1-8": async (_input, context) => {
    const result = await context.step(says("computed"));
    await context.wait({ seconds: 1 });
    return result;
  },
  "step/1-10": async (_input, context) => {
    const caught = await context.step(fails, never).catch(String);
    await context.wait({ seconds: 1 });
    return caught;
  },
  "step/1-11": (_input, context, kit) => context.step(worksAt(kit, 2, "Operation succeeded"), upTo(2)),
  "step/1-12": (_input, context) => context.step(fails, upTo(4)),
  "step/1-13": (_input, context, kit) => context.step(worksAt(kit, 3, "done")),
  "step/1-16": (_input, context) => context.step(fails, never),
  "step/1-17": (_input, context, { sandbox }) =>
    context.step("at_most_once_flaky_step", () => sandbox.die(), {
      ...never,
      semantics: StepSemantics.AtMostOncePerRetry,
    }),
  "step/1-18": (_input, context, { sandbox, tries }) => {
    const body = async () => {
      tries.made += 1;
      return tries.made === 1 ? sandbox.die() : "succeeded on second attempt";
    };
    return context.step("flaky", body, { ...upTo(2), semantics: StepSemantics.AtMostOncePerRetry });
  },
  "step/1-20": async (_input, context) => {
    await context.step(fails, never).catch(() => {});
    return context.step(says("fallback_result"));
  },
  "wait/2-3": async (_input, context) => {
    await context.wait("wait-1", { seconds: 2 });
    await context.wait("wait-2", { seconds: 2 });
    return { completedWaits: 2 };
  },
  "wait/2-5": (_input, context) => context.wait({ hours: 1 }).then(says(null)),
  "child/3-1": (input: string, context) => context.runInChildContext((child) => child.step(says(input))),
  "child/3-2": ({ name, value }: { name: string; value: string }, context) =>
    context.runInChildContext(name, (child) => child.step(says(value))),
  "child/3-5": async (input: string, context) => {
    await context.runInChildContext((child) => child.step(fails, never)).catch(() => {});
    return context.step(says(input));
  },
  "child/3-7": (input: string, context, kit) =>
    context.runInChildContext((child) => child.step(worksAt(kit, 2, input), upTo(2))),
  "child/3-8": (_input, context) => context.runInChildContext((child) => child.step(fails, upTo(2))),
  "child/3-9": async (input: string, context) => {
    const result = await context.runInChildContext((child) => child.step(says(input)));
    await context.wait({ seconds: 1 });
    return result;
  },
  "child/3-10": (input: string, context) =>
    context.runInChildContext(async (child) => {
      await child.step(says(input));
      await child.wait({ seconds: 1 });
      return input;
    }),
  "callback/4-1": asked,
  "callback/4-4": (name: string, context) => asked(name, context, { heartbeatTimeout: { seconds: 5 } }),
  "callback/4-5": (name: string, context) => asked(name, context, { heartbeatTimeout: { seconds: 10 } }),
  "callback/4-7": async (name: string, context) => {
    const [answer] = await context.createCallback(name);
    await context.step(says("between"));
    return answer;
  },
  "callback/4-9": async (name: string, context) => {
    const [answer] = await context.createCallback(name);
    await context.wait({ seconds: 5 });
    return answer;
  },
  "callback/4-11": async (name: string, context) => {
    const [answer] = await context.createCallback(name, { timeout: { seconds: 3 } });
    await context.wait({ seconds: 6 });
    return answer;
  },
  "callback/4-12": async (name: string, context) => {
    const answer = await asked(name, context);
    await context.wait({ seconds: 2 });
    return answer;
  },
  "callback/4-14": async (name: string, context) => {
    const answer = await asked(name, context, { timeout: { seconds: 3 } }).catch(String);
    await context.wait({ seconds: 2 });
    return answer;
  },
  "callback/4-17": async ([a, b]: [string, string], context) => [await asked(a, context), await asked(b, context)],
  "callback/4-18": async ([a, b]: [string, string], context) => {
    const [answerA] = await context.createCallback(a);
    const [answerB] = await context.createCallback(b);
    return [await answerA, await answerB];
  },
  "callback/4-19": async ([a, b]: [string, string], context) => {
    const [answerA] = await context.createCallback(a);
    const [answerB] = await context.createCallback(b);
    const last = await answerB;
    return [await answerA, last];
  },
  "wait_for_callback/7-1": (name: string, context) => context.waitForCallback(name, submit),
  "wait_for_callback/7-4": (name: string, context) => context.waitForCallback(name, submit),
  "wait_for_callback/7-5": (name: string, context) =>
    context.waitForCallback(name, submit, { timeout: { seconds: 3 } }),
  "wait_for_callback/7-6": (name: string, context) => context.waitForCallback(name, submit).catch(says("recovered")),
  "wait_for_callback/7-7": (name: string, context) =>
    context.waitForCallback(name, () => Promise.reject(new Error("no chat")), upTo(2)),
  "wait_for_callback/7-8": (name: string, context) =>
    context.runInChildContext("wrapper", (child) => child.waitForCallback(name, submit)),
  "wait_for_callback/7-9": async (_input, context) => {
    await context.waitForCallback("first", submit);
    return context.waitForCallback("second", submit);
  },
  "wait_for_callback/7-10": async (name: string, context) => {
    await context.wait({ seconds: 1 });
    await context.step(says("fixed"));
    return context.waitForCallback(name, submit);
  },
  "wait_for_callback/7-11": async (name: string, context) => {
    const serdes = { deserialize: async (data: string | undefined) => JSON.parse(data ?? "null") };
    const answer = await context.waitForCallback<{ status: string }>(name, submit, { serdes });
    return answer.status;
  },
  "wait_for_callback/7-12": (name: string, context) =>
    context.waitForCallback(name, submit, { heartbeatTimeout: { seconds: 5 } }),
  "wait_for_callback/7-13": (name: string, context) =>
    context.waitForCallback(name, submit, { heartbeatTimeout: { seconds: 10 } }),
  "wait_for_callback/7-14": (name: string, context) =>
    context.waitForCallback(name, submit, { timeout: { seconds: 3 } }).catch(says("timed-out-handled")),
  "wait_for_condition/6-1": (limit: number, context) => context.waitForCondition(addOne, counting(limit)),
  "wait_for_condition/6-2": (limit: number, context) =>
    context.waitForCondition(async (state) => state, counting(limit, 5)),
  "wait_for_condition/6-6": (_input, context) =>
    context.waitForCondition(addOne, {
      initialState: 0,
      waitStrategy: (_state, attempt) => {
        if (attempt >= 3) throw new Error("attempts exceeded");
        return { shouldContinue: true, delay: { seconds: 1 } };
      },
    }),
  "wait_for_condition/6-8": (_input, context) =>
    context.waitForCondition(fails, counting(1) as never).catch(says("recovered")),
  "wait_for_condition/6-12": async (limit: number, context) => {
    const state = await context.waitForCondition(addOne, counting(limit));
    return context.step(says(state * 10));
  },
  "wait_for_condition/6-13": async (_input, context) => {
    const seed = await context.waitForCondition(addOne, counting(2));
    return context.waitForCondition(addOne, counting(4, seed));
  },
  "parallel/8-1": async (_input, context) => {
    const branch = (text: string) => (child: DurableContext) => child.step(says(text));
    return (await context.parallel("parallel", [branch("task-1"), branch("task-2")], inTurn)).getResults();
  },
  "parallel/8-5": async (_input, context) => (await context.parallel<Json>("empty", [])).getResults(),
  "parallel/8-6": async (_input, context) =>
    projected(
      await context.parallel("failfast", [says("ok"), fails, says("never")], tolerating({ toleratedFailureCount: 0 })),
    ),
  "parallel/8-7": async (_input, context) => {
    const both = await context.parallel("throwing", [fails, says("never")], tolerating({ toleratedFailureCount: 0 }));
    both.throwIfError();
    return null;
  },
  "parallel/8-8": async (_input, context) =>
    counted(await context.parallel("enough", ["a", "b", "c", "d"].map(says), tolerating({ minSuccessful: 2 }))),
  "parallel/8-12": async (_input, context) => {
    const branch = (text: string) => (child: DurableContext) => child.step(says(text));
    return (
      await context.parallel("flat", [branch("fa"), branch("fb")], { ...inTurn, nesting: NestingType.FLAT })
    ).getResults();
  },
  "parallel/8-14": async (_input, context) => {
    const branches = [
      (child: DurableContext) => child.step(says("b0")),
      (child: DurableContext) => child.wait({ seconds: 2 }).then(says("b1")),
    ];
    return (await context.parallel("replay", branches, inTurn)).getResults();
  },
  "map/9-1": async (items: string[], context) =>
    (await context.map("map", items, (child, item) => child.step(async () => `Hello, ${item}!`), inTurn)).getResults(),
  "map/9-4": async (items: string[], context) => (await context.map("empty", items, async () => null)).getResults(),
  "map/9-6": async (_input, context) => {
    const both = await context.map("throwing", [0, 1], fails, tolerating({ toleratedFailureCount: 0 }));
    both.throwIfError();
    return null;
  },
  "map/9-15": async (_input, context) => {
    const iterate = async (child: DurableContext, index: number) => {
      if (index === 1) await child.wait({ seconds: 1 });
      return child.step(async () => `r${index}`);
    };
    return (await context.map("replay", [0, 1], iterate, inTurn)).getResults();
  },
  "map/9-16": async (_input, context) => {
    const all = await context.map("large", [1, 2, 3, 4], async () => "x".repeat(70_000), inTurn);
    return { successCount: all.successCount, totalCount: all.totalCount };
  },
  "map/9-18": async (_input, context) => {
    const all = await context.map(
      "tolerant",
      [0, 1],
      async (_child, index) => (index === 1 ? fails() : "ok"),
      tolerating({ toleratedFailureCount: 1 }),
    );
    await context.wait({ seconds: 1 });
    return projected(all);
  },
};

/** The history with its variables spelt out; every text is as good as a generated one. Other `${WORDS}` stand for anything. */
const read = (folder: string, name: string): History => {
  const text = readFileSync(join(folder, "durable", "conformance", `${name}.yaml`), "utf8");
  const { Variables: variables = {}, ...history } = parse(text);
  return JSON.parse(
    JSON.stringify(history).replace(/\$\{(\w+)\}/g, (whole, name) => (name in variables ? `the-${name}` : whole)),
  );
};

/** Operations in order of first mention: kind, parent and name where the file gives one, and how the last event left them. */
const operationsOf = ({ ExpectedExecutionHistory }: History) => {
  const ids = [...new Set(ExpectedExecutionHistory.flatMap(({ Id }) => Id ?? []))];
  return ids.map((id) => {
    const events = ExpectedExecutionHistory.filter((event) => event.Id === id);
    const [first, last] = [events[0], events.at(-1)];
    return {
      subType: first?.SubType,
      parent: ids.indexOf(first?.ParentId ?? ""),
      name: first?.Name?.startsWith("${") ? undefined : first?.Name,
      status: last?.EventType.replace(/^(Step|Wait|Callback|Context)/, "")
        .replace("TimedOut", "TIMED_OUT")
        .toUpperCase(),
    };
  });
};

/** Event ids are dense from 2, so a number that the file leaves out is an invocation's end that it did not list. */
const invocationsOf = ({ ExpectedExecutionHistory: events }: History): number => {
  const listed = events.filter(({ EventType }) => EventType === "InvocationCompleted").length;
  return listed + Math.max(...events.map(({ EventId }) => EventId)) - 1 - events.length;
};

const observedOf = (operations: readonly Operation[], expected: ReturnType<typeof operationsOf>) =>
  operations.map(({ subType, parentId, name, status }, index) => ({
    subType,
    parent: operations.findIndex(({ id }) => id === parentId),
    name: expected[index]?.name === undefined ? undefined : name,
    status,
  }));

/** Takes each action its delay after its callback is there, and lets time run in between and afterwards. */
const play = async (rehearsal: Rehearsal, { CallbackActions = [], ExpectedResult }: History): Promise<void> => {
  const { engine, told } = rehearsal;
  await rehearsal.at(0);
  const inTime = CallbackActions.toSorted((a, b) => (a.Delay ?? 0) - (b.Delay ?? 0));
  for (const { CallbackName, Operation: action, Payload = null, Delay = 0 } of inTime) {
    const isOpen = ({ callback, status, name }: Operation) =>
      callback !== null && status === "STARTED" && (CallbackName === "*" || name === CallbackName);
    while (!told().operations.some(isOpen)) {
      await rehearsal.at(((engine.nextDueMs() ?? Number.NaN) - 1e12) / 1000);
    }
    const callbackId = told().operations.find(isOpen)?.callback?.id ?? "";
    const message = JSON.stringify(Payload);
    const answers = {
      success: () => engine.ring(callbackId, Payload),
      failure: () => engine.fail(callbackId, message),
      heartbeat: () => engine.heartbeat(callbackId),
    };
    await rehearsal.at(rehearsal.nowSeconds() + Delay);
    answers[action]();
    await rehearsal.at(rehearsal.nowSeconds());
  }
  if (ExpectedResult !== undefined) await rehearsal.untilQuiet();
};

const folder = process.env.QUELL_TEST_DATA;
const skip = folder === undefined ? "set QUELL_TEST_DATA to the folder that holds durable/conformance" : false;

test("executions end as AWS's conformance histories say", { skip }, async (suite) => {
  for (const [name, handler] of Object.entries(handlers)) {
    await suite.test(name, async () => {
      const history = read(folder ?? "", name);
      const kit: Kit = { sandbox: createSandbox(), tries: { made: 0 } };
      const rehearsal = rehearse<Json>((input, context) => handler(input as never, context, kit), {
        sandbox: kit.sandbox,
      });
      rehearsal.engine.start("run", history.Input);

      await play(rehearsal, history);

      const { status, result, operations, invocations } = rehearsal.told();
      const expected = operationsOf(history);
      assert.deepEqual(observedOf(operations, expected), expected);
      assert.equal(status, history.ExpectedResult?.ExecutionStatus ?? "RUNNING");
      assert.deepEqual(result, history.ExpectedResult?.Result ?? result);
      assert.equal(invocations, invocationsOf(history));
    });
  }
});
