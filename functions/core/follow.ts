import type { Effect } from "./execute.ts";
import { type Incident, isAllOk } from "./incident.ts";
import { cut } from "./redact.ts";
import type { Runbook } from "./runbook.ts";
import { currentIncident, doze, type Session } from "./session.ts";
import type { Run } from "./stages.ts";

/** Longest that a run may take before it is stopped: three times what its runbook expects, and ten minutes. */
const runSeconds = (runbook: Runbook): number => runbook.expectedMinutes * 180 + 600;
/** The longest that one is followed: what was told to stop has two minutes to do so. */
export const longestRunSeconds = (runbook: Runbook): number => runSeconds(runbook) + OVERDUE_SECONDS;
const OVERDUE_SECONDS = 120;
/** Asks after a run eight times in its expected time, and not more often than every 15 s. */
const pollSeconds = (runbook: Runbook): number => Math.max(15, (runbook.expectedMinutes * 60) / 8);

/** A run at its end. `lost`: what its undo takes and was too long to be kept; nothing can take the run back then. */
export type Followed = Run & Readonly<{ lost: readonly string[] }>;

/** Follows a run to its end. Past its time it is stopped; what still runs after that is "unknown". */
export const follow = async (session: Session, name: string, effect: Effect, runbook: Runbook): Promise<Followed> => {
  const { actuator, clock } = session.ports;
  const executionId = effect.executionId ?? "";
  const deadlineMs = effect.atMs + runSeconds(runbook) * 1000;
  for (let poll = 0; ; poll += 1) {
    const seen = await session.journal.step(`${name}-poll-${poll}`, async () => {
      const incident = await currentIncident(session);
      const { news } = incident;
      const run = bounded(runbook, await actuator.poll(executionId));
      const nowMs = clock.nowMs();
      const late = nowMs >= deadlineMs;
      const recovered = runbook.whenRecovered === "stop" && (await isRecovered(session, incident));
      if (run.status === "running" && (late || recovered)) await actuator.stop(executionId);
      return { run, news, overdue: nowMs >= deadlineMs + OVERDUE_SECONDS * 1000 };
    });
    if (seen.run.status !== "running") return seen.run;
    if (seen.overdue) return { ...seen.run, status: "unknown", reason: "it did not stop when it was told to" };
    await doze(session, `${name}-nap-${poll}`, pollSeconds(runbook), seen.news);
  }
};

/** Alarms that cannot be read have not recovered: the run is what must not be lost sight of. */
const isRecovered = async ({ ports }: Session, incident: Incident): Promise<boolean> => {
  try {
    return isAllOk(incident, await ports.evidence.alarms(incident.keys));
  } catch {
    return false;
  }
};

/** An undo's parameters are ids, versions and numbers: a longer output is none. All of them, escaped, fit into a step. */
const OUTPUT_CHARACTERS = 2048;
const MOST_OUTPUTS = 16;
/** SSM's own bound of a step's name. */
const STEP_NAME_CHARACTERS = 128;
const REASON_CHARACTERS = 300;

/** What a run says is other people's text, and would outgrow what is kept of a step: only what its undo takes is kept. */
const bounded = ({ documents }: Runbook, run: Run): Followed => {
  const parameters = Object.keys(documents?.undo?.content.parameters ?? {});
  const taken = Object.entries(run.outputs).filter(([output]) => parameters.includes(bareName(output)));
  const kept = taken.filter(([output, value]) => output.length + value.length <= OUTPUT_CHARACTERS);
  const outputs = Object.fromEntries(kept.slice(0, MOST_OUTPUTS));
  const dropped = taken.flatMap(([output]) => (Object.hasOwn(outputs, output) ? [] : [bareName(output)]));
  return {
    ...run,
    failedStep: run.failedStep === null ? null : cut(run.failedStep, STEP_NAME_CHARACTERS),
    reason: run.reason === null ? null : cut(run.reason, REASON_CHARACTERS),
    outputs,
    lost: parameters.filter((name) => dropped.includes(name)),
  };
};

/** An output's name without its step's: so an undo's parameters are named. */
const bareName = (output: string): string => output.split(".")[1] ?? "";
