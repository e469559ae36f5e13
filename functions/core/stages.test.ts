import assert from "node:assert/strict";
import { test } from "node:test";
import { type Judgement, questionOf } from "./approve.ts";
import { allow, candidateWith, chapterWith, planOf, refuse } from "./example.fixture.ts";
import { execute } from "./execute.ts";
import type { Allowed, Choice, Consent, Plan, Refused, Verdict } from "./stages.ts";

/**
 * The order of the stages is a type, so these tests are read by the compiler: each `@ts-expect-error` fails the build
 * on the day its line compiles. None of these functions is ever called.
 */
type Given<At extends 3 | 4> = Parameters<typeof execute>[At];
declare const ports: Parameters<typeof execute>[0];
declare const settings: Parameters<typeof execute>[1];
declare const plan: Plan;
declare const choice: Choice;
declare const verdict: Verdict;
declare const refused: Refused;
declare const allowed: Allowed;
declare const judgement: Judgement;
declare const consent: Given<3>;
declare const context: Given<4>;

const REFUSED_BY_THE_COMPILER = {
  "execute takes a consent": () => execute(ports, settings, "auto", consent, context),
  "execute takes no choice": () => {
    // @ts-expect-error a choice was approved by nobody
    return execute(ports, settings, "auto", choice, context);
  },
  "execute takes no plan": () => {
    // @ts-expect-error a plan was approved by nobody
    return execute(ports, settings, "auto", plan, context);
  },
  "execute takes no verdict": () => {
    // @ts-expect-error that it is allowed does not say that it was chosen
    return execute(ports, settings, "auto", allowed, context);
  },
  "execute takes no judgement that was not looked into": () => {
    // @ts-expect-error it may be a refusal
    return execute(ports, settings, "auto", judgement.consent, context);
  },
  "a consent is no literal": (): Consent => {
    // @ts-expect-error only approve mints one
    return { by: "policy", people: [], atMs: 0, plan, step: 0, tier: 0 };
  },
  "a consent is not another one with more in it": (): Consent => {
    const given = { by: "people" as const, people: ["ana"], atMs: 0, plan, step: 0, tier: 0 as const };
    // @ts-expect-error the brand is not made by spreading
    return { ...given };
  },
  "a choice is no literal": (): Choice => {
    // @ts-expect-error only choose mints one
    return { kind: "chosen", index: 0, candidate: allowed.candidate, tier: 0, consents: 0, plan };
  },
  "a choice is not made from a refused verdict": (): Choice => {
    // @ts-expect-error a refused verdict is no choice, whatever is put on top of it
    return { ...refused, kind: "chosen", index: 0, consents: 0, plan };
  },
  "a choice is not made from an allowed verdict outside choose": (): Choice => {
    // @ts-expect-error the guard's brand is not choose's
    return { ...allowed, kind: "chosen", index: 0, plan };
  },
  "an allowed verdict is no literal": (): Allowed => {
    // @ts-expect-error only the guard mints one
    return { kind: "allowed", candidate: refused.candidate, tier: 0, consents: 0, facts: null };
  },
  "a refused verdict is not allowed by another word": (): Allowed => {
    // @ts-expect-error only the guard mints one
    return { ...refused, kind: "allowed", consents: 0, facts: null };
  },
  "a verdict is not allowed before it was looked into": (): Allowed => {
    // @ts-expect-error it may be refused
    return verdict;
  },
  "a question is asked about a choice alone": () => {
    // @ts-expect-error a verdict has no plan to ask about
    return questionOf("quell-test", 0, allowed);
  },
  "a stage's value cannot be changed afterwards": () => {
    // @ts-expect-error what was consented to stays what it was
    consent.plan = plan;
    // @ts-expect-error so does its hash
    consent.plan.hash = "other";
    // @ts-expect-error and the people behind it
    consent.people.push("mallory");
  },
} as const;

test("every way around a stage is a compile error, and is listed here", () => {
  const ways = Object.values(REFUSED_BY_THE_COMPILER);

  assert.equal(ways.length, 15);
  assert.ok(ways.every((way) => typeof way === "function"));
});

test("a brand leaves no trace at run time: a stage's value is plain JSON", () => {
  const { decision } = chapterWith();
  const values = [allow(candidateWith()), refuse(candidateWith()), decision.result, planOf(decision)];

  const copies: unknown = JSON.parse(JSON.stringify(values));

  assert.deepEqual(copies, values);
});
