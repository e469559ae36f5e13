import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { catalogue } from "../../runbooks/catalogue.ts";
import { documentsOf } from "../adapters/simulated/actuator.ts";
import { draftOffline } from "../core/draft.ts";
import { POLICIES } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
import { settingsSchema } from "../core/settings.ts";
import { everyAim } from "../rollout/days/every-aim.ts";
import { alarmHistory, alarmsOf } from "../world/alarms.ts";
import { FAULTS } from "../world/faults/all-faults.ts";
import { type Truth, truthOf } from "../world/forked-truth.ts";
import { applyInput } from "../world/replay.ts";
import { scenarioWith, standApart } from "../world/scenario.ts";
import { settingsFor } from "../world/settings-for.ts";
import { shopWith } from "../world/small-system.fixture.ts";
import { isHealthy } from "../world/truth.ts";
import type { WorldInput, WorldRun } from "../world/types.ts";
import { createWorld } from "../world/world.ts";
import { type Flow, type Flown, play } from "./flow.fixture.ts";
import { mistaken, sideBySide, wrongs } from "./paths.fixture.ts";

/** Two causes at once, and two alarms of one: what is done about one thing must not spoil another. */
const SEED = 31;
const PAIRS = 20;
const MINUTE_MS = 60_000;
const DOCUMENTS = documentsOf(catalogue);
const ids = FAULTS.map(({ id }) => id);
const scorers = [POLICIES.rules, POLICIES.rules, POLICIES.uniform, mistaken].filter((one) => one !== undefined);

const anyPair = fc.record({
  pair: fc.uniqueArray(fc.constantFrom(...ids), { minLength: 2, maxLength: 2 }),
  index: fc.nat({ max: 999 }),
  services: fc.integer({ min: 5, max: 24 }),
  scorer: fc.constantFrom(...scorers),
});

let flows: readonly Flow[];
let flown: readonly Flown[];

before(async () => {
  flows = fc
    .sample(anyPair, { seed: SEED, numRuns: 2 * PAIRS })
    .map(({ pair, index, services, scorer }) => ({
      scenario: scenarioWith(SEED, index, pair.join("+"), { services }),
      scorer,
    }))
    .filter(({ scenario }) => standApart(scenario))
    .slice(0, PAIRS);
  flown = await sideBySide(flows, play, 8);
});

const nameOf = (index: number): string => `${flows[index]?.scenario.faults.map(({ fault }) => fault).join("+")}`;
const effectsIn = ({ runs }: Flown): readonly WorldRun[] => runs.filter(({ tags }) => tags.role !== "undo");
const isUndone = ({ runs }: Flown, { tags }: WorldRun): boolean =>
  runs.some((other) => other.tags.role === "undo" && other.tags.decision === tags.decision);

/** The resource that a run is on, as its decision was recorded. */
const targetOf = ({ records, world }: Flown, { tags }: WorldRun) => {
  const record = records.find(({ incident }) => incident.id === tags.incident);
  const decision = record?.decisions.find(({ step }) => `${tags.incident}/${step}` === tags.decision);
  const target = world.resources[decision?.plan?.target ?? ""];
  assert.ok(target !== undefined, `${tags.decision} has no target`);
  return target;
};

/** The most of these instants that lie in one stretch of so many milliseconds. */
const mostWithin = (times: readonly number[], ms: number): number =>
  Math.max(0, ...times.map((fromMs) => times.filter((atMs) => atMs >= fromMs && atMs < fromMs + ms).length));

const grouped = <T>(all: readonly T[], keyOf: (one: T) => string): readonly (readonly T[])[] => [
  ...Map.groupBy(all, keyOf).values(),
];

const overlap = (one: WorldRun, other: WorldRun): boolean =>
  one.startedAtMs < (other.endedAtMs ?? Number.POSITIVE_INFINITY) &&
  other.startedAtMs < (one.endedAtMs ?? Number.POSITIVE_INFINITY);

/** The truth of each run of a flow that was no undo, from the world's own inputs. */
const truthsIn = ({ world, inputs }: Flown): ReadonlyMap<string, Truth> => {
  const again = createWorld(world.scenario);
  const truths = new Map<string, Truth>();
  for (const input of inputs) {
    if (isEffect(input)) truths.set(input.clientToken, truthOf(again, DOCUMENTS, input));
    applyInput(again, DOCUMENTS, input);
  }
  return truths;
};
const isEffect = (input: WorldInput): input is Extract<WorldInput, { kind: "start-automation" }> =>
  input.kind === "start-automation" && input.tags.role !== "undo";

test("with two causes at once every alarm has its incident, each of them ends once, and nothing happens twice", () => {
  for (const [index, one] of flown.entries()) assert.deepEqual(wrongs(one), [], nameOf(index));

  assert.ok(flown.some((one) => effectsIn(one).length > 1));
});

test("with two causes at once no two runs are ever at work under one root, and budgets hold over all incidents together", () => {
  for (const [index, one] of flown.entries()) {
    const { runs } = one;
    const pairs = runs.flatMap((run, i) => runs.slice(i + 1).map((other) => [run, other] as const));
    for (const [run, other] of pairs.filter(([run, other]) => overlap(run, other)))
      assert.notEqual(targetOf(one, run).root, targetOf(one, other).root, nameOf(index));
    const atOnce = runs.map((run) => runs.filter((other) => overlap(run, other)).length);
    assert.ok(Math.max(0, ...atOnce) <= 2, nameOf(index));
    const effects = effectsIn(one);
    const starts = (of: readonly WorldRun[]) => of.map(({ startedAtMs }) => startedAtMs);
    for (const own of grouped(effects, (run) => targetOf(one, run).service))
      assert.ok(mostWithin(starts(own), 60 * MINUTE_MS) <= 3, nameOf(index));
    for (const own of grouped(effects, (run) => targetOf(one, run).arn))
      assert.ok(mostWithin(starts(own), 24 * 60 * MINUTE_MS) <= 4, nameOf(index));
  }
});

test("with two causes at once users are served in the end, by runbooks, by people or by time", () => {
  for (const [index, { world }] of flown.entries()) assert.ok(isHealthy(world), nameOf(index));
});

test("what stands when an incident is called resolved has not cost users more than it spared them", () => {
  let judged = 0;
  for (const [index, one] of flown.entries()) {
    const resolved = new Set(one.incidents.filter(({ terminal }) => terminal === "RESOLVED").map(({ id }) => id));
    const truths = truthsIn(one);
    for (const run of effectsIn(one).filter((run) => !isUndone(one, run) && resolved.has(run.tags.incident ?? ""))) {
      const truth = truths.get(run.clientToken);
      assert.ok(truth !== undefined && !(truth.isHarmful && truth.uplift < 0), `${nameOf(index)} ${run.documentName}`);
      judged += 1;
    }
  }

  assert.ok(judged > 0, "nothing was resolved by a run, so nothing was judged");
});

test("two causes that share nothing are two incidents, each resolved by its own runbook", async () => {
  const one = await play({ scenario: shopWith(1, 1, "bad-ecs-deployment+bad-lambda-version") });

  assert.deepEqual(
    one.incidents.map(({ terminal }) => terminal),
    ["RESOLVED", "RESOLVED"],
  );
  const services = new Set(effectsIn(one).map((run) => targetOf(one, run).service));
  assert.ok(services.size === 2 && services.has("orders"), [...services].join(", "));
  assert.deepEqual([one.runs.length, one.world.pages.length], [2, 0]);
});

test("alarms of one cause are one incident and one action that stands, however many ring", async () => {
  const played = await sideBySide(
    [0, 1, 2, 3, 4, 5].map((index) => ({ scenario: shopWith(2, index, "connection-leak") })),
    play,
  );

  const loud = played.filter(({ world }) => {
    const rang = alarmsOf(world).filter(({ name }) =>
      alarmHistory(world, name, 0, world.nowMs).some(({ to }) => to === "ALARM"),
    );
    return rang.length > 1;
  });
  assert.ok(loud.length > 0);
  for (const one of loud) {
    assert.equal(one.incidents.filter(({ terminal }) => terminal !== "MERGED").length, 1);
    assert.ok(effectsIn(one).filter((run) => !isUndone(one, run)).length <= 1);
  }
});

/** Names everything that could be done, as somebody who knows nothing more would do it. */
const anything: Flow["drafter"] = {
  draft: async (context, all) => ({
    ...draftOffline(context, all, null),
    name: "recorded",
    proposals: everyAim(all, context.resources),
  }),
};

/** Runs more tasks of the back end, and calls people where it may not. */
const scalesTheBackEnd: Scorer = {
  policy: "scales-the-back-end",
  modelHash: "",
  draw: "best",
  score: async (_state, _candidates, verdicts = []) => {
    const kindOf = (runbook: string) => catalogue.runbooks.find(({ id }) => id === runbook)?.kind;
    return verdicts.map(({ candidate: { runbook, target } }) => {
      const isWanted = runbook === "ecs-scale-out" && target?.endsWith("-api") === true;
      return { q: { mean: isWanted ? 2 : kindOf(runbook) === "page" ? 1 : 0, sd: 0 } };
    });
  },
};

test("more tasks against one cause that take the database's last connections under another are taken back, and people come", async () => {
  const scenario = shopWith(1, 1, "traffic-saturation+database-overload-by-scale-out");

  const one = await play({ scenario, scorer: scalesTheBackEnd, drafter: anything });

  const [run] = effectsIn(one);
  assert.ok(run !== undefined, "nothing was run");
  const truth = truthsIn(one).get(run.clientToken);
  assert.ok(truth?.isHarmful === true && truth.uplift < 0, JSON.stringify(truth));
  assert.match(targetOf(one, run).arn, /-api$/);
  assert.ok(isUndone(one, run));
  assert.ok(one.incidents.every(({ terminal }) => terminal !== "RESOLVED" && terminal !== "SELF_RECOVERED"));
  assert.ok(one.world.pages.length > 0);
});

/** Names more tasks for the incident's own service alone, which nobody else thinks of. */
const ownTasks: Flow["drafter"] = {
  draft: async (context, all) => ({
    ...draftOffline(context, all, null),
    name: "recorded",
    proposals: everyAim(
      { ...all, runbooks: all.runbooks.filter(({ id }) => id === "ecs-scale-out") },
      context.resources.filter(({ arn }) => context.service.resources.includes(arn)),
    ),
  }),
};

/** Does what the drafter says, and waits where that is refused. */
const obeys: Scorer = {
  ...scalesTheBackEnd,
  score: async (_state, _candidates, verdicts = []) =>
    verdicts.map(({ candidate: { runbook, source, target } }) => ({
      q: { mean: source === "drafter" && target !== null ? 2 : runbook === "wait" ? 1 : 0, sd: 0 },
    })),
};

test("two incidents that nobody has related never act on one cluster at once: one waits, and both end", async () => {
  const scenario = shopWith(1, 0, "slow-release");
  const { services, alarms } = settingsSchema.parse(settingsFor(createWorld(scenario)));
  const apart = services.map((service) => ({ ...service, dependsOn: [] }));
  const ofTheBackEnd = { ...alarms, "shop-web-latency": "api", "shop-web-cpu": "api" };

  const one = await play({
    scenario,
    scorer: obeys,
    drafter: ownTasks,
    settings: { services: apart, alarms: ofTheBackEnd },
  });

  assert.equal(one.incidents.length, 2);
  assert.ok(one.incidents.every(({ terminal }) => terminal !== null));
  assert.ok(one.runs.length > 0);
  assert.equal(new Set(one.runs.map((run) => targetOf(one, run).root)).size, 1);
  for (const [index, run] of one.runs.entries())
    for (const other of one.runs.slice(index + 1))
      assert.ok(!overlap(run, other), "two runs are at work under one root");
});
