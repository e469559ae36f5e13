import { choose } from "./choose.ts";
import type { Context } from "./context.ts";
import { candidatesFor, draftOffline } from "./draft.ts";
import { driftOf } from "./drift.ts";
import type { Resource } from "./evidence.ts";
import { encodeCandidate, encodeState } from "./features.ts";
import { contextDigest } from "./gather.ts";
import { guard } from "./guard.ts";
import { cautionFacts, headlineFacts } from "./headline.ts";
import { decisionId } from "./ids.ts";
import type { Drafted, Ports, Scorer } from "./ports.ts";
import { because } from "./reasons.ts";
import { redact } from "./redact.ts";
import { findRunbook } from "./runbook.ts";
import { secondOpinion } from "./second-opinion.ts";
import type { Settings } from "./settings.ts";
import type { Abstention, Candidate, Choice, Draw, Limits, Mode, Score, Verdict, Weighed } from "./stages.ts";
import { type Past, pastOf, TRACK_RECORD_MS } from "./track-record.ts";
import { type Baseline, baselineOf } from "./verify.ts";

/** What was weighed and what came of it: all of a decision that a policy learns from. It is JSON. */
export type Deliberation = Readonly<{
  decisionId: string;
  incidentId: string;
  step: number;
  decidedAtMs: number;
  mode: Mode;
  policy: string;
  modelHash: string;
  drafter: Omit<Drafted, "proposals" | "rejected">;
  state: readonly number[];
  weighed: readonly Weighed[];
  result: Choice | Abstention;
  seed: string;
  draw: Draw;
  /** Of the learnt model's word; null where the policy is none. */
  limits: Limits | null;
  /** Of the service, 1 the gravest; null of a decision that was stored when nobody wrote it down. */
  severity: number | null;
}>;

/** One decision, whole: what was weighed, what came of it, and on what it rested. It is JSON. */
export type Decision = Deliberation &
  Readonly<{
    digest: string;
    redactions: Readonly<Record<string, number>>;
    missing: Context["missing"];
    cut: Context["cut"];
    flaps: number;
    restraint: Context["restraint"];
    /** Computed sentences for people, in the order in which they matter. */
    facts: readonly string[];
    baseline: Baseline;
    target: Resource | null;
  }>;

type DecidePorts = Pick<
  Ports,
  "drafter" | "guardrails" | "scorer" | "trackRecord" | "ledger" | "switch" | "clock" | "catalogue"
>;

const drafted = async (ports: DecidePorts, context: Context): Promise<Drafted> => {
  try {
    return await ports.drafter.draft(context, ports.catalogue);
  } catch (error) {
    const detail = redact(error instanceof Error ? error.message : String(error), 200).text;
    return draftOffline(context, ports.catalogue, because("drafter-failed", detail));
  }
};

/** What became of earlier runs; a record that cannot be read is said to be missing, and the vectors say so. */
const pastFor = async (ports: DecidePorts, { nowMs, incidentId }: Context): Promise<Past> => {
  try {
    return pastOf(await ports.trackRecord.since(nowMs - TRACK_RECORD_MS, nowMs), { nowMs, incidentId });
  } catch {
    return pastOf(null);
  }
};

/** At the last decision that an incident has, only handing over is left. */
const lastWord = (ports: DecidePorts, settings: Settings, context: Context, all: readonly Candidate[]) =>
  context.step < settings.decisionsPerIncident - 1
    ? all
    : all.filter((one) => findRunbook(ports.catalogue, one.runbook, one.version)?.kind === "page");

/**
 * How this policy proposes. One that explores by itself is logging a simulation; one that names what ties explores where the
 * owner has switched that on.
 */
const drawOf = ({ draw }: Pick<Scorer, "draw">, { exploration }: Settings): Draw => {
  if (typeof draw === "string" || draw.epsilon > 0) return draw;
  return exploration.epsilon > 0 ? { epsilon: exploration.epsilon, delta: draw.delta } : "best";
};

const scores = async (
  ports: DecidePorts,
  state: readonly number[],
  features: readonly (readonly number[])[],
  verdicts: readonly Verdict[],
): Promise<Readonly<{ scores: readonly Score[]; failure: string | null }>> => {
  try {
    return { scores: await ports.scorer.score(state, features, verdicts), failure: null };
  } catch (error) {
    return { scores: [], failure: error instanceof Error ? error.message : String(error) };
  }
};

/**
 * Context -> Choice or Abstention: draft, doubt, guard, encode, score, choose. It knows no journal and changes nothing; a
 * drafter that fails is replaced by the catalogue's rules, a scorer that fails makes it abstain. This is what a rollout
 * repeats: nothing is hashed over the whole context and no sentence is made for people.
 */
export const deliberate = async (
  ports: DecidePorts,
  settings: Settings,
  mode: Mode,
  context: Context,
): Promise<Deliberation> => {
  const draft = await drafted(ports, context);
  const doubts = secondOpinion(context, ports.catalogue, draft);
  const candidates = lastWord(ports, settings, context, candidatesFor(context, ports.catalogue, draft, doubts));
  const verdicts = await guard(ports, settings, mode, context, candidates);
  const state = encodeState(context);
  const beside = { candidates, past: await pastFor(ports, context) };
  const features = candidates.map((candidate) => encodeCandidate(context, candidate, ports.catalogue, beside));
  const priced = await scores(ports, state, features, verdicts);
  const [draw, { limits }, { severity }] = [drawOf(ports.scorer, settings), ports.scorer, context.service];
  const { weighed, result, seed } = choose({
    incidentId: context.incidentId,
    step: context.step,
    nowMs: context.nowMs,
    approvalSeconds: settings.approvalSeconds,
    catalogue: ports.catalogue,
    priced: verdicts.map((verdict, i) => ({
      verdict,
      features: features[i] ?? [],
      score: priced.scores[i] ?? null,
    })),
    state,
    severity,
    draw,
    limits,
    scorerFailure: priced.failure === null ? null : because("no-model", priced.failure.slice(0, 200)),
  });
  const { proposals: _proposals, rejected: _rejected, ...drafter } = draft;
  return {
    decisionId: decisionId(context.incidentId, context.step),
    incidentId: context.incidentId,
    step: context.step,
    decidedAtMs: context.nowMs,
    mode,
    policy: ports.scorer.policy,
    modelHash: ports.scorer.modelHash,
    drafter,
    state,
    weighed,
    result,
    seed,
    draw,
    limits: limits ?? null,
    severity,
  };
};

/** A deliberation with everything that a record keeps of it and that people are told. */
export const decide = async (
  ports: DecidePorts,
  settings: Settings,
  mode: Mode,
  context: Context,
): Promise<Decision> => {
  const deliberated = await deliberate(ports, settings, mode, context);
  const { result, drafter } = deliberated;
  const chosen = result.kind === "chosen" ? result.candidate : null;
  const target = context.resources.find(({ arn }) => arn === chosen?.target) ?? null;
  const drift = chosen === null ? null : driftOf(findRunbook(ports.catalogue, chosen.runbook, chosen.version), target);
  return {
    ...deliberated,
    digest: contextDigest(context),
    redactions: context.redactions,
    missing: context.missing,
    cut: context.cut,
    flaps: context.flaps,
    restraint: context.restraint,
    facts: [
      ...headlineFacts(context),
      ...(chosen !== null && chosen.because !== "" ? [chosen.because] : []),
      ...(drift === null ? [] : [drift]),
      ...cautionFacts(context, drafter),
    ],
    baseline: baselineOf(context.service, context.series, context.nowMs),
    target,
  };
};
