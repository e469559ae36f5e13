import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { documentsOf } from "../../adapters/simulated/actuator.ts";
import { findRunbook } from "../../core/runbook.ts";
import { truthOf } from "../../world/forked-truth.ts";
import { resourcesOf } from "../../world/graph.ts";
import { applyInput } from "../../world/replay.ts";
import { scenarioAt } from "../../world/scenario.ts";
import { MINUTE_MS, type World } from "../../world/state.ts";
import type { WorldInput } from "../../world/types.ts";
import { advance, createWorld } from "../../world/world.ts";
import { everyAim } from "./every-aim.ts";
import { truthOfAction } from "./truth-of-action.ts";

const DOCUMENTS = documentsOf(catalogue);

/** Everything that anybody might run now. */
const actionsIn = (world: World): readonly WorldInput[] =>
  everyAim(catalogue, resourcesOf(world, Object.keys(world.resources))).flatMap(({ runbook, version, params }) => {
    const document = findRunbook(catalogue, runbook, version)?.documents?.automation;
    if (document === undefined) return [];
    const { name: documentName, hash: documentHash } = document;
    const request = { documentName, documentHash, parameters: params, clientToken: "judged", tags: {} };
    return [{ kind: "start-automation", atMs: world.nowMs, ...request }];
  });

const choices = fc.array(fc.nat(999), { minLength: 1, maxLength: 3 });

test("however often a scenario is played, the truth of every action is what it is alone", () => {
  fc.assert(
    fc.property(fc.nat(999), fc.array(choices, { minLength: 2, maxLength: 4 }), (index, plays) => {
      const scenario = scenarioAt(17, index);
      for (const play of plays) {
        const world = createWorld(scenario);
        advance(world, scenario.onsetMs);
        for (const choice of play) {
          advance(world, world.nowMs + 10 * MINUTE_MS);
          const actions = actionsIn(world);
          const action = actions[choice % actions.length];
          if (action === undefined) continue;

          const truth = truthOfAction(world, DOCUMENTS, action);

          assert.deepEqual(truth, truthOf(world, DOCUMENTS, action));
          applyInput(world, DOCUMENTS, action);
        }
      }
    }),
    { numRuns: 8 },
  );
});
