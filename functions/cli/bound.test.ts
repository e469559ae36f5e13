import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { catalogue } from "../../runbooks/catalogue.ts";
import { documentsOf } from "../adapters/simulated/actuator.ts";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { BETA_PER_MINUTE, discountedHours, REWARD_WEIGHTS } from "../core/reward.ts";
import type { Candidate, Verdict } from "../core/stages.ts";
import { boundOf, hoursOf } from "../rollout/bound.ts";
import { draftEverything } from "../rollout/days/bound-drafter.ts";
import { everyAim } from "../rollout/days/every-aim.ts";
import { FAULTS } from "../world/faults/all-faults.ts";
import { leftAlone } from "../world/forked-truth.ts";
import { resourcesOf } from "../world/graph.ts";
import { isWell } from "../world/people/knowledge.ts";
import { page } from "../world/people.ts";
import { startAutomation } from "../world/runs.ts";
import { scenarioWith } from "../world/scenario.ts";
import { MINUTE_MS, type World } from "../world/state.ts";
import { impactMinutes } from "../world/truth.ts";
import { advance, createWorld, fork } from "../world/world.ts";
import { policyNamed } from "./gameday-policies.ts";
import { stageOn } from "./gameday-stage.fixture.ts";
import type { Stage } from "./gameday-system.ts";
import { playWorlds } from "./gameday-worlds.ts";

const DOCUMENTS = documentsOf(catalogue);

const runbookOf = ({ runbook, version }: Pick<Candidate, "runbook" | "version">) => {
  const found = catalogue.runbooks.find((one) => one.id === runbook && one.version === version);
  assert.ok(found !== undefined, `${runbook}@${version}`);
  return found;
};

const BARE = {
  source: "rules",
  fit: null,
  rank: null,
  recovers: null,
  doubt: null,
  because: "",
  says: null,
  evidence: [],
} as const;

/** What the guard says of everything that could be done to so many resources, `wait` and `page` last. */
const verdictsOn = (world: World, resources: number, refused: readonly number[] = []): readonly Verdict[] => {
  const near = resourcesOf(world, Object.keys(world.resources)).slice(0, resources);
  const always = catalogue.runbooks
    .filter(({ kind }) => kind !== "effect")
    .map(({ id, version }) => ({ runbook: id, version, target: null, params: {} }));
  return [...everyAim(catalogue, near).slice(0, 8), ...always].map((aimed, index) => {
    const candidate: Candidate = { ...aimed, ...BARE };
    const { tier } = runbookOf(candidate);
    return refused.includes(index)
      ? { kind: "refused", candidate, tier, because: { code: "cooldown", detail: "" } }
      : ({ kind: "allowed", candidate, tier, consents: 0, facts: null } as Verdict);
  });
};

const troubled = (fault: string, index: number, minutes: number): World => {
  const world = createWorld(scenarioWith(23, index, fault, { services: 8 }));
  advance(world, world.scenario.onsetMs + minutes * MINUTE_MS);
  return world;
};

const valuesOf = async (world: World, verdicts: readonly Verdict[]): Promise<readonly number[]> =>
  (await boundOf(catalogue, "bound")(world, DOCUMENTS).score([], [], verdicts)).map(({ q }) => q.mean);

/** Moves on minute by minute until all has been well for a soak; false where that has not begun within so many minutes. */
const isWellWithin = (world: World, minutes: number): boolean => {
  const endMs = world.nowMs + minutes * MINUTE_MS;
  let held = 0;
  while (held < SOAK_MINUTES && (world.nowMs < endMs || held > 0)) {
    held = isWell(world) ? held + 1 : 0;
    advance(world, world.nowMs + MINUTE_MS);
  }
  return held >= SOAK_MINUTES && isWell(world);
};

const [SOAK_MINUTES, VERIFY_MINUTES, WAITS_MINUTES] = [5, 15, 25]; // as in settingsFor

/** Cost in hours of doing one thing and nothing after it but calling people where it did not help, by its definition. */
const costAlone = (world: World, { candidate, tier }: Verdict): number => {
  const forked = fork(world);
  const { kind, documents } = runbookOf(candidate);
  const hours = hoursOf(runbookOf(candidate), tier);
  if (kind === "page") page(forked, "obvious");
  if (kind === "page") return hours + discountedImpact(forked, world.nowMs);
  if (documents !== null) {
    const { name: documentName, hash: documentHash } = documents.automation;
    const request = { documentName, documentHash, parameters: candidate.params, clientToken: "obvious", tags: {} };
    startAutomation(forked, DOCUMENTS, request);
    while (forked.runs.some(({ run }) => run.status === "running")) advance(forked, forked.nowMs + MINUTE_MS);
  }
  const isOver = isWellWithin(forked, kind === "wait" ? WAITS_MINUTES : VERIFY_MINUTES);
  const calledMinutes = (forked.nowMs - world.nowMs) / MINUTE_MS;
  if (!isOver) page(forked, "obvious");
  const harm = isOver || kind === "wait" ? 0 : REWARD_WEIGHTS.harmHours;
  const called = isOver ? 0 : REWARD_WEIGHTS.pageHours * Math.exp(-BETA_PER_MINUTE * calledMinutes);
  return hours + harm + called + discountedImpact(forked, world.nowMs);
};

/** Impact in hours until all is well or for eight hours, minute by minute, in the world that is played on. */
const discountedImpact = (world: World, fromMs: number): number => {
  leftAlone(world, fromMs);
  const minutes = Math.floor((world.nowMs - fromMs) / MINUTE_MS);
  return discountedHours(
    Array.from({ length: minutes }, (_, minute) =>
      impactMinutes(world, fromMs + minute * MINUTE_MS, fromMs + (minute + 1) * MINUTE_MS),
    ),
  );
};

/** Runs of the same document differ by seconds from token to token, and a healthy world has a little impact too. */
const CLOSE_HOURS = 1 / 60;

test("no single thing that could be done, played to its end, is cheaper than what the bound chooses, and looking changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...FAULTS.map(({ id }) => id)),
      fc.nat({ max: 99 }),
      fc.integer({ min: 5, max: 50 }),
      async (fault, index, minutes) => {
        const world = troubled(fault, index, minutes);
        const before = JSON.stringify(world);
        const verdicts = verdictsOn(world, 12);

        const values = await valuesOf(world, verdicts);

        const cheapest = Math.min(...verdicts.map((verdict) => costAlone(world, verdict)));
        assert.equal(values.length, verdicts.length);
        // A second step that helps where the first did not may make it cheaper still.
        assert.ok(-Math.max(...values) <= cheapest + CLOSE_HOURS, `${-Math.max(...values)} and ${cheapest}`);
        assert.equal(JSON.stringify(world), before);
      },
    ),
    { numRuns: 12 },
  );
});

test("what the guard refused is worth less than everything that it allows, however well it would do", async () => {
  const world = troubled("bad-ecs-deployment", 1, 20);
  const free = await valuesOf(world, verdictsOn(world, 30));
  const best = free.indexOf(Math.max(...free));

  const values = await valuesOf(world, verdictsOn(world, 30, [best]));

  const allowed = values.filter((_, index) => index !== best);
  assert.ok(values.every(Number.isFinite));
  assert.ok((values[best] ?? 0) < Math.min(...allowed));
});

test("where all is well the bound does nothing and calls nobody", async () => {
  const world = createWorld(scenarioWith(23, 1, "none", { services: 8 }));
  advance(world, world.scenario.onsetMs);
  const verdicts = verdictsOn(world, 30);

  const values = await valuesOf(world, verdicts);

  const best = verdicts[values.indexOf(Math.max(...values))];
  assert.ok(best !== undefined);
  assert.equal(runbookOf(best.candidate).kind, "wait");
});

const stageWith = (policy: string, incidents: number): Stage => ({
  ...stageOn(openDatabase(":memory:"), incidents),
  scorer: policyNamed(policy),
});

test("over the same incidents the bound loses less than chance", async () => {
  const played = await Promise.all(["bound", "uniform"].map((name) => playWorlds(stageWith(name, 16), 8, () => {})));

  const [bound = 0, uniform = 0] = played.map((worlds) =>
    worlds.reduce((sum, world) => sum + world.impactMinutes / 60 + 0.25 * world.pages, 0),
  );
  assert.ok(bound < uniform, `${bound} and ${uniform} hours`);
});

test("the catalogue bound's drafter names whatever can be done to the incident's resources, the cure first", async () => {
  const world = troubled("bad-ecs-deployment", 1, 20);
  const resources = resourcesOf(world, Object.keys(world.resources));
  const silent = { ...catalogue, runbooks: catalogue.runbooks.map((one) => ({ ...one, suits: () => [] })) };
  const context = { resources } as unknown as Parameters<ReturnType<typeof draftEverything>["draft"]>[0];

  const { proposals } = await draftEverything(world).draft(context, silent);

  const cured = world.faults[0]?.parameters.arn;
  assert.equal(proposals[0]?.target, cured);
  assert.deepEqual(new Set(proposals), new Set(everyAim(catalogue, resources)));
  for (const { runbook, version, target } of proposals)
    assert.equal(runbookOf({ runbook, version }).targetType, resources.find(({ arn }) => arn === target)?.type);
});
