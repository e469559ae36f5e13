import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { z } from "zod";
import { readAlarmHistory } from "./alarm-history.ts";
import { AwsCallFailed } from "./call.ts";
import { refusal } from "./loopback.fixture.ts";
import { answer, type Operation, openOperations, seconds } from "./operations.fixture.ts";

const PLACE = { account: "123456789012", region: "eu-west-1" };
const KEY = `${PLACE.account}/${PLACE.region}/api-5xx`;
const TO_MS = Date.UTC(2026, 0, 5, 10, 0, 0);
const FROM_MS = TO_MS - 3_600_000;

const OWN = { version: "1.0", queryDate: "2026-01-05T09:30:00.000+0000", recentDatapoints: [9], threshold: 5 };
const state = (stateValue: string, stateReasonData?: unknown) => ({
  ...{ stateValue, stateReason: "as it is" },
  ...(stateReasonData === undefined ? {} : { stateReasonData }),
});
const item = (minute: number, data: unknown, changes: Readonly<Record<string, unknown>> = {}) => ({
  ...{ AlarmName: "api-5xx", AlarmType: "MetricAlarm", HistoryItemType: "StateUpdate" },
  ...{ Timestamp: seconds(FROM_MS + minute * 60_000), HistorySummary: "Alarm updated" },
  ...{ HistoryData: typeof data === "string" ? data : JSON.stringify(data), ...changes },
});
const update = (minute: number, from: string, to: string, reason: unknown = OWN, changes = {}) =>
  item(minute, { version: "1.0", oldState: state(from, OWN), newState: state(to, reason) }, changes);

const reading = async (context: TestContext, operation: Operation) => {
  const { clientConfig, asked } = await openOperations(context, { DescribeAlarmHistory: operation });
  const client = new CloudWatchClient(clientConfig);
  const read = (key = KEY) => readAlarmHistory(client, PLACE, key, FROM_MS, TO_MS);
  return { read, asked };
};

describe("the history of an alarm", () => {
  it("is read to the last page, oldest first, within its window", async (context) => {
    const pages = [
      { AlarmHistoryItems: [update(20, "ALARM", "OK"), update(-1, "OK", "ALARM")], NextToken: "more" },
      { AlarmHistoryItems: [update(10, "OK", "ALARM"), update(60, "OK", "ALARM"), update(61, "ALARM", "OK")] },
    ];
    const { read, asked } = await reading(context, (_, nth) => answer(pages[nth] ?? {}));

    const history = await read();

    assert.deepEqual(
      history,
      ([10, 20, 60] as const).map((minute) => ({
        ...{ key: KEY, atMs: FROM_MS + minute * 60_000 },
        ...(minute === 20 ? { from: "ALARM", to: "OK" } : { from: "OK", to: "ALARM" }),
      })),
    );
    const { AlarmName, HistoryItemType, StartDate, EndDate, AlarmTypes } = asked[0]?.request ?? {};
    assert.deepEqual(
      [AlarmName, HistoryItemType, StartDate, EndDate, AlarmTypes],
      [...["api-5xx", "StateUpdate", seconds(FROM_MS), seconds(TO_MS)], ["MetricAlarm", "CompositeAlarm", "LogAlarm"]],
    );
  });

  it("keeps a change that somebody may have set by hand, and marks it where its kind of alarm would show", async (context) => {
    const items = [
      update(1, "OK", "ALARM", null),
      update(2, "OK", "ALARM", { approve: "automatically" }),
      update(3, "OK", "ALARM", JSON.stringify(OWN)),
      update(4, "OK", "ALARM", { triggeringAlarms: [] }, { AlarmType: "CompositeAlarm" }),
    ];
    const { read } = await reading(context, () => answer({ AlarmHistoryItems: items }));

    const history = await read();

    assert.deepEqual(
      history.map(({ to, maybeSetByHand }) => [to, maybeSetByHand]),
      [
        ["ALARM", true],
        ["ALARM", true],
        ["ALARM", undefined],
        ["ALARM", undefined],
      ],
    );
  });

  it("takes a change from its summary where its data is cut off, and leaves out what is none", async (context) => {
    const cut = JSON.stringify({ version: "1.0", newState: state("ALARM", "x".repeat(5000)) }).slice(0, 4095);
    const items = [
      item(1, cut, { HistorySummary: "Alarm updated from INSUFFICIENT_DATA to ALARM" }),
      item(2, cut, { HistorySummary: "Alarm was seen" }),
      item(3, { version: "1.0", newState: { stateValue: "MUTED" } }),
      item(4, { version: "1.0", oldState: "damaged", newState: state("OK", OWN) }),
      { ...update(5, "OK", "ALARM"), Timestamp: undefined },
    ];
    const { read } = await reading(context, () => answer({ AlarmHistoryItems: items }));

    const history = await read();

    assert.deepEqual(
      history.map(({ from, to }) => [from, to]),
      [
        ["INSUFFICIENT_DATA", "ALARM"],
        [null, "OK"],
      ],
    );
  });

  it("of a contributor is asked for by its id, once no alarm has its whole name", async (context) => {
    const items = [update(1, "OK", "ALARM", undefined, { AlarmContributorId: "c1", AlarmType: "LogAlarm" })];
    const { read, asked } = await reading(context, ({ AlarmContributorId }) =>
      answer({ AlarmHistoryItems: AlarmContributorId === "c1" ? items : [] }),
    );

    const history = await read(`${KEY}/c1`);

    assert.deepEqual(
      history.map(({ key, to }) => [key, to]),
      [[`${KEY}/c1`, "ALARM"]],
    );
    assert.deepEqual(
      asked.map(({ request }) => [request.AlarmName, request.AlarmContributorId, request.HistoryItemType]),
      [
        ["api-5xx/c1", undefined, "StateUpdate"],
        ["api-5xx", "c1", "AlarmContributorStateUpdate"],
      ],
    );
  });

  it("is empty for another account's or Region's alarm, and a failed call where it may not be read", async (context) => {
    const { read, asked } = await reading(context, () => refusal("json-1.0", 403, "AccessDenied"));

    const elsewhere = await read("123456789012/us-east-1/api-5xx");

    assert.deepEqual([elsewhere, asked], [[], []]);
    await assert.rejects(read(), AwsCallFailed);
  });
});

const testData = process.env.QUELL_TEST_DATA;
if (testData === undefined) {
  const how = "set QUELL_TEST_DATA to the folder of recorded inputs";
  process.stdout.write(`a recorded answer of DescribeAlarmHistory is skipped: ${how}\n`);
  it("a recorded answer of DescribeAlarmHistory is read", { skip: how }, () => {});
} else {
  it("a recorded answer of DescribeAlarmHistory is read", async (context) => {
    const folder = join(testData, "aws_api", "localstack-snapshots");
    const text = readFileSync(join(folder, "test_cloudwatch.snapshot.json"), "utf8");
    const items = z.object({ AlarmHistoryItems: z.array(z.looseObject({ HistoryData: z.unknown() })) });
    const [recorded] = z
      .array(z.record(z.string(), z.unknown()))
      .parse(Object.values(JSON.parse(text)).map((one) => (one as Record<string, unknown>)["recorded-content"]))
      .flatMap((content) => items.safeParse(content["describe-alarm-history"]).data ?? []);
    // The recorder read HistoryData, which travels as text, and put words where times were.
    const sent = recorded?.AlarmHistoryItems.map(({ HistoryData, ...rest }) => ({
      ...rest,
      Timestamp: seconds(FROM_MS),
      HistoryData: JSON.stringify(HistoryData).replaceAll('"date"', '"2026-01-05T09:00:00.000+0000"'),
    }));
    const { read } = await reading(context, () => answer({ AlarmHistoryItems: sent }));

    const history = await read();

    assert.deepEqual(history, [{ key: KEY, atMs: FROM_MS, from: "INSUFFICIENT_DATA", to: "ALARM" }]);
  });
}
