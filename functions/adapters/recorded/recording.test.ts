import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { compositeAlarmEvent, metricAlarmEvent } from "../aws/alarm-events.fixture.ts";
import { at, folderInPlaceOf, iso, metricRow, recordingFolder, recordingOf, SERVICE } from "./recording.fixture.ts";
import { RecordingUnreadable, readRecording, recordingEndsAtMs, rowsOf } from "./recording.ts";

const OPTIONAL = ["metrics.json", "logs.jsonl", "changes.json", "resources.json", "history.json"] as const;
const sources = ({ metrics, logs, changes, resources, history }: ReturnType<typeof recordingOf>) => [
  metrics,
  logs,
  changes,
  resources,
  history,
];

it("a whole recording is read without damage", () => {
  const reply = { content: [{ type: "text", text: "..." }], stop_reason: "end_turn" };

  const recording = recordingOf({ "drafter.json": JSON.stringify(reply) });

  assert.deepEqual(recording.damaged, []);
  assert.deepEqual(
    sources(recording).map((source) => rowsOf<unknown>(source).length),
    [3, 3, 3, 3, 2],
  );
  assert.deepEqual(recording.drafter, { reply });
  assert.equal(recording.alarm.alarmName, "checkout / 5xx too high");
  assert.deepEqual(recording.evaluation, { threshold: 5, periodSeconds: 60, evaluationPeriods: 1, breaches: "above" });
});

it("every file but alarm.json may be missing, and that is no damage", () => {
  const files = Object.fromEntries(OPTIONAL.map((file) => [file, null]));

  const recording = recordingOf(files);

  assert.deepEqual(recording.damaged, []);
  assert.equal(recording.drafter, null);
  assert.deepEqual(
    sources(recording).map((source) => source.kind === "missing" && source.because),
    OPTIONAL.map((file) => `the recording has no ${file}`),
  );
});

for (const [what, text] of [
  ["missing", null],
  ["not JSON", "{"],
  ["another document", '{"state":"ALARM"}'],
  ["no readable alarm", JSON.stringify(metricAlarmEvent({ alarmName: 7 }))],
  ["an alarm that went back to OK", JSON.stringify(compositeAlarmEvent({ value: "OK" }))],
  ["a suppressed alarm", JSON.stringify(compositeAlarmEvent({ value: "ALARM", actionsSuppressedBy: "Alarm" }))],
] as const) {
  it(`a recording whose alarm.json is ${what} is refused with what, where and what to do`, () => {
    const folder = recordingFolder({ "alarm.json": text });

    const read = () => readRecording(folder);

    assert.throws(read, (error) => {
      assert.ok(error instanceof RecordingUnreadable);
      assert.match(error.message, /alarm\.json: .+; put the EventBridge event .+ there$/);
      return true;
    });
  });
}

for (const file of OPTIONAL.filter((name) => name !== "logs.jsonl")) {
  it(`${file} without any JSON list is missing, and said to be damaged`, () => {
    const text = '{"cut":';

    const recording = recordingOf({ [file]: text });

    assert.deepEqual(recording.damaged, [{ source: file, because: "all of it: it is not the JSON that was expected" }]);
  });
}

it("a folder where a file is expected is damage, not a crash", () => {
  const folder = folderInPlaceOf("logs.jsonl");

  const recording = readRecording(folder);

  assert.deepEqual(recording.damaged, [{ source: "logs.jsonl", because: "all of it: EISDIR" }]);
});

it("of damaged metrics what is good is kept, sorted, one value a period, and the rest is counted", () => {
  const damaged = {
    ...metricRow("RequestCount", 0, [1]),
    timestamps: [iso(3), iso(1), iso(1), "yesterday", 7, iso(2), iso(4), iso(5)],
    values: [30, 10, 11, 1, 1, "20", null],
  };
  const text = JSON.stringify([damaged, { ...damaged, period: "60" }, "series"]);

  const recording = recordingOf({ "metrics.json": text });

  assert.deepEqual(
    rowsOf(recording.metrics).map(({ points }) => points),
    [
      [
        { atMs: at(1), value: 10 },
        { atMs: at(3), value: 30 },
        { atMs: at(4), value: null },
      ],
    ],
  );
  assert.deepEqual(
    recording.damaged.map(({ because }) => because),
    [
      "2 series have fields that are missing or of another type",
      "1 timestamps and values of RequestCount have no counterpart",
      "3 datapoints of RequestCount have no readable time or number",
      "datapoints of RequestCount were out of order: sorted",
      "1 datapoints of RequestCount repeat a period: the first of each was kept",
    ],
  );
});

it("a bare NaN or Infinity reads as no value, and only outside of strings", () => {
  const text = JSON.stringify([metricRow("NaN Infinity", 0, [1, 2, 3])]).replace("[1,2,3]", "[NaN, -Infinity, 3]");

  const recording = recordingOf({ "metrics.json": text });

  const [series] = rowsOf(recording.metrics);
  assert.equal(series?.metric.metricName, "NaN Infinity");
  assert.deepEqual(
    series?.points.map(({ value }) => value),
    [null, null, 3],
  );
  assert.deepEqual(recording.damaged, [{ source: "metrics.json", because: "2 values are NaN or infinite" }]);
});

it("of an array that was cut off the complete elements are kept", () => {
  const whole = JSON.stringify([metricRow("a]{", 0, [1]), metricRow('b"', 0, [2]), metricRow("c", 0, [3])]);

  const recording = recordingOf({ "metrics.json": whole.slice(0, -20) });

  assert.deepEqual(
    rowsOf(recording.metrics).map(({ metric }) => metric.metricName),
    ["a]{", 'b"'],
  );
  assert.match(recording.damaged[0]?.because ?? "", /2 complete elements were kept/);
});

it("of damaged log lines the good ones are kept in order of time", () => {
  const line = (minute: number) => ({ timestamp: iso(minute), logGroup: "/ecs/checkout", message: String(minute) });
  const good = [JSON.stringify(line(3)), JSON.stringify({ ...line(0), timestamp: at(1) })];
  const text = [...good, '{"timestamp":', JSON.stringify({ ...line(2), message: 7 }), "", "[]"].join("\r\n");

  const recording = recordingOf({ "logs.jsonl": text });

  assert.deepEqual(
    rowsOf(recording.logs).map(({ atMs }) => atMs),
    [at(1), at(3)],
  );
  assert.deepEqual(
    recording.damaged.map(({ because }) => because),
    ["1 lines are no JSON", "2 lines have fields that are missing or of another type"],
  );
});

it("of damaged changes and resources the good rows are kept", () => {
  const change = { kind: "config", at: iso(1), target: 7, ref: null, author: "me", title: "t", description: "d" };
  const resource = { arn: SERVICE, type: "AWS::ECS::Service", tags: 7, dependsOn: null, attributes: { a: {} } };

  const recording = recordingOf({
    "changes.json": JSON.stringify([change, { ...change, kind: "magic" }, { ...change, at: "soon" }]),
    "resources.json": JSON.stringify([resource, resource, { ...resource, arn: "checkout" }]),
  });

  assert.deepEqual(rowsOf(recording.changes), [
    {
      id: "change-1",
      kind: "config",
      atMs: at(1),
      target: "",
      ref: "",
      from: null,
      to: null,
      author: "me",
      title: "t",
    },
  ]);
  assert.deepEqual(rowsOf(recording.resources), [
    { arn: SERVICE, type: "AWS::ECS::Service", tags: {}, dependsOn: [], attributes: {}, zones: 1 },
  ]);
  assert.deepEqual(
    recording.damaged.map(({ source }) => source),
    ["changes.json", "resources.json", "resources.json"],
  );
});

it("history is read as events, as DescribeAlarmHistory answers and as plain rows", () => {
  const alarmName = "checkout / 5xx too high";
  const HistoryData = JSON.stringify({ oldState: { stateValue: "OK" }, newState: { stateValue: "ALARM" } });
  const item = { AlarmName: alarmName, Timestamp: iso(2), HistoryItemType: "StateUpdate", HistoryData };
  const rows = [item, metricAlarmEvent(), { at: iso(1), from: "ALARM", to: "OK" }, { at: iso(1), to: "FINE" }];

  const mixed = recordingOf({ "history.json": JSON.stringify(rows) });
  const answer = recordingOf({ "history.json": JSON.stringify({ AlarmHistoryItems: [item] }) });

  const { key, changedAtMs } = mixed.alarm;
  assert.deepEqual(rowsOf(mixed.history), [
    { key, atMs: at(1), from: "ALARM", to: "OK" },
    { key, atMs: at(2), from: "OK", to: "ALARM" },
    { key, atMs: changedAtMs, from: "OK", to: "ALARM" },
  ]);
  assert.deepEqual(mixed.damaged, [{ source: "history.json", because: "1 rows are no state change" }]);
  assert.deepEqual(rowsOf(answer.history), [{ key, atMs: at(2), from: "OK", to: "ALARM" }]);
});

it("any text in any file but alarm.json leaves a recording that can be read", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(fc.dictionary(fc.string(), fc.jsonValue())).map((v) => JSON.stringify(v)),
  );
  const files = fc.record(Object.fromEntries([...OPTIONAL, "drafter.json"].map((file) => [file, text])));

  fc.assert(
    fc.property(files, (damaged) => {
      const recording = recordingOf(damaged);

      assert.ok(Number.isFinite(recordingEndsAtMs(recording)));
    }),
    { numRuns: 100 },
  );
});

it("a recording ends when its last period closes or its last row is stamped, and within a day of the alarm", () => {
  const silent = Object.fromEntries(OPTIONAL.map((file) => [file, null]));
  const late = JSON.stringify({ timestamp: "9999-01-01T00:00:00Z", logGroup: "/ecs/checkout", message: "" });

  const ends = [recordingOf(), recordingOf({ "logs.jsonl": late }), recordingOf(silent)].map(recordingEndsAtMs);

  assert.deepEqual(ends, [at(10), at(10), recordingOf().alarm.changedAtMs]);
});

it("a damaged file with a string of megabytes is read like any other", () => {
  const row = metricRow('\\"\n'.repeat(1_000_000), 0, [1]);

  const recording = recordingOf({ "metrics.json": JSON.stringify([row, row]).slice(0, -1) });

  assert.equal(rowsOf(recording.metrics).length, 2);
});
