import { effectsOf } from "./execute.ts";
import { noteHeldLeases } from "./held-leases.ts";
import { changeIncident, type Incident, isOpen, readIncident } from "./incident.ts";
import { chaptersLeftBehind } from "./left-behind.ts";
import type { Guardrails, Ports } from "./ports.ts";
import { because } from "./reasons.ts";
import { incidentRecord } from "./record.ts";
import { isSilent } from "./session.ts";
import type { Settings } from "./settings.ts";
import { sealDecisions } from "./stored-decision.ts";

type ExecutionState = "running" | "ended" | "absent";

/** By what it is told whether anybody still answers for an incident. */
export type LeftPorts = Pick<Ports, "clock"> &
  Readonly<{ executionState: (incidentId: string) => Promise<ExecutionState> }>;

export type OrphanPorts = LeftPorts &
  Pick<Ports, "ledger" | "executions" | "pager" | "records" | "catalogue" | "codeHash"> &
  Readonly<{ guardrails: Pick<Guardrails, "hash"> }>;

/** What was found of one incident, and done about it. */
export type LookedAfter = "started" | "closed" | "let-go" | "rung" | "nothing";

/** Intake starts an execution with every delivery: only then has it had its time. */
const UNSTARTED_MS = 2 * 60_000;
/** A list of executions may lag behind: one that was claimed just now is not gone. */
const ABSENT_MS = 10 * 60_000;
/** Longer than any incident lasts, eight hours of people's time and a soak of a day included: what runs then is stuck. */
export const LONGEST_INCIDENT_MS = 7 * 86_400_000;

/** Why nobody answers for an incident any more; null where its execution may yet go on. */
const whyLeft = (state: ExecutionState, { startedAtMs, openedAtMs }: Incident, nowMs: number): string | null => {
  const isGone = state === "ended" || (state === "absent" && nowMs - (startedAtMs ?? nowMs) >= ABSENT_MS);
  if (isGone) return "its execution ended before the incident did";
  const isStuck = nowMs - (startedAtMs ?? openedAtMs) >= LONGEST_INCIDENT_MS;
  return isStuck ? "its execution never came to an end" : null;
};

/** Whether nobody answers for an incident any more. */
export const isLeft = async ({ clock, executionState }: LeftPorts, incident: Incident): Promise<boolean> =>
  whyLeft(await executionState(incident.id), incident, clock.nowMs()) !== null;

/**
 * Looks after one incident that is open or watched: starts it where it never started, closes it where its execution ended
 * before it did, and rings its bell otherwise, for a wake-up may have been lost. The state of the execution is read before
 * the incident: an execution writes how it ended, then ends.
 */
export const lookAfter = async (ports: OrphanPorts, settings: Settings, id: string): Promise<LookedAfter> => {
  const state = await ports.executionState(id);
  const incident = await readIncident(ports.ledger, id);
  if (!isOpen(incident)) return "nothing";
  const nowMs = ports.clock.nowMs();
  const { startedAtMs, openedAtMs, doorbell } = incident;
  if (state === "absent" && startedAtMs === null) {
    if (nowMs - openedAtMs < UNSTARTED_MS) return "nothing";
    await ports.executions.start(id);
    return "started";
  }
  const why = whyLeft(state, incident, nowMs);
  if (why !== null) return incident.terminal !== null ? letGo(ports, id) : closeOrphan(ports, settings, incident, why);
  if (doorbell === null) return "nothing";
  await ports.executions.ring(doorbell);
  return "rung";
};

/** Nobody watches it any more: its alarm's next ALARM opens an incident of its own. */
const letGo = async ({ ledger }: OrphanPorts, id: string): Promise<LookedAfter> => {
  await changeIncident(ledger, id, (current) => (current.watching ? { ...current, watching: false } : undefined));
  return "let-go";
};

/**
 * Hands an incident to people that nobody answers any more. The page comes first: where it fails the incident stays open,
 * and the next run pages. A record that cannot be written is missed, and said to be missing. What was decided is counted
 * once nothing can be added to it: the incident owes the rows of all that.
 */
const closeOrphan = async (
  ports: OrphanPorts,
  settings: Settings,
  incident: Incident,
  why: string,
): Promise<LookedAfter> => {
  const { ledger, pager } = ports;
  const { id } = incident;
  const stored = await sealDecisions(ledger, id);
  const effects = await effectsOf(ports, id);
  const chapters = chaptersLeftBehind(stored, incident, effects, { atMs: ports.clock.nowMs(), why });
  const started = effects.filter(({ executionId }) => executionId !== null);
  if (!(await isSilent({ ports: { ledger, dryRun: false }, settings, incidentId: id })))
    await pager.page({
      incidentId: id,
      severity: incident.severity,
      summary: `${incident.umbrella ? "a storm of alarms" : incident.alarmName}: ${why}`,
      details: [
        ...(chapters.at(-1)?.decision.facts ?? []),
        ...started.map(({ runbook, target, role }) => `${role} of ${runbook} on ${target}: nobody saw how it ended`),
      ],
    });
  const atMs = ports.clock.nowMs();
  const terminal = "ESCALATED" as const;
  const ending = { terminal, because: because("step-abandoned", why), atMs };
  const modelHash = chapters.at(-1)?.decision.modelHash ?? "";
  const recorded = await isWritten(() =>
    ports.records.put(incidentRecord({ ...ports, scorer: { modelHash } }, incident, ending, chapters, started)),
  );
  await noteHeldLeases(ledger, id, effects);
  const said = recorded ? ending.because : because("step-abandoned", `${why}; its record could not be written`);
  const closed = await changeIncident(ledger, id, (current) =>
    current.terminal === null
      ? {
          ...{ ...current, terminal, because: said, closedAtMs: atMs, watching: false },
          ...{ decided: Math.max(current.decided, stored.length), rows: current.rows ?? [] },
        }
      : undefined,
  );
  return closed.closedAtMs === atMs ? "closed" : "nothing";
};

const isWritten = async (write: () => Promise<void>): Promise<boolean> => {
  try {
    await write();
    return true;
  } catch {
    // People have been told, and must not be held up: an incident that nobody answers swallows its alarm's next ring.
    return false;
  }
};
