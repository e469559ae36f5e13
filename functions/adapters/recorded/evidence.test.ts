import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { metricAlarmEvent } from "../aws/alarm-events.fixture.ts";
import { recordedEvidence, SourceMissing } from "./evidence.ts";
import { at, BALANCER, iso, metricRow, recordingOf, SERVICE, STRANGER } from "./recording.fixture.ts";
import type { Recording } from "./recording.ts";

const GROUPS = ["/ecs/checkout"];
const ARNS = [BALANCER, SERVICE];
const evidenceAt = (recording: Recording, nowMs: number) => recordedEvidence(recording, { nowMs: () => nowMs });
const metricsOf = (recording: Recording) => recording.alarm.metrics;

const stateAtMinute = async (recording: Recording, minute: number) => {
  const [snapshot] = await evidenceAt(recording, at(minute)).alarms([recording.alarm.key]);
  return snapshot?.state;
};

it("nothing stamped later than now is visible, and what is stamped now is", async () => {
  const recording = recordingOf();
  const { key } = recording.alarm;

  await fc.assert(
    fc.asyncProperty(fc.integer({ min: -90, max: 1000 }), async (tenths) => {
      const nowMs = at(tenths / 10);
      const evidence = evidenceAt(recording, nowMs);

      const series = await evidence.metrics(metricsOf(recording), at(-10), at(1000));
      const stamps = [
        ...(await evidence.logs(GROUPS, at(-10), at(1000))),
        ...(await evidence.changes(ARNS, at(-10), at(1000))),
        ...(await evidence.history(key, at(-100), at(1000))),
      ].map(({ atMs }) => atMs);
      const alarms = await evidence.alarms([key]);

      const newest = series.map(({ fromMs, values }) => fromMs + (values.length - 1) * 60_000);
      const changes = alarms.map(({ changedAtMs }) => changedAtMs);
      assert.ok([...stamps, ...changes].every((atMs) => atMs <= nowMs));
      assert.ok(newest.every((stampMs) => stampMs <= nowMs && stampMs > nowMs - 60_000));
    }),
  );
});

it("what is visible later agrees with what was visible before", async () => {
  const recording = recordingOf();

  const early = await evidenceAt(recording, at(5)).metrics(metricsOf(recording), at(0), at(60));
  const late = await evidenceAt(recording, at(60)).metrics(metricsOf(recording), at(0), at(60));

  const [before, after] = [early[0]?.values ?? [], late[0]?.values ?? []];
  assert.deepEqual(before, [0, 0, 1, 12, 20, 18]);
  assert.deepEqual(after.slice(0, 12), [0, 0, 1, 12, 20, 18, 2, 1, 0, 0, null, null]);
});

it("metrics lie on the period's grid, carry the resource that they measure and an id of their own", async () => {
  const recording = recordingOf();
  const asked = ["HTTPCode_Target_5XX_Count", "RequestCount", "Unheard"].map((metricName) => ({
    ...metricRow(metricName, 0, []),
    periodSeconds: 60,
  }));

  const series = await evidenceAt(recording, at(2)).metrics(asked, at(0) + 30_000, at(2));

  assert.deepEqual(
    series.map(({ fromMs, arn, values }) => [fromMs, arn, values]),
    [
      [at(0), BALANCER, [0, 0, 1]],
      [at(0), BALANCER, [100, 110, 105]],
      [at(0), BALANCER, [null, null, null]],
    ],
  );
  assert.equal(new Set(series.map(({ id }) => id)).size, 3);
});

it("changes of the named resources are seen, and those whose target is no ARN; other resources' are not", async () => {
  const commit = { kind: "commit", at: iso(1), target: "shop/checkout", ref: "abc", author: "ada", title: "Retry" };
  const foreign = { ...commit, kind: "config", target: STRANGER };
  const recording = recordingOf({ "changes.json": JSON.stringify([foreign, commit]) });

  const changes = await evidenceAt(recording, at(5)).changes(ARNS, at(0), at(5));

  assert.deepEqual(
    changes.map(({ target }) => target),
    ["shop/checkout"],
  );
});

it("resources are those reachable from the named ones, each with its service and the root of its hierarchy", async () => {
  const recording = recordingOf();

  const resources = await evidenceAt(recording, at(5)).resources([BALANCER]);

  assert.deepEqual(
    resources.map(({ name, service, root, attributes }) => ({ name, service, root, attributes })),
    [
      { name: "checkout", service: "checkout", root: BALANCER, attributes: {} },
      { name: "checkout", service: "checkout", root: SERVICE, attributes: { desiredCount: 3 } },
    ],
  );
});

it("only log groups that are asked for are read", async () => {
  const evidence = evidenceAt(recordingOf(), at(60));

  const answers = await Promise.all([evidence.logs([], at(0), at(60)), evidence.logs(GROUPS, at(0), at(60))]);

  assert.deepEqual(
    answers.map((lines) => lines.length),
    [0, 3],
  );
});

it("the alarm's state follows its recorded history", async () => {
  const recording = recordingOf();
  const minutes = [-61, -1, 5, 8.9, 9];

  const states = await Promise.all(minutes.map((minute) => stateAtMinute(recording, minute)));

  assert.deepEqual(states, ["ALARM", "OK", "ALARM", "ALARM", "OK"]);
});

it("without history the metric is judged against the alarm's threshold as its periods close", async () => {
  const recordings = [recordingOf({ "history.json": null }), recordingOf({ "history.json": "[]" })];
  const minutes = [4, 5, 6.9, 7, 60];

  const states = await Promise.all(
    recordings.map((recording) => Promise.all(minutes.map((minute) => stateAtMinute(recording, minute)))),
  );

  const expected = ["OK", "ALARM", "ALARM", "OK", "OK"];
  assert.deepEqual(states, [expected, expected]);
});

it("without a threshold that CloudWatch wrote, an alarm without history goes on", async () => {
  const state = { value: "ALARM", timestamp: "2026-01-05T10:04:40.989+0000", reasonData: '{"threshold":5}' };
  const recording = recordingOf({ "alarm.json": JSON.stringify(metricAlarmEvent({ state })), "history.json": null });

  const found = await stateAtMinute(recording, 60);

  assert.equal(found, "ALARM");
});

it("an alarm of another key is not known", async () => {
  const recording = recordingOf();

  const alarms = await evidenceAt(recording, at(5)).alarms([recording.alarm.key, "1/eu-west-1/other"]);

  assert.deepEqual(
    alarms.map(({ key, periodSeconds, evaluationPeriods }) => ({ key, periodSeconds, evaluationPeriods })),
    [{ key: recording.alarm.key, periodSeconds: 60, evaluationPeriods: 1 }],
  );
});

for (const [file, read] of [
  ["metrics.json", (e) => e.metrics([], at(0), at(5))],
  ["logs.jsonl", (e) => e.logs(GROUPS, at(0), at(5))],
  ["changes.json", (e) => e.changes(ARNS, at(0), at(5))],
  ["resources.json", (e) => e.resources(ARNS)],
  ["history.json", (e) => e.history("key", at(0), at(5))],
] as readonly (readonly [string, (evidence: ReturnType<typeof recordedEvidence>) => Promise<unknown>])[]) {
  it(`without ${file} its read says so`, async () => {
    const evidence = evidenceAt(recordingOf({ [file]: null }), at(5));

    const answer = read(evidence);

    await assert.rejects(answer, new SourceMissing(`the recording has no ${file}`));
  });
}
