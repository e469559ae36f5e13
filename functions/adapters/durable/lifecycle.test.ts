import assert from "node:assert/strict";
import { test } from "node:test";
import { InvocationStatus } from "@aws/durable-execution-sdk-js";
import { applyUpdate, callbackIdOf, parseCallbackId } from "./apply.ts";
import { createEngine } from "./engine.ts";
import { CheckpointRefused } from "./errors.ts";
import { begin, settle } from "./lifecycle.ts";
import { memoryEngineStore } from "./memory-engine-store.ts";
import { type Operation, visible } from "./operation.ts";

const at = { execution: "run", nowMs: 1000, sequence: 1 };
const context = (id: string, parentId: string | null, ending: Partial<Operation> = {}): Operation => ({
  ...applyUpdate(null, { Id: id, ParentId: parentId ?? undefined, Type: "CONTEXT", Action: "START" }, at),
  ...ending,
});

test("each opened invocation makes the token before it stale, and the word of a replaced invocation counts for nothing", () => {
  const store = memoryEngineStore();
  const handler = async () => ({ Status: InvocationStatus.PENDING }) as const;
  createEngine({ store, clock: { nowMs: () => 0 }, handler }).start("run", null);
  const started = store.execution("run") ?? assert.fail("not started");

  const first = begin(store, started);
  const second = begin(store, first);
  settle(store, first, { kind: "answered", answer: { Status: InvocationStatus.SUCCEEDED, Result: '"stale"' } }, 5);

  assert.ok(started.token < first.token && first.token < second.token);
  assert.deepEqual(store.execution("run"), second);
});

test("an ended operation takes no further update, and none changes its kind", () => {
  const ended = applyUpdate(context("a", null), { Id: "a", Type: "CONTEXT", Action: "SUCCEED", Payload: "1" }, at);

  assert.throws(() => applyUpdate(ended, { Id: "a", Type: "CONTEXT", Action: "FAIL" }, at), CheckpointRefused);
  assert.throws(
    () => applyUpdate(context("a", null), { Id: "a", Type: "STEP", Action: "START" }, at),
    CheckpointRefused,
  );
  assert.throws(() => applyUpdate(null, { Id: "a", Type: "WAIT", Action: "CANCEL" }, at), CheckpointRefused);
});

test("what lies under an ended context is pruned at any depth, unless that context replays its children", () => {
  const ended = { status: "SUCCEEDED" } as const;
  const tree = (replayChildren: boolean) => [
    context("root", null, { ...ended, replayChildren }),
    context("child", "root"),
    context("grandchild", "child"),
    context("other", null),
    context("under", "other"),
  ];

  const ids = (operations: readonly Operation[]) => operations.map(({ id }) => id);

  assert.deepEqual(ids(visible(tree(false))), ["root", "other", "under"]);
  assert.deepEqual(ids(visible(tree(true))), ["root", "child", "grandchild", "other", "under"]);
});

test("a callback id leads back to its execution and operation, and other texts lead nowhere", () => {
  const id = callbackIdOf("quell-abc_1", "0123456789abcdef");

  assert.deepEqual(parseCallbackId(id), { execution: "quell-abc_1", operation: "0123456789abcdef" });
  assert.deepEqual(["", "x", callbackIdOf("a/b", "0"), callbackIdOf("a", "Z")].map(parseCallbackId), [
    null,
    null,
    null,
    null,
  ]);
});
