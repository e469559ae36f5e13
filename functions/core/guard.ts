import type { Context } from "./context.ts";
import type { Resource } from "./evidence.ts";
import { booleansOf, FACT_OF, NO_FACTS } from "./guard-facts.ts";
import { type Effect, type GuardPorts, gatherFacts, openQuestion, type Question } from "./guard-question.ts";
import { environmentOf, measuredTier, modeOf, strictest } from "./guard-scope.ts";
import { findTarget, namesTarget, parseParams } from "./parameters.ts";
import { type Because, because, type RefusedCode } from "./reasons.ts";
import { findRunbook, type Runbook, type Tier } from "./runbook.ts";
import type { Settings } from "./settings.ts";
import type { Allowed, Candidate, GuardRequest, Mode, Plan, Refused, Verdict } from "./stages.ts";

/**
 * Says of each candidate, in order, whether it may be proposed and how many consents it takes. Every refusal has a
 * code and one sentence with its numbers. Never throws: a port that does refuses what it touched with `guard-error`
 * (the switch: `kill-switch`), and only handing over to people stays allowed.
 *
 * In mode observe it answers as in mode approve, so that the record shows what could have been asked for; nothing comes
 * of it, because `respond` stops there and because `recheck` asks in the mode as it is.
 */
export const guard = async (
  ports: GuardPorts,
  settings: Settings,
  mode: Mode,
  context: Context,
  candidates: readonly Candidate[],
): Promise<readonly Verdict[]> => {
  const modeOn = (target: Resource | null): Mode =>
    mode === "observe" ? "approve" : modeOf(settings, context.service, mode, target);
  const question = openQuestion({ ports, settings, context, modeOn, effect: null });
  return Promise.all(candidates.map((candidate) => judge(question, candidate)));
};

/**
 * The same question, asked again immediately before the effect: with a context gathered fresh by the caller, in the
 * mode as it is now (observe permits no effect), with the effect's own lease, budget entries and cooldown left out, and
 * refused as `stale-plan` when the plan expired or a document changed since. The caller compares `consents` and `tier`
 * with what was consented to. Never throws.
 */
export const recheck = async (
  ports: GuardPorts,
  settings: Settings,
  mode: Mode,
  context: Context,
  plan: Plan,
  effectKey: string,
): Promise<Verdict> => {
  const { runbook, version, target, params } = plan;
  const named = { runbook, version, target, params };
  const candidate: Candidate = {
    ...named,
    source: "rules",
    fit: null,
    rank: null,
    recovers: null,
    doubt: null,
    says: null,
    because: "",
    evidence: [],
  };
  const modeOn = (on: Resource | null): Mode => modeOf(settings, context.service, mode, on);
  return judge(openQuestion({ ports, settings, context, modeOn, effect: { plan, effectKey } }), candidate);
};

const judge = async (question: Question, candidate: Candidate): Promise<Verdict> => {
  const runbook = findRunbook(question.ports.catalogue, candidate.runbook, candidate.version);
  if (runbook === null) {
    const detail = "The catalogue has no runbook of exactly this id and version.";
    return refuse(candidate, 3, because("unknown-runbook", detail));
  }
  try {
    const hasEffect = runbook.kind === "effect" || runbook.documents !== null;
    return await (hasEffect ? judgeEffect : judgeNoEffect)(question, runbook, candidate);
  } catch (cause) {
    // Quell degrades towards people: whatever is broken, they can still be called.
    if (isHandover(runbook, candidate)) return allow(candidate, runbook.tier, 0, null);
    const name = cause instanceof Error ? cause.name : "an unknown error";
    return refuse(candidate, runbook.tier, because("guard-error", `The guard could not answer: ${name}.`));
  }
};

const isHandover = (runbook: Runbook, candidate: Candidate): boolean =>
  runbook.kind === "page" && runbook.documents === null && candidate.target === null;

/** `wait` and `page` rest on no fact, so no port but the engine is asked. */
const judgeNoEffect = async (question: Question, runbook: Runbook, candidate: Candidate): Promise<Verdict> => {
  const { tier } = runbook;
  if (candidate.target !== null) {
    return refuse(candidate, tier, because("target-not-in-graph", "A runbook without an effect has no target."));
  }
  const params = parseParams(runbook, candidate.params);
  if (params.kind === "bad") return refuse(candidate, tier, params.because);
  const environment = environmentOf(question.settings, question.context.service, null).kind;
  const request: GuardRequest = { effect: false, tier, environment, mode: question.modeOn(null), facts: NO_FACTS };
  const answer = await question.ports.guardrails.ask(request);
  if (answer.kind === "permitted") return allow(candidate, tier, answer.consents, null);
  return isHandover(runbook, candidate) ? allow(candidate, tier, 0, null) : refuse(candidate, tier, answer.because);
};

const judgeEffect = async (question: Question, runbook: Runbook, candidate: Candidate): Promise<Verdict> => {
  const { ports, settings, context } = question;
  if (runbook.documents === null) {
    return refuse(candidate, runbook.tier, because("guard-error", "The runbook has an effect, but no document."));
  }
  const fault = planFault(question.effect, runbook, question.nowMs());
  if (fault !== null) return refuse(candidate, runbook.tier, because("stale-plan", fault));
  const parsed = parseParams(runbook, candidate.params);
  if (parsed.kind === "bad") return refuse(candidate, runbook.tier, parsed.because);
  const found = findTarget(runbook, context, settings, candidate.target);
  if (found.kind === "bad") return refuse(candidate, runbook.tier, found.because);
  const target = found.value;
  const named = namesTarget(runbook, context, target, parsed.value);
  if (named.kind === "bad") return refuse(candidate, runbook.tier, named.because);

  const radius = runbook.blastRadius(target, parsed.value);
  const tier = measuredTier(runbook, radius);
  const { kind: environment, names } = environmentOf(settings, context.service, target);
  if (settings.forbidden.some((rule) => rule.runbook === runbook.id && names.includes(rule.environment))) {
    return refuse(
      candidate,
      tier,
      because("environment-forbidden", `Forbidden by the settings in ${names.join(", ")}.`),
    );
  }

  const explained = await gatherFacts(question, runbook, target, radius);
  const facts = booleansOf(explained);
  const mode = isBacked(candidate) ? question.modeOn(target) : strictest("approve", question.modeOn(target));
  const request: GuardRequest = { effect: true, tier, environment, mode, facts };
  const answer = await ports.guardrails.ask(request);
  if (answer.kind === "permitted") return allow(candidate, tier, answer.consents, facts);
  const { code, detail } = answer.because;
  const fact = FACT_OF[code];
  return refuse(candidate, tier, because(code, fact === undefined ? detail : explained[fact].detail));
};

/** What a drafter alone thought of, and no rule of the catalogue, never happens without a person's consent. */
const isBacked = ({ source, fit }: Candidate): boolean => source !== "drafter" || fit !== null;

/** Why a plan is no longer what was consented to, or null. @param effect null for a proposal, which has no plan yet */
const planFault = (effect: Effect | null, runbook: Runbook, nowMs: number): string | null => {
  if (effect === null) return null;
  const { plan } = effect;
  if (runbook.documents?.automation.hash !== plan.documentHash) return "The document changed since the plan was made.";
  if ((runbook.documents.undo?.hash ?? null) !== plan.undoHash) return "The undo changed since the plan was made.";
  return nowMs < plan.expiresAtMs ? null : `The plan expired ${(nowMs - plan.expiresAtMs) / 1000} s ago.`;
};

const refuse = (candidate: Candidate, tier: Tier, why: Because<RefusedCode>): Refused => ({
  kind: "refused",
  candidate,
  tier,
  because: why,
});

/** The one place that mints an Allowed verdict. */
const allow = (candidate: Candidate, tier: Tier, consents: Allowed["consents"], facts: Allowed["facts"]): Allowed =>
  ({ kind: "allowed", candidate, tier, consents, facts }) as Allowed;
