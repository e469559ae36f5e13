import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../core/json.ts";
import type { Ledger } from "../../core/ports.ts";

/**
 * What every ledger promises, as tests; `open` gives an empty one.
 * @param lists what a prefix may name: anything, or one group of keys, as those that core lists do
 */
export const ledgerContract = (
  name: string,
  open: () => Ledger,
  lists: "any prefix" | "groups" = "any prefix",
): void => {
  test(`${name}: a key that was never written reads as null and lists as nothing`, async () => {
    const ledger = open();

    const read = await ledger.read("effect#a/0/run");

    assert.equal(read, null);
    assert.deepEqual(await ledger.list("effect#a/"), []);
  });

  test(`${name}: the first write wants an absent item and the next ones the version that was read`, async () => {
    const ledger = open();

    const first = await ledger.write("lease#web", { holder: "a" }, null);
    const version = (await ledger.read("lease#web"))?.version ?? Number.NaN;
    const second = await ledger.write("lease#web", { holder: "b" }, version);

    assert.deepEqual([first, second], [true, true]);
    assert.deepEqual((await ledger.read("lease#web"))?.item, { holder: "b" });
  });

  test(`${name}: a write that expects absence, an old or a future version changes nothing and says false`, async () => {
    const ledger = open();
    await ledger.write("k", 1, null);
    const old = (await ledger.read("k"))?.version ?? Number.NaN;
    await ledger.write("k", 2, old);

    const refused = [
      await ledger.write("k", 3, null),
      await ledger.write("k", 3, old),
      await ledger.write("k", 3, old + 9),
    ];

    assert.deepEqual(refused, [false, false, false]);
    assert.equal((await ledger.read("k"))?.item, 2);
    assert.equal(await ledger.write("absent", 1, 1), false);
    assert.equal(await ledger.read("absent"), null);
  });

  test(`${name}: no update is lost, however increments interleave`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 5 }), async (scheduler, writers) => {
        const ledger = open();
        const slow: Ledger = {
          read: scheduler.scheduleFunction(ledger.read),
          write: scheduler.scheduleFunction(ledger.write),
          list: ledger.list,
        };

        await scheduler.waitFor(Promise.all(Array.from({ length: writers }, () => increment(slow, "counter"))));

        assert.equal((await ledger.read("counter"))?.item, writers);
      }),
      { numRuns: 40 },
    );
  });

  if (lists === "any prefix") listsAnyPrefix(name, open);

  test(`${name}: a list of a group holds exactly its keys that begin with the prefix, by key, each with its item`, async () => {
    const ledger = open();
    const keys = [
      ...["effect#a/1/run", "effect#a/0/undo", "effect#a/0/run", "effect#a%/0/run", "effect#ab/0/run", "effects#a/0"],
      ...["open#1/eu/cpu", "open#1/eu/cpu/b", "open#1/eu/cpu/a", "open#1/us/cpu", "open#2/eu/cpu"],
      ...["storm#quell-u/1/eu/cpu", "storm#1/eu", "autonomy#restart/prod", "autonomy#scale/test"],
    ];
    for (const key of keys) await ledger.write(key, { of: key }, null);

    const listed = async (prefix: string) => {
      const found = await ledger.list(prefix);
      for (const { key, item } of found) assert.deepEqual(item, { of: key });
      return found.map(({ key }) => key);
    };

    assert.deepEqual(await listed("effect#a/"), ["effect#a/0/run", "effect#a/0/undo", "effect#a/1/run"]);
    assert.deepEqual(await listed("effect#a/0/"), ["effect#a/0/run", "effect#a/0/undo"]);
    assert.deepEqual(await listed("open#1/eu/cpu"), ["open#1/eu/cpu", "open#1/eu/cpu/a", "open#1/eu/cpu/b"]);
    assert.deepEqual(await listed("open#1/eu/cpu/"), ["open#1/eu/cpu/a", "open#1/eu/cpu/b"]);
    assert.deepEqual(await listed("storm#quell-u/"), ["storm#quell-u/1/eu/cpu"]);
    assert.deepEqual(await listed("autonomy#"), ["autonomy#restart/prod", "autonomy#scale/test"]);
  });

  test(`${name}: any JSON under any key comes back equal, and is never the caller's own object`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: "grapheme-ascii" }), fc.jsonValue(), async (key, value) => {
        const ledger = open();
        const item = JSON.parse(JSON.stringify(value)) as Json;

        await ledger.write(`any/${key}`, item, null);

        const read = await ledger.read(`any/${key}`);
        assert.deepEqual(read?.item, item);
        assert.ok(item === null || typeof item !== "object" || read?.item !== item);
      }),
      { numRuns: 100 },
    );
  });
};

const listsAnyPrefix = (name: string, open: () => Ledger): void => {
  test(`${name}: a list holds exactly the keys that begin with the prefix, slashes and wildcards included, by key`, async () => {
    const ledger = open();
    for (const key of ["lease#b", "lease#a/1", "lease#a/0", "lease", "LEASE#a", "lease%", "lease_", "vote#lease#"]) {
      await ledger.write(key, key, null);
    }

    const keys = async (prefix: string) => (await ledger.list(prefix)).map(({ key }) => key);

    assert.deepEqual(await keys("lease#"), ["lease#a/0", "lease#a/1", "lease#b"]);
    assert.deepEqual(await keys("lease#a/"), ["lease#a/0", "lease#a/1"]);
    assert.deepEqual(await keys("lease%"), ["lease%"]);
    assert.deepEqual(await keys("lease_"), ["lease_"]);
    assert.equal((await keys("")).length, 8);
    assert.deepEqual(
      (await ledger.list("vote#")).map(({ item }) => item),
      ["vote#lease#"],
    );
  });
};

const increment = async (ledger: Ledger, key: string): Promise<void> => {
  const held = await ledger.read(key);
  const count = typeof held?.item === "number" ? held.item : 0;
  if (!(await ledger.write(key, count + 1, held?.version ?? null))) await increment(ledger, key);
};
