import { decisionId } from "./ids.ts";
import type { Tier } from "./runbook.ts";
import type { Choice, Consent, Consents, Plan, Refusal, Vote } from "./stages.ts";

/** What the votes on one plan amount to. Only this file mints a Consent. */
export type Judgement =
  | Readonly<{ kind: "consented"; consent: Consent }>
  | Readonly<{ kind: "refused"; refusal: Refusal }>
  | Readonly<{ kind: "waiting"; given: number }>;

export type Question = Readonly<{
  incidentId: string;
  step: number;
  plan: Plan;
  tier: Tier;
  consents: Consents;
}>;

/** The question that a choice asks; null where it changes nothing and so asks nobody. */
export const questionOf = (incidentId: string, step: number, choice: Choice): Question | null =>
  choice.plan === null ? null : { incidentId, step, plan: choice.plan, tier: choice.tier, consents: choice.consents };

const consentOf = (question: Question, by: "policy" | "people", people: readonly string[], atMs: number): Consent =>
  ({ by, people, atMs, plan: question.plan, step: question.step, tier: question.tier }) as Consent;

/**
 * Judges the answers so far. A person counts once, by the first answer, and only for exactly this plan; answers after
 * the expiry do not count. The first rejection ends it. Two consents must come from two people of two groups.
 * After a replay this is asked again with the votes as stored, so a Consent never rests on a journal.
 */
export const judge = (question: Question, votes: readonly Vote[], nowMs: number): Judgement => {
  const { plan, consents } = question;
  if (consents === 0) return { kind: "consented", consent: consentOf(question, "policy", [], plan.madeAtMs) };
  const timely = votes
    .filter((vote) => vote.planHash === plan.hash && vote.atMs <= plan.expiresAtMs)
    .toSorted(
      (a, b) =>
        a.atMs - b.atMs ||
        Number(b.answer === "reject") - Number(a.answer === "reject") ||
        (a.person < b.person ? -1 : a.person > b.person ? 1 : 0) ||
        (a.group < b.group ? -1 : a.group > b.group ? 1 : 0),
    );
  const first = timely.filter((vote, i) => timely.findIndex((other) => other.person === vote.person) === i);
  const rejection = first.find((vote) => vote.answer === "reject");
  if (rejection !== undefined) {
    const { person, atMs, reason } = rejection;
    return { kind: "refused", refusal: { kind: "rejected", by: person, atMs, note: reason } };
  }
  const groups = new Set(first.map((vote) => vote.group));
  const given = Math.min(first.length, consents === 2 ? groups.size : first.length);
  if (given >= consents) {
    const people = first.map((vote) => vote.person);
    return { kind: "consented", consent: consentOf(question, "people", people, first.at(-1)?.atMs ?? nowMs) };
  }
  if (nowMs >= plan.expiresAtMs)
    return { kind: "refused", refusal: { kind: "expired", by: null, atMs: nowMs, note: "nobody answered in time" } };
  return { kind: "waiting", given };
};

/** The plan was taken back because the alarm recovered before anybody answered. */
export const withdrawn = (nowMs: number): Refusal => ({
  kind: "withdrawn",
  by: null,
  atMs: nowMs,
  note: "the alarm recovered before anybody answered",
});

/** Names the question in Slack, in the terminal and in the votes' store. */
export const questionId = (question: Question): string => decisionId(question.incidentId, question.step);
