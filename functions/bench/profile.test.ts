import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { grouped, type Profile, profileOf, timeByFile } from "./profile.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const own = (path: string): string => pathToFileURL(join(ROOT, path)).href;
const node = (id: number, functionName: string, url: string, ...children: readonly number[]) => ({
  ...{ id, callFrame: { functionName, url }, children },
});

/** The world calls a sort; a core file calls a package, which calls another core file. */
const PROFILE: Profile = {
  nodes: [
    node(1, "(root)", "", 2, 4, 8, 9),
    node(2, "advance", own("functions/world/world.ts"), 3),
    node(3, "sort", ""),
    node(4, "hashOf", own("functions/core/ids.ts"), 5),
    node(5, "canonicalize", own("node_modules/canonicalize/index.js"), 6),
    node(6, "update", "node:internal/crypto/hash", 7),
    node(7, "redact", own("functions/core/redact.ts")),
    node(8, "(garbage collector)", ""),
    node(9, "profileOf", own("functions/bench/profile.ts"), 10),
    node(10, "dispatch", ""),
  ],
  samples: [10, 2, 3, 3, 4, 5, 6, 7, 8, 9],
  timeDeltas: [70, 10, 20, 10, 5, 15, 10, 20, 10, 30],
};

test("time is that of the nearest file of ours, V8's own name stands where there is none, and the profiler is no part of it", () => {
  const parts = timeByFile(PROFILE, ROOT);

  assert.deepEqual(parts, [
    { place: "functions/world/world.ts", share: 0.4 },
    { place: "functions/core/ids.ts", share: 0.3 },
    { place: "functions/core/redact.ts", share: 0.2 },
    { place: "(garbage collector)", share: 0.1 },
  ]);
});

test("grouping keeps all of the time", () => {
  const parts = timeByFile(PROFILE, ROOT);

  const folders = grouped(parts, (place) => place.replace(/\/[^/]*$/, ""));

  assert.deepEqual(
    folders.map(({ place, share }) => [place, Math.round(share * 100)]),
    [
      ["functions/core", 50],
      ["functions/world", 40],
      ["(garbage collector)", 10],
    ],
  );
});

test("a profile of real work has all of its time at places, and what the work throws is thrown", async () => {
  // Enough for many samples of the profiler, however busy the machine is.
  const work = async (): Promise<void> => {
    for (let i = 0; i < 30_000; i += 1) JSON.parse(JSON.stringify(PROFILE));
  };

  const parts = timeByFile(await profileOf(work), ROOT);

  assert.ok(Math.abs(parts.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
  assert.ok(parts.every(({ place }) => place !== ""));
  await assert.rejects(
    profileOf(async () => {
      throw new RangeError("no work");
    }),
    RangeError,
  );
});
