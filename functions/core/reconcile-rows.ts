import { effectsOf } from "./execute.ts";
import { changeIncident, type Incident, isOpen, readIncident } from "./incident.ts";
import { chaptersLeftBehind } from "./left-behind.ts";
import { noteRows, owesRows } from "./owed-rows.ts";
import type { Ports } from "./ports.ts";
import { isLeft, type LeftPorts } from "./reconcile-incidents.ts";
import { appendRow, type EpisodeEnd, type RowPorts } from "./record-episode.ts";
import type { Settings } from "./settings.ts";
import { type StoredDecision, sealDecisions } from "./stored-decision.ts";

export type OwedRowPorts = RowPorts & LeftPorts & Pick<Ports, "ledger">;

/** Whether an incident's end is written, and a row of it is not. */
export const isOwing = (incident: Incident): boolean => !isOpen(incident) && owesRows(incident);

/**
 * Writes the rows that an incident owes whose execution is gone, or was taken for stuck, and whose end is written: else what
 * is learnt from would lack those that went worst. What the ledger was told of is said; what nobody saw is unknown. Before
 * anything is appended no decision can be added any more, and the incident says that its execution was taken over: a row
 * that one writes after all is a newer version. A crash anywhere leaves rows that stand, and the next run goes on.
 *
 * @returns how many rows were written; the last one waits until the time of its hand-over is over
 */
export const writeOwedRows = async (ports: OwedRowPorts, settings: Settings, id: string): Promise<number> => {
  const owing = await readIncident(ports.ledger, id);
  if (owing === null || !isOwing(owing) || !(await isLeft(ports, owing))) return 0;
  const incident = await changeIncident(ports.ledger, id, (current) =>
    current.takenOver === true ? undefined : { ...current, takenOver: true },
  );
  const stored = await sealDecisions(ports.ledger, id);
  const nowMs = ports.clock.nowMs();
  const unseen = { atMs: incident.closedAtMs ?? nowMs, why: incident.because?.detail ?? "nobody saw what came of it" };
  const chapters = chaptersLeftBehind(stored, incident, await effectsOf(ports, id), unseen);
  const told: number[] = [];
  for (const [index, chapter] of chapters.entries()) {
    const { step } = chapter.decision;
    const until = endOf(settings, incident, stored, index);
    if (incident.rows?.includes(step) || (until.handoverToMs ?? until.toMs) > nowMs) continue;
    await appendRow(ports, settings, incident, chapter, until, stored[index]?.madeUnder ?? {});
    told.push(step);
  }
  // A decision is counted before it is stored: what was counted and never came has no row.
  const never = Array.from({ length: incident.decided }, (_, step) => step).slice(stored.length);
  await noteRows(ports.ledger, id, [...told, ...never]);
  return told.length;
};

/**
 * Until when a decision is charged. Where the incident was handed over, people's time counts as long as it would have been
 * watched: recovery, which nobody saw, ends what is felt of it anyway.
 */
const endOf = (
  settings: Settings,
  { closedAtMs, terminal, because }: Incident,
  stored: readonly StoredDecision[],
  index: number,
): EpisodeEnd => {
  const next = stored[index + 1];
  if (next !== undefined) return { toMs: next.decision.decidedAtMs, end: "none" };
  const toMs = closedAtMs ?? 0;
  if (terminal === "RESOLVED" || terminal === "SELF_RECOVERED") return { toMs, end: "recovered" };
  // Nobody was told, so nothing was handed over: how it went on is not known.
  if (because?.code === "observed" || stored[index]?.decision.mode === "observe") return { toMs, end: "open" };
  const handoverToMs = toMs + settings.handoverSeconds * 1000;
  return { toMs, end: "handed_over", handoverToMs, recoveredByHand: null };
};
