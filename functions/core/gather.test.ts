import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Change, LogLine } from "./evidence.ts";
import {
  API_ARN,
  alarmWith,
  contextWith,
  ERRORS,
  LATENCY,
  MINUTE_MS,
  OPENED_MS,
  REQUESTS,
  resourceWith,
  seriesOf,
  service,
  settingsWith,
  snapshotWith,
} from "./example.fixture.ts";
import { contextDigest, gatherContext, type Subject, servicesReached } from "./gather.ts";
import type { Evidence } from "./ports.ts";
import { sameMetric } from "./severity.ts";

const api = { ...service, logGroups: ["/api"], dependsOn: ["db"] };
const db = { ...service, name: "db", resources: ["arn:aws:rds:eu-west-1:123456789012:db:main"], logGroups: ["/db"] };
const settings = settingsWith({ services: [api, { ...db, dependsOn: ["api"] }] });
const NOW_MS = OPENED_MS + 10 * MINUTE_MS;
const at = { nowMs: NOW_MS, step: 1, tried: [] };
const subject: Subject = {
  incidentId: "quell-test",
  keys: [alarmWith().key],
  openedAtMs: OPENED_MS,
  service: "api",
  words: [],
  alarmMetrics: [ERRORS],
  rings: {},
  storm: false,
};

const changeWith = (changes: Partial<Change> = {}): Change => ({
  ...{ id: "c", kind: "deployment", atMs: OPENED_MS, target: API_ARN, ref: "v1", from: null, to: null },
  ...{ author: "ci", title: "a title" },
  ...changes,
});
const lineWith = (message: string): LogLine => ({ atMs: NOW_MS, logGroup: "/api", message });

type Asked = Readonly<{ source: keyof Evidence; arguments: readonly unknown[] }>;

/** Evidence that answers what it was told to and writes down what it was asked. */
const evidenceOf = (answers: Partial<Evidence> = {}) => {
  const asked: Asked[] = [];
  const whole: Evidence = {
    alarms: async () => [snapshotWith()],
    metrics: async () => contextWith().series,
    logs: async () => [lineWith("boom 1"), lineWith("boom 2")],
    changes: async () => [changeWith()],
    resources: async () => [resourceWith()],
    history: async () => [],
    ...answers,
  };
  const noting = <Source extends keyof Evidence>(source: Source): Evidence[Source] =>
    ((...given: never[]) => {
      asked.push({ source, arguments: given });
      return (whole[source] as (...all: never[]) => unknown)(...given);
    }) as Evidence[Source];
  const evidence: Evidence = {
    alarms: noting("alarms"),
    metrics: noting("metrics"),
    logs: noting("logs"),
    changes: noting("changes"),
    resources: noting("resources"),
    history: noting("history"),
  };
  return { evidence, asked };
};
const SOURCES = ["alarms", "metrics", "logs", "changes", "resources", "history"] as const;

test("whichever sources fail, and however, exactly they are named as missing and the rest is there", async () => {
  const failing = fc.dictionary(fc.constantFrom(...SOURCES), fc.constantFrom("throws", "rejects", "rejects with text"));
  await fc.assert(
    fc.asyncProperty(failing, async (how) => {
      const broken = Object.fromEntries(
        Object.entries(how).map(([source, way]) => [
          source,
          way === "throws"
            ? () => {
                throw new Error("it is down");
              }
            : () => Promise.reject(way === "rejects" ? new Error("it is down") : "it is down"),
        ]),
      );
      const { evidence } = evidenceOf(broken);

      const context = await gatherContext(evidence, settings, api, subject, at);

      assert.deepEqual(context.missing.map(({ source }) => source).sort(), Object.keys(how).sort());
      assert.ok(context.missing.every(({ because }) => because === "it is down"));
      const lengths = [context.alarms, context.series, context.logs, context.changes, context.resources];
      assert.deepEqual(
        lengths.map((one) => one.length > 0),
        (["alarms", "metrics", "logs", "changes", "resources"] as const).map((source) => !(source in how)),
      );
    }),
  );
});

test("what an answer lacks is said beside what it holds: a part that was not read, once, and what a limit left out", async () => {
  const { evidence } = evidenceOf({
    metrics: async (_metrics, _fromMs, _toMs, tell) => {
      tell?.({ kind: "unread", because: "one Region is down" });
      tell?.({ kind: "unread", because: "another one too" });
      return contextWith().series;
    },
    logs: async (_groups, _fromMs, _toMs, tell) => {
      tell?.({ kind: "cut", kept: 1, of: 9, unit: "lines" });
      return [lineWith("boom 1")];
    },
  });

  const context = await gatherContext(evidence, settings, api, subject, at);

  assert.deepEqual(context.missing, [{ source: "metrics", because: "one Region is down" }]);
  assert.deepEqual(context.cut, [{ source: "logs", kept: 1, of: 9, unit: "lines" }]);
  assert.deepEqual([context.series.length, context.logs.length], [3, 1]);
});

test("why a source failed is told without its secrets, in a few words", async () => {
  const { evidence } = evidenceOf({
    logs: () => Promise.reject(new Error(`password=hunter2 ${"x".repeat(5000)}`)),
  });

  const context = await gatherContext(evidence, settings, api, subject, at);

  assert.ok(!JSON.stringify(context).includes("hunter2"));
  assert.ok((context.missing[0]?.because.length ?? 0) <= 200);
});

test("other people's words come in redacted and counted, wherever they stand", async () => {
  const { evidence } = evidenceOf({
    logs: async () => [lineWith("password=hunter2 for jane@example.com")],
    changes: async () => [changeWith({ title: "use password=hunter2" })],
  });

  const context = await gatherContext(evidence, settings, api, subject, at);

  assert.ok(!/hunter2|jane@/.test(JSON.stringify(context)));
  assert.deepEqual(context.redactions, { password: 2, email: 1 });
});

test("a flood of lines, changes and transitions is bounded, and the newest are kept", async () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => i);
  const { evidence } = evidenceOf({
    logs: async () => many(30_000).map((i) => lineWith(`${"x".repeat(i % 100)} ${i} ${"ab".repeat(500)}`)),
    changes: async () => many(500).map((i) => changeWith({ atMs: OPENED_MS - i, title: "t".repeat(5000) })),
    history: async () => many(500).map((i) => ({ key: "k", atMs: OPENED_MS + i, from: null, to: "OK" as const })),
  });

  const context = await gatherContext(evidence, settings, api, subject, at);

  assert.ok(context.logs.length <= 20 && context.changes.length <= 40 && context.history.length <= 60);
  assert.equal(context.changes[0]?.atMs, OPENED_MS);
  assert.equal(context.history.at(-1)?.atMs, OPENED_MS + 499);
  assert.ok(context.changes.every(({ title }) => title.length <= 120));
});

test("no more than 200 metrics are asked for, none twice, and those of the alarm and the SLIs first", async () => {
  const resources = Array.from({ length: 120 }, (_, i) => resourceWith({ arn: `${API_ARN}-${i}` }));
  const { evidence, asked } = evidenceOf({ resources: async () => resources });

  await gatherContext(evidence, settings, api, subject, at);

  const wanted = asked.find(({ source }) => source === "metrics")?.arguments[0] as readonly (typeof ERRORS)[];
  assert.equal(wanted.length, 200);
  assert.ok(wanted.every((one, i) => wanted.findIndex((other) => sameMetric(one, other)) === i));
  assert.deepEqual(
    wanted.slice(0, 3).map(({ metricName }) => metricName),
    [ERRORS, REQUESTS, LATENCY].map(({ metricName }) => metricName),
  );
});

test("nothing later than now is asked for", async () => {
  const { evidence, asked } = evidenceOf();

  await gatherContext(evidence, settings, api, subject, at);

  const spans = asked.filter(({ arguments: [, fromMs] }) => typeof fromMs === "number");
  assert.equal(spans.length, 4);
  assert.ok(spans.every(({ arguments: [, fromMs, toMs] }) => Number(fromMs) < Number(toMs) && toMs === NOW_MS));
});

test("the graph and the logs are those of the service and of all that it calls, each once, whatever the cycles", async () => {
  const { evidence, asked } = evidenceOf();

  await gatherContext(evidence, settings, api, subject, at);

  const given = (source: keyof Evidence) => asked.find((one) => one.source === source)?.arguments[0];
  assert.deepEqual(given("resources"), [API_ARN, ...db.resources]);
  assert.deepEqual(given("logs"), ["/api", "/db"]);
  assert.deepEqual(
    servicesReached(settings, "api").map(({ name }) => name),
    ["api", "db"],
  );
  assert.deepEqual(servicesReached(settings, "gone"), []);
});

test("logs are not read where nobody named a log group", async () => {
  const { evidence, asked } = evidenceOf();

  const context = await gatherContext(evidence, settingsWith(), service, subject, at);

  assert.ok(asked.every(({ source }) => source !== "logs"));
  assert.deepEqual([context.logs, context.missing], [[], []]);
});

test("a context names its incident, its step and its time, and is JSON", async () => {
  const { evidence } = evidenceOf();

  const context = await gatherContext(evidence, settings, api, subject, at);

  assert.deepEqual(
    { ...context, series: [], alarms: [], resources: [], changes: [], logs: [] },
    {
      ...{ incidentId: "quell-test", step: 1, nowMs: NOW_MS, openedAtMs: OPENED_MS, service: api, tried: [] },
      ...{ history: [], missing: [], redactions: {}, series: [], alarms: [], resources: [], changes: [], logs: [] },
      ...{ words: [], cut: [], flaps: 0, restraint: null, alarmMetrics: subject.alarmMetrics },
    },
  );
  assert.deepEqual(JSON.parse(JSON.stringify(context)), context);
});

test("a digest changes with anything that was known", () => {
  const having = (...values: readonly (readonly (number | null)[])[]) =>
    contextWith({ series: values.map((one) => seriesOf(ERRORS, OPENED_MS, one)) });
  const contexts = [
    ...[contextWith(), contextWith({ step: 1 }), contextWith({ missing: [{ source: "a", because: "b" }] })],
    ...[having([1, 2], [3]), having([1], [2, 3]), having([1, 2], [4]), having([1, null], [3])],
  ];

  const digests = contexts.map(contextDigest);

  assert.equal(new Set(digests).size, contexts.length);
  assert.equal(contextDigest(structuredClone(contextWith())), digests[0]);
});

test("a context can be hashed wherever a title is cut, pictures in it included", async () => {
  for (const before of [118, 119, 120]) {
    const { evidence } = evidenceOf({
      changes: async () => [changeWith({ title: `${"t".repeat(before)}\u{1f680}\u{1f680}` })],
    });

    const context = await gatherContext(evidence, settings, api, subject, at);

    assert.match(contextDigest(context), /^[0-9a-f]{64}$/);
  }
});

/** A row as a careless source gives it: with fields that nobody here knows. */
const withMore = <T extends object>(row: T): T => ({ ...row, raw: { note: "unnamed" }, comment: "unnamed" });

test("what is not named does not come in, from whichever source", async () => {
  const { evidence } = evidenceOf({
    alarms: async () => [withMore(snapshotWith())],
    metrics: async () => contextWith().series.map((series) => withMore({ ...series, metric: withMore(series.metric) })),
    logs: async () => [withMore(lineWith("boom"))],
    changes: async () => [withMore(changeWith())],
    resources: async () => [withMore(resourceWith())],
    history: async () => [withMore({ key: "k", atMs: OPENED_MS, from: null, to: "OK" as const })],
  });
  const words = [withMore({ id: "a", name: "n", description: "d", reason: "r" })];

  const context = await gatherContext(evidence, settings, api, { ...subject, words }, at);

  assert.ok(!JSON.stringify(context).includes("unnamed"));
  assert.deepEqual(context.series, contextWith().series);
  assert.deepEqual(context.alarms, [snapshotWith()]);
  assert.deepEqual(context.resources, [resourceWith()]);
});

test("what is left out of every source is said, with how much there was", async () => {
  const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  const tags = Object.fromEntries(many(25, (i) => [`tag-${i}`, "v w ".repeat(125)]));
  const attributes = { taskDefinition: "t".repeat(513), desiredCount: 3 };
  const { evidence } = evidenceOf({
    logs: async () =>
      many(5100, (i) => lineWith(`${"abcdefghij"[i % 10]}${"klmnopqrst"[Math.floor(i / 10) % 10]} happened`)),
    changes: async () => many(45, (i) => changeWith({ atMs: OPENED_MS - i })),
    history: async () => many(70, (i) => ({ key: "k", atMs: OPENED_MS + i, from: null, to: "OK" as const })),
    resources: async () => [
      resourceWith({ tags, attributes }),
      ...many(99, (i) => resourceWith({ arn: `${API_ARN}-${i}` })),
    ],
  });

  const context = await gatherContext(evidence, settings, api, subject, at);

  const said = Object.fromEntries(context.cut.map(({ source, kept, of, unit }) => [`${source} ${unit}`, [kept, of]]));
  assert.deepEqual(said, {
    ...{ "logs lines": [5000, 5100], "logs templates": [20, 100], "changes rows": [40, 45], "history rows": [60, 70] },
    ...{ "tags rows": [20, 25], "attributes rows": [1, 2], "metrics rows": [200, 203] },
  });
  const [first] = context.resources;
  assert.deepEqual(first?.attributes, { desiredCount: 3 });
  assert.ok(Object.values(first?.tags ?? {}).every((value) => value.length === 128));
});

test("what people wrote on an alarm, a resource and a change is redacted; what is compared stays exact", async () => {
  const version = "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:41";
  const { evidence } = evidenceOf({
    resources: async () => [
      resourceWith({
        tags: { owner: "jane@example.com" },
        attributes: { taskDefinition: version, url: "db://a:hunter2@db" },
      }),
    ],
    changes: async () => [changeWith({ author: "jane@example.com", from: version, to: "x".repeat(600) })],
  });
  const words = [{ id: "a-1", name: "api-5xx", description: "mail jane@example.com", reason: "password=hunter2" }];

  const context = await gatherContext(evidence, settings, api, { ...subject, words }, at);

  assert.ok(!/hunter2|jane@/.test(JSON.stringify(context)));
  assert.equal(context.resources[0]?.attributes.taskDefinition, version);
  assert.deepEqual([context.changes[0]?.from, context.changes[0]?.to], [version, null]);
  assert.deepEqual(context.words, [{ id: "a-1", name: "api-5xx", description: "mail <email>", reason: "<password>" }]);
  assert.deepEqual(context.redactions, { email: 3, "url-credentials": 1, password: 1 });
});

test("two metrics that differ in a secret alone keep two ids", async () => {
  const [first] = contextWith().series;
  assert.ok(first);
  const { evidence } = evidenceOf({
    metrics: async () => ["hunter2", "hunter3"].map((secret) => ({ ...first, id: `https://u:${secret}@h/ m` })),
  });

  const { series } = await gatherContext(evidence, settings, api, subject, at);

  assert.ok(!/hunter/.test(JSON.stringify(series)));
  assert.equal(new Set(series.map(({ id }) => id)).size, 2);
});

test("the history is that of the first five alarms, in the order of time", async () => {
  const keys = Array.from({ length: 7 }, (_, i) => `key-${i}`);
  const { evidence, asked } = evidenceOf({
    history: async (key) =>
      [0, 1].map((i) => ({ key, atMs: OPENED_MS + i * 10 - keys.indexOf(key), from: null, to: "ALARM" as const })),
  });

  const { history } = await gatherContext(evidence, settings, api, { ...subject, keys }, at);

  const told = asked.filter(({ source }) => source === "history").map((one) => one.arguments[0]);
  assert.deepEqual(told, keys.slice(0, 5));
  assert.equal(history.length, 10);
  const times = history.map(({ atMs }) => atMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});
