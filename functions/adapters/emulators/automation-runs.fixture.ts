import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AutomationContent, AutomationStep } from "../../core/automation-document.ts";
import type { Json } from "../../core/json.ts";
import {
  type AutomationState,
  acceptReply,
  acceptTime,
  beginAutomation,
  nextCommand,
  stopAutomationState,
} from "../../world/automation.ts";
import type { ApiCall, ApiReply } from "../../world/types.ts";

/** What SSM calls a run's and a step's states. */
export type Shown = "Pending" | "InProgress" | "Success" | "Failed" | "TimedOut" | "Cancelled";

/** One step as SSM lists it; times are ms since the epoch, null before and until. */
export type StepRun = Readonly<{
  step: AutomationStep;
  status: Shown;
  startedAtMs: number | null;
  endedAtMs: number | null;
}>;

/** One execution of a document, driven step by step in this process. */
export type AutomationRun = Readonly<{
  executionId: string;
  documentName: string;
  documentVersion: string;
  /** As they came: each a list of texts. */
  parameters: Readonly<Record<string, readonly string[]>>;
  clientToken: string | null;
  startedAtMs: number;
  endedAtMs: () => number | null;
  state: () => AutomationState;
  steps: () => readonly StepRun[];
  stop: () => void;
  /** Settles when it has ended. */
  ended: Promise<void>;
}>;

type Driving = Readonly<{
  call: (asked: ApiCall) => Promise<ApiReply>;
  /** A sleep of the document takes no longer than this, and counts as if it had taken its time. */
  mostSleepMs: number;
  globals: Readonly<Record<string, string>>;
  signal: AbortSignal;
}>;

/** What tells one run from another. */
type Started = Pick<AutomationRun, "documentName" | "documentVersion" | "parameters" | "clientToken">;

/** Begins a run of parsed parameters; one that SSM would refuse is a text that says why. */
export const beginRun = (
  content: AutomationContent,
  values: Readonly<Record<string, Json>>,
  started: Started,
  driving: Driving,
): AutomationRun | string => {
  const startedAtMs = Date.now();
  const begun = beginAutomation(content, values, startedAtMs, driving.globals);
  if (begun.status !== "running" && begun.failedStep === null) return begun.reason ?? "its parameters do not fit";
  let state = begun;
  let endedAtMs: number | null = null;
  // What sleeps have taken in the document's time beyond what they took here.
  let skippedMs = 0;
  const steps = new Map(content.mainSteps.map((step) => [step.name, unstarted(step)]));
  const take = (next: AutomationState, reply: ApiReply | null): void => {
    if (next.step !== state.step || next.status !== "running") leave(steps, state, next, reply);
    state = next;
    if (state.status !== "running") endedAtMs ??= Date.now();
    const entered = state.step === null ? undefined : steps.get(state.step);
    if (entered?.status === "Pending")
      steps.set(entered.step.name, { ...entered, status: "InProgress", startedAtMs: Date.now() });
  };
  take(begun, null);
  const stopped = new AbortController();
  const signal = AbortSignal.any([driving.signal, stopped.signal]);
  // A call that is never answered does not keep a run from its end.
  const over = new Promise<null>((resolve) => signal.addEventListener("abort", () => resolve(null), { once: true }));
  const drive = async (): Promise<void> => {
    while (state.status === "running" && !signal.aborted) {
      const nowMs = Date.now() + skippedMs;
      const command = nextCommand(state, nowMs);
      if (command.kind === "call") {
        const reply = await Promise.race([driving.call(command.call), over]);
        if (reply !== null) take(acceptReply(state, reply, Date.now() + skippedMs), reply);
      } else if (command.kind === "sleep") {
        await sleep(Math.min(command.untilMs - nowMs, driving.mostSleepMs), null, { signal });
        skippedMs += Math.max(0, command.untilMs - (Date.now() + skippedMs));
        take(acceptTime(state, Date.now() + skippedMs), null);
      }
    }
  };
  return {
    ...started,
    executionId: randomUUID(),
    startedAtMs,
    endedAtMs: () => endedAtMs,
    state: () => state,
    steps: () => [...steps.values()],
    stop: () => {
      take(stopAutomationState(state, Date.now()), null);
      stopped.abort();
    },
    ended: drive().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    }),
  };
};

const unstarted = (step: AutomationStep): StepRun => ({ step, status: "Pending", startedAtMs: null, endedAtMs: null });

/** Notes how the step went that the run has just left. */
const leave = (
  steps: Map<string, StepRun>,
  before: AutomationState,
  after: AutomationState,
  reply: ApiReply | null,
): void => {
  const left = before.step === null ? undefined : steps.get(before.step);
  if (left === undefined) return;
  steps.set(left.step.name, { ...left, status: howLeft(left.step, after, reply), endedAtMs: Date.now() });
};

const howLeft = (step: AutomationStep, after: AutomationState, reply: ApiReply | null): Shown => {
  if (after.status === "stopped") return "Cancelled";
  if (after.failedStep === step.name) return after.failedAs === "timed-out" ? "TimedOut" : "Failed";
  // A failure that counts for nothing is known by its reply, or by where it led.
  const ledAside = step.onFailure !== undefined && step.onFailure === `step:${after.step}`;
  return reply?.ok === false || ledAside ? "Failed" : "Success";
};
