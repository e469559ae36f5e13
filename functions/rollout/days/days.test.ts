import assert from "node:assert/strict";
import { test } from "node:test";
import { POLICIES } from "../../core/policies.ts";
import { emptyTrackRecord } from "../../core/track-record.ts";
import { faultNamed } from "../../world/faults/all-faults.ts";
import { FAMILIES } from "../../world/faults/fault.ts";
import { playDay } from "./day.ts";
import {
  type Days,
  DRAFTER_NAMES,
  HELD_OUT_FAMILIES,
  type OtherDrafter,
  testDays,
  trainDays,
  wholeDays,
} from "./days.ts";

const WISHES = { confounding: "mild", broken: 0 } as const;
const COUNT = 400;

const drawn = (days: Days, count = COUNT) => Array.from({ length: count }, (_, index) => days(index).scenario);
const families = (days: Days) =>
  drawn(days).flatMap(({ faults }) => faults.map(({ fault }) => faultNamed(fault)?.family ?? "none"));
const blueprints = (days: Days): ReadonlySet<string> =>
  new Set(drawn(days).flatMap(({ topology }) => topology.services.map(({ blueprint }) => blueprint)));
const sizes = (days: Days) => drawn(days).map(({ topology }) => topology.services.length);

test("with nothing held out a log has every family, and systems as large as those that models are judged on", () => {
  const seen = new Set(families(wholeDays(1, WISHES)));

  assert.ok(HELD_OUT_FAMILIES.every((family) => seen.has(family)));
  assert.ok(Math.max(...sizes(wholeDays(1, WISHES))) > 33);
});

test("what is learnt from never has a held-out family, and what it is judged on has each of them", () => {
  const seen = new Set(families(trainDays(1, WISHES)));
  const judged = new Set(families(testDays("a", 0, WISHES)));

  assert.equal(HELD_OUT_FAMILIES.length, 2);
  for (const family of HELD_OUT_FAMILIES) {
    assert.ok(!seen.has(family), family);
    assert.ok(judged.has(family), family);
  }
});

test("some ways to build a service, and the largest systems, are met only when a policy is judged", () => {
  const known = blueprints(trainDays(1, WISHES));
  const judged = new Set([0, 1, 2].flatMap((world) => [...blueprints(testDays("a", world, WISHES))]));

  assert.deepEqual(
    [...known].filter((one) => !judged.has(one)),
    [],
  );
  assert.deepEqual([...judged].filter((one) => !known.has(one)).toSorted(), ["asg-inner", "dynamodb-on-demand"]);
  // A fault may bring one service more than was asked for.
  assert.ok(Math.max(...sizes(trainDays(1, WISHES))) <= 33);
  assert.ok([0, 1, 2, 3].some((world) => Math.max(...sizes(testDays("a", world, WISHES))) > 40));
});

test("no system of one stream is one of another", () => {
  const streams = [trainDays(1, WISHES), trainDays(2, WISHES), testDays("a", 0, WISHES), testDays("b", 0, WISHES)];

  const topologies = streams.flatMap((days) => drawn(days, 50).map(({ topology }) => JSON.stringify(topology)));

  assert.equal(new Set(topologies).size, topologies.length);
});

test("a shorter log is the beginning of a longer one, and confounding changes no day but what people know", () => {
  const one = drawn(trainDays(4, WISHES), 20);
  const strong = drawn(trainDays(4, { ...WISHES, confounding: "strong" }), 20);

  assert.deepEqual(drawn(trainDays(4, WISHES), 10), one.slice(0, 10));
  assert.deepEqual(
    strong.map((scenario) => ({ ...scenario, confounding: "mild" })),
    one,
  );
});

test("in a stratified world the families take turns, and nothing but the faults and what they need is another", () => {
  const days = testDays("a", 0, { ...WISHES, stratified: true });

  const found = drawn(days, 3 * FAMILIES.length).map(({ fault }) => faultNamed(fault)?.family);

  assert.deepEqual(found, [...FAMILIES, ...FAMILIES, ...FAMILIES]);
  const [usual, turned] = [drawn(testDays("a", 0, WISHES), 30), drawn(days, 30)];
  for (const [index, { startMs, oncall }] of turned.entries())
    assert.deepEqual({ startMs, oncall }, { startMs: usual[index]?.startMs, oncall: usual[index]?.oncall });
});

/** What came to the decisions of some days from whoever drafts. */
const draftedBy = async (drafter: OtherDrafter | null) => {
  const days = testDays("a", 1, { ...WISHES, drafter });
  const rows = [];
  for (let index = 0; index < 12; index += 1) {
    const policy = () => POLICIES.page ?? assert.fail();
    const day = await playDay({ ...days(index), policy, trackRecord: emptyTrackRecord, judge: false });
    rows.push(...day.rows.filter(({ row_version }) => row_version === 0));
  }
  return {
    named: rows.flatMap(({ drafted_by }) => drafted_by.filter((one) => one === "drafter")).length,
    ruled: rows.flatMap(({ drafted_by }) => drafted_by.filter((one) => one === "rules")).length,
    failed: rows.filter(({ drafter: name }) => name === "offline").length,
    decisions: rows.length,
  };
};

test("without a drafter every call fails and the rules draft alone; another one names other things, and less where it recalls less", async () => {
  const [usual, none] = [await draftedBy(null), await draftedBy("none")];
  const [forgetful, whole] = [await draftedBy({ recall: 0 }), await draftedBy({ recall: 1 })];
  const named = new Set([usual.named]);
  for (const name of DRAFTER_NAMES) named.add((await draftedBy({ name })).named);

  assert.deepEqual([none.named, none.failed], [0, none.decisions]);
  assert.ok(none.ruled > 0 && usual.named > 0 && usual.failed < usual.decisions);
  assert.ok(forgetful.ruled < whole.ruled && forgetful.named < whole.named, JSON.stringify([forgetful, whole]));
  assert.equal(named.size, 1 + DRAFTER_NAMES.length);
});
