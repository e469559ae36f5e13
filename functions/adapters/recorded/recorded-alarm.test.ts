import assert from "node:assert/strict";
import { it } from "node:test";
import {
  CHECKOUT,
  compositeAlarmEvent,
  eventBridgeOf,
  lambdaActionOf,
  metricAlarmEvent,
  snsAlarmOf,
  snsEvent,
  snsNotification,
  sqsEvent,
} from "../aws/alarm-events.fixture.ts";
import { recordingFolder, recordingOf } from "./recording.fixture.ts";
import { RecordingUnreadable, readRecording } from "./recording.ts";

for (const [shape, delivered] of [
  ["an EventBridge event", eventBridgeOf(CHECKOUT)],
  ["a Lambda action", lambdaActionOf(CHECKOUT)],
  ["the body of a notification", snsAlarmOf(CHECKOUT)],
  ["a notification", snsNotification(snsAlarmOf(CHECKOUT))],
  ["an SNS event", snsEvent(snsAlarmOf(CHECKOUT))],
  ["an SQS event", sqsEvent(eventBridgeOf(CHECKOUT))],
  [
    "a batch in which one alarm rings",
    sqsEvent(compositeAlarmEvent({ value: "OK" }), eventBridgeOf(CHECKOUT), "words"),
  ],
] as const) {
  it(`alarm.json may hold ${shape}`, () => {
    const text = JSON.stringify(delivered);

    const { alarm } = recordingOf({ "alarm.json": text });

    assert.equal(alarm.key, "123456789012/eu-west-1/checkout / 5xx too high");
    assert.equal(alarm.state, "ALARM");
  });
}

it("a notification's trigger says how its alarm was evaluated", () => {
  const text = JSON.stringify(snsEvent(snsAlarmOf(CHECKOUT)));

  const { evaluation } = recordingOf({ "alarm.json": text });

  assert.deepEqual(evaluation, { threshold: 5, periodSeconds: 60, evaluationPeriods: 3, breaches: "above" });
});

it("an alarm.json in which several alarms ring is refused: a recording is of one incident", () => {
  const folder = recordingFolder({ "alarm.json": JSON.stringify([metricAlarmEvent(), snsAlarmOf(CHECKOUT)]) });

  const read = () => readRecording(folder);

  assert.throws(read, (error) => error instanceof RecordingUnreadable && /opens 2 incidents/.test(error.message));
});
