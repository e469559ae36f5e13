import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Json } from "./json.ts";
import {
  acquireLease,
  type EndOfRun,
  intendEffect,
  otherHolder,
  reclaimable,
  reclaimLease,
  releaseLease,
} from "./lease.ts";
import { fakeLedger } from "./ledger.fixture.ts";
import { change } from "./ledger.ts";

const token = (name: string) => ({ incidentId: `incident ${name}`, planHash: `plan ${name}` });
const held = (name: string, fence = 1, heldSinceMs = 0): Json => ({
  fence,
  holder: token(name),
  heldSinceMs,
  intent: null,
});
const MAXIMUM_SECONDS = 900;

const agent = fc.constantFrom("a", "b", "c", "d");
const status = fc.constantFrom<EndOfRun>(
  "running",
  "unknown",
  "succeeded",
  "failed",
  "stopped",
  "timed-out",
  "not-started",
);
const move = fc.oneof(
  fc.record({ kind: fc.constant("acquire" as const), agent }),
  fc.record({ kind: fc.constant("release" as const), agent, status }),
  fc.record({ kind: fc.constant("reclaim" as const), running: fc.nat(1) }),
  fc.record({ kind: fc.constant("pass" as const), seconds: fc.nat(3000) }),
);

describe("under any order of acquiring, releasing, reclaiming and time", () => {
  test("fencing numbers strictly grow from holder to holder, and a held lease changes hands only when it was free", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const state: { item: Json | null; nowMs: number; holder: string | null; fences: number[] } = {
          item: null,
          nowMs: 0,
          holder: null,
          fences: [],
        };

        for (const one of moves) {
          if (one.kind === "pass") state.nowMs += one.seconds * 1000;
          if (one.kind === "acquire") {
            const decided = acquireLease(state.item, token(one.agent), state.nowMs);
            assert.equal("write" in decided, state.holder === null);
            if ("write" in decided) Object.assign(state, { item: decided.write, holder: one.agent });
            if ("write" in decided) state.fences.push(decided.fence);
          }
          if (one.kind === "release") {
            const decided = releaseLease(state.item, token(one.agent), one.status);
            const may = state.holder === one.agent && one.status !== "running" && one.status !== "unknown";
            assert.equal("write" in decided, may);
            if ("write" in decided) Object.assign(state, { item: decided.write, holder: null });
          }
          if (one.kind === "reclaim") {
            const decided = reclaimLease(state.item, state.nowMs, MAXIMUM_SECONDS, one.running);
            assert.ok(!("write" in decided) || one.running === 0);
            if ("write" in decided) Object.assign(state, { item: decided.write, holder: null });
          }
        }

        assert.deepEqual(
          state.fences,
          [...new Set(state.fences)].sort((a, b) => a - b),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("of agents that race over one ledger, one at a time holds the lease and intends an effect", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 5 }), async (scheduler, agents) => {
        const inner = fakeLedger();
        const ledger = {
          read: scheduler.scheduleFunction(inner.read),
          write: scheduler.scheduleFunction(inner.write),
        };
        const inside: string[] = [];
        const fences: number[] = [];
        const act = async (name: string): Promise<void> => {
          const acquired = await change(ledger, "lease", (item) => acquireLease(item, token(name), 0), 20);
          if (!("fence" in acquired)) return;
          const intended = await change(ledger, "lease", (item) =>
            intendEffect(item, token(name), acquired.fence, `effect ${name}`, 0),
          );
          assert.ok("write" in intended);
          inside.push(name);
          fences.push(acquired.fence);
          assert.deepEqual(inside, [name]);
          await scheduler.schedule(Promise.resolve());
          inside.pop();
          await change(ledger, "lease", (item) => releaseLease(item, token(name), "succeeded"));
        };

        const all = Promise.all(Array.from({ length: agents }, (_, i) => act(`${i}`)));
        await scheduler.waitFor(all);

        assert.notEqual(fences.length, 0);
        assert.deepEqual(
          fences,
          fences.map((_, i) => i + 1),
        );
      }),
    );
  });
});

test("the same token finds its own lease again, with the same fencing number", () => {
  const item = held("a", 7);

  const again = acquireLease(item, token("a"), 99);

  assert.deepEqual(again, { stop: "mine", fence: 7, intent: null });
});

test("a retry after the intent learns of it, and cannot give the lease back as if nothing had been tried", () => {
  const intended = intendEffect(held("a"), token("a"), 1, "effect", 5);
  assert.ok("write" in intended);

  const again = acquireLease(intended.write, token("a"), 6);
  const untried = [held("a"), intended.write].map((item) => releaseLease(item, token("a"), "not-tried"));

  assert.deepEqual(again, { stop: "mine", fence: 1, intent: "effect" });
  assert.ok(untried[0] !== undefined && "write" in untried[0]);
  assert.deepEqual(untried[1], { stop: "not-ended" });
});

test("another plan of the same incident does not share its lease", () => {
  const item = held("a");

  const other = acquireLease(item, { incidentId: "incident a", planHash: "plan 2" }, 0);

  assert.deepEqual(other, { stop: "held", by: token("a") });
});

test("a holder that was paused until others held the lease can no longer intend its effect", () => {
  const stale = held("b", 2);

  const decided = intendEffect(stale, token("a"), 1, "effect", 0);

  assert.deepEqual(decided, { stop: "fenced" });
});

test("the same holder with an older fencing number is fenced too", () => {
  const again = held("a", 3);

  const decided = intendEffect(again, token("a"), 1, "effect", 0);

  assert.deepEqual(decided, { stop: "fenced" });
});

test("an effect that was intended already is found, not intended twice", () => {
  const first = intendEffect(held("a"), token("a"), 1, "effect", 5);
  assert.ok("write" in first);

  const again = intendEffect(first.write, token("a"), 1, "effect", 6);

  assert.deepEqual(again, { stop: "intended" });
});

test("a lease is due for reclaiming only after the run's maximum and ten minutes, counted from the intent", () => {
  const intended = intendEffect(held("a", 1, 0), token("a"), 1, "effect", 60_000);
  assert.ok("write" in intended);
  const dueMs = 60_000 + (MAXIMUM_SECONDS + 600) * 1000;

  const due = [dueMs - 1, dueMs].map((nowMs) => reclaimable(intended.write, nowMs, MAXIMUM_SECONDS));

  assert.deepEqual(due, [false, true]);
});

test("a clock that says no time reclaims nothing", () => {
  const due = reclaimable(held("a"), Number.NaN, MAXIMUM_SECONDS);

  assert.equal(due, false);
});

test("an overdue lease stays while a run of ours is seen running", () => {
  const decided = reclaimLease(held("a"), 1e9, MAXIMUM_SECONDS, 1);

  assert.deepEqual(decided, { stop: "still-running" });
});

test("a proposal is not barred by its own incident's lease, an effect is barred by any plan but its own", () => {
  const item = held("a");
  const askers = [null, "plan a", "plan 2"].map((planHash) => ({ incidentId: "incident a", planHash }));

  const holders = askers.map((asker) => otherHolder(item, asker));

  assert.deepEqual(holders, [null, null, token("a")]);
});

test("a damaged item is an error, never a free lease", () => {
  const damaged: readonly Json[] = [{}, "free", { fence: 0, holder: null, heldSinceMs: 0, intent: null }, []];

  for (const item of damaged) assert.throws(() => acquireLease(item, token("a"), 0));
});
