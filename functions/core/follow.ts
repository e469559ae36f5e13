import type { Effect } from "./execute.ts";
import { isAllOk } from "./incident.ts";
import { cut } from "./redact.ts";
import type { Runbook } from "./runbook.ts";
import { currentIncident, doze, type Session } from "./session.ts";
import type { Run } from "./stages.ts";

/** Longest that a run may take before it is stopped: three times what its runbook expects, and ten minutes. */
const runSeconds = (runbook: Runbook): number => runbook.expectedMinutes * 180 + 600;
/** Asks after a run eight times in its expected time, and not more often than every 15 s. */
const pollSeconds = (runbook: Runbook): number => Math.max(15, (runbook.expectedMinutes * 60) / 8);

/** Follows a run to its end. Past its time it is stopped; what still runs after that is "unknown". */
export const follow = async (session: Session, name: string, effect: Effect, runbook: Runbook): Promise<Run> => {
  const { actuator, clock, evidence } = session.ports;
  const executionId = effect.executionId ?? "";
  const deadlineMs = effect.atMs + runSeconds(runbook) * 1000;
  for (let poll = 0; ; poll += 1) {
    const seen = await session.journal.step(`${name}-poll-${poll}`, async () => {
      const incident = await currentIncident(session);
      const { news, keys } = incident;
      const run = bounded(await actuator.poll(executionId));
      const nowMs = clock.nowMs();
      const late = nowMs >= deadlineMs;
      const recovered = runbook.whenRecovered === "stop" && isAllOk(incident, await evidence.alarms(keys));
      if (run.status === "running" && (late || recovered)) await actuator.stop(executionId);
      return { run, news, overdue: nowMs >= deadlineMs + 120_000 };
    });
    if (seen.run.status !== "running") return seen.run;
    if (seen.overdue) return { ...seen.run, status: "unknown", reason: "it did not stop when it was told to" };
    await doze(session, `${name}-nap-${poll}`, pollSeconds(runbook), seen.news);
  }
};

/** An undo's parameters are ids, versions and numbers: a longer output is none, and one that is missing bars the undo. */
const OUTPUT_CHARACTERS = 2048;
const MOST_OUTPUTS = 64;
const REASON_CHARACTERS = 300;

/** Outputs are other people's text: without a bound they would outgrow what is kept of a step. */
const bounded = (run: Run): Run => ({
  ...run,
  reason: run.reason === null ? null : cut(run.reason, REASON_CHARACTERS),
  outputs: Object.fromEntries(
    Object.entries(run.outputs)
      .filter(([, value]) => value.length <= OUTPUT_CHARACTERS)
      .slice(0, MOST_OUTPUTS),
  ),
});
