import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import {
  CHECKOUT,
  compositeAlarmEvent,
  configurationEvent,
  eventBridgeOf,
  type Fields,
  lambdaActionOf,
  metricAlarmEvent,
  snsAlarmOf,
  snsNotification,
  sqsEvent,
} from "../adapters/aws/alarm-events.fixture.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { settingsWith } from "../core/example.fixture.ts";
import { isoTime } from "../core/ids.ts";
import type { Incident } from "../core/incident.ts";
import type { Json } from "../core/json.ts";
import type { Ledger } from "../core/ports.ts";
import { intakeBatchWith } from "./intake.ts";

const settings = settingsWith();

/** A queue's consumer, and what stands in its ledger. `around` wraps what the consumer sees of it. */
const consumer = (around: (ledger: Ledger) => Ledger = (ledger) => ledger) => {
  const ledger = simulatedLedger();
  const started = new Set<string>();
  const refusals: [string, string][] = [];
  const executions = { start: async (id: string) => void started.add(id), ring: async () => {} };
  const clock = { nowMs: () => OPENED_MS + 3_600_000 };
  const take = intakeBatchWith({ ledger: around(ledger), executions, clock }, settings, (messageId, because) =>
    refusals.push([messageId, String(because)]),
  );
  return {
    refusals,
    started,
    failures: async (event: unknown): Promise<readonly string[]> =>
      (await take(event)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
    incidents: async (): Promise<readonly Incident[]> =>
      (await ledger.list("incident#")).map(({ item }) => item as unknown as Incident),
  };
};

const OPENED_MS = Date.UTC(2026, 0, 5, 10, 4, 40, 989);

/** An alarm's state change some seconds after the first. */
const change = (alarmName: string, state: "ALARM" | "OK" | "INSUFFICIENT_DATA", afterSeconds = 0): Fields =>
  snsAlarmOf({ ...CHECKOUT, alarmName, state, time: isoTime(OPENED_MS + afterSeconds * 1000) });

it("one batch may hold every shape, and each alarm opens its incident", async () => {
  const queue = consumer();
  const told = (alarmName: string) => ({ ...CHECKOUT, alarmName });
  const event = sqsEvent(
    eventBridgeOf(told("a")),
    lambdaActionOf(told("b")),
    snsNotification(snsAlarmOf(told("c"))),
    "plain words",
  );

  const failures = await queue.failures(event);

  const incidents = await queue.incidents();
  assert.deepEqual(failures, []);
  assert.deepEqual(incidents.map(({ alarmName }) => alarmName).toSorted(), ["a", "b", "c"]);
  assert.deepEqual([...queue.started].toSorted(), incidents.map(({ id }) => id).toSorted());
});

it("the same state change in three shapes is one incident", async () => {
  const queue = consumer();
  const event = sqsEvent(eventBridgeOf(CHECKOUT), lambdaActionOf(CHECKOUT), snsNotification(snsAlarmOf(CHECKOUT)));

  const failures = await queue.failures(event);

  assert.deepEqual(failures, []);
  assert.equal((await queue.incidents()).length, 1);
});

it("a message that the ledger does not take comes again, and only that one", async () => {
  const queue = consumer((ledger) => ({
    ...ledger,
    write: async (key, item, expected) => {
      if (key.endsWith("/b")) throw new Error("throttled");
      return ledger.write(key, item, expected);
    },
  }));
  const event = sqsEvent(change("a", "ALARM"), change("b", "ALARM"), change("c", "ALARM"));

  const failures = await queue.failures(event);

  assert.deepEqual(failures, ["m1"]);
  assert.deepEqual((await queue.incidents()).map(({ alarmName }) => alarmName).toSorted(), ["a", "c"]);
  assert.match(queue.refusals.join(), /^m1,.*not written in 5 tries/);
});

it("a message that cannot be read fails, so that the queue hands it to a person; one of no alarm is done", async () => {
  const queue = consumer();
  const event = sqsEvent(
    change("a", "ALARM"),
    { ...change("b", "ALARM"), StateChangeTime: "noon" },
    { hello: "world" },
  );

  const failures = await queue.failures(event);

  assert.deepEqual(failures, ["m1"]);
  assert.match(queue.refusals.join(), /^m1,TypeError: \/body -> \/StateChangeTime: /);
});

it("an alarm of another account or Region is done with, and opens nothing", async () => {
  const queue = consumer();
  const strangers = [{ account: "999999999999" }, { region: "us-east-1" }];
  const event = sqsEvent(...strangers.map((where) => eventBridgeOf({ ...CHECKOUT, ...where })));

  const failures = await queue.failures(event);

  assert.deepEqual(failures, []);
  assert.deepEqual(await queue.incidents(), []);
});

it("a batch is taken in the order in which things happened, whatever the order of arrival", async () => {
  const queue = consumer();
  const event = sqsEvent(change("a", "OK", 60), configurationEvent("update"), change("a", "ALARM"));

  await queue.failures(event);

  const [incident] = await queue.incidents();
  assert.deepEqual(Object.values(incident?.states ?? {}), [{ state: "OK", atMs: OPENED_MS + 60_000 }]);
});

it("an alarm's deletion is told to the incident that it opened", async () => {
  const queue = consumer();
  const event = sqsEvent(configurationEvent("delete"), compositeAlarmEvent({ value: "ALARM" }));

  const failures = await queue.failures(event);

  const [incident] = await queue.incidents();
  assert.deepEqual(failures, []);
  assert.deepEqual(incident?.gone, { "123456789012/eu-west-1/checkout": Date.UTC(2026, 0, 5, 10, 10) });
});

it("what is no SQS event fails as a whole", async () => {
  const queue = consumer();
  const events = [metricAlarmEvent(), null, { Records: [{ body: "{}" }] }];

  for (const event of events) await assert.rejects(queue.failures(event), /not an SQS event: let an event source/);
});

it("a throttled ledger, and a dead-letter queue put back in any order, end as if nothing had been in the way", async () => {
  const changes = fc
    .uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 8 })
    .map((alarms) =>
      alarms.flatMap((alarm) => [
        change(`alarm ${alarm}`, "ALARM", alarm * 60),
        change(`alarm ${alarm}`, "ALARM", alarm * 60),
        change(`alarm ${alarm}`, "OK", 3600 + alarm),
      ]),
    );
  const draws = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }));
  const essence = async (queue: ReturnType<typeof consumer>) => ({
    incidents: (await queue.incidents()).map(({ id, keys, covers, terminal }) => ({ id, keys, covers, terminal })),
    started: [...queue.started].toSorted(),
  });

  await fc.assert(
    fc.asyncProperty(changes, fc.integer({ min: 1, max: 60 }), draws, async (messages, throttled, chance) => {
      const draw = (): number => chance.next().value ?? 1;
      const calm = consumer();
      let left = throttled;
      const throttle = async <T>(call: () => Promise<T>): Promise<T> => {
        if (left > 0 && draw() < 0.9) {
          left -= 1;
          throw new Error("throttled");
        }
        return call();
      };
      const rough = consumer((ledger) => ({
        ...ledger,
        read: (key) => throttle(() => ledger.read(key)),
        write: (key, item, expected) => throttle(() => ledger.write(key, item, expected)),
      }));

      await calm.failures(sqsEvent(...messages));
      let waiting: readonly Json[] = messages;
      for (let rounds = 0; waiting.length > 0; rounds += 1) {
        assert.ok(rounds <= throttled, "a healthy ledger takes everything");
        const failed = await rough.failures(sqsEvent(...waiting));
        const again = waiting.filter((_, index) => failed.includes(`m${index}`));
        waiting = again
          .map((message) => [draw(), message] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, m]) => m);
      }

      assert.deepEqual(await essence(rough), await essence(calm));
    }),
    { numRuns: 200 },
  );
});

it("a change from the far future comes again, and does not silence what its alarm says until then", async () => {
  const queue = consumer();
  const QUARTER_SECONDS = 900;

  const failed = await queue.failures(sqsEvent(change("a", "ALARM", 3600 + QUARTER_SECONDS + 1)));
  await queue.failures(sqsEvent(change("a", "ALARM"), change("b", "ALARM", 3600 + QUARTER_SECONDS)));

  assert.equal(failed.length, 1);
  assert.match(queue.refusals[0]?.[1] ?? "", /too far ahead of the clock/);
  assert.deepEqual(
    (await queue.incidents()).map(({ alarmName, covers }) => [alarmName, Object.values(covers)]),
    [
      ["a", [OPENED_MS]],
      ["b", [OPENED_MS + 3_600_000 + QUARTER_SECONDS * 1000]],
    ],
  );
});
