import type { Aftermath } from "./aftermath.ts";
import type { Decision } from "./decide.ts";
import { type Effect, undo } from "./execute.ts";
import { follow } from "./follow.ts";
import type { Runbook } from "./runbook.ts";
import type { Session } from "./session.ts";
import type { Outcome, Plan, Run, RunStatus } from "./stages.ts";
import { type Watched, watch } from "./watch.ts";

/** What taking an effect back came to. */
export type Undone = Readonly<{
  outcome: Outcome;
  undone: boolean;
  status: RunStatus | "not-started";
  aftermath: Aftermath;
  /** The incident's `news` at the look that saw recovery; null where none was seen. */
  seenNews: number | null;
}>;

/** Takes back what did not help, and says whether the severity is no worse than at the decision. */
export const takeBack = async (
  session: Session,
  decision: Decision,
  plan: Plan,
  runbook: Runbook,
  effect: Effect,
  run: Run,
  watched: Watched | null,
): Promise<Undone> => {
  const seconds = (atMs: number): number => Math.round((atMs - decision.decidedAtMs) / 1000);
  const afterSeconds = seconds(watched?.endedAtMs ?? run.endedAtMs ?? decision.decidedAtMs);
  if (runbook.reversal !== "inverse")
    return {
      outcome: { kind: "not-recovered", afterSeconds },
      undone: false,
      status: run.status,
      aftermath: "did-not-help",
      seenNews: null,
    };
  const name = `undo-${decision.step}`;
  const started = await session.journal.step(name, () => undo(session.ports, session.incidentId, plan, effect, run));
  if (started.kind === "nothing")
    return {
      outcome: { kind: "not-recovered", afterSeconds },
      undone: false,
      status: run.status,
      aftermath: "did-not-help",
      seenNews: null,
    };
  if (started.kind !== "started")
    return {
      outcome: {
        kind: "undo-failed",
        afterSeconds,
        step: started.kind === "unsure" ? started.detail : started.because.detail,
      },
      undone: false,
      status: "unknown",
      aftermath: "undo-failed",
      seenNews: null,
    };
  const back = await follow(session, name, started.effect, runbook);
  if (back.status !== "succeeded")
    return {
      outcome: { kind: "undo-failed", afterSeconds, step: back.failedStep },
      undone: false,
      status: back.status,
      aftermath: "undo-failed",
      seenNews: null,
    };
  // Long enough for a metric of after the undo to be readable.
  const probe = await watch(session, {
    name: `${name}-probe`,
    untilMs: (back.endedAtMs ?? decision.decidedAtMs) + 4 * 60_000,
    baseline: decision.baseline,
    stopWhenWorse: false,
  });
  // Severity that nobody can see counts as worse: "no worse" must have been verified.
  const worse = probe.kind === "unknown" || probe.worse.length > 0;
  return {
    outcome:
      probe.kind === "recovered"
        ? { kind: "recovered", by: "self", afterSeconds: seconds(probe.endedAtMs) }
        : { kind: "rolled-back", afterSeconds: seconds(probe.endedAtMs), worse },
    undone: true,
    status: back.status,
    aftermath: "did-not-help",
    seenNews: probe.kind === "recovered" ? probe.news : null,
  };
};
