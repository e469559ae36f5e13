import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { changeLogKey, MOST_REMEMBERED, recordChange, recordedChanges } from "./change-log.ts";
import type { Change } from "./evidence.ts";
import { fakeLedger, type Mishap } from "./ledger.fixture.ts";

const ARN = "arn:aws:ecs:eu-west-1:111122223333:service/shop-prod/web";
const EVER = [0, Number.MAX_SAFE_INTEGER] as const;

const deployment = (id: string, atMs: number, of: Partial<Change> = {}): Change => ({
  id,
  kind: "deployment",
  atMs,
  target: ARN,
  ref: id,
  from: null,
  to: null,
  author: "",
  title: "UpdateService",
  ...of,
});

const logAfter = async (told: readonly Change[]): Promise<readonly Change[]> => {
  const ledger = simulatedLedger();
  for (const one of told) await recordChange(ledger, one);
  return recordedChanges(ledger, [ARN], ...EVER);
};

/** A change, and as many tellings of it: each says of its versions and author what it says, or nothing. */
const tellings = fc
  .uniqueArray(fc.nat({ max: 200 }), { minLength: 1, maxLength: 80 })
  .chain((numbers) =>
    fc.tuple(
      ...numbers.map((number) =>
        fc
          .array(fc.record({ from: fc.boolean(), to: fc.boolean(), author: fc.boolean() }), {
            minLength: 1,
            maxLength: 3,
          })
          .map((each) =>
            each.map(({ from, to, author }) =>
              deployment(`d-${number}`, 1000 * Math.floor(number / 2), {
                from: from ? `web:${number}` : null,
                to: to ? `web:${number + 1}` : null,
                author: author ? "amara" : "",
              }),
            ),
          ),
      ),
    ),
  )
  .map((each) => each.flat());

test("whatever the order and however often, the log is the same, sorted and of each change once", async () => {
  await fc.assert(
    fc.asyncProperty(
      tellings.chain((told) => fc.tuple(fc.constant(told), fc.shuffledSubarray(told, { minLength: told.length }))),
      async ([told, shuffled]) => {
        const log = await logAfter(told);

        const again = await logAfter([...shuffled, ...told]);

        assert.deepEqual(again, log);
        assert.equal(new Set(log.map(({ id }) => id)).size, log.length);
        assert.deepEqual(
          log.map(({ atMs }) => atMs),
          log.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
        );
      },
    ),
    { numRuns: 150 },
  );
});

test("tellings of one change that contradict each other say the same together, whatever their order", async () => {
  const telling = fc.record({
    atMs: fc.nat({ max: 3 }),
    from: fc.constantFrom(null, "web:1", "web:10"),
    to: fc.constantFrom(null, "web:2", "web:3"),
    author: fc.constantFrom("", "amara", "chen", "bo"),
    title: fc.constantFrom("ECS deployment", "UpdateService: task definition web:2"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(telling, { minLength: 2, maxLength: 5 }), async (of) => {
      const told = of.map(({ atMs, ...words }) => deployment("ecs-svc/1", atMs, words));

      const [log, turned] = [await logAfter(told), await logAfter(told.toReversed())];

      assert.deepEqual(turned, log);
      assert.equal(log[0]?.atMs, Math.min(...told.map(({ atMs }) => atMs)));
    }),
  );
});

test("the newest fifty are remembered, and one older than those is not", async () => {
  const ledger = simulatedLedger();
  for (let at = 1; at <= MOST_REMEMBERED + 5; at += 1) await recordChange(ledger, deployment(`d-${at}`, at * 1000));

  const late = await recordChange(ledger, deployment("d-0", 0));

  const log = await recordedChanges(ledger, [ARN], ...EVER);
  assert.equal(late, "too-old");
  assert.equal(log.length, MOST_REMEMBERED);
  assert.equal(log[0]?.id, "d-6");
});

test("a second telling adds what the first lacked, and a third that says nothing new changes nothing", async () => {
  const ledger = simulatedLedger();

  const answers = [
    await recordChange(ledger, deployment("ecs-svc/1", 5000)),
    await recordChange(ledger, deployment("ecs-svc/1", 5000, { from: "web:1", to: "web:2", author: "amara" })),
    await recordChange(ledger, deployment("ecs-svc/1", 9000, { to: "web:2" })),
  ];

  const log = await recordedChanges(ledger, [ARN], ...EVER);
  assert.deepEqual(answers, ["recorded", "recorded", "known"]);
  assert.deepEqual(log, [deployment("ecs-svc/1", 5000, { from: "web:1", to: "web:2", author: "amara" })]);
});

test("what ran before a deployment is what the last one put there, where its own event does not say", async () => {
  const log = await logAfter([
    deployment("a", 1000, { to: "7" }),
    deployment("config", 1500, { kind: "config", to: "90" }),
    deployment("b", 2000, { to: "8" }),
    deployment("again", 3000, { to: "8" }),
    deployment("c", 4000, { to: "9", from: "6" }),
  ]);

  assert.deepEqual(
    log.map(({ id, from }) => [id, from]),
    [
      ["a", null],
      ["config", null],
      ["b", "7"],
      ["again", null],
      ["c", "6"],
    ],
  );
});

test("a window has both its edges, other targets stay out of it, and a target that was named twice counts once", async () => {
  const ledger = simulatedLedger();
  for (const atMs of [999, 1000, 2000, 2001]) await recordChange(ledger, deployment(`d-${atMs}`, atMs));
  await recordChange(ledger, deployment("other", 1500, { target: `${ARN}-other` }));

  const found = await recordedChanges(ledger, [ARN, ARN], 1000, 2000);

  assert.deepEqual(
    found.map(({ id }) => id),
    ["d-1000", "d-2000"],
  );
});

test("more targets than are read side by side are all read", async () => {
  const ledger = simulatedLedger();
  const arns = Array.from({ length: 45 }, (_, index) => `${ARN}-${index}`);
  for (const target of arns) await recordChange(ledger, deployment("d", 1000, { target }));

  const found = await recordedChanges(ledger, arns, ...EVER);

  assert.deepEqual(new Set(found.map(({ target }) => target)), new Set(arns));
});

test("many writers at once all get their change in, and no reply that is lost doubles one", async () => {
  const mishap = fc.constantFrom<Mishap>("none", "fails", "reply-lost", "reply-false");
  await fc.assert(
    fc.asyncProperty(fc.array(mishap, { maxLength: 5 }), async (writes) => {
      const ledger = fakeLedger({ writes });

      const told = await Promise.allSettled([1, 2, 3].map((at) => recordChange(ledger, deployment(`d-${at}`, at))));

      const kept = (await recordedChanges(ledger, [ARN], ...EVER)).map(({ id }) => id);
      const sure = told.flatMap(({ status }, index) => (status === "fulfilled" ? [`d-${index + 1}`] : []));
      assert.equal(new Set(kept).size, kept.length);
      assert.ok(sure.every((id) => kept.includes(id)));
    }),
  );
});

test("a damaged log is neither read as empty nor written over", async () => {
  const ledger = simulatedLedger();
  await ledger.write(changeLogKey(ARN), [{ id: 7 }], null);

  await assert.rejects(recordChange(ledger, deployment("d", 1)), { name: "ZodError" });
  await assert.rejects(recordedChanges(ledger, [ARN], ...EVER), { name: "ZodError" });
  assert.deepEqual((await ledger.read(changeLogKey(ARN)))?.item, [{ id: 7 }]);
});
