import assert from "node:assert/strict";
import { test } from "node:test";
import { type AutomationDocument, undoParameters } from "../functions/core/automation-document.ts";
import type { AutomationState } from "../functions/world/automation.ts";
import { call } from "../functions/world/aws-api.ts";
import type { World } from "../functions/world/state.ts";
import { advance, configurationHash, fork } from "../functions/world/world.ts";
import {
  answered,
  changesMade,
  type Effect,
  endingSteps,
  REFUSED,
  type RunbookCase,
  run,
  SOMEBODY,
} from "./automation.fixture.ts";

/** Registers what every undo must do after a run that came to its end. */
export const testUndo = (runbook: Effect, situation: RunbookCase): void => {
  const { automation, undo } = runbook.documents;

  test(`${runbook.id}: its undo restores the configuration, and a second undo changes nothing more`, () => {
    const world = fork(situation.world);
    const before = configurationHash(world);
    const ran = run(world, automation, situation.params);

    const undone = undoTwice(world, undo, ran);

    assert.deepEqual(undone, undo === null ? [] : ["succeeded", "succeeded"]);
    assert.equal(configurationHash(world), before);
  });
  if (undo !== null && situation.meddle !== undefined) testMeddled(runbook, undo, situation, situation.meddle);
};

const testMeddled = (
  runbook: Effect,
  undo: AutomationDocument,
  situation: RunbookCase,
  meddle: NonNullable<RunbookCase["meddle"]>,
): void => {
  const { automation } = runbook.documents;
  for (const failing of [null, ...endingSteps(automation, situation)]) {
    const after = failing === null ? "the run" : `a run that failed at ${failing}`;
    test(`${runbook.id}: what somebody else changed after ${after} stands: the undo leaves it or fails and says so`, () => {
      const world = fork(situation.world);
      const before = configurationHash(world);
      const { outputs } = run(world, automation, situation.params, (at, asked, step) =>
        step === failing ? REFUSED : answered(at, asked, step),
      );
      advance(world, world.nowMs + 1800_000);
      const isMeddled = [meddle].flat().every((asked) => call(world, SOMEBODY, asked).ok);
      const params = undoParameters(undo, outputs);
      const untouched = fork(world);

      const undone = params === null ? null : run(world, undo, params);

      advance(untouched, world.nowMs);
      assert.ok(failing !== null || (isMeddled && params !== null && configurationHash(untouched) !== before));
      assert.ok(
        !isMeddled || configurationHash(world) === configurationHash(untouched),
        `${undone?.status}: ${undone?.reason}`,
      );
    });
  }
};

/** Undoes a run twice, as far as it came to capture anything; the statuses of both undos. */
const undoTwice = (world: World, undo: AutomationDocument | null, ran: AutomationState): readonly string[] => {
  const params = undo === null ? null : undoParameters(undo, ran.outputs);
  if (undo === null || params === null) return [];
  return [run(world, undo, params).status, run(world, undo, params).status];
};

/** Registers what must hold after a run that fails at any of its steps. */
export const testFailures = (runbook: Effect, situation: RunbookCase): void => {
  const { automation, undo } = runbook.documents;
  const calling = endingSteps(automation, situation);

  for (const failing of calling) {
    test(`${runbook.id}: a failure at ${failing} is named, and the undo restores what was, or fails where nothing tells whose change stands`, () => {
      const world = fork(situation.world);
      const before = configurationHash(world);
      const ran = run(world, automation, situation.params, (at, asked, step) =>
        step === failing ? REFUSED : answered(at, asked, step),
      );
      const standing = changesMade(world).length;
      const knowsOurs = Object.keys(undo?.content.parameters ?? {}).every((name) =>
        namesOf(ran.outputs).includes(name),
      );

      const undone = undoTwice(world, undo, ran);

      assert.deepEqual([ran.status, ran.failedStep], ["failed", failing]);
      const stays = configurationHash(world) !== before;
      const isLeft = standing > 0 && !knowsOurs && undone.every((status) => status === "failed");
      assert.ok(isLeft || undone.every((status) => status === "succeeded"), undone.join());
      assert.ok(undone.length > 0 || standing === 0 || undo === null);
      assert.ok(!stays || isLeft || (runbook.reversal === "none" && standing > 0));
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

const namesOf = (outputs: Readonly<Record<string, string>>): readonly (string | undefined)[] =>
  Object.keys(outputs).map((name) => name.split(".")[1]);
