import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../durable/operation.ts";
import type { EngineStore, Execution } from "../durable/store.ts";

const execution = (name: string, sequence: number, dueAtMs: number | null): Execution => ({
  name,
  sequence,
  status: "RUNNING",
  startedAtMs: 1,
  endedAtMs: null,
  timeoutAtMs: null,
  inputHash: "h",
  result: null,
  error: { ErrorType: "T", ErrorMessage: "m" },
  token: 0,
  invocations: 0,
  deaths: 0,
  deathsInARow: 0,
  invokeAtMs: 0,
  undelivered: ["a"],
  nextOperation: 1,
  dueAtMs,
});

const operation = (id: string, sequence: number): Operation => ({
  id,
  parentId: null,
  name: null,
  type: "CALLBACK",
  subType: "Callback",
  status: "STARTED",
  sequence,
  startedAtMs: 1,
  endedAtMs: null,
  attempt: 0,
  dueAtMs: 0.5,
  callback: { id: "c", heartbeatSeconds: null, heartbeatDueAtMs: null },
  payload: '"text"',
  error: null,
  replayChildren: false,
});

/** What every engine store promises, as tests; `open` gives an empty one. */
export const engineStoreContract = (label: string, open: () => EngineStore): void => {
  test(`${label}: what was saved is read back equal, operations in creation order, and the rest is absent`, () => {
    const store = open();

    store.save(execution("a", 0, null), [operation("9", 0), operation("1", 1)]);
    store.save(execution("a", 0, 5), [{ ...operation("9", 0), status: "SUCCEEDED" }, operation("5", 2)]);

    assert.deepEqual(store.execution("a"), execution("a", 0, 5));
    assert.deepEqual(
      store.operations("a").map(({ id, status }) => `${id} ${status}`),
      ["9 SUCCEEDED", "1 STARTED", "5 STARTED"],
    );
    assert.deepEqual(store.operation("a", "1"), operation("1", 1));
    assert.deepEqual([store.execution("b"), store.operation("a", "2"), store.operation("b", "1")], [null, null, null]);
    assert.deepEqual(store.operations("b"), []);
  });

  test(`${label}: what is due is listed in order of starting, and the next due moment is the earliest`, () => {
    const store = open();
    store.save(execution("c", 0, 30), []);
    store.save(execution("a", 1, 10), []);
    store.save(execution("b", 2, null), []);
    store.save(execution("d", 3, 10.5), []);

    const due = [store.due(9), store.due(10), store.due(30)];

    assert.deepEqual(due, [[], ["a"], ["c", "a", "d"]]);
    assert.equal(store.nextDueAtMs(), 10);
    assert.deepEqual([store.size(), store.names()], [4, ["c", "a", "b", "d"]]);
    for (const [index, name] of ["c", "a", "b", "d"].entries()) store.save(execution(name, index, null), []);
    assert.deepEqual([store.nextDueAtMs(), store.due(1e15)], [null, []]);
  });

  test(`${label}: a transaction gives its value and lets its error through`, () => {
    const store = open();

    const value = store.transact(() => 7);

    assert.equal(value, 7);
    assert.throws(() => store.transact(() => assert.fail("inside")), /inside/);
    assert.equal(
      store.transact(() => store.size()),
      0,
    );
  });
};
