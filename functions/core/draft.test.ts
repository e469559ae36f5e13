import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { candidateKey, candidatesFor, draftOffline, MOST_CANDIDATES } from "./draft.ts";
import { API_ARN, catalogue, catalogueOf, contextWith, page, restart, runbookWith, wait } from "./example.fixture.ts";
import { hashOf } from "./ids.ts";
import { CLAIMS, type Drafted, type Proposal } from "./ports.ts";

const context = contextWith();
const offline = draftOffline(context, catalogue, null);
const drafted = (...proposals: readonly Proposal[]): Drafted => ({ ...offline, name: "recorded", proposals });
const proposalWith = (changes: Partial<Proposal> = {}): Proposal => ({
  runbook: "restart",
  version: "1.0.0",
  target: API_ARN,
  params: { Service: "api" },
  because: "the model says so",
  evidence: [],
  recovers: null,
  ...changes,
});

const proposal: fc.Arbitrary<Proposal> = fc.record({
  runbook: fc.constantFrom("restart", "wait", "page", "drop-database", "__proto__"),
  version: fc.constantFrom("1.0.0", "9.9.9"),
  target: fc.constantFrom(API_ARN, "*", ""),
  params: fc.dictionary(fc.constantFrom("Service", "Role"), fc.oneof(fc.constantFrom("api"), fc.nat(3))),
  because: fc.string(),
  evidence: fc.array(fc.record({ id: fc.string(), says: fc.constantFrom(null, ...CLAIMS) })),
  recovers: fc.constantFrom(null, 0, 0.5, 1),
});

test("whatever a drafter says, wait and page are there once, last, and as the catalogue wrote them", () => {
  fc.assert(
    fc.property(fc.array(proposal, { maxLength: 60 }), (proposals) => {
      const candidates = candidatesFor(context, catalogue, drafted(...proposals));

      assert.deepEqual(
        candidates.slice(-2).map(({ runbook, target, params, source }) => ({ runbook, target, params, source })),
        [
          { runbook: "wait", target: null, params: {}, source: "always" },
          { runbook: "page", target: null, params: {}, source: "always" },
        ],
      );
      assert.ok(candidates.slice(0, -2).every(({ runbook }) => runbook !== "wait" && runbook !== "page"));
    }),
  );
});

test("the list holds no more than it may, names nothing twice and keeps effects in the order of their fit", () => {
  fc.assert(
    fc.property(fc.array(proposal, { maxLength: 60 }), (proposals) => {
      const candidates = candidatesFor(context, catalogue, drafted(...proposals));

      const names = candidates.map((one) => `${one.target} ${candidateKey(one)}`);
      const fits = candidates.slice(0, -2).map(({ fit }) => fit ?? 0);
      assert.ok(candidates.length <= MOST_CANDIDATES);
      assert.equal(new Set(names).size, names.length);
      assert.deepEqual(
        fits,
        fits.toSorted((a, b) => b - a),
      );
    }),
  );
});

test("what the catalogue's own rules suggest is never lost to what a drafter says", () => {
  fc.assert(
    fc.property(fc.array(proposal, { maxLength: 20 }), (proposals) => {
      const candidates = candidatesFor(context, catalogue, drafted(...proposals));

      const own = candidates.filter((one) => one.runbook === "restart" && one.target === API_ARN && one.fit === 0.9);
      assert.equal(own.length, 1);
      assert.equal(own[0]?.params.Service, "api");
    }),
  );
});

test("a flood of suggestions is cut to the best ones, and wait and page survive", () => {
  const flood = Array.from({ length: 100 }, (_, i) => ({
    ...{ target: API_ARN, params: { Service: "api", n: i }, fit: i / 100, because: "", evidence: [] },
  }));
  const all = catalogueOf(runbookWith({ suits: () => flood }), wait, page);

  const candidates = candidatesFor(context, all, drafted());

  assert.equal(candidates.length, MOST_CANDIDATES);
  assert.equal(candidates[0]?.fit, 0.99);
  assert.deepEqual(
    candidates.slice(-2).map((one) => one.runbook),
    ["wait", "page"],
  );
});

test("what the drafter names takes its rank, and the fit of the rule where a rule names the same", () => {
  const unknown = proposalWith({ runbook: "drop-database" });

  const candidates = candidatesFor(context, catalogue, drafted(unknown, proposalWith()));

  assert.deepEqual(
    candidates.slice(0, 2).map(({ runbook, fit, rank, source }) => ({ runbook, fit, rank, source })),
    [
      { runbook: "restart", fit: 0.9, rank: 1, source: "drafter" },
      { runbook: "drop-database", fit: null, rank: 0, source: "drafter" },
    ],
  );
});

test("the offline drafter ranks the rules' own suggestions and adds nothing", () => {
  const other = runbookWith({
    id: "scale",
    suits: () => [{ target: API_ARN, params: { Service: "api" }, fit: 0.95, because: "it is busy", evidence: ["s"] }],
  });
  const all = catalogueOf(restart, other, wait, page);

  const draft = draftOffline(context, all, null);
  const candidates = candidatesFor(context, all, draft);

  assert.deepEqual(
    candidates.map(({ runbook, rank, source }) => [runbook, rank, source]),
    [
      ["scale", 0, "rules"],
      ["restart", 1, "rules"],
      ["wait", null, "always"],
      ["page", null, "always"],
    ],
  );
});

test("a candidate's key changes with runbook, version and parameters, and not with their order", () => {
  const one = { runbook: "a", version: "1", params: { x: 1, y: "2" } };
  const others = [
    { ...one, runbook: "b" },
    { ...one, version: "2" },
    { ...one, params: { x: 1, y: 2 } },
  ];

  const key = candidateKey(one);

  assert.equal(key, `a@1#${hashOf({ y: "2", x: 1 }).slice(0, 16)}`);
  assert.equal(candidateKey({ ...one, params: { y: "2", x: 1 } }), key);
  assert.equal(new Set([key, ...others.map(candidateKey)]).size, 4);
});

test("a drafter's text that is no well-formed Unicode costs its own proposal at most, never the list", () => {
  const broken = proposalWith({ params: { Service: "\ud83d" } });

  const candidates = candidatesFor(context, catalogue, drafted(broken));

  assert.ok(candidates.some((one) => one.runbook === "restart" && one.params.Service === "api"));
});

test("what a drafter named that does not exist stays in the list for the guard to refuse, without rank or fit, and displaces nothing", () => {
  fc.assert(
    fc.property(fc.array(proposal, { maxLength: 40 }), fc.array(proposal, { maxLength: 40 }), (proposals, rejected) => {
      const without = candidatesFor(context, catalogue, drafted(...proposals));

      const candidates = candidatesFor(context, catalogue, { ...drafted(...proposals), rejected });

      const name = (one: (typeof candidates)[number]): string => `${one.target} ${candidateKey(one)}`;
      const known = new Set(without.map(name));
      const added = candidates.filter((one) => !known.has(name(one)));
      assert.deepEqual(
        candidates.filter((one) => known.has(name(one))),
        without,
      );
      assert.ok(added.every(({ source, rank, fit }) => source === "drafter" && rank === null && fit === null));
      assert.ok(added.every(({ runbook }) => runbook !== "wait" && runbook !== "page"));
      assert.ok(candidates.length <= MOST_CANDIDATES);
      assert.equal(new Set(candidates.map(name)).size, candidates.length);
    }),
  );
});

test("a runbook that does not exist is on the list even where the rules speak in the drafter's place", () => {
  const unknown = proposalWith({ runbook: "drop-database" });

  const candidates = candidatesFor(context, catalogue, { ...offline, rejected: [unknown] });

  assert.deepEqual(
    candidates.map(({ runbook, source, rank }) => [runbook, source, rank]),
    [
      ["restart", "rules", 0],
      ["drop-database", "drafter", null],
      ["wait", "always", null],
      ["page", "always", null],
    ],
  );
});
