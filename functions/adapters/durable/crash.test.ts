import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../core/json.ts";
import { simulatedLedger } from "../simulated/ledger.ts";
import { openDatabase } from "../sqlite/database.ts";
import { sqliteEngineStore } from "../sqlite/engine-store.ts";
import type { CheckpointInfo, EngineHooks } from "./client.ts";
import type { DurableFunction } from "./durable.ts";
import { durableJournal } from "./journal.ts";
import { memoryEngineStore } from "./memory-engine-store.ts";
import { type Rehearsal, rehearse } from "./rehearsal.fixture.ts";
import { createSandbox } from "./sandbox.ts";
import type { EngineStore } from "./store.ts";

type Place = Readonly<{ kind: "request" | "reply" | "body-start" | "body-end"; number: number }>;
type Clean = Readonly<{ status: string; result: Json; applied: readonly string[] }>;

/** Plays decide, execute, a bell that rings, one that does not, and reward, and kills the sandbox once at each of these places. */
const play = async (store: EngineStore, places: readonly Place[]) => {
  const sandbox = createSandbox();
  const ledger = simulatedLedger();
  const applied: string[] = [];
  const calls = { request: 0, reply: 0, "body-start": 0, "body-end": 0 };
  const killsAt = (kind: Place["kind"]): boolean => {
    calls[kind] += 1;
    return places.some((place) => place.kind === kind && place.number === calls[kind]);
  };
  const seen: CheckpointInfo[] = [];
  const hooks: EngineHooks = {
    beforeCheckpoint: (info) => {
      seen.push(info);
      return killsAt("request") ? "die" : "live";
    },
    afterCheckpoint: () => (killsAt("reply") ? "die" : "live"),
  };
  const effect = (key: string) => async () => {
    await new Promise(setImmediate); // a real body outlasts the START that the SDK sends beside it
    if (killsAt("body-start")) return sandbox.die();
    if (!applied.includes(key)) applied.push(key); // the other side knows the key: asking twice acts once
    if (killsAt("body-end")) return sandbox.die();
    return key;
  };
  const handler: DurableFunction<string> = async (input, context) => {
    const journal = durableJournal(
      context,
      {
        read: (key) => sandbox.call(() => ledger.read(key)),
        write: (key, item, expected) => sandbox.call(() => ledger.write(key, item, expected)),
        list: ledger.list,
      },
      input,
    );
    const decided = await journal.step("decide", () => sandbox.call(effect("decide")));
    const executed = await journal.step("execute", () => sandbox.call(effect(`${decided} execute`)));
    const bell = await journal.doze("bell", 60, (id) => sandbox.call(async () => void rehearsal.engine.ring(id)));
    const sleep = await journal.doze("sleep", 30, async () => {});
    return [executed, bell, sleep, await journal.step("reward", () => sandbox.call(effect("reward")))];
  };
  const rehearsal: Rehearsal = rehearse(handler, { store, sandbox, hooks });
  rehearsal.engine.start("run", "incident");
  await rehearsal.untilQuiet();
  const { status, result, deaths } = rehearsal.told();
  return { clean: { status, result, applied } satisfies Clean, deaths, calls, seen };
};

const expected: Clean = {
  status: "SUCCEEDED",
  result: ["decide execute", "rung", "timed-out", "reward"],
  applied: ["decide", "decide execute", "reward"],
};

const placesOf = (calls: Readonly<Record<Place["kind"], number>>): readonly Place[] =>
  (["request", "reply", "body-start", "body-end"] as const).flatMap((kind) =>
    Array.from({ length: calls[kind] }, (_, index) => ({ kind, number: index + 1 })),
  );

test("a clean run checkpoints at least ten times, so that there is something to crash", async () => {
  const { clean, calls, deaths } = await play(memoryEngineStore(), []);

  assert.deepEqual(clean, expected);
  assert.ok(calls.request >= 10 && calls.request === calls.reply);
  assert.deepEqual([calls["body-start"], deaths], [3, 0]);
});

test("a sandbox killed at any checkpoint, before or after it, or in any body ends as the clean run does", async () => {
  const places = placesOf((await play(memoryEngineStore(), [])).calls);

  const runs = await Promise.all(
    places.map(async (place) => ({ place, run: await play(memoryEngineStore(), [place]) })),
  );

  for (const { place, run } of runs) {
    assert.deepEqual(run.clean, expected, JSON.stringify(place));
    assert.equal(run.deaths, 1, JSON.stringify(place));
  }
});

test("so does one killed at any two places", async () => {
  const places = placesOf((await play(memoryEngineStore(), [])).calls);
  const pairs = places.flatMap((one, index) => places.slice(index + 1).map((two) => [one, two] as const));

  const runs = await Promise.all(pairs.map(async (pair) => ({ pair, run: await play(memoryEngineStore(), pair) })));

  for (const { pair, run } of runs) assert.deepEqual(run.clean, expected, JSON.stringify(pair));
});

test("the store in a file survives the same deaths", async () => {
  const places = placesOf((await play(memoryEngineStore(), [])).calls);

  const runs = await Promise.all(places.map((place) => play(sqliteEngineStore(openDatabase(":memory:")), [place])));

  for (const { clean } of runs) assert.deepEqual(clean, expected);
});

test("code outside any invocation cannot kill a sandbox", () => {
  const sandbox = createSandbox();

  assert.throws(() => sandbox.die(), /inside an invocation/);
});

test("a port called for the dead neither starts its work nor answers", async () => {
  const sandbox = createSandbox();
  const starts: string[] = [];
  const answers: string[] = [];
  const slow = Promise.withResolvers<void>();

  const ending = await sandbox.run(async (life) => {
    const early = sandbox.call(async () => {
      starts.push("early");
      await slow.promise;
    });
    void early.then(() => answers.push("early"));
    life.end();
    void sandbox.call(async () => starts.push("late")).then(() => answers.push("late"));
    slow.resolve();
    return new Promise<never>(() => {});
  });
  await new Promise(setImmediate);

  assert.deepEqual(ending, { kind: "died" });
  assert.deepEqual([starts, answers], [["early"], []]);
});
