import type { Effect } from "./execute.ts";
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
      const { news, keys } = await currentIncident(session);
      const run = await actuator.poll(executionId);
      const nowMs = clock.nowMs();
      const late = nowMs >= deadlineMs;
      const recovered =
        runbook.whenRecovered === "stop" && (await evidence.alarms(keys)).every((alarm) => alarm.state === "OK");
      if (run.status === "running" && (late || recovered)) await actuator.stop(executionId);
      return { run, news, overdue: nowMs >= deadlineMs + 120_000 };
    });
    if (seen.run.status !== "running") return seen.run;
    if (seen.overdue) return { ...seen.run, status: "unknown", reason: "it did not stop when it was told to" };
    await doze(session, `${name}-nap-${poll}`, pollSeconds(runbook), seen.news);
  }
};
