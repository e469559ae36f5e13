import assert from "node:assert/strict";
import { before, describe, it, type TestContext } from "node:test";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { readAlarmHistory } from "../adapters/aws/alarm-history.ts";
import { alarmsWithPrefix } from "../adapters/aws/cloudwatch-alarms.ts";
import { simulatedEvidence } from "../adapters/simulated/evidence.ts";
import { parseConfiguration } from "../core/configuration.ts";
import { alarmKey } from "../core/ids.ts";
import { POLICIES } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
import { changesOf, resourcesOf } from "../world/graph.ts";
import { scenarioWith } from "../world/scenario.ts";
import { advance, createWorld } from "../world/world.ts";
import { episodesIn } from "./shadow-episodes.ts";
import { type Past, pastEvidence } from "./shadow-evidence.ts";
import { shadowOne } from "./shadow-one.ts";
import { type PastSources, readPast } from "./shadow-past.ts";
import { openPast, type PastDay, pastDay } from "./shadow-world.fixture.ts";

const FAULT = "bad-ecs-deployment";
const MINUTE_MS = 60_000;

const rulesPolicy = (): Scorer => {
  const { rules } = POLICIES;
  if (rules === undefined) throw new Error("there is no policy called rules");
  return rules;
};

/** The first episode of a day, and what is read of it. */
const opened = async (context: TestContext, day: PastDay, changes: Partial<PastSources> = {}) => {
  const { clientConfig, asked } = await openPast(context, day);
  const cloudWatch = new CloudWatchClient(clientConfig);
  const place = { account: day.world.account, region: day.world.region };
  const [alarm] = await alarmsWithPrefix(cloudWatch, day.rang.name);
  assert.ok(alarm !== undefined);
  const key = alarmKey({ ...place, alarmName: alarm.name, contributorId: null });
  const transitions = await readAlarmHistory(cloudWatch, place, key, 0, day.nowMs);
  const [episode] = episodesIn([{ alarm, transitions }], 0, day.nowMs);
  assert.ok(episode !== undefined);
  const configuration = parseConfiguration({ settings: { ...day.settings, mode: "observe" } });
  const sources: PastSources = {
    ...{ cloudWatch, nowMs: day.nowMs },
    resources: async (arns) => resourcesOf(day.then, arns),
    changes: async (arns, fromMs, toMs) => changesOf(day.world, arns, fromMs, toMs),
    ...changes,
  };
  const rules = { place, configuration, mode: null, scorer: rulesPolicy(), approvalMinutes: 4, nowMs: day.nowMs };
  return { episode, rules, sources, asked, configuration };
};

describe("an episode of the past", () => {
  let day: PastDay;
  before(() => {
    day = pastDay(FAULT);
  });

  it("is proposed what an agent who stood there would have proposed, at that minute, with a question to a person", async (context) => {
    const { episode, rules, sources } = await opened(context, day);

    const { episode: played } = await shadowOne(episode, rules, sources);

    assert.equal(played.proposed?.runbook, "ecs-rollback");
    assert.deepEqual([played.proposed?.atMinutes, played.proposed?.consents, played.decisions], [0, 1, 1]);
    assert.deepEqual([played.endedAt, played.saved.low, played.saved.mean], [null, 0, null]);
    assert.ok(played.saved.high > 0 && played.saved.high < played.minutes, JSON.stringify(played.saved));
    assert.deepEqual(
      played.missing.map(({ source }) => source),
      ["logs"],
    );
  });

  it("is the same every time", async (context) => {
    const { episode, rules, sources } = await opened(context, day);

    const [one, other] = [await shadowOne(episode, rules, sources), await shadowOne(episode, rules, sources)];

    assert.deepEqual(one.episode, other.episode);
  });

  it("says what could not be read, and hands over where it knows no resource", async (context) => {
    const because = "resources cannot be read: denied";
    const { episode, rules, sources } = await opened(context, day, { resources: async () => because });

    const { episode: played } = await shadowOne(episode, rules, sources);

    assert.equal(played.proposed, null);
    assert.match(played.instead ?? "", /^(a person is called|it waits)/);
    assert.ok(played.missing.some(({ source, because: why }) => source === "resources" && why === because));
  });

  it("is read in the periods that CloudWatch still keeps, and says of how many metrics it kept no finer ones", async (context) => {
    const { episode, rules, sources, asked } = await opened(context, day);
    const later = day.nowMs + 20 * 86_400_000;

    const { read } = await shadowOne(episode, { ...rules, nowMs: later }, { ...sources, nowMs: later });

    const periods = asked
      .filter(({ operation }) => operation === "GetMetricData")
      .flatMap(({ request }) => request.MetricDataQueries as readonly { MetricStat: { Period: number } }[])
      .map(({ MetricStat }) => MetricStat.Period);
    assert.deepEqual([...new Set(periods)], [300]);
    assert.equal(read.coarse, read.metricsRead);
  });

  it("without a configuration is played under settings that are guessed from its alarm alone", async (context) => {
    const { episode, rules, sources } = await opened(context, day);

    const { episode: played } = await shadowOne(episode, { ...rules, configuration: null }, sources);

    assert.equal(played.service, null);
    assert.ok(played.decisions >= 1);
    assert.equal(played.proposed, null);
  });

  it("shows, minute by minute, no datapoint and no state that could not be read then", async (context) => {
    const { episode, rules, sources, configuration } = await opened(context, day);
    const { settings } = configuration;
    const [service] = settings.services.filter(({ name }) => name === settings.alarms[day.rang.name]);
    assert.ok(service !== undefined);
    const [alarm] = await simulatedEvidence(day.world).alarms([episode.opening.key]);
    assert.ok(alarm !== undefined);
    const past = await pastOf(episode, rules, sources, { settings, service });
    const then = createWorld(scenarioWith(1, 0, FAULT));
    const metrics = service.slis.map(({ metric }) => metric);

    for (let atMs = episode.opening.atMs; atMs < episode.opening.atMs + 20 * MINUTE_MS; atMs += 17_000) {
      advance(then, atMs);
      const fromMs = atMs - 30 * MINUTE_MS;
      const [seen, known] = [pastEvidence(past, { nowMs: () => atMs }), simulatedEvidence(then)];

      const [ours, theirs] = await Promise.all([seen, known].map((one) => one.metrics(metrics, fromMs, atMs)));
      const [state, truth] = await Promise.all([seen, known].map((one) => one.alarms([episode.opening.key])));

      assert.deepEqual(
        ours?.map(({ values }) => values),
        theirs?.map(({ values }) => values),
      );
      assert.equal(state?.[0]?.state, truth?.[0]?.state);
    }
  });
});

const pastOf = async (
  episode: Parameters<typeof readPast>[1],
  rules: Parameters<typeof shadowOne>[1],
  sources: PastSources,
  of: Parameters<typeof readPast>[3],
): Promise<Past> => {
  const { openingAlarm } = await import("./shadow-episodes.ts");
  const { past } = await readPast(sources, episode, openingAlarm(episode, rules.place), of, rules.nowMs);
  return past;
};
