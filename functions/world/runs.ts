import type { AutomationDocument } from "../core/automation-document.ts";
import { hashOf } from "../core/ids.ts";
import {
  type AutomationState,
  acceptReply,
  acceptTime,
  beginAutomation,
  nextCommand,
  stopAutomationState,
} from "./automation.ts";
import { call } from "./aws-api.ts";
import { uuidOf, wholeBetween } from "./random.ts";
import { record, schedule, streamOf, type World } from "./state.ts";
import type { WorldRun } from "./types.ts";

export type AutomationRequest = Readonly<{
  documentName: string;
  documentHash: string;
  parameters: Readonly<Record<string, string | number>>;
  clientToken: string;
  tags: Readonly<Record<string, string>>;
}>;
export type AutomationStarted =
  | Readonly<{ kind: "started"; executionId: string }>
  | Readonly<{ kind: "refused"; detail: string }>;

const CALL_MS = [800, 3000] as const; // what SSM needs for a step that calls an API

/**
 * Starts a run, or finds the one that the same client token started with the same parameters.
 * Refused: no document of that name and hash, parameters that do not fit it, or a token that was used for something else.
 */
export const startAutomation = (
  world: World,
  documents: ReadonlyMap<string, AutomationDocument>,
  request: AutomationRequest,
): AutomationStarted => {
  const known = world.runs.find(({ run }) => run.clientToken === request.clientToken);
  if (known !== undefined) {
    const { executionId, documentName, parameters } = known.run;
    const isSame = documentName === request.documentName && hashOf(parameters) === hashOf(request.parameters);
    return isSame
      ? { kind: "started", executionId }
      : { kind: "refused", detail: `the client token was used for another start, ${executionId}` };
  }
  const document = documents.get(request.documentName);
  if (document === undefined) return { kind: "refused", detail: `no document ${request.documentName}` };
  if (document.hash !== request.documentHash)
    return { kind: "refused", detail: `${request.documentName} has another hash: ${document.hash}` };
  const globals = { ACCOUNT_ID: world.account, REGION: world.region, AWS_PARTITION: "aws" };
  const state = beginAutomation(document.content, request.parameters, world.nowMs, globals);
  if (state.status !== "running") return { kind: "refused", detail: state.reason ?? "the parameters do not fit" };
  return { kind: "started", executionId: begin(world, state, request) };
};

/** The run as its ledger shows it now, or null where there is none. */
export const runOf = (world: World, executionId: string): WorldRun | null =>
  world.runs.find(({ run }) => run.executionId === executionId)?.run ?? null;

/** All runs, in the order of their starts. */
export const runsOf = (world: World): readonly WorldRun[] => world.runs.map(({ run }) => run);

/** Stops a run where it stands; one that has ended, or never was, stays as it is. */
export const stopAutomation = (world: World, executionId: string): void => {
  const held = world.runs.find(({ run }) => run.executionId === executionId);
  if (held === undefined || held.run.status !== "running") return;
  world.inputs.push({ kind: "stop-automation", atMs: world.nowMs, executionId });
  keep(world, held, stopAutomationState(held.state, world.nowMs));
};

/** Takes the run one command further: the agenda calls this. */
export const continueRun = (world: World, executionId: string): void => {
  const held = world.runs.find(({ run }) => run.executionId === executionId);
  if (held === undefined || held.run.status !== "running") return;
  const command = nextCommand(held.state, world.nowMs);
  if (command.kind === "call") {
    const reply = call(world, { executionId, person: null }, command.call);
    keep(world, held, acceptReply(held.state, reply, world.nowMs));
  } else if (command.kind === "sleep") keep(world, held, acceptTime(held.state, world.nowMs));
  scheduleNext(world, held);
};

type Held = World["runs"][number];

const begin = (world: World, state: AutomationState, request: AutomationRequest): string => {
  const executionId = uuidOf(`${world.streams}|${request.clientToken}`);
  world.inputs.push({ kind: "start-automation", atMs: world.nowMs, ...request });
  const run: WorldRun = { executionId, ...request, ...visiblePart(state) };
  const held = { run, state };
  world.runs.push(held);
  record(world, "run-started", { executionId, documentName: request.documentName, parameters: request.parameters });
  scheduleNext(world, held);
  return executionId;
};

const visiblePart = (state: AutomationState) => ({
  status: state.status,
  failedStep: state.failedStep,
  reason: state.reason,
  outputs: state.outputs,
  startedAtMs: state.startedAtMs,
  endedAtMs: state.endedAtMs,
});

const keep = (world: World, held: Held, state: AutomationState): void => {
  held.state = state;
  held.run = { ...held.run, ...visiblePart(state) };
  const { executionId, status, failedStep } = held.run;
  if (status !== "running") record(world, "run-ended", { executionId, status, failedStep });
};

const scheduleNext = (world: World, held: Held): void => {
  const { executionId } = held.run;
  if (held.run.status !== "running") return;
  const command = nextCommand(held.state, world.nowMs);
  const stepMs = wholeBetween(streamOf(world, executionId, "step"), held.state.stepsEntered, ...CALL_MS);
  const atMs = command.kind === "sleep" ? command.untilMs : world.nowMs + stepMs;
  schedule(world, Math.max(atMs, world.nowMs), { kind: "run", executionId });
};
