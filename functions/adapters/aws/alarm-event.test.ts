import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Json } from "../../core/json.ts";
import { parseAlarmEvent } from "./alarm-event.ts";
import {
  compositeAlarmEvent,
  configurationEvent,
  contributorEvent,
  metricAlarmEvent,
  queryAlarmEvent,
} from "./alarm-events.fixture.ts";
import { changed, type Path, pathsOf } from "./damage.fixture.ts";

const with_ = (path: Path, change: Json | undefined): unknown => changed(metricAlarmEvent(), path, change);

describe("parseAlarmEvent", () => {
  it("reads a metric alarm's state change into an incident", () => {
    const event = metricAlarmEvent();

    const ingested = parseAlarmEvent(event);

    assert.deepEqual(ingested, {
      kind: "incident",
      alarm: {
        key: "123456789012/eu-west-1/checkout / 5xx too high",
        account: "123456789012",
        region: "eu-west-1",
        alarmName: "checkout / 5xx too high",
        contributorId: null,
        attributes: {},
        kind: "metric",
        state: "ALARM",
        changedAtMs: Date.UTC(2026, 0, 5, 10, 4, 40, 989),
        previousState: "OK",
        reason: "Threshold Crossed: 1 datapoint [12.0] was greater than the threshold (5.0).",
        description: "Too many failed requests",
        metrics: [
          {
            namespace: "AWS/ApplicationELB",
            metricName: "HTTPCode_Target_5XX_Count",
            dimensions: { LoadBalancer: "app/checkout/50dc6c495c0c9188" },
            stat: "Sum",
            periodSeconds: 60,
          },
        ],
        threshold: 5,
        suppressedBy: null,
        muted: false,
      },
    });
  });

  it("takes ALARM after ALARM as an incident: so arrives an alarm whose suppression ended", () => {
    const event = with_(["detail", "previousState", "value"], "ALARM");

    const ingested = parseAlarmEvent(event);

    assert.equal(ingested.kind, "incident");
  });

  for (const state of ["OK", "INSUFFICIENT_DATA"]) {
    it(`takes ${state} as an update, suppressed and muted or not`, () => {
      const plain = compositeAlarmEvent({ value: state });
      const covered = {
        ...compositeAlarmEvent({ value: state, actionsSuppressedBy: "Alarm" }),
        muteDetail: { mutedByArn: "arn" },
      };

      const kinds = [plain, covered].map((event) => parseAlarmEvent(event).kind);

      assert.deepEqual(kinds, ["update", "update"]);
    });
  }

  for (const by of ["WaitPeriod", "Alarm", "ExtensionPeriod", "AlarmSuppressor"]) {
    it(`ignores a composite alarm that ${by} suppresses, and still names it`, () => {
      const event = compositeAlarmEvent({ value: "ALARM", actionsSuppressedBy: by });

      const ingested = parseAlarmEvent(event);

      assert.ok(ingested.kind === "ignored");
      assert.equal(ingested.because.code, "suppressed");
      assert.equal(ingested.alarm?.suppressedBy, by);
      assert.equal(ingested.alarm?.kind, "composite");
    });
  }

  it("ignores a muted alarm, and still names it", () => {
    const muteDetail = { mutedByArn: "arn:aws:cloudwatch:eu-west-1:123456789012:alarm-mute-rule:night" };
    const event = metricAlarmEvent({ muteDetail });

    const ingested = parseAlarmEvent(event);

    assert.ok(ingested.kind === "ignored");
    assert.equal(ingested.because.code, "muted");
    assert.equal(ingested.alarm?.muted, true);
  });

  it("keeps the contributors of one alarm apart", () => {
    const events = ["6d442278dba546f6", "0a1b2c3d4e5f6071"].map(contributorEvent);

    const keys = events.map(parseAlarmEvent).map((ingested) => ingested.kind === "incident" && ingested.alarm.key);

    assert.deepEqual(keys, [
      "123456789012/eu-west-1/tables throttle/6d442278dba546f6",
      "123456789012/eu-west-1/tables throttle/0a1b2c3d4e5f6071",
    ]);
  });

  it("keeps what tells a contributor from another, and knows that its alarm watches a query", () => {
    const event = contributorEvent("6d442278dba546f6");

    const ingested = parseAlarmEvent(event);

    assert.ok(ingested.kind === "incident");
    assert.deepEqual(ingested.alarm.attributes, { TableName: "carts" });
    assert.deepEqual([ingested.alarm.kind, ingested.alarm.previousState], ["query", null]);
  });

  for (const [kind, queries] of [
    ["anomaly", [{ id: "ad1", expression: "ANOMALY_DETECTION_BAND(m1, 2)" }]],
    ["metric-math", [{ id: "e1", expression: "SUM(METRICS())" }]],
    ["query", [{ id: "q1", expression: 'SELECT MAX(Errors) FROM "AWS/Lambda" GROUP BY FunctionName' }]],
    ["metric", [{ id: "m1", metricStat: "damaged" }, 7]],
  ] as const) {
    it(`calls an alarm ${kind} by its metrics' expressions`, () => {
      const event = with_(["detail", "configuration", "metrics"], queries);

      const ingested = parseAlarmEvent(event);

      assert.equal(ingested.kind === "incident" && ingested.alarm.kind, kind);
    });
  }

  it("ignores an alarm's configuration change and names the alarm where it can", () => {
    const changes = [metricAlarmEvent(), { detail: 7 }].map((event) => ({
      ...event,
      "detail-type": "CloudWatch Alarm Configuration Change",
    }));

    const ingested = changes.map(parseAlarmEvent);

    assert.deepEqual(
      ingested.map((one) => one.kind === "ignored" && [one.because.code, one.alarm?.alarmName ?? null]),
      [
        ["configuration-change", "checkout / 5xx too high"],
        ["configuration-change", null],
      ],
    );
  });

  for (const name of ["evaluationCriteria", "scheduledQueryConfiguration"]) {
    it(`calls an alarm whose configuration holds ${name} one on a query`, () => {
      const event = queryAlarmEvent({ metrics: [], [name]: { query: "up == 0" } });

      const ingested = parseAlarmEvent(event);

      assert.equal(ingested.kind === "incident" && ingested.alarm.kind, "query");
    });
  }

  for (const [operation, deletedAtMs] of [
    ["delete", Date.UTC(2026, 0, 5, 10, 10)],
    ["create", null],
    ["update", null],
  ] as const) {
    it(`says of a configuration change whether it ended the alarm: ${operation}`, () => {
      const event = configurationEvent(operation);

      const ingested = parseAlarmEvent(event);

      assert.ok(ingested.kind === "ignored");
      assert.equal(ingested.because.code, "configuration-change");
      assert.equal(ingested.alarm?.alarmName, "checkout");
      assert.equal(ingested.deletedAtMs, deletedAtMs);
    });
  }

  it("drops a metric whose dimensions are damaged: without them it would be another metric", () => {
    const path = ["detail", "configuration", "metrics", 0, "metricStat", "metric", "dimensions"];
    const events = [{ LoadBalancer: 7 }, "none", undefined].map((change) => with_(path, change));

    const counts = events.map(parseAlarmEvent).map((one) => one.kind === "incident" && one.alarm.metrics.length);

    assert.deepEqual(counts, [0, 0, 1]);
  });

  it("does not take another sender's imitation for an alarm", () => {
    const event = { ...metricAlarmEvent(), source: "my.application" };

    const ingested = parseAlarmEvent(event);

    assert.equal(ingested.kind === "ignored" && ingested.because.code, "not-an-alarm");
  });

  it("believes a threshold only where CloudWatch wrote the reasonData", () => {
    const almost = [{ version: "2.0" }, { queryDate: "today" }, { recentDatapoints: "many" }].map((change) =>
      JSON.stringify({
        ...{ version: "1.0", queryDate: "2026-01-05T10:04:40.985+0000", recentDatapoints: [12], threshold: 5 },
        ...change,
      }),
    );
    const callers = [
      ...almost,
      null,
      5,
      '{"threshold":5}',
      "disk full, see wiki",
      "[1]",
      '{"version":"1.0","threshold":5}',
      "null",
    ];
    const events = callers.map((reasonData) => with_(["detail", "state", "reasonData"], reasonData));

    const thresholds = events.map(parseAlarmEvent).map((one) => one.kind === "incident" && one.alarm.threshold);

    assert.deepEqual(
      thresholds,
      callers.map(() => null),
    );
  });

  for (const [path, pointer] of [
    [["detail", "alarmName"], "/detail/alarmName: "],
    [["detail", "state"], "/detail/state: "],
    [["detail", "state", "value"], "/detail/state/value: "],
    [["detail", "state", "timestamp"], "/detail/state/timestamp: "],
    [["account"], "/account: "],
    [["region"], "/region: "],
    [["detail"], "/detail: "],
  ] as const) {
    it(`calls an alarm without ${path.join(".")}, or with another type there, invalid and points at it`, () => {
      const events = [undefined, null, 7, "", [], {}].map((change) => with_(path, change));

      const reasons = events.map(parseAlarmEvent).map((one) => (one.kind === "invalid" ? one.reason : one.kind));

      assert.ok(
        reasons.every((reason) => reason.startsWith(pointer) || reason.startsWith(`${pointer.slice(0, -2)}/`)),
        reasons.join("\n"),
      );
    });
  }

  it("never throws, whatever JSON it is given", () => {
    const anything = fc.jsonValue();
    const detailed = fc.record({
      "detail-type": fc.constantFrom("CloudWatch Alarm State Change", "CloudWatch Alarm Configuration Change"),
      detail: fc.jsonValue(),
    });

    fc.assert(
      fc.property(fc.oneof(anything, detailed), (raw) => {
        const { kind } = parseAlarmEvent(raw);
        assert.match(kind, /^(incident|update|ignored|invalid)$/);
      }),
      { numRuns: 500 },
    );
  });

  it("gives a kind, and a pointer when invalid, to an event with any field dropped or retyped", () => {
    const events = [metricAlarmEvent(), compositeAlarmEvent({ value: "ALARM" }), contributorEvent("6d442278dba546f6")];
    const damaged = fc
      .constantFrom(...events)
      .chain((event) =>
        fc.tuple(fc.constant(event), fc.constantFrom(...pathsOf(event)), fc.option(fc.jsonValue(), { nil: undefined })),
      );

    fc.assert(
      fc.property(damaged, ([event, path, change]) => {
        const ingested = parseAlarmEvent(changed(event, path, change as Json | undefined));
        assert.match(ingested.kind === "invalid" ? ingested.reason : "/none: valid", /^(\/[^/: ]+)+: ./);
      }),
      { numRuns: 2000 },
    );
  });
});

const testData = process.env.QUELL_TEST_DATA;
if (testData === undefined) {
  const how = "set QUELL_TEST_DATA to the folder of recorded inputs";
  process.stdout.write(`AWS's documented samples are skipped: ${how}\n`);
  it("AWS's documented samples get the kinds that they deserve", { skip: how }, () => {});
} else {
  describe("AWS's documented samples", () => {
    const folder = join(testData, "alarms", "eventbridge-awsdocs");
    for (const file of readdirSync(folder)) {
      it(`${file} gets the kind that its content deserves`, () => {
        const event = JSON.parse(readFileSync(join(folder, file), "utf8"));
        const suppressed = event.detail.state.actionsSuppressedBy !== undefined;
        const expected =
          event["detail-type"] === "CloudWatch Alarm Configuration Change"
            ? "ignored configuration-change"
            : suppressed
              ? "ignored suppressed"
              : "incident";

        const ingested = parseAlarmEvent(event);

        const code = ingested.kind === "ignored" ? ` ${ingested.because.code}` : "";
        assert.equal(`${ingested.kind}${code}`, expected);
        assert.equal(ingested.kind !== "invalid" && ingested.alarm?.alarmName, event.detail.alarmName);
      });
    }

    it("hold three incidents, one suppressed alarm and six configuration changes, of all four kinds", () => {
      const events = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));

      const ingested = events.map(parseAlarmEvent);

      const codes = ingested.map((one) => (one.kind === "ignored" ? one.because.code : one.kind)).sort();
      assert.deepEqual(codes, [...Array(6).fill("configuration-change"), ...Array(3).fill("incident"), "suppressed"]);
      const kinds = ingested.flatMap((one) => (one.kind === "incident" ? [one.alarm.kind] : [])).sort();
      assert.deepEqual(kinds, ["anomaly", "metric", "metric-math"]);
    });
  });
}
