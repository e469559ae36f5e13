import type { AutomationDocument } from "../functions/core/automation-document.ts";
import type { Json } from "../functions/core/json.ts";
import type { Params, Runbook } from "../functions/core/runbook.ts";
import {
  type AutomationState,
  acceptReply,
  acceptTime,
  beginAutomation,
  nextCommand,
} from "../functions/world/automation.ts";
import { select } from "../functions/world/automation-values.ts";
import { call } from "../functions/world/aws-api.ts";
import type { World } from "../functions/world/state.ts";
import type { ApiCall, ApiReply } from "../functions/world/types.ts";
import { advance, fork } from "../functions/world/world.ts";

/** One situation in which a runbook is called for, in the simulated cloud. */
export type RunbookCase = Readonly<{
  world: World;
  target: string;
  params: Params;
  /** What somebody else does first, so that the precheck must refuse. */
  spoil: ApiCall;
  /** What a describe call shows at some moment from the action on, and did not show before. */
  shows: Readonly<{ call: ApiCall; selector: string; value: string }>;
  /** What somebody else does to the same setting between the run and its undo, where there is an undo. */
  meddle?: ApiCall | readonly ApiCall[];
  /** APIs by which the automation changes something, in order. */
  changes: readonly string[];
}>;

/** A runbook with documents. */
export type Effect = Runbook & Readonly<{ documents: NonNullable<Runbook["documents"]> }>;
/** Answers a call that a step of an automation makes. */
export type Answer = (world: World, asked: ApiCall, step: string | null) => ApiReply;
const OURS = { executionId: "contract", person: null } as const;
/** Whoever else works in the same cloud. */
export const SOMEBODY = { executionId: null, person: "somebody" } as const;
/** Runs a document to its end in a world, in the world's own time. */
export const run = (
  world: World,
  document: AutomationDocument,
  params: Params,
  answer: Answer = answered,
): AutomationState => {
  const globals = { ACCOUNT_ID: world.account, REGION: world.region, AWS_PARTITION: "aws" };
  let state = beginAutomation(document.content, params, world.nowMs, globals);
  for (
    let command = nextCommand(state, world.nowMs);
    command.kind !== "done";
    command = nextCommand(state, world.nowMs)
  ) {
    if (command.kind === "sleep") {
      advance(world, command.untilMs);
      state = acceptTime(state, world.nowMs);
    } else {
      state = acceptReply(state, answer(world, command.call, state.step), world.nowMs);
      advance(world, world.nowMs + 1_000);
    }
  }
  return state;
};

/** The world's own answer. */
export const answered: Answer = (world, asked) => call(world, OURS, asked);
/** The answer of a service that fails. */
export const REFUSED: ApiReply = { ok: false, code: "InternalServerError", message: "injected" };

/** APIs by which the automations of the contract have changed something, in order. */
export const changesMade = (world: World): readonly string[] =>
  world.effects
    .filter(({ caller, ok }) => ok && caller.executionId === OURS.executionId)
    .map((made) => `${made.call.service}:${made.call.api}`);

/** Steps that the run asks something by, and that end it when they fail: one with another way on asks a question. */
export const endingSteps = (automation: AutomationDocument, situation: RunbookCase): readonly string[] => {
  const asking = new Set<string | null>();
  run(fork(situation.world), automation, situation.params, (at, asked, step) => {
    asking.add(step);
    return answered(at, asked, step);
  });
  return automation.content.mainSteps
    .filter(({ name, onFailure }) => asking.has(name) && (onFailure ?? "Abort") === "Abort")
    .map(({ name }) => name);
};

/** What a describe call selects, for a case to be built on. Throws where the call fails. */
export const described = (world: World, asked: ApiCall, selector: string): Json => {
  const reply = answered(world, asked, null);
  const found = reply.ok ? select(reply.output, selector) : undefined;
  if (found === undefined) throw new Error(`${asked.service}:${asked.api} shows nothing at ${selector}`);
  return found;
};
