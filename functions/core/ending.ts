import type { Chapter } from "./chapter.ts";
import { type Because, because, type EndedCode, type Terminal } from "./reasons.ts";
import { redact } from "./redact.ts";
import type { Outcome } from "./stages.ts";

/** How an incident ends; `page` says whether people must be told by the pager. */
export type Ending = Readonly<{ terminal: Terminal; because: Because<EndedCode>; page: boolean }>;

const ending = (terminal: Terminal, code: EndedCode, detail: string, page: boolean): Ending => ({
  terminal,
  because: because(code, detail),
  page,
});

/** Whether an effect of ours stands: its run succeeded, and it was not taken back. */
const stands = ({ deed }: Chapter): boolean => deed.exit === "succeeded" && !deed.undone;

const lastEffect = (chapters: readonly Chapter[]): Chapter | undefined =>
  chapters.findLast((chapter) => chapter.deed.exit !== null);

/** Recovery held: RESOLVED where an effect of ours stands, SELF_RECOVERED where none does. */
export const recoveredEnding = (chapters: readonly Chapter[]): Ending => {
  const ours = chapters.findLast(stands);
  const candidate = ours?.decision.result.kind === "chosen" ? ours.decision.result.candidate : null;
  return ours !== undefined
    ? ending(
        "RESOLVED",
        "recovered",
        `recovery held through the soak after ${candidate?.runbook ?? "our effect"}`,
        false,
      )
    : ending("SELF_RECOVERED", "recovered", "recovery held through the soak and no effect of ours stands", false);
};

/** Handing over to people: ROLLED_BACK where our last effect was taken back cleanly, else ESCALATED. */
export const handedOver = (chapters: readonly Chapter[], why: Because<EndedCode>): Ending => {
  const last = lastEffect(chapters);
  const clean = last?.deed.undone === true && !(last.deed.outcome.kind === "rolled-back" && last.deed.outcome.worse);
  return { terminal: clean ? "ROLLED_BACK" : "ESCALATED", because: why, page: true };
};

/** Nobody can tell any more whether it recovered: an alarm that was deleted while it rang is a person's doing. */
export const deletedEnding = (chapters: readonly Chapter[]): Ending =>
  handedOver(chapters, because("alarm-deleted", "every alarm of the incident was deleted before it recovered"));

/** @param words the storm in one sentence */
export const stormEnding = (words: string): Ending => ending("ESCALATED", "storm", words, true);

/**
 * Whether a decision's outcome ends the incident. Null: the loop goes on. A page, a person's word, and everything that
 * nobody can vouch for end it; a wait that was not enough or a runbook that was taken back do not.
 */
export const endingAfter = (chapters: readonly Chapter[], outcome: Outcome): Ending | null => {
  switch (outcome.kind) {
    case "recovered":
      return recoveredEnding(chapters);
    case "paged":
      return handedOver(chapters, because("paged", pagedBecause(chapters)));
    case "refused-by-people":
      if (outcome.refusal.kind === "withdrawn") return null;
      return outcome.refusal.kind === "rejected"
        ? ending("REJECTED", "rejected", `${outcome.refusal.by ?? "a person"} rejected the plan and owns it now`, false)
        : ending("EXPIRED", "expired", "nobody answered before the plan expired", true);
    case "undo-failed":
      return ending("ESCALATED", "undo-failed", `the undo did not finish: ${outcome.step ?? "it never started"}`, true);
    case "unknown":
      return ending("ESCALATED", "unknown-outcome", outcome.detail, true);
    case "rolled-back":
      return outcome.worse
        ? ending("ESCALATED", "worse-after-undo", "our effect was taken back and an SLI is worse than before it", true)
        : null;
    case "observed":
      return ending(
        "ESCALATED",
        "observed",
        "it was only written down: nothing was changed and nobody was paged",
        false,
      );
    case "not-recovered":
    case "not-run":
      return null;
  }
};

/** Why people are paged, for somebody who has just been woken: what stood in the way of doing something. */
const pagedBecause = (chapters: readonly Chapter[]): string => {
  const decision = chapters.at(-1)?.decision;
  if (decision === undefined) return "handed over";
  if (decision.result.kind === "abstained") return `${decision.result.because.code}: ${decision.result.because.detail}`;
  const [best] = decision.weighed
    .filter(({ verdict }) => verdict.candidate.target !== null)
    .toSorted((a, b) => (b.score?.q.mean ?? 0) - (a.score?.q.mean ?? 0));
  if (best === undefined) return "no runbook suits what was seen";
  const { runbook, target } = best.verdict.candidate;
  const why =
    best.verdict.kind === "refused"
      ? `was refused: ${best.verdict.because.detail}`
      : `${best.score?.outlook === undefined ? "fits too little" : "is ranked below calling a person"} (${(best.score?.q.mean ?? 0).toFixed(2)})`;
  // A refused candidate may carry a drafter's own words for both.
  return `the best runbook, ${redact(runbook, 80).text} on ${redact(target ?? "", 160).text}, ${why}`;
};
