import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../../core/evidence.ts";
import { whatRan } from "./what-ran.ts";

const moved = (atMs: number, from: string | null, to: string | null, kind: Change["kind"] = "deployment"): Change => ({
  ...{ id: String(atMs), kind, atMs, target: "", ref: "", from, to, author: "", title: "" },
});

const CASES: readonly Readonly<{
  told: string;
  changes: readonly Change[];
  since: number | null;
  before: string | null;
}>[] = [
  { told: "nobody was told of anything", changes: [], since: null, before: null },
  { told: "its own event says what it replaced", changes: [moved(1, "7", "8")], since: 1, before: "7" },
  { told: "the move before it says", changes: [moved(1, null, "7"), moved(2, null, "8")], since: 2, before: "7" },
  {
    told: "it was put in place anew, and forced once more",
    changes: [moved(1, "6", "7"), moved(2, "7", "8"), moved(3, "8", "8"), moved(4, null, "8")],
    since: 2,
    before: "7",
  },
  {
    told: "it came back",
    changes: [moved(1, "7", "8"), moved(2, "8", "9"), moved(3, "9", "8")],
    since: 3,
    before: "9",
  },
  {
    told: "the last move was to another version, and one was missed",
    changes: [moved(1, "7", "9")],
    since: null,
    before: null,
  },
  {
    told: "a commit and a change without a version are none",
    changes: [moved(1, "7", "8"), moved(2, null, null), moved(3, null, "9", "commit")],
    since: 1,
    before: "7",
  },
];

for (const { told, changes, since, before } of CASES)
  test(`what ran before a version, where ${told}`, () => {
    const ran = whatRan(changes, "8");

    assert.deepEqual(ran, { sinceMs: since, before });
  });
