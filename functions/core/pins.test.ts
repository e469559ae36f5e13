import assert from "node:assert/strict";
import { test } from "node:test";
import { candidateWith, contextWith, PAGE, portsWith, settingsWith, WAIT } from "./guard.fixture.ts";
import { guard } from "./guard.ts";
import { heldTo, type Pinned, straysAmong, tellOfStrays } from "./pins.ts";
import type { PageRequest } from "./ports.ts";

const WHOLE: Pinned = { what: "the guardrails", deployed: "a", loaded: "a" };
const OTHER: Pinned = { what: "the catalogue", deployed: "a", loaded: "b" };
const UNTOLD: Pinned = { what: "the configuration", deployed: "", loaded: "c" };
const settings = settingsWith();
const context = contextWith(settings);

test("what is as it was deployed does not stray; what differs does, and so does what nobody told", () => {
  const strays = straysAmong([WHOLE, OTHER, UNTOLD]);

  assert.deepEqual(strays, [OTHER, UNTOLD]);
});

test("while a part strays the guard allows nothing but to call a person, and says which part", async () => {
  const { guardrails } = portsWith();
  const ports = portsWith({ guardrails: heldTo([OTHER], guardrails) });

  const verdicts = await guard(ports, settings, "auto", context, [candidateWith(), WAIT, PAGE]);

  assert.deepEqual(
    verdicts.map((verdict) => (verdict.kind === "refused" ? verdict.because : verdict.kind)),
    [
      { code: "guard-error", detail: "Not as it was deployed: the catalogue." },
      { code: "guard-error", detail: "Not as it was deployed: the catalogue." },
      "allowed",
    ],
  );
});

test("where nothing strays the guardrails are those that were loaded", async () => {
  const { guardrails } = portsWith();

  const held = heldTo(straysAmong([WHOLE]), guardrails);

  assert.equal(held, guardrails);
});

test("people are told of each finding under a name of its own, and of none where nothing strays", async () => {
  const pages: PageRequest[] = [];
  const pager = { page: async (request: PageRequest) => void pages.push(request) };

  await tellOfStrays(pager, []);
  await tellOfStrays(pager, [OTHER]);
  await tellOfStrays(pager, [OTHER]);
  await tellOfStrays(pager, [{ ...OTHER, loaded: "c" }]);

  const [first, again, another] = pages.map(({ incidentId }) => incidentId);
  assert.equal(pages.length, 3);
  assert.equal(first, again);
  assert.notEqual(first, another);
  assert.deepEqual(pages[0]?.details, ["the catalogue: a was deployed, b was loaded"]);
});
