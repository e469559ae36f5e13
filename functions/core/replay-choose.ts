import { choose } from "./choose.ts";
import type { EpisodeRow } from "./episode.ts";
import { CANDIDATE_FEATURES, STATE_FEATURES } from "./features.ts";
import type { Scorer } from "./ports.ts";
import { type AbstainedCode, type Because, because, REFUSED, type RefusedCode } from "./reasons.ts";
import { type Catalogue, findRunbook, type Tier } from "./runbook.ts";
import type { Allowed, Candidate, Consents, Refused, Score, Verdict } from "./stages.ts";

/** What a row keeps of what was weighed. */
export type Logged = Pick<
  EpisodeRow,
  | "incident_id"
  | "step"
  | "decided_at"
  | "state"
  | "candidates"
  | "candidate_key"
  | "runbook_id"
  | "tier"
  | "consents"
  | "allowed"
  | "refused_because"
>;

/**
 * What a policy would have proposed where a row was logged: the probability of each candidate, in the row's order, and why
 * it abstained, if it did. `choice`: what it drew, by its index, and how many people would have had to consent; null where
 * it abstained. `unknown`: candidates that had been known, by key, of which the catalogue knows nothing.
 */
export type Replayed =
  | Readonly<{
      kind: "replayed";
      probability: readonly number[];
      abstained: AbstainedCode | null;
      choice: Readonly<{ index: number; consents: Consents; asks: AbstainedCode | null }> | null;
    }>
  | Readonly<{ kind: "unknown"; keys: readonly string[] }>;

/** Two features of the scene that choose asks for by themselves; as encoded, they are those of the decision's own time. */
const SEVERITY = STATE_FEATURES.indexOf("severity");

/** A target that no plan can name: what comes of a replay is a distribution, nothing that could be carried out. */
const NOT_IN_THE_ROW = "";

/**
 * Lets a policy choose again where a row was logged, through the shipped `choose`. The scorer fails as it would have then:
 * the policy abstains. @param scorer with the draw of whoever would be deployed
 */
export const replayChoose = async (row: Logged, catalogue: Catalogue, scorer: Scorer): Promise<Replayed> => {
  const verdicts = row.candidate_key.map((key, index) => verdictOf(row, catalogue, key, index));
  const keys = verdicts.flatMap(({ verdict, isKnown }, index) =>
    isKnown || isRefusedAsUnknown(verdict) ? [] : (row.candidate_key[index] ?? []),
  );
  if (keys.length > 0) return { kind: "unknown", keys };
  const vectors = vectorsOf(row);
  const scored = await scoresOf(scorer, row, vectors, verdicts);
  const { weighed, result } = choose({
    incidentId: row.incident_id,
    step: row.step,
    nowMs: row.decided_at,
    approvalSeconds: 0,
    catalogue,
    priced: verdicts.map(({ verdict }, i) => ({
      verdict,
      features: vectors[i] ?? [],
      score: scored.scores[i] ?? null,
    })),
    state: row.state,
    ...severityOf(row),
    draw: scorer.draw,
    limits: scorer.limits,
    scorerFailure: scored.failure,
  });
  return {
    kind: "replayed",
    probability: weighed.map(({ probability }) => probability),
    abstained: result.kind === "abstained" ? result.because.code : null,
    choice:
      result.kind === "chosen"
        ? { index: result.index, consents: result.consents, asks: result.asks?.code ?? null }
        : null,
  };
};

type Seen = Readonly<{ verdict: Verdict; isKnown: boolean }>;

const severityOf = ({ state }: Logged): Readonly<{ severity?: number }> => {
  const severity = state[SEVERITY];
  return severity === undefined ? {} : { severity };
};

/** The candidates' vectors, one each. */
export const vectorsOf = ({
  candidates,
  candidate_key,
}: Pick<EpisodeRow, "candidates" | "candidate_key">): readonly (readonly number[])[] => {
  const width = CANDIDATE_FEATURES.length;
  return candidate_key.map((_, index) => candidates.slice(index * width, (index + 1) * width));
};

const verdictOf = (row: Logged, catalogue: Catalogue, key: string, index: number): Seen => {
  const { runbook, version } = namedIn(key, row.runbook_id[index] ?? "");
  const known = findRunbook(catalogue, runbook, version);
  const candidate: Candidate = {
    ...{ runbook, version, params: {}, source: "rules", fit: null, rank: null, recovers: null, doubt: null },
    ...{ target: known === null || known.kind === "effect" ? NOT_IN_THE_ROW : null },
    ...{ because: "", says: null, evidence: [] },
  };
  const tier = (row.tier[index] ?? 3) as Tier;
  if (row.allowed[index] === true) {
    const consents = (row.consents[index] ?? 2) as Consents;
    // Minted again from what was written down, for a replay from which nothing can be carried out.
    const allowed = { kind: "allowed", candidate, tier, consents, facts: null } as Allowed;
    return { verdict: allowed, isKnown: known !== null };
  }
  const refused: Refused = { kind: "refused", candidate, tier, because: because(codeOf(row, index), "") };
  return { verdict: refused, isKnown: known !== null };
};

/** `runbook@version#parameters`; the id may hold anything, so that it is taken from the column beside it. */
const namedIn = (key: string, runbook: string): Pick<Candidate, "runbook" | "version"> => ({
  runbook,
  version: key.slice(runbook.length + 1, key.lastIndexOf("#")),
});

/** The code of a refusal; one that is not on the list refuses like an error of the guard. */
const codeOf = ({ refused_because }: Logged, index: number): RefusedCode =>
  REFUSED.find((code) => code === refused_because[index]) ?? "guard-error";

/** What nobody knew even then: it was refused for that. */
const isRefusedAsUnknown = (verdict: Verdict): boolean =>
  verdict.kind === "refused" && verdict.because.code === "unknown-runbook";

const scoresOf = async (
  scorer: Scorer,
  { state }: Logged,
  vectors: readonly (readonly number[])[],
  seen: readonly Seen[],
): Promise<Readonly<{ scores: readonly Score[]; failure: Because<AbstainedCode> | null }>> => {
  try {
    const verdicts = seen.map(({ verdict }) => verdict);
    return { scores: await scorer.score(state, vectors, verdicts), failure: null };
  } catch (cause) {
    return { scores: [], failure: because("no-model", cause instanceof Error ? cause.message : String(cause)) };
  }
};
