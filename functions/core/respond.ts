import { carryOut } from "./act.ts";
import { type Chapter, idle } from "./chapter.ts";
import { claim } from "./claim.ts";
import { close, closeRecovered } from "./close.ts";
import type { Decision } from "./decide.ts";
import { decideNow } from "./decide-now.ts";
import { deletedEnding, type Ending, endingAfter, handedOver, recoveredEnding } from "./ending.ts";
import { effectsOf } from "./execute.ts";
import { deedLeftBehind } from "./left-behind.ts";
import { because, type Terminal } from "./reasons.ts";
import { recordEpisode } from "./record-episode.ts";
import { redact } from "./redact.ts";
import { findRunbook, type Runbook } from "./runbook.ts";
import type { Session } from "./session.ts";
import { restored } from "./stored-decision.ts";
import { rideOut } from "./umbrella.ts";
import { soakMs } from "./verify.ts";
import { type Watched, watch, watchEndsMs } from "./watch.ts";

/** What becomes of an incident. `duplicate`: another execution has it, or nobody ever opened it. */
export type Responded = Readonly<{ incidentId: string; terminal: Terminal | "duplicate" }>;

/**
 * One incident from its first look to its end, as one durable execution: decide, carry out, verify, and again while it
 * is open, at most `decisionsPerIncident` times. Anything that fails for good hands the incident to people.
 */
export const respond = async (session: Session): Promise<Responded> => {
  const { incidentId, journal } = session;
  const claimed = await journal.step("claim", () => claim(session));
  if (claimed.kind === "duplicate") return { incidentId, terminal: "duplicate" };
  if (claimed.kind === "merged") return { incidentId, terminal: "MERGED" };

  const chapters: Chapter[] = [];
  let ending: Ending | "merged";
  try {
    ending = claimed.kind === "umbrella" ? await rideOut(session) : await untilItEnds(session, chapters);
  } catch (error) {
    ending = handedOver(chapters, because("step-abandoned", said(error)));
  }
  if (ending === "merged") return { incidentId, terminal: "MERGED" };
  await close(session, chapters, ending);
  return { incidentId, terminal: ending.terminal };
};

const said = (error: unknown): string => redact(error instanceof Error ? error.message : String(error), 300).text;

const SEALED = "its execution was taken for dead, so that it may decide nothing more";

const untilItEnds = async (session: Session, chapters: Chapter[]): Promise<Ending | "merged"> => {
  const mostTurns = 3 * session.settings.decisionsPerIncident;
  for (let turn = 0; turn < mostTurns; turn += 1) {
    const now = await session.journal.step(`decide-${turn}`, () => decideNow(session, chapters));
    if (now.kind === "merged") return "merged";
    if (now.kind === "gone") return deletedEnding(chapters);
    if (now.kind === "sealed") return handedOver(chapters, because("step-abandoned", SEALED));
    if (now.kind === "quiet") {
      const { kind, news } = await watchQuiet(session, turn, now);
      const ending = recoveredEnding(chapters);
      if (kind === "recovered" && (await closeRecovered(session, chapters, ending, { name: `ends-${turn}`, news })))
        return ending;
      continue;
    }
    const decision = restored(now.decision);
    const deed = await liveThrough(session, chapters, decision);
    const ending = endingAfter(chapters, deed.outcome);
    if (ending === null) continue;
    const seen = { name: `ends-${turn}`, news: deed.seenNews };
    if (ending.because.code !== "recovered" || (await closeRecovered(session, chapters, ending, seen))) return ending;
  }
  return handedOver(chapters, because("too-many-turns", `it did not come to rest within ${mostTurns} turns`));
};

/** The alarm was OK when we looked: either that holds through a soak, or it rings again and is decided upon. */
const watchQuiet = (
  session: Session,
  turn: number,
  quiet: Extract<Awaited<ReturnType<typeof decideNow>>, { kind: "quiet" }>,
): Promise<Watched> => {
  const untilMs = quiet.nowMs + soakMs(session.settings, quiet.alarms);
  return watch(session, { name: `quiet-${turn}`, untilMs, baseline: quiet.baseline, stopWhenWorse: true });
};

/** Carries a decision out. It is the incident's next chapter, even where this fails for good on the way. */
const liveThrough = async (session: Session, chapters: Chapter[], decision: Decision): Promise<Chapter["deed"]> => {
  const before = chapters.at(-1);
  try {
    if (before !== undefined) await recordEpisode(session, before, { toMs: decision.decidedAtMs, end: "none" });
    const deed = await become(session, decision);
    chapters.push({ decision, deed });
    return deed;
  } catch (error) {
    chapters.push({ decision, deed: await interrupted(session, decision, said(error)) });
    throw error;
  }
};

/** What is known of a decision at which this execution cannot go on. */
const interrupted = async (session: Session, decision: Decision, why: string): Promise<Chapter["deed"]> => {
  const { journal, ports, incidentId } = session;
  try {
    return await journal.step(`left-${decision.step}`, async () =>
      deedLeftBehind(decision, await effectsOf(ports, incidentId), { atMs: ports.clock.nowMs(), why }),
    );
  } catch {
    // People have to be told, whatever the ledger says. What had a plan may have been started.
    const deed = deedLeftBehind(decision, [], { atMs: decision.decidedAtMs, why });
    const isPlanned = decision.mode !== "observe" && decision.result.kind === "chosen" && decision.result.plan !== null;
    return isPlanned ? { ...deed, exit: "unknown" } : deed;
  }
};

const kindOf = (session: Session, decision: Decision): Runbook["kind"] => {
  const { result } = decision;
  if (result.kind === "abstained") return result.falls;
  const { runbook, version } = result.candidate;
  return findRunbook(session.ports.catalogue, runbook, version)?.kind ?? "page";
};

/** Turns a decision into what came of it: an effect is carried out, a wait is watched, a page ends it. */
const become = async (session: Session, decision: Decision): Promise<Chapter["deed"]> => {
  const kind = kindOf(session, decision);
  const observing = decision.mode === "observe";
  if (kind === "wait") {
    const untilMs = decision.decidedAtMs + session.settings.waitSeconds * 1000;
    return watched(session, decision, `wait-${decision.step}`, untilMs, "not-recovered");
  }
  if (kind === "page" && !observing) return idle({ kind: "paged", afterSeconds: 0 }, decision.decidedAtMs);
  const deed = observing ? null : await carryOut(session, decision);
  if (deed !== null && deed.outcome.kind !== "observed") return deed;
  const untilMs = watchEndsMs(session, decision.decidedAtMs, session.settings.handoverSeconds);
  const seen = await watched(session, decision, `observe-${decision.step}`, untilMs, "observed");
  return { ...seen, consent: deed?.consent ?? null };
};

/** Nothing is done but looking; `otherwise` is what it comes to when recovery does not show in time. */
const watched = async (
  session: Session,
  decision: Decision,
  name: string,
  untilMs: number,
  otherwise: "not-recovered" | "observed",
): Promise<Chapter["deed"]> => {
  const seen = await watch(session, { name, untilMs, baseline: decision.baseline, stopWhenWorse: false });
  const afterSeconds = Math.round((seen.endedAtMs - decision.decidedAtMs) / 1000);
  return idle(
    seen.kind === "recovered" ? { kind: "recovered", by: "self", afterSeconds } : { kind: otherwise, afterSeconds },
    seen.endedAtMs,
    seen.kind === "recovered" ? seen.news : null,
  );
};
