import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Alarm, type MetricRef, opensIncident } from "../../core/alarm.ts";
import type { Ingested } from "../../core/ingest.ts";
import type { Json } from "../../core/json.ts";
import {
  CHECKOUT,
  compositeAlarmEvent,
  configurationEvent,
  contributorEvent,
  eventBridgeOf,
  type Fields,
  lambdaActionOf,
  metricAlarmEvent,
  queryAlarmEvent,
  REGION_NAMES,
  snsAlarmOf,
  snsCompositeOf,
  snsEvent,
  snsLogAlarmOf,
  snsNotification,
  snsQueriesOf,
  sqsEvent,
  type Told,
} from "./alarm-events.fixture.ts";
import { changed, pathsOf } from "./damage.fixture.ts";
import { parseDelivery, readDelivery } from "./delivery.ts";

/** What a delivery amounts to, one word a payload. */
const summary = (delivered: readonly Ingested[]): readonly string[] =>
  delivered.map((one) => (one.kind === "ignored" ? one.because.code : one.kind));

const onlyAlarm = (delivered: readonly Ingested[]): Alarm => {
  const [one] = delivered;
  assert.ok(delivered.length === 1 && one !== undefined && one.kind !== "invalid", JSON.stringify(delivered));
  assert.ok(one.alarm !== null, JSON.stringify(one));
  return one.alarm;
};

const onlyReason = (delivered: readonly Ingested[]): string => {
  const [one] = delivered;
  assert.ok(delivered.length === 1 && one?.kind === "invalid", JSON.stringify(delivered));
  return one.reason;
};

/** Every envelope that carries one payload. */
const ENVELOPES: Readonly<Record<string, (payload: Json) => Json>> = {
  "by itself": (payload) => payload,
  "as text": (payload) => JSON.stringify(payload),
  "as text behind a byte order mark": (payload) => `\uFEFF${JSON.stringify(payload)}`,
  "as text that was encoded twice": (payload) => JSON.stringify(JSON.stringify(payload)),
  "in an array": (payload) => [payload],
  "in an SNS event": (payload) => snsEvent(payload),
  "in an SNS notification": (payload) => snsNotification(payload),
  "in an SQS event": (payload) => sqsEvent(payload),
  "in an SNS notification in an SQS event": (payload) => sqsEvent(snsNotification(payload)),
  "in an SQS event, encoded twice": (payload) => sqsEvent(JSON.stringify(JSON.stringify(payload))),
  "in an array of SQS events of notifications, each text encoded twice": (payload) =>
    JSON.stringify([
      sqsEvent(JSON.stringify(JSON.stringify(snsNotification(JSON.stringify(JSON.stringify(payload)))))),
    ]),
  "in what Lambda sends on when a function failed": (payload) => ({ version: "1.0", requestPayload: payload }),
  "in an answer of ReceiveMessage": (payload) => ({ Messages: [{ MessageId: "1", Body: JSON.stringify(payload) }] }),
};

/** Every shape of payload, all of one alarm that rings. */
const SHAPES: Readonly<Record<string, Fields>> = {
  "an EventBridge event": eventBridgeOf(CHECKOUT),
  "a Lambda action": lambdaActionOf(CHECKOUT),
  "a notification": snsAlarmOf(CHECKOUT),
  "a notification of several queries": snsQueriesOf(CHECKOUT),
  "a notification of a composite alarm": snsCompositeOf(CHECKOUT),
  "a notification of a log alarm": snsLogAlarmOf(CHECKOUT),
};

describe("parseDelivery", () => {
  for (const [where, wrap] of Object.entries(ENVELOPES)) {
    it(`finds the alarm in every shape ${where}`, () => {
      const payloads = Object.values(SHAPES);

      const alarms = payloads.map((payload) => onlyAlarm(parseDelivery(wrap(payload))));

      assert.deepEqual(
        alarms.map(({ key, state, changedAtMs }) => [key, state, changedAtMs]),
        payloads.map(() => [
          "123456789012/eu-west-1/checkout / 5xx too high",
          "ALARM",
          Date.UTC(2026, 0, 5, 10, 4, 40, 989),
        ]),
      );
    });
  }

  it("takes the same state change for the same, whatever shape and envelope told of it", () => {
    const name = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });
    const metric: fc.Arbitrary<MetricRef> = fc.record({
      namespace: name,
      metricName: name,
      dimensions: fc.dictionary(fc.string({ minLength: 1 }), fc.string()),
      stat: fc.constantFrom("Average", "Sum", "Minimum", "Maximum", "SampleCount"),
      periodSeconds: fc.integer({ min: 1, max: 86_400 }),
    });
    const time = fc
      .tuple(fc.date({ min: new Date(0), max: new Date("2200-01-01"), noInvalidDate: true }), fc.boolean())
      .map(([date, zulu]) => (zulu ? date.toISOString() : date.toISOString().replace("Z", "+0000")));
    const told: fc.Arbitrary<Told> = fc.record({
      account: fc.stringMatching(/^\d{12}$/),
      region: fc.constantFrom(...Object.keys(REGION_NAMES), "eu-west-3"),
      alarmName: name,
      state: fc.constantFrom("OK", "ALARM", "INSUFFICIENT_DATA"),
      time,
      metric,
      contributor: fc.option(fc.record({ id: name, attributes: fc.dictionary(fc.string(), fc.string()) })),
    });
    const wraps = fc.constantFrom(...Object.values(ENVELOPES));
    const tellers = fc.constantFrom(lambdaActionOf, snsAlarmOf, snsQueriesOf);
    const essence = ({ reason, description, previousState, threshold, ...rest }: Alarm) => rest;

    fc.assert(
      fc.property(told, tellers, wraps, wraps, (one, tell, wrap, wrapEvent) => {
        const [alarm, event] = [wrap(tell(one)), wrapEvent(eventBridgeOf(one))].map((delivered) =>
          onlyAlarm(parseDelivery(delivered)),
        );

        assert.ok(alarm !== undefined && event !== undefined);
        assert.deepEqual(essence(alarm), essence(event));
        assert.equal(opensIncident(alarm), one.state === "ALARM");
      }),
      { numRuns: 500 },
    );
  });

  it("gives one answer a payload, in their order, however they are batched", () => {
    const invalid = { ...snsAlarmOf(CHECKOUT), NewStateValue: "LOUD" };
    const payloads = [
      metricAlarmEvent(),
      { hello: "world" },
      compositeAlarmEvent({ value: "OK" }),
      invalid,
      compositeAlarmEvent({ value: "ALARM", actionsSuppressedBy: "WaitPeriod" }),
      configurationEvent("delete"),
      queryAlarmEvent(),
      snsAlarmOf({ ...CHECKOUT, state: "INSUFFICIENT_DATA" }),
      lambdaActionOf(CHECKOUT),
      "plain words",
    ];
    const batches = [
      payloads,
      snsEvent(...payloads),
      sqsEvent(...payloads),
      sqsEvent(...payloads.map(snsNotification)),
      payloads.map((payload) => sqsEvent(payload)),
    ];

    const summaries = batches.map((batch) => summary(parseDelivery(batch)));

    const wanted = [
      ...["incident", "not-an-alarm", "update", "invalid", "suppressed", "configuration-change", "incident"],
      ...["update", "incident", "not-an-alarm"],
    ];
    assert.deepEqual(
      summaries,
      batches.map(() => wanted),
    );
  });

  it("says of what holds no alarm that it is none, once", () => {
    const others = [null, true, 0, "", "Hello from SNS!", "[FIRING:1] disk full", {}, [], { Records: [] }, "123"];
    const records = [{ Records: [{ kinesis: { data: "eyJ9" } }] }, { Records: 7 }, { Message: null }, { body: "ok" }];

    const summaries = [...others, ...records].map((delivered) => summary(parseDelivery(delivered)));

    assert.deepEqual(
      summaries,
      [...others, ...records].map(() => ["not-an-alarm"]),
    );
  });

  it("does not take a forged source, a description or another product's alert for an alarm", () => {
    const others = [
      { ...metricAlarmEvent(), source: "acme.cloudwatch" },
      { ...lambdaActionOf(CHECKOUT), source: "acme.cloudwatch" },
      { ...lambdaActionOf(CHECKOUT), source: undefined },
      { AlarmName: "checkout", AlarmArn: "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout", StateValue: "OK" },
      { Message: { AlarmName: "HighCPUUsage", MetricName: "CPUUtilization", Threshold: 90 } },
      { NewStateValue: "ALARM" },
    ];

    const summaries = others.map((delivered) => summary(parseDelivery(delivered)));

    assert.deepEqual(
      summaries,
      others.map(() => ["not-an-alarm"]),
    );
  });

  for (const [payload, pointer] of [
    [changed(snsAlarmOf(CHECKOUT), ["AlarmName"], undefined), "/AlarmName: "],
    [snsAlarmOf(CHECKOUT, { NewStateValue: "alarm" }), "/NewStateValue: "],
    [snsAlarmOf(CHECKOUT, { StateChangeTime: "Monday 05 January, 2026 10:04:40 UTC" }), "/StateChangeTime: "],
    [snsAlarmOf(CHECKOUT, { AWSAccountId: 123456789012 }), "/AWSAccountId: "],
    [snsAlarmOf(CHECKOUT, { AlarmArn: "checkout" }), "/Region: "],
    [snsAlarmOf(CHECKOUT, { AlarmContributorId: "" }), "/AlarmContributorId: "],
    [{ ...lambdaActionOf(CHECKOUT), accountId: "" }, "/accountId: "],
    [{ ...lambdaActionOf(CHECKOUT), region: null }, "/region: "],
    [{ ...lambdaActionOf(CHECKOUT), alarmData: "ALARM" }, "/alarmData: "],
    [lambdaActionOf(CHECKOUT, { alarmName: "" }), "/alarmData/alarmName: "],
    [lambdaActionOf(CHECKOUT, { state: { value: "ALARM" } }), "/alarmData/state/timestamp: "],
    [lambdaActionOf(CHECKOUT, { alarmContributor: {} }), "/alarmData/alarmContributor/id: "],
    [
      changed(contributorEvent("one"), ["detail", "alarmContributor", "id"], undefined),
      "/detail/alarmContributor/id: ",
    ],
  ] as const) {
    it(`points at what is wrong with an alarm, through every envelope: ${pointer}`, () => {
      const wraps = [
        [(inner: Json) => inner, ""],
        [(inner: Json) => JSON.stringify(inner), ""],
        [(inner: Json) => [inner], "/0"],
        [snsNotification, "/Message -> "],
        [snsEvent, "/Records/0/Sns/Message -> "],
        [(inner: Json) => sqsEvent("first", JSON.stringify(inner)).Records[1] ?? null, "/body -> "],
        [(inner: Json) => sqsEvent(snsNotification(JSON.stringify(inner))), "/Records/0/body -> /Message -> "],
      ] as const;

      const reasons = wraps.map(([wrap]) => onlyReason(parseDelivery(wrap(payload as Json))));

      assert.deepEqual(
        reasons.map((reason, index) => reason.startsWith(`${wraps[index]?.[1]}${pointer}`)),
        wraps.map(() => true),
        reasons.join("\n"),
      );
    });
  }

  it("calls JSON that was cut off in an envelope invalid: it may have been an alarm", () => {
    const cut = JSON.stringify(snsAlarmOf(CHECKOUT)).slice(0, 80);

    const reason = onlyReason(parseDelivery(sqsEvent(cut)));

    assert.match(reason, /^\/Records\/0\/body: unreadable JSON: /);
  });

  it("unpacks only so deep, and says so", () => {
    const nested = (times: number, inner: Json): Json => (times === 0 ? inner : [nested(times - 1, inner)]);
    const bottomless = JSON.parse("[".repeat(50_000) + "]".repeat(50_000));

    const reasons = [nested(11, metricAlarmEvent()), bottomless].map((deep) => onlyReason(parseDelivery(deep)));
    const found = summary(parseDelivery(nested(10, metricAlarmEvent())));

    assert.deepEqual(found, ["incident"]);
    assert.deepEqual(
      reasons,
      reasons.map(() => `${"/0".repeat(10)}: wrapped more than 10 times`),
    );
  });

  it("never throws, whatever JSON it is given, and always answers", () => {
    const word = fc.constantFrom("Records", "Sns", "Message", "body", "source", "detail-type", "AlarmName", "detail");
    const { anything } = fc.letrec<{ anything: Json }>((tie) => ({
      anything: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.oneof(fc.jsonValue(), fc.constantFrom("aws.cloudwatch", "ALARM", "CloudWatch Alarm State Change")),
        fc.array(tie("anything"), { maxLength: 3 }),
        fc.dictionary(word, tie("anything"), { maxKeys: 4 }),
        tie("anything").map((value) => JSON.stringify(value)),
      ) as fc.Arbitrary<Json>,
    }));

    fc.assert(
      fc.property(anything, (raw) => {
        const delivered = parseDelivery(raw);

        assert.ok(delivered.length > 0);
        for (const { kind } of delivered) assert.match(kind, /^(incident|update|ignored|invalid)$/);
      }),
      { numRuns: 2000 },
    );
  });

  it("gives a kind, and a pointer when invalid, to any shape in any envelope with any part dropped or retyped", () => {
    const payloads = fc.constantFrom<Json>(
      ...Object.values(SHAPES),
      metricAlarmEvent(),
      compositeAlarmEvent({ value: "ALARM" }),
      contributorEvent("6d442278dba546f6"),
      configurationEvent("delete"),
      lambdaActionOf({ ...CHECKOUT, contributor: { id: "one", attributes: { Queue: "orders" } } }),
    );
    const damaged = fc
      .tuple(payloads, fc.constantFrom(...Object.values(ENVELOPES)), fc.boolean())
      .chain(([payload, wrap, outside]) => {
        const whole = outside ? wrap(payload) : payload;
        const change = fc.option(fc.jsonValue(), { nil: undefined });
        return fc.tuple(fc.constantFrom(...pathsOf(whole)), change).map(([path, part]) => {
          const left = changed(whole, path, part as Json | undefined);
          return outside || left === undefined ? left : wrap(left);
        });
      });

    fc.assert(
      fc.property(damaged, (raw) => {
        const delivered = parseDelivery(raw);

        const reasons = delivered.flatMap((one) => (one.kind === "invalid" ? [one.reason] : []));
        const pointed = /^(((\/[^/: ]+)+ -> )*(\/[^/: ]+)+: |unreadable JSON: )\S/;
        assert.ok(delivered.length > 0);
        assert.ok(
          reasons.every((reason) => pointed.test(reason)),
          reasons.join("\n"),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a notification", () => {
  it("writes its statistic in capitals, and means CloudWatch's own", () => {
    const written = ["AVERAGE", "Average", "SUM", "MINIMUM", "maximum", "SAMPLE_COUNT", "SampleCount", "p99", "tm90"];
    const bodies = written.map((Statistic) =>
      changed(snsAlarmOf(CHECKOUT), ["Trigger", "Statistic"], Statistic),
    ) as readonly Json[];

    const stats = bodies.map((body) => onlyAlarm(parseDelivery(body)).metrics.map(({ stat }) => stat));

    const meant = ["Average", "Average", "Sum", "Minimum", "Maximum", "SampleCount", "SampleCount", "p99", "tm90"];
    assert.deepEqual(
      stats,
      meant.map((stat) => [stat]),
    );
  });

  it("may name a percentile as its extended statistic", () => {
    const Trigger = {
      ...(snsAlarmOf(CHECKOUT).Trigger as Fields),
      StatisticType: "ExtendedStatistic",
      Statistic: null,
      ExtendedStatistic: "p95",
    };

    const { metrics } = onlyAlarm(parseDelivery(snsAlarmOf(CHECKOUT, { Trigger })));

    assert.deepEqual(
      metrics.map(({ stat }) => stat),
      ["p95"],
    );
  });

  it("believes a Region that holds no white space, else the one in the alarm's ARN", () => {
    const bodies = [{ Region: "eu-central-1" }, { Region: "EU (Ireland)" }, { Region: 7 }, { Region: "" }];

    const regions = bodies.map((body) => onlyAlarm(parseDelivery(snsAlarmOf(CHECKOUT, body))).region);

    assert.deepEqual(regions, ["eu-central-1", "eu-west-1", "eu-west-1", "eu-west-1"]);
  });

  it("that a mute window held back opens an incident when the window ends", () => {
    const bodies = [true, false].map((late) => snsAlarmOf(CHECKOUT, { ActionExecutedAfterMuteWindow: late }));

    const kinds = bodies.flatMap((body) => summary(parseDelivery(body)));

    assert.deepEqual(kinds, ["incident", "incident"]);
  });

  for (const [kind, body] of [
    ["metric", snsAlarmOf(CHECKOUT)],
    ["composite", snsCompositeOf(CHECKOUT)],
    ["query", snsLogAlarmOf(CHECKOUT)],
    ["query", snsAlarmOf({ ...CHECKOUT, contributor: { id: "one", attributes: { Queue: "orders" } } })],
    ["query", snsQueriesOf(CHECKOUT, [{ Id: "q1", Expression: "SELECT MAX(Errors) FROM SCHEMA" }])],
    ["query", snsAlarmOf(CHECKOUT, { Trigger: { EvaluationCriteria: { PromQLCriteria: { Query: "up == 0" } } } })],
    ["anomaly", snsQueriesOf(CHECKOUT, [{ Id: "ad1", Expression: "ANOMALY_DETECTION_BAND(m1, 2)" }])],
    ["metric-math", snsQueriesOf(CHECKOUT, [{ Id: "e1", Expression: "m1 / 60" }])],
  ] as const) {
    it(`tells a ${kind} alarm by what it watches: ${Object.keys(body).at(-1)}`, () => {
      const alarm = onlyAlarm(parseDelivery(body));

      assert.equal(alarm.kind, kind);
      assert.equal(alarm.previousState, "OK");
    });
  }

  it("says how its state was come to in its trigger", () => {
    const operators = [
      "GreaterThanThreshold",
      "LessThanOrEqualToThreshold",
      "LessThanLowerOrGreaterThanUpperThreshold",
    ];
    const bodies = operators.map((operator) =>
      changed(snsAlarmOf(CHECKOUT), ["Trigger", "ComparisonOperator"], operator),
    );
    const band = snsQueriesOf(CHECKOUT, [], { ThresholdMetricId: "ad1" });

    const evaluations = [...bodies, band].flatMap((body) => readDelivery(body).map(({ evaluation }) => evaluation));

    const known = { threshold: 5, periodSeconds: 60, evaluationPeriods: 3 };
    assert.deepEqual(evaluations, [
      { ...known, breaches: "above" },
      { ...known, breaches: "below" },
      { ...known, breaches: null },
      { threshold: null, periodSeconds: 60, evaluationPeriods: 1, breaches: null },
    ]);
  });
});

describe("suppression", () => {
  for (const by of ["WaitPeriod", "Alarm", "ExtensionPeriod"]) {
    it(`by ${by} covers an alarm as an event and as a Lambda action`, () => {
      const state = { value: "ALARM", timestamp: CHECKOUT.time, actionsSuppressedBy: by };
      const payloads = [compositeAlarmEvent(state), lambdaActionOf(CHECKOUT, { state })];

      const codes = payloads.flatMap((payload) => summary(parseDelivery(payload)));

      assert.deepEqual(codes, ["suppressed", "suppressed"]);
    });
  }

  it("that is empty, absent or was the previous state's is none", () => {
    const states = [{ actionsSuppressedBy: "" }, { actionsSuppressedBy: null }, {}];
    const previousState = { value: "ALARM", timestamp: CHECKOUT.time, actionsSuppressedBy: "WaitPeriod" };

    const kinds = states.flatMap((state) => [
      ...summary(parseDelivery(compositeAlarmEvent(state))),
      ...summary(
        parseDelivery(
          lambdaActionOf(CHECKOUT, { previousState, state: { ...state, value: "ALARM", timestamp: CHECKOUT.time } }),
        ),
      ),
    ]);

    assert.deepEqual(kinds, Array(6).fill("incident"));
  });
});
