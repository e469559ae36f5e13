import assert from "node:assert/strict";
import { test } from "node:test";
import { cedarGuardrails } from "../functions/adapters/cedar/guardrails.ts";
import { undoParameters } from "../functions/core/automation-document.ts";
import { NO_FACTS } from "../functions/core/guard-facts.ts";
import type { Runbook } from "../functions/core/runbook.ts";
import { lintRunbook } from "../functions/core/runbook-lint.ts";
import { isDesired, select } from "../functions/world/automation-values.ts";
import { call } from "../functions/world/aws-api.ts";
import { resourcesOf } from "../functions/world/graph.ts";
import { runOf, startAutomation } from "../functions/world/runs.ts";
import type { World } from "../functions/world/state.ts";
import { advance, configurationHash, fork } from "../functions/world/world.ts";
import { loadGuardrails } from "../policies/guardrails/load.ts";
import { answered, changesMade, type Effect, type RunbookCase, run, SOMEBODY } from "./automation.fixture.ts";
import { testFailures, testUndo } from "./undo.contract.ts";

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
    assert.ok(call(world, SOMEBODY, situation.spoil).ok);
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
    advance(beside, world.nowMs);

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
