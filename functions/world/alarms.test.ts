import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import { alarmHistory, alarmStateOf, alarmsOf } from "./alarms.ts";
import { FAULTS } from "./faults/all-faults.ts";
import { dailyShape } from "./load.ts";
import { scenarioWith } from "./scenario.ts";
import { MINUTE_MS, type World } from "./state.ts";
import type { Topology } from "./topology.ts";
import type { MetricAlarm } from "./types.ts";
import { advance, createWorld, nextEventMs, takeDeliveries } from "./world.ts";

const rule = (
  datapointsToAlarm: number,
  evaluationPeriods: number,
  missingData: MetricAlarm["missingData"],
): MetricAlarm => ({
  kind: "metric",
  band: null,
  name: "any",
  metric: { namespace: "N", metricName: "M", dimensions: {}, stat: "Sum", periodSeconds: 60 },
  comparison: "above",
  threshold: 10,
  evaluationPeriods,
  datapointsToAlarm,
  missingData,
  state: "OK",
  changedAtMs: 0,
});

const metricAlarms = (world: World): readonly MetricAlarm[] =>
  alarmsOf(world).flatMap((alarm) => (alarm.kind === "metric" ? [alarm] : []));

/** A system of one front with a composite alarm, and what its function has to call. */
const apiTopology: Topology = {
  system: "shop",
  peakHour: 15,
  services: [
    {
      name: "gateway",
      role: "front",
      blueprint: "api-lambda",
      severity: 1,
      entryPerSecond: 200,
      perSecond: 200,
      calls: [],
    },
  ],
};

/** Everything that EventBridge delivers of one alarm up to a time, in its order. */
const eventsOf = (world: World, name: string, toMs: number) => {
  const events: { detail: { alarmName: string; state: Record<string, string> } }[] = [];
  for (let next = nextEventMs(world); next !== null && next <= toMs; next = nextEventMs(world)) {
    advance(world, next);
    for (const { event } of takeDeliveries(world)) events.push(JSON.parse(JSON.stringify(event)));
  }
  return events.filter(({ detail }) => detail.alarmName === name);
};

/** Half of an entry's answers fail for twenty minutes, while `factor` of its usual requests arrive for forty. */
const failingWorld = (factor: number): World => {
  const world = createWorld(scenarioWith(3, 3, "none", { topology: apiTopology }));
  const [entry] = world.system.entries;
  const fromMs = world.clockStartMs + 30 * MINUTE_MS;
  const arn = entry?.arn ?? "";
  const hit = { id: "test", from: null, errorRate: 0.5, latencyMs: 0, message: "no" };
  world.surges.push({ arn, fromMs: fromMs - 10 * MINUTE_MS, toMs: fromMs + 30 * MINUTE_MS, rampMs: MINUTE_MS, factor });
  world.disturbances.push({ ...hit, to: arn, fromMs, toMs: fromMs + 20 * MINUTE_MS });
  return world;
};

const USERS = "shop-gateway-api-users";

test("no alarm fires in six hours of a world without a fault, whatever the seed", () => {
  const changes = Array.from({ length: 100 }, (_, seed) => {
    const world = createWorld(scenarioWith(seed, seed, "none"));
    advance(world, world.clockStartMs + 6 * 60 * MINUTE_MS);
    return world.alarmHistory;
  });

  assert.deepEqual(changes.flat(), []);
});

test("an alarm goes off when M of the last N datapoints breach, in any order", () => {
  const cases = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 5 }), (datapoints, needed) => {
      const state = alarmStateOf(rule(needed, 5, "missing"), datapoints);

      assert.equal(state, datapoints.filter((value) => value > 10).length >= needed ? "ALARM" : "OK");
    }),
  );
});

test("missing datapoints count the way the alarm says", () => {
  const states = (datapoints: readonly (number | null)[]) =>
    (["missing", "ignore", "breaching", "notBreaching"] as const).map((missing) =>
      alarmStateOf(rule(2, 3, missing), datapoints),
    );

  assert.deepEqual(states([null, null, null]), ["INSUFFICIENT_DATA", "OK", "ALARM", "OK"]);
  assert.deepEqual(states([11, null, null]), ["OK", "OK", "ALARM", "OK"]);
  assert.deepEqual(states([11, null, 11]), ["ALARM", "ALARM", "ALARM", "ALARM"]);
});

test("a metric at its threshold does not breach", () => {
  assert.equal(alarmStateOf(rule(1, 1, "missing"), [10]), "OK");
  assert.equal(alarmStateOf({ ...rule(1, 1, "missing"), comparison: "below" }, [9]), "ALARM");
});

test("an alarm's event has the shape that EventBridge documents", () => {
  const world = createWorld(scenarioWith(1, 1, "bad-lambda-version"));
  advance(world, world.scenario.onsetMs + 30 * MINUTE_MS);

  const [delivery] = takeDeliveries(world);

  const event = JSON.parse(JSON.stringify(delivery?.event));
  const alarm = metricAlarms(world).find(({ name }) => name === event.detail.alarmName);
  assert.deepEqual(Object.keys(event), [
    "version",
    "id",
    "detail-type",
    "source",
    "account",
    "time",
    "region",
    "resources",
    "detail",
  ]);
  assert.equal(event["detail-type"], "CloudWatch Alarm State Change");
  assert.equal(event.source, "aws.cloudwatch");
  assert.match(event.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.match(event.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.match(event.detail.state.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
  assert.deepEqual([alarm?.state, event.resources[0].endsWith(`:alarm:${alarm?.name}`)], ["ALARM", true]);
  assert.deepEqual([event.detail.previousState.value, event.detail.state.value], ["OK", "ALARM"]);
  assert.equal(JSON.parse(event.detail.state.reasonData).threshold, alarm?.threshold);
  const [query] = event.detail.configuration.metrics;
  assert.deepEqual(query.metricStat.metric, {
    namespace: alarm?.metric.namespace,
    name: alarm?.metric.metricName,
    dimensions: alarm?.metric.dimensions,
  });
  assert.equal(query.returnData, true);
  assert.deepEqual(
    alarmHistory(world, event.detail.alarmName, 0, world.nowMs).map(({ to }) => to),
    ["ALARM"],
  );
});

test("a composite alarm rings while one of its children does, and its event names which", () => {
  const world = failingWorld(1);

  const [rang, ended] = eventsOf(world, USERS, world.clockStartMs + 90 * MINUTE_MS);

  const child = alarmHistory(world, "shop-gateway-api-5xx", 0, world.nowMs);
  const own = alarmHistory(world, USERS, 0, world.nowMs);
  assert.deepEqual(
    own.map(({ atMs, to }) => [atMs, to]),
    child.map(({ atMs, to }) => [atMs, to]),
  );
  assert.deepEqual([rang?.detail.state.value, ended?.detail.state.value], ["ALARM", "OK"]);
  assert.match(rang?.detail.state.reasonData ?? "", /shop-gateway-api-5xx/);
  assert.equal(rang?.detail.state.actionsSuppressedBy, undefined);
  assert.equal(parseAlarmEvent(rang).kind, "incident");
});

test("a composite alarm is delivered as suppressed while its suppressor rings, and opens no incident", () => {
  const world = failingWorld(0.06);

  const [rang] = eventsOf(world, USERS, world.clockStartMs + 60 * MINUTE_MS);

  const ingested = parseAlarmEvent(rang);
  assert.deepEqual([rang?.detail.state.value, rang?.detail.state.actionsSuppressedBy], ["ALARM", "Alarm"]);
  assert.deepEqual(
    [ingested.kind, ingested.kind === "ignored" ? ingested.because.code : null],
    ["ignored", "suppressed"],
  );
});

test("an anomaly detector's band follows the hour: the same traffic is usual at night and a loss at noon", () => {
  const front = { ...apiTopology.services[0], blueprint: "cdn-web" } as Topology["services"][number];
  const topology: Topology = { ...apiTopology, services: [front] };
  const ringsAt = (hour: number): boolean => {
    const scenario = scenarioWith(3, 3, "none", { topology });
    const clockStartMs = scenario.startMs + hour * 60 * MINUTE_MS;
    const world = createWorld({ ...scenario, clockStartMs, benignChanges: [] });
    const [entry] = world.system.entries;
    const perSecond = (entry?.meanPerSecond ?? 0) * 0.55;
    // Whatever the hour, as many requests: a little more than half of the day's mean.
    const factor = perSecond / ((entry?.meanPerSecond ?? 1) * dailyShape(clockStartMs, topology.peakHour));
    const toMs = clockStartMs + 60 * MINUTE_MS;
    world.surges.push({ arn: entry?.arn ?? "", fromMs: clockStartMs, toMs, rampMs: MINUTE_MS, factor });
    advance(world, toMs);
    return world.alarmHistory.some(({ name, to }) => name === "shop-gateway-cdn-traffic" && to === "ALARM");
  };

  assert.deepEqual([ringsAt(3), ringsAt(15)], [false, true]);
});

test("deliveries come 1 to 5 seconds after the change, now and then twice and now and then overtaken", () => {
  const delays: number[] = [];
  let duplicates = 0;
  let overtaken = 0;
  for (let index = 0; index < 200; index += 1) {
    const world = createWorld(scenarioWith(21, index, "transient-blip"));
    const endMs = world.scenario.onsetMs + 40 * MINUTE_MS;
    const seen = new Set<string>();
    let newestMs = 0;
    for (let next = nextEventMs(world); next !== null && next <= endMs; next = nextEventMs(world)) {
      advance(world, next);
      for (const { deliverAtMs, event } of takeDeliveries(world)) {
        assert.equal(deliverAtMs, world.nowMs);
        const { id, time } = JSON.parse(JSON.stringify(event));
        if (seen.has(id)) duplicates += 1;
        else delays.push(deliverAtMs - Date.parse(time));
        if (Date.parse(time) < newestMs && !seen.has(id)) overtaken += 1;
        newestMs = Math.max(newestMs, Date.parse(time));
        seen.add(id);
      }
    }
  }

  const prompt = delays.filter((delayMs) => delayMs <= 5000).length / delays.length;
  assert.ok(Math.min(...delays) >= 1000);
  assert.ok(prompt > 0.9 && prompt < 1, `${prompt} of the events were prompt`);
  assert.ok(duplicates > 0, "none came twice");
  assert.ok(overtaken > 0, "none was overtaken");
});

test("most incidents raise an alarm within their first half hour or so, whatever the fault", () => {
  const scenarios = FAULTS.flatMap((fault) =>
    Array.from({ length: 10 }, (_, index) => scenarioWith(31, index, fault.id)),
  );

  const silent = scenarios.filter((scenario) => {
    const world = createWorld(scenario);
    advance(world, scenario.onsetMs + 50 * MINUTE_MS);
    return world.alarmHistory.length === 0;
  });

  assert.ok(silent.length <= scenarios.length / 20, `${silent.length} stayed silent`);
});
