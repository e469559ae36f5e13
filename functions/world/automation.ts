import type { AutomationContent, AutomationStep } from "../core/automation-document.ts";
import type { Json } from "../core/json.ts";
import type { RunStatus } from "../core/stages.ts";
import { choiceHolds } from "./automation-branch.ts";
import {
  capturedOutputs,
  durationMs,
  isDesired,
  parsedParameters,
  scopeOf,
  select,
  substitute,
  textOf,
  unresolvedReferences,
} from "./automation-values.ts";
import type { ApiCall, ApiReply } from "./types.ts";

/** What whoever drives the automation does next: make this call, sleep until then, or stop asking. */
export type AutomationCommand =
  | Readonly<{ kind: "call"; call: ApiCall }>
  | Readonly<{ kind: "sleep"; untilMs: number }>
  | Readonly<{ kind: "done" }>;

/** One execution of one document, as JSON. `outputs` are texts under `Step.Name`, kept after a failure. */
export type AutomationState = Readonly<{
  content: AutomationContent;
  parameters: Readonly<Record<string, Json>>;
  globals: Readonly<Record<string, string>>;
  status: RunStatus;
  /** The first critical step that failed, whatever ran after it. */
  failedStep: string | null;
  reason: string | null;
  failedAs: "failed" | "timed-out" | null;
  outputs: Readonly<Record<string, string>>;
  step: string | null;
  attempt: number;
  stepsEntered: number;
  stepStartedAtMs: number;
  sleepingFor: "retry" | "poll" | "duration" | null;
  pending: AutomationCommand;
  startedAtMs: number;
  endedAtMs: number | null;
}>;

/** How often a wait asks again, and how long a failed attempt rests; SSM documents neither. */
export const POLL_INTERVAL_MS = 15_000;
/** The default of aws:waitForAwsResourceProperty, https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-waitForAwsResourceProperty.html */
const DEFAULT_TIMEOUT_SECONDS = 3600;
/** Ends a document whose branches lead in a circle. */
const MAX_STEPS_ENTERED = 1000;

/** Begins an execution. Parameters that StartAutomationExecution would refuse end it at once: failed, no step named. */
export const beginAutomation = (
  content: AutomationContent,
  parameters: Readonly<Record<string, Json>>,
  nowMs: number,
  /** Answers to `{{ global:NAME }}`: ACCOUNT_ID, REGION, AWS_PARTITION. */
  globals: Readonly<Record<string, string>> = {},
): AutomationState => {
  const parsed = parsedParameters(content, parameters);
  const begun: AutomationState = {
    content,
    parameters: parsed.ok ? parsed.parameters : {},
    globals,
    status: "running",
    failedStep: null,
    reason: parsed.ok ? null : parsed.reason,
    failedAs: parsed.ok ? null : "failed",
    outputs: {},
    step: null,
    attempt: 1,
    stepsEntered: 0,
    stepStartedAtMs: nowMs,
    sleepingFor: null,
    pending: { kind: "done" },
    startedAtMs: nowMs,
    endedAtMs: null,
  };
  return parsed.ok ? enter(begun, content.mainSteps[0]?.name ?? "", nowMs) : end(begun, nowMs);
};

/** What to do next; asking twice changes nothing. A sleep never ends before now. */
export const nextCommand = (state: AutomationState, nowMs: number): AutomationCommand =>
  state.pending.kind === "sleep" ? { kind: "sleep", untilMs: Math.max(state.pending.untilMs, nowMs) } : state.pending;

/** Takes the reply to the call that `nextCommand` asked for; ignored where no call is awaited. */
export const acceptReply = (state: AutomationState, reply: ApiReply, nowMs: number): AutomationState => {
  const step = stepNamed(state, state.step);
  if (state.pending.kind !== "call" || step === undefined) return state;
  if (!reply.ok) {
    if (step.action === "aws:waitForAwsResourceProperty" && isThrottling(reply.code))
      return pollAgain(state, step, nowMs);
    return fail(state, step, "failed", `${reply.code}: ${reply.message}`, nowMs);
  }
  if (step.action === "aws:executeAwsApi") {
    const captured = capturedOutputs(step.name, step.outputs ?? [], reply.output);
    if (!captured.ok) return fail(state, step, "failed", `the reply holds no output ${captured.missing}`, nowMs);
    return follow({ ...state, outputs: { ...state.outputs, ...captured.outputs } }, step, nowMs);
  }
  if (step.action !== "aws:waitForAwsResourceProperty" && step.action !== "aws:assertAwsResourceProperty") return state;
  const desired = step.inputs.DesiredValues.map((wanted) => textOf(substitute(wanted, scopeOf(state))));
  const found = select(reply.output, step.inputs.PropertySelector);
  if (isDesired(found, desired)) return follow(state, step, nowMs);
  if (step.action === "aws:waitForAwsResourceProperty") return pollAgain(state, step, nowMs);
  const actual = found === undefined ? "nothing" : textOf(found);
  return fail(
    state,
    step,
    "failed",
    `${step.inputs.PropertySelector} is ${actual}, not ${desired.join(" or ")}`,
    nowMs,
  );
};

/** Takes the end of the sleep that `nextCommand` asked for; ignored before its time. */
export const acceptTime = (state: AutomationState, nowMs: number): AutomationState => {
  const step = stepNamed(state, state.step);
  if (state.pending.kind !== "sleep" || step === undefined || nowMs < state.pending.untilMs) return state;
  if (state.sleepingFor === "retry") return attempt(state, step, nowMs);
  const isOver = state.sleepingFor === "duration" && nowMs >= sleepEndMs(state, step);
  if (isOver) return follow(state, step, nowMs);
  if (nowMs >= deadlineMs(state, step))
    return fail(state, step, "timed-out", `${step.name} took longer than ${timeoutSeconds(step)} s`, nowMs);
  return askFor(state, step, nowMs);
};

/** Stops a running execution where it stands; its outputs remain readable. An ended one stays as it ended. */
export const stopAutomationState = (state: AutomationState, nowMs: number): AutomationState =>
  state.status === "running"
    ? {
        ...state,
        status: "stopped",
        failedStep: state.step,
        reason: "stopped",
        pending: { kind: "done" },
        sleepingFor: null,
        endedAtMs: nowMs,
      }
    : state;

/** What the document declares as its own outputs, as far as the steps behind them ran. */
export const documentOutputs = (state: AutomationState): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (state.content.outputs ?? []).flatMap((name) => {
      const value = state.outputs[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

const stepNamed = (state: AutomationState, name: string | null): AutomationStep | undefined =>
  state.content.mainSteps.find((step) => step.name === name);

const timeoutSeconds = (step: AutomationStep): number => step.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;

const deadlineMs = (state: AutomationState, step: AutomationStep): number =>
  step.action === "aws:sleep" && step.timeoutSeconds === undefined
    ? Number.POSITIVE_INFINITY
    : state.stepStartedAtMs + timeoutSeconds(step) * 1000;

const enter = (state: AutomationState, name: string, nowMs: number): AutomationState => {
  const step = stepNamed(state, name);
  const entered = { ...state, step: name, attempt: 1, stepsEntered: state.stepsEntered + 1 };
  if (step === undefined) return end(blame(entered, name, "failed", "there is no step of that name"), nowMs);
  if (entered.stepsEntered > MAX_STEPS_ENTERED)
    return end(blame(entered, name, "failed", "the steps lead in a circle"), nowMs);
  return attempt(entered, step, nowMs);
};

const attempt = (state: AutomationState, step: AutomationStep, nowMs: number): AutomationState =>
  askFor({ ...state, stepStartedAtMs: nowMs }, step, nowMs);

/** Works out what the current step asks of the world; branches ask nothing and lead on at once. */
const askFor = (state: AutomationState, step: AutomationStep, nowMs: number): AutomationState => {
  const scope = scopeOf(state);
  const unresolved = unresolvedReferences(step.action === "aws:branch" ? step.inputs.Choices : step.inputs, scope);
  if (unresolved.length > 0) return fail(state, step, "failed", `nothing stands for ${unresolved.join(", ")}`, nowMs);
  switch (step.action) {
    case "aws:branch": {
      const choice = step.inputs.Choices.find((candidate) => choiceHolds(substitute(candidate, scope)));
      const next = choice?.NextStep ?? step.inputs.Default;
      return next === undefined ? follow(state, step, nowMs) : enter(state, next, nowMs);
    }
    case "aws:sleep":
      return sleep(state, "duration", Math.min(sleepEndMs(state, step), deadlineMs(state, step)));
    default: {
      const { Service, Api, PropertySelector: _selector, DesiredValues: _desired, ...members } = step.inputs;
      const input = Object.fromEntries(Object.entries(members).map(([key, value]) => [key, substitute(value, scope)]));
      return { ...state, sleepingFor: null, pending: { kind: "call", call: { service: Service, api: Api, input } } };
    }
  }
};

const sleep = (
  state: AutomationState,
  sleepingFor: "retry" | "poll" | "duration",
  untilMs: number,
): AutomationState => ({
  ...state,
  sleepingFor,
  pending: { kind: "sleep", untilMs },
});

const pollAgain = (state: AutomationState, step: AutomationStep, nowMs: number): AutomationState =>
  sleep(state, "poll", Math.max(nowMs, Math.min(nowMs + POLL_INTERVAL_MS, deadlineMs(state, step))));

const sleepEndMs = (state: AutomationState, step: AutomationStep): number =>
  state.stepStartedAtMs + (step.action === "aws:sleep" ? durationMs(step.inputs.Duration) : 0);

/** Error codes of AWS services that ask the caller to come back later. */
const isThrottling = (code: string): boolean => /throttl|TooManyRequests|RequestLimitExceeded|SlowDown/i.test(code);

/** A step has failed once all its attempts have; then `onFailure` says where to go and `isEnd` whether to go at all. */
const fail = (
  state: AutomationState,
  step: AutomationStep,
  as: "failed" | "timed-out",
  reason: string,
  nowMs: number,
): AutomationState => {
  if (state.attempt < (step.maxAttempts ?? 1))
    return sleep({ ...state, attempt: state.attempt + 1 }, "retry", nowMs + POLL_INTERVAL_MS);
  const onFailure = step.onFailure ?? "Abort";
  const isCritical = onFailure === "Abort" || (step.isCritical ?? onFailure !== "Continue");
  const blamed = isCritical ? blame(state, step.name, as, reason) : state;
  if (onFailure === "Abort") return end(blamed, nowMs);
  if (onFailure === "Continue" || step.isEnd === true) return follow(blamed, step, nowMs);
  return enter(blamed, onFailure.slice("step:".length), nowMs);
};

const blame = (state: AutomationState, step: string, as: "failed" | "timed-out", reason: string): AutomationState =>
  state.failedAs === null ? { ...state, failedStep: step, failedAs: as, reason } : state;

const follow = (state: AutomationState, step: AutomationStep, nowMs: number): AutomationState => {
  if (step.isEnd === true) return end(state, nowMs);
  const next = step.nextStep ?? state.content.mainSteps[state.content.mainSteps.indexOf(step) + 1]?.name;
  return next === undefined ? end(state, nowMs) : enter(state, next, nowMs);
};

const end = (state: AutomationState, nowMs: number): AutomationState => ({
  ...state,
  status: state.failedAs ?? "succeeded",
  step: null,
  sleepingFor: null,
  pending: { kind: "done" },
  endedAtMs: nowMs,
});
