import { type Question, questionId } from "./approve.ts";
import type { Decision } from "./decide.ts";
import { type Explanation, explain, prospectWords } from "./explain.ts";
import { redact } from "./redact.ts";
import { type Catalogue, findRunbook } from "./runbook.ts";
import type { Card, Weighed } from "./stages.ts";

const describe = (weighed: Weighed): string => {
  const { candidate } = weighed.verdict;
  const value = weighed.score === null ? "no value" : weighed.score.q.mean.toFixed(2);
  // A refused candidate may carry a drafter's own words for both.
  const runbook = redact(candidate.runbook, 80).text;
  return candidate.target === null
    ? `${runbook} (${value})`
    : `${runbook} on ${redact(candidate.target, 160).text} (${value})`;
};

/** The best candidate that was not chosen, with why it lost, and what was expected of it; null where there is none. */
const secondIn = ({ runnerUp }: Explanation, decision: Decision): Pick<Card, "runnerUp" | "runnerUpExpects"> => {
  const weighed = runnerUp === null ? undefined : decision.weighed[runnerUp.index];
  if (runnerUp === null || weighed === undefined) return { runnerUp: null, runnerUpExpects: [] };
  // Of a policy that learnt nothing there is the name, the value and why it lost.
  const { prospect } = runnerUp;
  const isTold = prospect !== null && weighed.score?.outlook !== undefined;
  const minutes = isTold && prospect.expectedMinutes !== null ? [`takes about ${prospect.expectedMinutes} min`] : [];
  return {
    runnerUp: `${describe(weighed)}, ${runnerUp.lost}`,
    runnerUpExpects: isTold ? [...prospectWords(prospect), ...minutes] : [],
  };
};

/** Long enough for two sentences: a card is read in seconds. */
const WORDS_CHARACTERS = 300;

/** The words of the drafter whose proposal was chosen, redacted once more on their way out; null where a rule's was. */
const drafterWords = ({ result }: Decision): string | null => {
  if (result.kind !== "chosen" || result.candidate.says === null) return null;
  const words = redact(result.candidate.says, WORDS_CHARACTERS).text.trim();
  return words === "" ? null : words;
};

/**
 * Everything that an approver needs, computed: facts first, exact parameters, undo, runner-up, expiry, and last what a
 * drafter said. All of it is text: whoever renders a card escapes for its own markup.
 */
export const cardFor = (catalogue: Catalogue, decision: Decision, question: Question): Card => {
  const { plan } = question;
  const runbook = findRunbook(catalogue, plan.runbook, plan.version);
  if (runbook === null || decision.target === null)
    throw new Error(`${decision.decisionId}: a card needs a known runbook and a known target`);
  const undo: Readonly<Record<typeof runbook.reversal, string>> = {
    inverse: "restores the previous values, by its own document, if the service does not recover",
    "not-needed": "not needed: the configuration ends as it began",
    none: "NONE: this cannot be taken back",
  };
  const explained = explain(catalogue, decision);
  return {
    incidentId: decision.incidentId,
    decisionId: questionId(question),
    plan,
    title: runbook.title,
    effect: runbook.effect,
    tier: question.tier,
    consentsNeeded: question.consents,
    target: decision.target,
    facts: decision.facts,
    undo: undo[runbook.reversal],
    expectedMinutes: runbook.expectedMinutes,
    ...secondIn(explained, decision),
    asks: decision.result.kind === "chosen" ? decision.result.asks : null,
    expects: explained.chosen === null ? [] : prospectWords(explained.chosen),
    drafterSays: drafterWords(decision),
    expiresAtMs: plan.expiresAtMs,
  };
};
