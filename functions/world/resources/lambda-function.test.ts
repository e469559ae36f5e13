import assert from "node:assert/strict";
import { test } from "node:test";
import { releaseCode } from "../releases.ts";
import { stir } from "../state.ts";
import { configurationHash, fork } from "../world.ts";
import { isLambdaAccount } from "./lambda-account.ts";
import { isEventSourceMapping } from "./lambda-event-source.ts";
import { isLambdaFunction, runOf } from "./lambda-versions.ts";
import { ask, minutesLater, servedNow, serverlessWorld, stateOf } from "./serverless.fixture.ts";
import { isSqsQueue } from "./sqs-messages.ts";

const behindApi = (world: ReturnType<typeof serverlessWorld>) =>
  stateOf(world, isLambdaFunction, ({ source }) => source === null);
const worker = (world: ReturnType<typeof serverlessWorld>) =>
  stateOf(world, isLambdaFunction, ({ source }) => source !== null);
const DEFECT = { errorRate: 0.5, latencyFactor: 1, message: "no" };

test("calls beyond a reservation are turned away, and a larger one takes them again", () => {
  const world = serverlessWorld();
  const { name } = behindApi(world);
  const before = servedNow(world, behindApi(world));
  const half = Math.floor((before.gauges.wanted ?? 0) / 2);

  ask(world, "lambda", "PutFunctionConcurrency", { FunctionName: name, ReservedConcurrentExecutions: half });
  const short = servedNow(world, behindApi(world));
  ask(world, "lambda", "PutFunctionConcurrency", { FunctionName: name, ReservedConcurrentExecutions: half * 4 });
  const enough = servedNow(world, behindApi(world));

  assert.ok((before.gauges.throttled ?? 1) === 0 && before.errorRate < 0.002);
  assert.ok(Math.abs(short.errorRate - 0.5) < 0.1, `${short.errorRate}`);
  assert.equal(enough.gauges.throttled, 0);
});

test("a reservation leaves a hundred for all others, and a first one can be taken back", () => {
  const world = serverlessWorld();
  const { name } = behindApi(world);
  const before = configurationHash(world);
  const named = { FunctionName: name };

  const tooMuch = ask(world, "lambda", "PutFunctionConcurrency", { ...named, ReservedConcurrentExecutions: 890 });
  const none = ask(world, "lambda", "GetFunctionConcurrency", named);
  ask(world, "lambda", "PutFunctionConcurrency", { ...named, ReservedConcurrentExecutions: 100 });
  const some = ask(world, "lambda", "GetFunctionConcurrency", named);
  ask(world, "lambda", "DeleteFunctionConcurrency", named);

  assert.equal(tooMuch, "InvalidParameterValueException");
  assert.deepEqual([none, some], [{}, { ReservedConcurrentExecutions: 100 }]);
  assert.equal(configurationHash(world), before);
});

test("when others want more than the account has, only a reservation keeps a function's share", () => {
  const world = serverlessWorld();
  const needed = Math.ceil((servedNow(world, behindApi(world)).gauges.wanted ?? 0) * 1.2);
  const reserving = fork(world);
  ask(reserving, "lambda", "PutFunctionConcurrency", {
    FunctionName: behindApi(world).name,
    ReservedConcurrentExecutions: needed,
  });

  for (const one of [world, reserving]) {
    stateOf(one, isLambdaAccount).others = 3000;
    stir(one);
  }

  assert.ok((servedNow(world, behindApi(world)).gauges.throttled ?? 0) > 0.5);
  assert.equal(servedNow(world, worker(world)).gauges.throttled, 0);
  assert.equal(servedNow(reserving, behindApi(reserving)).gauges.throttled, 0);
});

test("a canary errs in its share of the calls, and without weights the alias is as it was", () => {
  const world = serverlessWorld();
  const { name, alias, functionVersion } = behindApi(world);
  const named = { FunctionName: name, Name: alias };
  releaseCode(world, behindApi(world).arn, DEFECT);
  const bad = behindApi(world).functionVersion;
  ask(world, "lambda", "UpdateAlias", { ...named, FunctionVersion: functionVersion });
  const before = ask(world, "lambda", "GetAlias", named);

  ask(world, "lambda", "UpdateAlias", { ...named, RoutingConfig: { AdditionalVersionWeights: { [bad]: 0.2 } } });
  const shared = servedNow(world, behindApi(world)).errorRate;
  const shown = ask(world, "lambda", "GetAlias", named);
  ask(world, "lambda", "UpdateAlias", { ...named, RoutingConfig: { AdditionalVersionWeights: {} } });
  const alone = servedNow(world, behindApi(world)).errorRate;

  assert.ok(Math.abs(shared - 0.1) < 0.01 && alone < 0.002, `${shared} ${alone}`);
  assert.deepEqual(shown.RoutingConfig, { AdditionalVersionWeights: { [bad]: 0.2 } });
  assert.equal(before.RoutingConfig, undefined);
  assert.notEqual(shown.RevisionId, before.RevisionId);
});

test("an alias takes one additional version that exists and is another than its own, at a weight from 0 to 1", () => {
  const world = serverlessWorld();
  const { name, alias, functionVersion } = behindApi(world);
  const route = (weights: Record<string, number>) =>
    ask(world, "lambda", "UpdateAlias", {
      FunctionName: name,
      Name: alias,
      RoutingConfig: { AdditionalVersionWeights: weights },
    });

  const answers = [
    route({ [functionVersion]: 0.1 }),
    route({ "6": 2 }),
    route({ "6": 0.1, "5": 0.1 }),
    route({ "99": 0.1 }),
  ];

  assert.deepEqual(answers.slice(0, 3), Array(3).fill("InvalidParameterValueException"));
  assert.equal(answers[3], "ResourceNotFoundException");
  assert.equal(ask(world, "lambda", "GetAlias", { FunctionName: name, Name: alias }).RoutingConfig, undefined);
});

test("a new version starts cold: at once in a healthy account, for as long as its environments take in a slow one", () => {
  const quick = serverlessWorld();
  const slow = fork(quick);
  const state = behindApi(slow);
  state.environmentsPerMinute = (servedNow(slow, state).gauges.wanted ?? 0) / 10;
  state.initMs = 5000;
  const usual = servedNow(quick, behindApi(quick)).latencyMs;

  for (const one of [quick, slow]) releaseCode(one, behindApi(one).arn, null);
  for (const one of [quick, slow]) stir(one);
  const first = [quick, slow].map((one) => servedNow(one, behindApi(one)).latencyMs);
  minutesLater(slow, 5);
  const midway = servedNow(slow, behindApi(slow)).latencyMs;
  minutesLater(slow, 8);
  const warm = servedNow(slow, behindApi(slow)).latencyMs;

  assert.ok((first[0] ?? 0) < usual + 20, `${first[0]}`);
  assert.ok((first[1] ?? 0) > 4000 && midway < 4000 && midway > 1000, `${first[1]} ${midway}`);
  assert.ok(warm < usual + 20, `${warm}`);
});

test("a call that takes longer than the function's timeout fails when that is over, and keeps its environment till then", () => {
  const state = worker(serverlessWorld());

  const [usual, slow, hung] = [runOf(state, 180, 0), runOf(state, 2 * state.timeoutMs, 0), runOf(state, 180, 0.5)];

  assert.ok(usual.timedOut < 1e-6 && usual.busyMs === 180);
  assert.ok(slow.timedOut > 0.85 && slow.busyMs === state.timeoutMs);
  assert.ok(hung.timedOut >= 0.5 && hung.busyMs === (180 + state.timeoutMs) / 2);
});

test("a queue whose mapping is switched off fills up without an error, and empties when it is on again", () => {
  const world = serverlessWorld();
  const { uuid, queue } = stateOf(world, isEventSourceMapping);
  const toggle = (Enabled: boolean) => ask(world, "lambda", "UpdateEventSourceMapping", { UUID: uuid, Enabled });
  const backlog = () => stateOf(world, isSqsQueue, ({ arn }) => arn === queue).backlog;

  const off = toggle(false);
  minutesLater(world, 10);
  const full = backlog();
  const idle = servedNow(world, worker(world));
  toggle(true);
  minutesLater(world, 15);

  assert.equal(off.State, "Disabled");
  assert.ok(full > 40 * 60 * 8 && idle.demand === 0 && idle.errorRate < 0.002, `${full}`);
  assert.equal(backlog(), 0);
  assert.equal(ask(world, "lambda", "GetEventSourceMapping", { UUID: "x" }), "ResourceNotFoundException");
});

test("every published version is listed, and $LATEST first", () => {
  const world = serverlessWorld();
  const { name } = worker(world);

  const { Versions } = ask(world, "lambda", "ListVersionsByFunction", { FunctionName: name });

  assert.deepEqual(
    Versions.map(({ Version }: { Version: string }) => Version),
    ["$LATEST", "6", "7"],
  );
});
