import assert from "node:assert/strict";
import { test } from "node:test";
import { cedarGuardrails } from "../functions/adapters/cedar/guardrails.ts";
import { type AutomationDocument, undoParameters } from "../functions/core/automation-document.ts";
import { NO_FACTS } from "../functions/core/guard-facts.ts";
import type { Json } from "../functions/core/json.ts";
import type { Params, Runbook } from "../functions/core/runbook.ts";
import { lintRunbook } from "../functions/core/runbook-lint.ts";
import {
  type AutomationState,
  acceptReply,
  acceptTime,
  beginAutomation,
  nextCommand,
} from "../functions/world/automation.ts";
import { isDesired, select } from "../functions/world/automation-values.ts";
import { call } from "../functions/world/aws-api.ts";
import { resourcesOf } from "../functions/world/graph.ts";
import { runOf, startAutomation } from "../functions/world/runs.ts";
import type { World } from "../functions/world/state.ts";
import type { ApiCall, ApiReply } from "../functions/world/types.ts";
import { advance, configurationHash, fork } from "../functions/world/world.ts";
import { loadGuardrails } from "../policies/guardrails/load.ts";

/** One situation in which a runbook is called for, in the simulated cloud. */
export type RunbookCase = Readonly<{
  world: World;
  target: string;
  params: Params;
  /** What somebody else does first, so that the precheck must refuse. */
  spoil: ApiCall;
  /** What a describe call shows at some moment from the action on, and did not show before. */
  shows: Readonly<{ call: ApiCall; selector: string; value: string }>;
  /** APIs by which the automation changes something, in order. */
  changes: readonly string[];
}>;

type Effect = Runbook & Readonly<{ documents: NonNullable<Runbook["documents"]> }>;
type Answer = (world: World, asked: ApiCall, step: string | null) => ApiReply;
const OURS = { executionId: "contract", person: null } as const;
const HOSTILE = ["{{ssm:x}}", "$(id)", "a;b", "*", "", "a\nb", "a b", "-o", "a,b", "../x"];

/** Registers what every runbook with documents must do, whatever it is for. */
export const runbookContract = (runbook: Runbook, situation: RunbookCase): void => {
  const { documents } = runbook;
  if (documents === null) throw new TypeError(`${runbook.id} has no documents, so this contract says nothing of it`);
  const effect: Effect = { ...runbook, documents };
  testPromises(effect, situation);
  testAction(effect, situation);
  testFailures(effect, situation);
};

/** Runs a document to its end in a world, in the world's own time. */
const run = (
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

const answered: Answer = (world, asked) => call(world, OURS, asked);
const REFUSED: ApiReply = { ok: false, code: "InternalServerError", message: "injected" };

const changesMade = (world: World): readonly string[] =>
  world.effects
    .filter(({ caller, ok }) => ok && caller.executionId === OURS.executionId)
    .map((made) => `${made.call.service}:${made.call.api}`);

const isShown = (world: World, { shows }: RunbookCase): boolean => {
  const reply = answered(world, shows.call, null);
  return reply.ok && isDesired(select(reply.output, shows.selector), [shows.value]);
};

const testPromises = (runbook: Effect, { world, target, params }: RunbookCase): void => {
  test(`${runbook.id}: the lint finds nothing`, () => {
    const findings = lintRunbook(runbook);

    assert.deepEqual(findings, []);
  });

  test(`${runbook.id}: its schema takes the document's parameters as they are, and nothing hostile in any of them`, () => {
    const names = Object.keys(runbook.documents.automation.content.parameters);

    const parsed = runbook.parameters.parse(params);
    const taken = names.flatMap((name) =>
      [...HOSTILE, -1, 0.5, 1e9].filter((value) => runbook.parameters.safeParse({ ...params, [name]: value }).success),
    );

    assert.deepEqual(parsed, params);
    assert.deepEqual(Object.keys(params).sort(), names.toSorted());
    assert.deepEqual(taken, []);
    assert.ok(!runbook.parameters.safeParse({ ...params, AutomationAssumeRole: "arn:aws:iam::1:role/Admin" }).success);
  });

  test(`${runbook.id}: its blast radius is measured in numbers, and what cannot be reversed is never automatic`, () => {
    const [resource] = resourcesOf(world, [target]);
    assert.ok(resource !== undefined && resource.type === runbook.targetType);

    const { share, resources, zones } = runbook.blastRadius(resource, params);

    assert.ok(share >= 0 && share <= 1 && resources >= 1 && zones >= 1);
    assert.ok(runbook.reversal !== "none" || runbook.tier >= 2);
    assert.equal(runbook.reversal === "inverse", runbook.documents.undo !== null);
  });
};

const testAction = (runbook: Effect, situation: RunbookCase): void => {
  const { automation, undo } = runbook.documents;

  test(`${runbook.id}: it changes what it says, which the control plane shows, and captures all that its undo needs`, () => {
    const world = fork(situation.world);
    let wasShown = isShown(world, situation);
    assert.equal(wasShown, false);

    const state = run(world, automation, situation.params, (at, asked, step) => {
      const reply = answered(at, asked, step);
      wasShown ||= isShown(at, situation);
      return reply;
    });

    assert.deepEqual([state.status, state.reason], ["succeeded", null]);
    assert.ok(wasShown || isShown(world, situation));
    assert.deepEqual(changesMade(world), situation.changes);
    assert.ok(undo === null || undoParameters(undo, state.outputs) !== null);
  });

  test(`${runbook.id}: its precheck refuses a target that somebody else has changed, and nothing is touched`, () => {
    const world = fork(situation.world);
    assert.ok(call(world, { executionId: null, person: "somebody" }, situation.spoil).ok);
    const before = configurationHash(world);

    const state = run(world, automation, situation.params);

    const failed = automation.content.mainSteps.find(({ name }) => name === state.failedStep);
    assert.deepEqual([state.status, failed?.action], ["failed", "aws:assertAwsResourceProperty"]);
    assert.deepEqual([changesMade(world), configurationHash(world)], [[], before]);
  });

  if (runbook.reversal === "none") testConsents(runbook);
  else testUndo(runbook, situation);

  test(`${runbook.id}: the world's own Systems Manager brings the same document to the same end`, () => {
    const world = fork(situation.world);
    const beside = fork(situation.world);
    const request = { documentName: automation.name, documentHash: automation.hash, parameters: situation.params };
    const started = startAutomation(world, new Map([[automation.name, automation]]), {
      ...request,
      clientToken: "contract",
      tags: {},
    });
    assert.ok(started.kind === "started");

    advance(world, world.nowMs + 3600_000);
    run(beside, automation, situation.params);

    assert.equal(runOf(world, started.executionId)?.status, "succeeded");
    assert.equal(configurationHash(world), configurationHash(beside));
  });
};

/** What cannot be taken back needs people on the best of days, whatever it has earned. */
const testConsents = ({ id, tier }: Effect): void => {
  test(`${id}: the guardrails let nobody run it without people`, async () => {
    const { policies, schema } = loadGuardrails();
    const guardrails = cedarGuardrails(policies, schema);
    const facts = { ...NO_FACTS, switchOn: true, autonomyEarned: true, reversible: false };

    const answers = await Promise.all(
      (["production", "other"] as const).map((environment) =>
        guardrails.ask({ effect: true, tier, environment, mode: "auto", facts }),
      ),
    );

    assert.ok(answers.every((answer) => answer.kind === "refused" || answer.consents >= 1));
  });
};

const testUndo = (runbook: Effect, situation: RunbookCase): void => {
  const { automation, undo } = runbook.documents;

  test(`${runbook.id}: its undo restores the configuration, and a second undo changes nothing more`, () => {
    const world = fork(situation.world);
    const before = configurationHash(world);
    const ran = run(world, automation, situation.params);

    const undone = undoTwice(world, undo, ran);

    assert.deepEqual(undone, undo === null ? [] : ["succeeded", "succeeded"]);
    assert.equal(configurationHash(world), before);
  });
};

/** Undoes a run twice, as far as it came to capture anything; the statuses of both undos. */
const undoTwice = (world: World, undo: AutomationDocument | null, ran: AutomationState): readonly string[] => {
  const params = undo === null ? null : undoParameters(undo, ran.outputs);
  if (undo === null || params === null) return [];
  return [run(world, undo, params).status, run(world, undo, params).status];
};

const testFailures = (runbook: Effect, situation: RunbookCase): void => {
  const { automation, undo } = runbook.documents;
  const calling = automation.content.mainSteps.filter((step) => "Api" in step.inputs).map(({ name }) => name);

  for (const failing of calling) {
    test(`${runbook.id}: a failure at ${failing} is named, and the undo leaves the configuration as it was`, () => {
      const world = fork(situation.world);
      const before = configurationHash(world);
      const ran = run(world, automation, situation.params, (at, asked, step) =>
        step === failing ? REFUSED : answered(at, asked, step),
      );
      const standing = changesMade(world).length;

      const undone = undoTwice(world, undo, ran);

      assert.deepEqual([ran.status, ran.failedStep], ["failed", failing]);
      assert.ok(
        undone.every((status) => status === "succeeded"),
        undone.join(),
      );
      assert.ok(undone.length > 0 || standing === 0 || undo === null);
      assert.ok(configurationHash(world) === before || (runbook.reversal === "none" && standing > 0));
    });

    test(`${runbook.id}: a change at ${failing} whose answer is lost is undone, or left alone by an undo that says so`, () => {
      const world = fork(situation.world);
      const before = configurationHash(world);
      const ran = run(world, automation, situation.params, (at, asked, step) => {
        const reply = answered(at, asked, step);
        return step === failing ? REFUSED : reply;
      });

      const undone = undoTwice(world, undo, ran);

      assert.deepEqual([ran.status, ran.failedStep], ["failed", failing]);
      const stays = configurationHash(world) !== before;
      assert.ok(!stays || undone.every((status) => status === "failed"), undone.join());
      assert.ok(!stays || undone.length === 2 || runbook.reversal === "none");
    });
  }
};

/** What a describe call selects, for a case to be built on. Throws where the call fails. */
export const described = (world: World, asked: ApiCall, selector: string): Json => {
  const reply = answered(world, asked, null);
  const found = reply.ok ? select(reply.output, selector) : undefined;
  if (found === undefined) throw new Error(`${asked.service}:${asked.api} shows nothing at ${selector}`);
  return found;
};
