import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Deed } from "./act.ts";
import type { Chapter } from "./chapter.ts";
import { deletedEnding, endingAfter, handedOver, recoveredEnding, stormEnding } from "./ending.ts";
import { allow, candidateWith, chapterWith, decisionFor, deedWith, PAGE, refuse } from "./example.fixture.ts";
import { because } from "./reasons.ts";
import type { Outcome, Refusal } from "./stages.ts";

const NOTHING: Partial<Deed> = { exit: null };
const STANDS: Partial<Deed> = { exit: "succeeded" };
const TAKEN_BACK: Partial<Deed> = {
  exit: "succeeded",
  undone: true,
  outcome: { kind: "rolled-back", afterSeconds: 1, worse: false },
};
const TAKEN_BACK_WORSE: Partial<Deed> = {
  ...TAKEN_BACK,
  outcome: { kind: "rolled-back", afterSeconds: 1, worse: true },
};
const FAILED: Partial<Deed> = { exit: "failed" };

const DEEDS = { NOTHING, STANDS, TAKEN_BACK, TAKEN_BACK_WORSE, FAILED };
type Name = keyof typeof DEEDS;
const names = fc.array(fc.constantFrom(...(Object.keys(DEEDS) as Name[])), { minLength: 1, maxLength: 6 });
const told = (all: readonly Name[]): readonly Chapter[] => all.map((name) => chapterWith(DEEDS[name]));
const stands = ({ deed: { exit, undone } }: Chapter): boolean => exit === "succeeded" && !undone;

test("recovery is RESOLVED exactly when an effect of ours stands, else SELF_RECOVERED, and pages nobody", () => {
  fc.assert(
    fc.property(names, (all) => {
      const chapters = told(all);

      const ending = recoveredEnding(chapters);

      assert.equal(ending.terminal, chapters.some(stands) ? "RESOLVED" : "SELF_RECOVERED");
      assert.equal(ending.page, false);
    }),
  );
});

test("recovery before any decision is SELF_RECOVERED", () => {
  const ending = recoveredEnding([]);

  assert.equal(ending.terminal, "SELF_RECOVERED");
});

test("handing over always pages, and is ROLLED_BACK only when our last effect was taken back and left nothing worse", () => {
  fc.assert(
    fc.property(names, (all) => {
      const chapters = told(all);
      const last = chapters.findLast((chapter) => chapter.deed.exit !== null);

      const ending = handedOver(chapters, because("paged", "a person is asked"));

      const clean = last?.deed.undone === true && last.deed.outcome.kind === "rolled-back" && !last.deed.outcome.worse;
      assert.equal(ending.terminal, clean ? "ROLLED_BACK" : "ESCALATED");
      assert.equal(ending.page, true);
      assert.deepEqual(ending.because, because("paged", "a person is asked"));
    }),
  );
});

const refusal = (kind: Refusal["kind"]): Outcome => ({
  kind: "refused-by-people",
  afterSeconds: 1,
  refusal: { kind, by: kind === "rejected" ? "ana" : null, atMs: 0, note: "" },
});

const CASES: readonly (readonly [string, Outcome, string | null, boolean])[] = [
  ["recovery", { kind: "recovered", by: "self", afterSeconds: 1 }, "SELF_RECOVERED", false],
  ["a page", { kind: "paged", afterSeconds: 0 }, "ESCALATED", true],
  ["a rejection", refusal("rejected"), "REJECTED", false],
  ["an expiry", refusal("expired"), "EXPIRED", true],
  ["a question that was withdrawn", refusal("withdrawn"), null, false],
  ["an undo that failed", { kind: "undo-failed", afterSeconds: 1, step: "Update" }, "ESCALATED", true],
  ["an outcome that nobody knows", { kind: "unknown", afterSeconds: 1, detail: "lost" }, "ESCALATED", true],
  ["an effect that was taken back", { kind: "rolled-back", afterSeconds: 1, worse: false }, null, false],
  ["an undo that left it worse", { kind: "rolled-back", afterSeconds: 1, worse: true }, "ESCALATED", true],
  ["observing", { kind: "observed", afterSeconds: 1 }, "ESCALATED", false],
  ["no recovery", { kind: "not-recovered", afterSeconds: 1 }, null, false],
  [
    "an effect that was not started",
    { kind: "not-run", afterSeconds: 1, because: because("cooldown", "") },
    null,
    false,
  ],
];

for (const [name, outcome, terminal, pages] of CASES)
  test(`${name} ends an incident as ${terminal ?? "nothing: the loop goes on"}`, () => {
    const ending = endingAfter([chapterWith({ ...NOTHING, outcome })], outcome);

    assert.equal(ending?.terminal ?? null, terminal);
    assert.equal(ending?.page ?? false, pages);
    assert.notEqual(ending?.because.detail, "");
  });

test("recovery after an effect of ours is RESOLVED and names it", () => {
  const outcome = { kind: "recovered", by: "action", afterSeconds: 60 } as const;

  const ending = endingAfter([chapterWith({ ...STANDS, outcome })], outcome);

  assert.equal(ending?.terminal, "RESOLVED");
  assert.match(ending.because.detail, /restart/);
});

const paged = { kind: "paged", afterSeconds: 0 } as const;
const WHY_PAGED: readonly (readonly [string, Parameters<typeof decisionFor>[0], RegExp])[] = [
  [
    "the abstention's code, where it abstained",
    [
      [refuse(candidateWith()), 9],
      [allow(PAGE), 1],
    ],
    /^all-refused: /,
  ],
  ["that nothing suits, where nothing does", [[allow(PAGE), 1]], /no runbook suits/],
  [
    "the best runbook and how little it fits",
    [
      [allow(candidateWith()), 0.2],
      [allow(PAGE), 1],
    ],
    /restart .*0\.20/,
  ],
  [
    "the best runbook and its refusal",
    [
      [refuse(candidateWith()), 0.2],
      [allow(PAGE), 1],
    ],
    /restart .*it is refused/,
  ],
];

for (const [name, priced, why] of WHY_PAGED)
  test(`a page says why somebody is woken: ${name}`, () => {
    const ending = endingAfter([{ decision: decisionFor(priced), deed: deedWith({ outcome: paged }) }], paged);

    assert.match(ending?.because.detail ?? "", why);
  });

test("alarms that were deleted, and a storm, are handed to people with their own reason", () => {
  const endings = [deletedEnding([]), stormEnding("31 alarms")];

  assert.deepEqual(
    endings.map(({ terminal, because, page }) => [terminal, because.code, page]),
    [
      ["ESCALATED", "alarm-deleted", true],
      ["ESCALATED", "storm", true],
    ],
  );
});
