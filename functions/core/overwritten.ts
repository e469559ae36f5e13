import { z } from "zod";
import type { Alarm } from "./alarm.ts";
import type { Chapter } from "./chapter.ts";
import { type Change, QUELL_AUTHOR } from "./evidence.ts";
import type { Effect } from "./execute.ts";
import { incidentId, isoTime } from "./ids.ts";
import { createIncident, type Incident, isOpen, newIncident, readIncident, readLock, takeLock } from "./incident.ts";
import type { Json } from "./json.ts";
import { change as changeItem } from "./ledger.ts";
import type { Ports } from "./ports.ts";
import { findRunbook } from "./runbook.ts";
import type { Settings } from "./settings.ts";

/** The newest effect of ours that helped and stands on one target, under `standing#ARN`. */
const standingEffect = z.object({
  incidentId: z.string(),
  /** Of the effect. */
  key: z.string(),
  runbook: z.string(),
  step: z.number(),
  atMs: z.number(),
  planHash: z.string(),
  /** The change that took it away, and the incident that it opened; null while nobody is known to have changed the target. */
  overwritten: z.object({ changeId: z.string(), atMs: z.number(), incidentId: z.string() }).nullable(),
});
type StandingEffect = z.infer<typeof standingEffect>;

const standingKey = (arn: string): string => `standing#${arn}`;

const parsed = (item: Json | null): StandingEffect | null => (item === null ? null : standingEffect.parse(item));

/**
 * Notes the effects by which an incident was resolved and that somebody could overwrite: what ended as it began cannot be,
 * and what recovered before the run began rests on nothing of ours. Repeating it changes nothing.
 */
export const noteStanding = async (
  ports: Pick<Ports, "ledger" | "catalogue">,
  id: string,
  chapters: readonly Chapter[],
  effects: readonly Effect[],
): Promise<void> => {
  for (const { decision, deed } of chapters) {
    if (deed.outcome.kind !== "recovered" || deed.outcome.by !== "action" || deed.undone) continue;
    const plan = decision.result.kind === "chosen" ? decision.result.plan : null;
    const effect = effects.find(({ step, role, dryRun }) => step === decision.step && role === "run" && !dryRun);
    const runbook = plan === null ? null : findRunbook(ports.catalogue, plan.runbook, plan.version);
    if (effect === undefined || runbook === null || runbook.reversal === "not-needed") continue;
    const { key, step, atMs, planHash, target } = effect;
    const standing: StandingEffect = {
      ...{ incidentId: id, key, runbook: runbook.id, step, atMs, planHash, overwritten: null },
    };
    await changeItem(ports.ledger, standingKey(target), (item) =>
      parsed(item)?.key === key ? { stop: null } : { write: standing },
    );
  }
};

/** `known`: an open incident, or a later one, answers for the alarm already. `left`: nothing of ours was overwritten. */
export type Reopened = Readonly<{ kind: "reopened" | "known"; incidentId: string }> | Readonly<{ kind: "left" }>;

const LEFT: Reopened = { kind: "left" };

/**
 * Opens an incident again whose remedy somebody else has overwritten: a new incident of the same alarm, as of the change.
 * It watches through a soak, decides if the alarm rings, or ends SELF_RECOVERED. To be called with every change that is
 * recorded, as often as it comes: one change opens one incident, and a crash between two writes is made good by the next
 * call. Throws where the ledger or the start does.
 */
export const reopenWhereOverwritten = async (
  ports: Pick<Ports, "ledger" | "executions" | "clock">,
  settings: Settings,
  change: Change,
): Promise<Reopened> => {
  if (change.author === QUELL_AUTHOR || change.kind === "commit") return LEFT;
  const standing = parsed((await ports.ledger.read(standingKey(change.target)))?.item ?? null);
  if (standing === null) return LEFT;
  const resolved = await readIncident(ports.ledger, standing.incidentId);
  const [key] = resolved?.keys ?? [];
  // An incident that is still open sees for itself what became of its effect.
  if (resolved === null || key === undefined || resolved.terminal !== "RESOLVED") return LEFT;
  // What our own run set in motion may be told without its author; by the end of the soak it is over.
  if (change.author === "" && change.atMs <= (resolved.closedAtMs ?? Number.POSITIVE_INFINITY)) return LEFT;
  const overwritten = await take(ports, settings, standing, change, key);
  return overwritten === null ? LEFT : openAgain(ports, settings, { resolved, key, standing, overwritten });
};

type Overwritten = NonNullable<StandingEffect["overwritten"]>;

/** Marks the effect as overwritten by this change, once; where another has done so, that one's opening is finished. */
const take = async (
  ports: Pick<Ports, "ledger">,
  settings: Settings,
  standing: StandingEffect,
  change: Change,
  key: string,
): Promise<Overwritten | null> => {
  const afterMs = change.atMs - standing.atMs;
  const isInTime = afterMs > 0 && afterMs <= settings.overwrittenSeconds * 1000;
  const mine: Overwritten = { changeId: change.id, atMs: change.atMs, incidentId: incidentId(key, change.atMs) };
  const taken = await changeItem(ports.ledger, standingKey(change.target), (item) => {
    const now = parsed(item);
    if (now === null || now.key !== standing.key) return { stop: null };
    if (now.overwritten !== null || !isInTime) return { stop: now.overwritten };
    return { write: { ...now, overwritten: mine }, overwritten: mine };
  });
  return "write" in taken ? mine : taken.stop;
};

type Again = Readonly<{ resolved: Incident; key: string; standing: StandingEffect; overwritten: Overwritten }>;

/** As intake opens an incident: the lock comes first, and whoever finds it without its incident finishes the opening. */
const openAgain = async (
  ports: Pick<Ports, "ledger" | "executions">,
  settings: Settings,
  again: Again,
): Promise<Reopened> => {
  const { key, overwritten } = again;
  const id = overwritten.incidentId;
  for (let tries = 0; tries < 5; tries += 1) {
    const lock = await readLock(ports.ledger, key);
    const holder = lock === null ? null : await readIncident(ports.ledger, lock.incidentId);
    if (lock !== null && lock.incidentId !== id) {
      const isLater = (holder?.openedAtMs ?? Number.POSITIVE_INFINITY) >= overwritten.atMs;
      const isAnswered = isLater || isOpen(holder);
      if (isAnswered) return { kind: "known", incidentId: lock.incidentId };
    }
    if (!(await takeLock(ports.ledger, key, lock, { incidentId: id, openedAtMs: overwritten.atMs }))) continue;
    await createIncident(ports.ledger, reopened(settings, again));
    const incident = holder?.id === id ? holder : await readIncident(ports.ledger, id);
    if (isOpen(incident) && incident.startedAtMs === null) await ports.executions.start(id);
    return { kind: "reopened", incidentId: id };
  }
  throw new Error(`${key}: five other writers came first; the change must be delivered again`);
};

/** The incident anew, of its own alarm alone; what joined it opens its own. Nothing says yet that the alarm rings. */
const reopened = (settings: Settings, { resolved, key, standing, overwritten }: Again): Incident => {
  const alarm: Alarm = {
    ...{ key, account: resolved.account, region: resolved.region, alarmName: resolved.alarmName },
    ...{ contributorId: null, attributes: {}, kind: "metric", state: "OK", changedAtMs: overwritten.atMs },
    ...{ previousState: null, threshold: null, suppressedBy: null, muted: false },
    description: resolved.words[0]?.description ?? null,
    reason: `opened again: at ${isoTime(overwritten.atMs)} somebody changed what ${standing.runbook} had changed in ${resolved.id}`,
    metrics: resolved.metrics[key] ?? [],
  };
  const { [key]: state } = resolved.states;
  const { [key]: coveredMs } = resolved.covers;
  const { service, environment, severity } = resolved;
  return {
    ...newIncident(settings, alarm),
    ...{ service, environment, severity },
    states: state === undefined ? {} : { [key]: state },
    covers: coveredMs === undefined ? {} : { [key]: coveredMs },
    rings: {},
  };
};
