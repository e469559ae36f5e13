import { proposalOf } from "./proposal.ts";
import type { CandidateRecord, DecisionRecord } from "./record.ts";
import type { Standing } from "./standing.ts";

/** Abstentions from numbers that nobody should trust: a record keeps that they were there, and not the numbers. */
const DOUBTS: readonly string[] = ["no-model", "model-mismatch", "bad-features"];

type Recorded = Pick<DecisionRecord, "severity" | "draw" | "limits" | "candidates" | "abstention">;

/**
 * The probability of each candidate, worked out again from what a record says of a decision: exactly those with which it was
 * drawn. Whoever doubts a logged propensity needs nothing else. What abstained for its numbers puts 1 on the hand-over;
 * where no severity was kept, `wait` is taken not to have been explored.
 */
export const propensitiesOf = ({ severity, draw, limits, candidates, abstention }: Recorded): readonly number[] => {
  const one = (kind: CandidateRecord["kind"]): readonly number[] => {
    const index = candidates.findIndex((candidate) => candidate.kind === kind);
    return candidates.map((_, i) => (i === index ? 1 : 0));
  };
  if (abstention !== null && DOUBTS.includes(abstention.because.code)) return one("page");
  const proposal = proposalOf(candidates.map(standingIn), { severity: severity ?? 1, draw, limits });
  if (proposal.kind === "abstained") return one(proposal.falls);
  return candidates.map((_, i) => proposal.shares.get(i) ?? 0);
};

const standingIn = ({ kind, runbook, target, tier, verdict, because, q, outlook }: CandidateRecord): Standing => ({
  ...{ kind, runbook, touches: target !== null, tier },
  refused: verdict === "refused" ? because : null,
  score: q === null ? null : outlook === null ? { q } : { q, outlook },
});
