import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import type { Lack } from "../../core/evidence.ts";
import { type Emulator, startMoto } from "../emulators/emulators.fixture.ts";
import { AwsCallFailed } from "./call.ts";
import { LOGS_LIMITS, type LogsLimits, readLogs } from "./logs-insights.ts";
import { type Reply, refusal } from "./loopback.fixture.ts";
import { answer, type Operation, openOperations } from "./operations.fixture.ts";

const TO_MS = Date.UTC(2026, 0, 5, 10, 0, 0);
const MINUTE_MS = 60_000;
const asked = { logGroups: ["/ecs/api"], fromMs: TO_MS - 10 * MINUTE_MS, toMs: TO_MS };

/** A row as Insights gives it. */
const row = (minutesAgo: number, message: string, log = "123456789012:/ecs/api") => [
  { field: "@timestamp", value: new Date(TO_MS - minutesAgo * MINUTE_MS).toISOString().replace("T", " ").slice(0, -1) },
  { field: "@log", value: log },
  { field: "@message", value: message },
  { field: "@ptr", value: "CmEKJgoiMTIz" },
];
const results = (status: string, rows: readonly unknown[], statistics: Readonly<Record<string, number>> = {}) =>
  answer({ status, results: rows, statistics });

type Scripted = Readonly<{ start?: Reply; stop?: Reply; limits?: Partial<LogsLimits>; requestTimeout?: number }>;

/** Reads with a clock that only pauses move. */
const reading = async (context: TestContext, look: Operation, scripted: Scripted = {}) => {
  const { clientConfig, asked: calls } = await openOperations(
    context,
    {
      StartQuery: () => scripted.start ?? answer({ queryId: "q-1" }),
      GetQueryResults: look,
      StopQuery: () => scripted.stop ?? answer({ success: true }),
    },
    scripted,
  );
  let nowMs = 0;
  const pauses: number[] = [];
  const pause = async (ms: number) => {
    pauses.push(ms);
    nowMs += ms;
  };
  const lacks: Lack[] = [];
  const client = new CloudWatchLogsClient(clientConfig);
  const limits = { ...LOGS_LIMITS, ...scripted.limits };
  const pace = { nowMs: () => nowMs, pause };
  const read = (what: typeof asked = asked) => readLogs(client, what, limits, (lack) => lacks.push(lack), pace);
  const readUnheard = () => readLogs(client, asked, limits, undefined, pace);
  const operations = () => calls.map(({ operation }) => operation);
  return { read, readUnheard, calls, operations, lacks, pauses };
};

const failsAs = (kind: AwsCallFailed["kind"], says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AwsCallFailed);
  assert.equal(error.kind, kind);
  assert.match(error.message, says);
  return true;
};

describe("lines of logs over Insights' wire", () => {
  it("come oldest first, with the name of their group, within the window", async (context) => {
    const rows = [row(-1, "later"), row(0, "new"), row(5, "old", "999999999999:/ecs/other"), row(11, "earlier"), []];
    const { read, operations, lacks } = await reading(context, () => results("Complete", rows));

    const lines = await read();

    assert.deepEqual(lines, [
      { atMs: TO_MS - 5 * MINUTE_MS, logGroup: "/ecs/other", message: "old" },
      { atMs: TO_MS, logGroup: "/ecs/api", message: "new" },
    ]);
    assert.deepEqual(operations(), ["StartQuery", "GetQueryResults"]);
    assert.deepEqual(lacks, []);
  });

  it("are waited for with growing pauses until the query is complete", async (context) => {
    const statuses = ["Scheduled", "Running", "Unknown", "Running"];
    const { read, pauses, operations } = await reading(context, (_, nth) =>
      results(statuses[nth] ?? "Complete", [row(1, "found")]),
    );

    const lines = await read();

    assert.equal(lines.length, 1);
    assert.deepEqual(pauses, [200, 300, 450, 675]);
    assert.ok(!operations().includes("StopQuery"));
  });

  it("are asked for half an hour at most, by text in which nothing stands that anybody wrote", async (context) => {
    const hostile = 'a" | limit 9999';
    const { read, calls } = await reading(context, () => results("Complete", []));

    await read({ logGroups: [hostile], fromMs: 0, toMs: TO_MS + 1 });

    const { queryString, startTime, endTime, logGroupNames } = calls[0]?.request ?? {};
    assert.equal(queryString, "fields @timestamp, @log, @message | sort @timestamp desc | limit 10000");
    assert.deepEqual(logGroupNames, [hostile]);
    assert.deepEqual([startTime, endTime], [TO_MS / 1000 - 1800, TO_MS / 1000 + 1]);
  });

  it("are asked for by ARN where a group is named by one", async (context) => {
    const arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/api";
    const { read, calls } = await reading(context, () => results("Complete", []));

    await read({ ...asked, logGroups: [arn] });

    assert.deepEqual([calls[0]?.request.logGroupIdentifiers, calls[0]?.request.logGroupNames], [[arn], undefined]);
  });

  it("that were found by the deadline are kept, the query is stopped, and it is said", async (context) => {
    const { read, operations, lacks, pauses } = await reading(context, () => results("Running", [row(1, "so far")]));

    const lines = await read();

    assert.deepEqual(
      lines.map(({ message }) => message),
      ["so far"],
    );
    assert.equal(operations().at(-1), "StopQuery");
    assert.ok(pauses.reduce((sum, ms) => sum + ms, 0) <= LOGS_LIMITS.deadlineMs);
    assert.match(
      lacks.map((lack) => (lack.kind === "unread" ? lack.because : "")).join(),
      /stopped after 20 s; 1 lines/,
    );
  });

  it("of a query that scans too much are kept, and it is stopped before its deadline", async (context) => {
    const { read, operations, lacks, pauses } = await reading(context, (_, nth) =>
      results("Running", [row(1, "so far")], { bytesScanned: nth * 6e9 }),
    );

    const lines = await read();

    assert.equal(lines.length, 1);
    assert.equal(pauses.length, 2);
    assert.equal(operations().at(-1), "StopQuery");
    assert.match(JSON.stringify(lacks), /stopped after 12\.0 GB/);
  });

  it("are a failed call where a query is stopped and had found nothing, or where nobody listens", async (context) => {
    const nothing = await reading(context, () => results("Running", []));
    const unheard = await reading(context, () => results("Timeout", [row(1, "so far")]));

    await assert.rejects(nothing.read(), failsAs("timed-out", /stopped after 20 s/));
    await assert.rejects(unheard.readUnheard(), failsAs("failed", /Insights ended the query \(Timeout\); 1 lines/));
  });

  it("are cut at the characters that fit, the newest kept, and how many there were is said", async (context) => {
    const rows = [row(1, "x".repeat(60)), row(2, "y".repeat(30)), row(3, "z".repeat(30))];
    const { read, lacks } = await reading(context, () => results("Complete", rows, { recordsMatched: 40_000 }), {
      limits: { mostCharacters: 100 },
    });

    const lines = await read();

    assert.deepEqual(
      lines.map(({ message }) => message[0]),
      ["y", "x"],
    );
    assert.deepEqual(lacks, [{ kind: "cut", kept: 2, of: 40_000, unit: "lines" }]);
  });

  it("are read of fifty groups at most, and what is left out is said", async (context) => {
    const { read, calls, lacks } = await reading(context, () => results("Complete", [row(1, "found")]));

    await read({ ...asked, logGroups: Array.from({ length: 60 }, (_, i) => `/ecs/${i}`) });

    assert.deepEqual(
      calls[0]?.request.logGroupNames,
      Array.from({ length: 50 }, (_, i) => `/ecs/${i}`),
    );
    assert.match(JSON.stringify(lacks), /10 of 60 log groups were not read/);
  });

  it("of no group, or of a window that ends before it begins, are none, and nothing is asked", async (context) => {
    const { read, calls } = await reading(context, () => ({ kind: "cut" }));

    const lines = [await read({ ...asked, logGroups: [] }), await read({ ...asked, fromMs: TO_MS + 1 })];

    assert.deepEqual([lines, calls], [[[], []], []]);
  });

  for (const [says, scripted, look, kind, words] of [
    [
      "denied",
      { start: refusal("json-1.1", 400, "AccessDeniedException") },
      { kind: "cut" },
      "denied",
      /may not call logs:StartQuery/,
    ],
    [
      "limited",
      { start: refusal("json-1.1", 400, "LimitExceededException") },
      { kind: "cut" },
      "throttled",
      /logs:StartQuery of 1 log groups \(\/ecs\/api\): throttled/,
    ],
    [
      "without the group",
      { start: refusal("json-1.1", 400, "ResourceNotFoundException") },
      { kind: "cut" },
      "missing",
      /\/ecs\/api\): not there/,
    ],
    [
      "silent",
      { start: { kind: "silence" }, limits: { deadlineMs: 80 } },
      { kind: "cut" },
      "timed-out",
      /logs:StartQuery.*no answer within/,
    ],
    [
      "silent later",
      { limits: { deadlineMs: 80 } },
      { kind: "silence" },
      "timed-out",
      /logs:GetQueryResults.*no answer within/,
    ],
    [
      "denied later",
      {},
      refusal("json-1.1", 400, "AccessDeniedException"),
      "denied",
      /may not call logs:GetQueryResults/,
    ],
    ["at a loss", {}, results("Failed", []), "failed", /the query failed/],
  ] as const satisfies readonly (readonly [string, Scripted, Reply, AwsCallFailed["kind"], RegExp])[])
    it(`fail as ${kind} where Insights is ${says}, and a query that was started is stopped`, async (context) => {
      const { read, operations } = await reading(context, () => look, scripted);

      await assert.rejects(read(), failsAs(kind, words));

      assert.equal(operations().includes("StopQuery"), operations().includes("GetQueryResults"));
    });

  it("that cannot be stopped are kept all the same", async (context) => {
    const { read } = await reading(context, () => results("Running", [row(1, "so far")]), {
      stop: refusal("json-1.1", 400, "InvalidParameterException"),
    });

    const lines = await read();

    assert.equal(lines.length, 1);
  });
});

describe("lines of logs of an emulator", () => {
  let moto: Emulator;
  before(async () => {
    moto = await startMoto();
  });
  after(() => moto.stop());

  it("are those of the groups that were named, in the order of time", async () => {
    const client = new CloudWatchLogsClient(moto.clientConfig);
    const nowMs = Date.now();
    for (const logGroupName of ["/one", "/two", "/three"]) {
      await client.send(new CreateLogGroupCommand({ logGroupName }));
      await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
      const logEvents = [3, 2].map((minutes) => ({
        timestamp: nowMs - minutes * MINUTE_MS - logGroupName.length,
        message: `${logGroupName} said ${minutes}`,
      }));
      await client.send(new PutLogEventsCommand({ logGroupName, logStreamName: "s", logEvents }));
    }

    const lines = await readLogs(client, {
      logGroups: ["/one", "/three"],
      fromMs: nowMs - 10 * MINUTE_MS,
      toMs: nowMs,
    });

    assert.deepEqual(
      lines.map(({ logGroup, message }) => [logGroup, message]),
      [
        ["/three", "/three said 3"],
        ["/one", "/one said 3"],
        ["/three", "/three said 2"],
        ["/one", "/one said 2"],
      ],
    );
  });
});
