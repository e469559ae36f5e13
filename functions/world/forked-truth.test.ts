import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { catalogue } from "../../runbooks/catalogue.ts";
import { documentsOf } from "../adapters/simulated/actuator.ts";
import { findRunbook, type Params } from "../core/runbook.ts";
import { everyAim } from "../rollout/days/every-aim.ts";
import { FAULTS } from "./faults/all-faults.ts";
import { addedImpact, courseWithout, HORIZON_MS, isHarmful, JUDGED_MS, leftAlone, truthOf } from "./forked-truth.ts";
import { resourcesOf } from "./graph.ts";
import { isWell } from "./people/knowledge.ts";
import { applyInput } from "./replay.ts";
import { scenarioWith } from "./scenario.ts";
import { shopWith } from "./small-system.fixture.ts";
import { MINUTE_MS, stir, type World } from "./state.ts";
import { impactMinutes, isHealthy } from "./truth.ts";
import type { WorldInput } from "./types.ts";
import { advance, createWorld, fork } from "./world.ts";

const DOCUMENTS = documentsOf(catalogue);

/** A world some minutes after its fault began. */
const troubled = (fault: string, index: number, services: number, minutes: number): World => {
  const world = createWorld(scenarioWith(17, index, fault, { services }));
  advance(world, world.scenario.onsetMs + minutes * MINUTE_MS);
  return world;
};

const run = (world: World, runbook: string, version: string, parameters: Params): WorldInput => {
  const document = findRunbook(catalogue, runbook, version)?.documents?.automation;
  assert.ok(document !== undefined, `${runbook} has no document`);
  const { name: documentName, hash: documentHash } = document;
  const clientToken = "truth";
  return { kind: "start-automation", atMs: world.nowMs, documentName, documentHash, parameters, clientToken, tags: {} };
};

/** Everything that anybody might do now, a page included. */
const actionsIn = (world: World): readonly WorldInput[] => [
  ...everyAim(catalogue, resourcesOf(world, Object.keys(world.resources))).map((aimed) =>
    run(world, aimed.runbook, aimed.version, aimed.params),
  ),
  { kind: "page", atMs: world.nowMs, incidentId: "quell-truth" },
];

const anyTrouble = fc.record({
  fault: fc.constantFrom(...FAULTS.map(({ id }) => id)),
  index: fc.nat({ max: 999 }),
  services: fc.integer({ min: 5, max: 60 }),
  minutes: fc.integer({ min: 5, max: 60 }),
  choice: fc.nat({ max: 999 }),
});

const bytesOf = (world: World): string => JSON.stringify(world);

test("whoever looks whether users are served changes nothing of the world, not even of one that has just been stirred", () => {
  fc.assert(
    fc.property(anyTrouble, ({ fault, index, services, minutes }) => {
      const world = troubled(fault, index, services, minutes);
      stir(world);
      const before = bytesOf(world);

      isHealthy(world);

      assert.equal(bytesOf(world), before);
    }),
    { numRuns: 20 },
  );
});

test("forks that take the same action are the same to the byte, at every size, and the world that they left stays as it was", () => {
  fc.assert(
    fc.property(anyTrouble, ({ fault, index, services, minutes, choice }) => {
      const world = troubled(fault, index, services, minutes);
      const actions = actionsIn(world);
      const action = actions[choice % actions.length];
      assert.ok(action !== undefined);
      const before = bytesOf(world);

      const [one, other] = [fork(world), fork(world)].map((forked) => {
        applyInput(forked, DOCUMENTS, action);
        advance(forked, forked.nowMs + 45 * MINUTE_MS);
        return bytesOf(forked);
      });

      assert.equal(one, other);
      assert.equal(bytesOf(world), before);
      applyInput(world, DOCUMENTS, action);
      advance(world, world.nowMs + 45 * MINUTE_MS);
      assert.equal(bytesOf(world), one);
    }),
    { numRuns: 70 },
  );
});

/** The same by its definition: both worlds are played for the whole eight hours. */
const slowTruth = (world: World, action: WorldInput) => {
  const [withIt, without] = [fork(world), fork(world)];
  applyInput(withIt, DOCUMENTS, action);
  const harm = addedImpact(withIt, without, action.atMs);
  const wellSoon = { withIt: isWell(withIt), without: isWell(without) };
  const impact = [withIt, without].map((one) => {
    advance(one, action.atMs + HORIZON_MS);
    return impactMinutes(one, action.atMs, one.nowMs);
  });
  return { harm, wellSoon, uplift: (impact[1] ?? 0) - (impact[0] ?? 0) };
};

/** What a healthy world adds in the hours after everything is well: it stays below two requests in a thousand. */
const HEALTHY_IMPACT = (0.002 * HORIZON_MS) / MINUTE_MS;

test("a truth that stops once all is well is that of the whole eight hours, but for what healthy worlds show", () => {
  fc.assert(
    fc.property(anyTrouble, ({ fault, index, services, minutes, choice }) => {
      const world = troubled(fault, index, services, minutes);
      const actions = actionsIn(world);
      const action = actions[choice % actions.length];
      assert.ok(action !== undefined);

      const truth = truthOf(world, DOCUMENTS, action);

      const slow = slowTruth(world, action);
      assert.ok(Math.abs(truth.harm - slow.harm) < 1e-9);
      assert.ok(Math.abs(truth.uplift - slow.uplift) <= HEALTHY_IMPACT, `${truth.uplift} and ${slow.uplift}`);
      assert.equal(truth.isHarmful, isHarmful(slow.harm));
      assert.deepEqual(truth.wellSoon, slow.wellSoon);
    }),
    { numRuns: 20 },
  );
});

test("the truth of an action is the same whether the idle course is given or found out", () => {
  const world = troubled("bad-ecs-deployment", 1, 8, 20);

  const truths = actionsIn(world).map((action) => [
    truthOf(world, DOCUMENTS, action),
    truthOf(world, DOCUMENTS, action, courseWithout(world, action.atMs)),
  ]);

  assert.ok(truths.length > 3);
  for (const [found, given] of truths) assert.deepEqual(found, given);
});

test("what heals is spared impact, what hurts is harm, and a page is people who come in one world alone", () => {
  const broken = createWorld(shopWith(1, 0, "bad-ecs-deployment"));
  advance(broken, broken.scenario.onsetMs + 15 * MINUTE_MS);
  const paged: WorldInput = { kind: "page", atMs: broken.nowMs, incidentId: "quell-truth" };
  const healthy = createWorld(shopWith(1, 0));
  advance(healthy, healthy.scenario.onsetMs);

  const cured = actionsIn(broken).map((action) => truthOf(broken, DOCUMENTS, action));
  const helped = truthOf(broken, DOCUMENTS, paged);
  const hurt = actionsIn(healthy).map((action) => truthOf(healthy, DOCUMENTS, action));

  assert.ok(cured.some(({ uplift, recovers }) => uplift > 5 && recovers.withIt));
  assert.ok(helped.uplift > 1 && helped.recovers.withIt && helped.harm <= 0);
  assert.ok(hurt.some(({ harm, uplift }) => harm > 0.5 && uplift < -0.5));
  for (const { harm, isHarmful } of hurt) assert.equal(isHarmful, harm > 1);
  assert.deepEqual(broken.pages, []);
});

test("an action that changes nothing has no harm, no uplift, and recovers just as well", () => {
  const world = troubled("transient-blip", 2, 6, 10);
  const [scaled] = actionsIn(world);
  assert.ok(scaled?.kind === "start-automation");
  const refused: WorldInput = { ...scaled, documentHash: "another" };

  const truth = truthOf(world, DOCUMENTS, refused);

  const { recovers, wellSoon, ...rest } = truth;
  assert.deepEqual(rest, { harm: 0, isHarmful: false, uplift: 0 });
  for (const { withIt, without } of [recovers, wellSoon]) assert.equal(withIt, without);
});

test("a world whose cause has hurt nobody yet, or is still to come, is not at rest", () => {
  const slowly = shopWith(1, 0, "connection-leak");
  const faults = slowly.faults.map((one) => ({ ...one, parameters: { ...one.parameters, connectionsPerMinute: 5 } }));
  const leaking = createWorld({ ...slowly, faults });
  advance(leaking, leaking.scenario.onsetMs + MINUTE_MS);
  const before = createWorld(shopWith(1, 0, "bad-ecs-deployment"));
  advance(before, before.scenario.onsetMs - 35 * MINUTE_MS);

  const courses = [leaking, before].map((world) => leftAlone(fork(world), world.nowMs));

  assert.ok(isWell(leaking) && isWell(before));
  for (const { impactMinutes: impact } of courses) assert.ok(impact > 5, String(impact));
});

test("a course is cut where it has cost enough, never below that, and rests for half an hour before it ends", () => {
  const world = troubled("bad-ecs-deployment", 3, 8, 20);
  const whole = leftAlone(fork(world), world.nowMs);
  const healed = troubled("transient-blip", 3, 8, 120);
  const calm = fork(healed);

  const cut = leftAlone(fork(world), world.nowMs, whole.impactMinutes / 2);
  const rested = leftAlone(calm, healed.nowMs);

  assert.deepEqual([cut.isCut, whole.isCut, rested.isCut], [true, false, false]);
  assert.ok(cut.impactMinutes > whole.impactMinutes / 2 && cut.impactMinutes < whole.impactMinutes);
  assert.ok(rested.recovers && calm.nowMs >= healed.nowMs + JUDGED_MS && calm.nowMs < healed.nowMs + HORIZON_MS);
});
