import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Context } from "../functions/core/context.ts";
import type { Change, Resource, Series } from "../functions/core/evidence.ts";
import type { Suggestion } from "../functions/core/runbook.ts";
import type { Tried } from "../functions/core/stages.ts";
import { catalogue } from "./catalogue.ts";
import { ARN, contextWith, MINUTE_MS, minutes, NOW_MS, resource, series, service } from "./context.fixture.ts";

const STRONG = 0.7;
const DOUBTFUL = 0.45;

const offers = (context: Context, id: string): readonly Suggestion[] =>
  catalogue.runbooks.filter((runbook) => runbook.id === id).flatMap((runbook) => runbook.suits(context));
const fitOf = (context: Context, id: string): number => Math.max(0, ...offers(context, id).map(({ fit }) => fit));

const ago = (count: number): number => NOW_MS - count * MINUTE_MS;
const wobble = (minutesAgo: number): number => 1 + 0.03 * Math.sin(minutesAgo * 7.3);
const steady = (level: number) => (minutesAgo: number) => level * wobble(minutesAgo);
const since = (start: number, before: number, after: number) => (minutesAgo: number) =>
  (minutesAgo <= start ? after : before) * wobble(minutesAgo);

const group = (more: Partial<Resource> = {}): Resource =>
  resource(ARN.group, "AWS::ElasticLoadBalancingV2::TargetGroup", { dependsOn: [ARN.web], ...more });
const ecs = (arn: string, deployedAgo: number, more: Partial<Resource> = {}): Resource =>
  resource(arn, "AWS::ECS::Service", {
    attributes: {
      taskDefinition: "web:8",
      previousTaskDefinition: "web:7",
      deployedAtMs: ago(deployedAgo),
      desiredCount: 6,
      runningCount: 6,
      deploymentInProgress: false,
    },
    ...more,
  });
const requests = (value: (minutesAgo: number) => number): Series =>
  series(ARN.group, "RequestCount", minutes(60, value));
const failures = (value: (minutesAgo: number) => number | null): Series =>
  series(ARN.group, "HTTPCode_Target_5XX_Count", minutes(60, value));
const failing = (start: number): readonly Series[] => [
  requests(steady(1000)),
  failures((minutesAgo) => (minutesAgo <= start ? 200 : null)),
];
const change = (target: string, minutesAgo: number, more: Partial<Change> = {}): Change => ({
  id: `change-${minutesAgo}`,
  kind: "deployment",
  atMs: ago(minutesAgo),
  target,
  ref: "abc1234",
  from: "7",
  to: "8",
  author: "amara",
  title: "Shorten the checkout path",
  ...more,
});
const tried = (runbook: string, target: string | null): Tried => ({
  step: 0,
  runbook,
  target,
  outcome: target === null ? "observed" : "rolled-back",
});

/** The front service got a new task definition eight minutes ago, and requests fail since. */
const badRelease = (more: Partial<Context> = {}): Context =>
  contextWith({
    resources: [group(), ecs(ARN.web, 8)],
    series: failing(7),
    changes: [change(ARN.web, 8)],
    ...more,
  });

test("a release right before the failures is rolled back, with its change and the failures as evidence", () => {
  const context = badRelease();

  const [offer] = offers(context, "ecs-rollback");

  assert.ok(offer !== undefined && offer.fit > STRONG);
  assert.equal(offer.target, ARN.web);
  assert.deepEqual(offer.params, {
    Cluster: "shop",
    Service: "web",
    TaskDefinition: "web:7",
    ExpectedTaskDefinition: "web:8",
  });
  assert.deepEqual(offer.evidence, ["73e2d6bc24d8a067-HTTPCode_Target_5XX_Count", "change-8"]);
});

const api = (deployedAgo: number): Resource => ecs(ARN.api, deployedAgo);
const toApi = { dependsOn: [ARN.api] };
const busyApi = series(ARN.api, "CPUUtilization", minutes(60, since(7, 30, 96)));

const ROLLBACK: readonly (readonly [string, Context, "strong" | "doubtful" | "none"])[] = [
  ["a release whose marker is lost is still known from the control plane", badRelease({ changes: [] }), "strong"],
  [
    "slower answers are harm like failures",
    badRelease({
      series: [requests(steady(1000)), series(ARN.group, "TargetResponseTime", minutes(60, since(7, 0.1, 2)))],
    }),
    "strong",
  ],
  ["failures without a release point at no version", badRelease({ resources: [group(), ecs(ARN.web, 900)] }), "none"],
  ["a release without failures is no incident", badRelease({ series: failing(0) }), "none"],
  [
    "a release long before the failures is doubtful",
    badRelease({ resources: [group(), ecs(ARN.web, 30)], changes: [change(ARN.web, 30)] }),
    "doubtful",
  ],
  [
    "a release some minutes too early is doubtful",
    badRelease({ resources: [group(), ecs(ARN.web, 18)], changes: [change(ARN.web, 18)] }),
    "doubtful",
  ],
  ["a release after the failures began is not their cause", badRelease({ series: failing(20) }), "none"],
  [
    "a marker that was written late is still the same release",
    badRelease({ series: failing(4), changes: [change(ARN.web, 5, { to: "web:8" })] }),
    "strong",
  ],
  [
    "a change that came between makes the release doubtful",
    badRelease({ series: failing(5), changes: [change(ARN.web, 8), change(ARN.group, 6, { kind: "config" })] }),
    "doubtful",
  ],
  [
    "a version that was rolled back once in this incident is left alone",
    badRelease({ tried: [tried("ecs-rollback", ARN.web)] }),
    "none",
  ],
  [
    "without an earlier version there is nothing to go back to",
    badRelease({
      resources: [group(), ecs(ARN.web, 8, { attributes: { taskDefinition: "web:1", deployedAtMs: ago(8) } })],
    }),
    "none",
  ],
  [
    "what it calls is busy: then the release is doubtful",
    badRelease({ resources: [group(), { ...ecs(ARN.web, 8), ...toApi }, api(900)], series: [...failing(7), busyApi] }),
    "doubtful",
  ],
];

for (const [claim, context, expected] of ROLLBACK) {
  test(claim, () => {
    const web = offers(context, "ecs-rollback").filter(({ target }) => target === ARN.web);

    const found = web.map(({ fit }) => (fit > STRONG ? "strong" : fit < DOUBTFUL ? "doubtful" : "neither"));

    assert.deepEqual(found, expected === "none" ? [] : [expected]);
  });
}

test("the alarm may ring at the front while the release was behind it", () => {
  const context = badRelease({
    resources: [group(), { ...ecs(ARN.web, 900), ...toApi }, api(8)],
    changes: [change(ARN.api, 8)],
  });

  const strong = offers(context, "ecs-rollback").filter(({ fit }) => fit > STRONG);

  assert.deepEqual(
    strong.map(({ target }) => target),
    [ARN.api],
  );
});

const alias = (updatedAgo: number): Resource =>
  resource(ARN.worker, "AWS::Lambda::Alias", {
    attributes: { functionVersion: "8", previousFunctionVersion: "7", updatedAtMs: ago(updatedAgo) },
  });
const invocations = (start: number): readonly Series[] => [
  series(ARN.worker, "Invocations", minutes(60, steady(500))),
  series(ARN.worker, "Errors", minutes(60, since(start, 1, 300))),
];

test("an alias that was moved right before its errors is moved back, and one moved long ago is not", () => {
  const contexts = [alias(6), alias(40), alias(900)].map((one) =>
    contextWith({ resources: [one], series: invocations(5) }),
  );

  const fits = contexts.map((context) => fitOf(context, "lambda-alias-rollback"));

  assert.ok((fits[0] ?? 0) > STRONG && (fits[1] ?? 1) < DOUBTFUL && fits[2] === 0, fits.join());
  assert.deepEqual(offers(contexts[0] ?? contextWith({}), "lambda-alias-rollback")[0]?.params, {
    FunctionName: "orders",
    Alias: "live",
    FunctionVersion: "7",
    ExpectedVersion: "8",
  });
});

const crowded = (more: Partial<Context> = {}, traffic = since(10, 1000, 2200)): Context =>
  contextWith({
    resources: [group(), ecs(ARN.web, 900)],
    series: [requests(traffic), series(ARN.web, "CPUUtilization", minutes(60, since(9, 45, 94)))],
    ...more,
  });

test("more tasks are for a busy service with more visitors; busy without visitors, or short of tasks, is doubtful", () => {
  const thin = ecs(ARN.web, 900, { attributes: { ...ecs(ARN.web, 900).attributes, runningCount: 4 } });
  const contexts = [crowded(), crowded({}, steady(1000)), crowded({ resources: [group(), thin] })];

  const fits = contexts.map((context) => fitOf(context, "ecs-scale-out"));

  assert.ok((fits[0] ?? 0) > STRONG && fits.slice(1).every((fit) => fit > 0 && fit < DOUBTFUL), fits.join());
});

test("the tasks to run follow from the load, and are never more than three times what runs", () => {
  const wanted = [2200, 9000].map((visitors) => offers(crowded({}, since(10, 1000, visitors)), "ecs-scale-out")[0]);

  const counts = wanted.map((offer) => offer?.params.DesiredCount);

  assert.deepEqual(counts, [11, 18]);
});

const database = (attributes: Resource["attributes"] = { status: "available", maxConnections: 400 }): Resource =>
  resource(ARN.database, "AWS::RDS::DBInstance", { attributes });
const leak = (minutesAgo: number): number => 100 * wobble(minutesAgo) + Math.max(0, 25 - minutesAgo) * 11;
const sessions = (
  connections: (minutesAgo: number) => number,
  writes: (minutesAgo: number) => number = steady(80),
  cpu: (minutesAgo: number) => number = steady(30),
): readonly Series[] => [
  series(ARN.database, "DatabaseConnections", minutes(60, connections)),
  series(ARN.database, "WriteIOPS", minutes(60, writes)),
  series(ARN.database, "CPUUtilization", minutes(60, cpu)),
];
const REBOOT: readonly (readonly [string, readonly Series[], Resource, "strong" | "doubtful" | "none"])[] = [
  ["sessions that pile up to the limit while writes do not are a leak", sessions(leak), database(), "strong"],
  [
    "a leak far from the limit, with nothing failing, is doubtful",
    sessions(leak),
    database({ maxConnections: 5000 }),
    "doubtful",
  ],
  ["sessions that come with work are load", sessions(leak, (minutesAgo) => leak(minutesAgo) * 0.8), database(), "none"],
  [
    "where commits are counted they tell more than writes",
    [
      ...sessions(leak, (minutesAgo) => leak(minutesAgo) * 0.8),
      series(ARN.database, "CommitThroughput", minutes(60, steady(80))),
    ],
    database(),
    "strong",
  ],
  [
    "a busy database needs less work, not a reboot",
    sessions(leak, steady(80), since(20, 30, 97)),
    database(),
    "doubtful",
  ],
  [
    "sessions that come and go are no leak, even where they stand high now",
    sessions((minutesAgo) => 200 - 150 * Math.cos(((60 - minutesAgo) / 60) * 5 * Math.PI)),
    database(),
    "none",
  ],
  [
    "sessions that come and go are no leak",
    sessions((minutesAgo) => 250 + 100 * Math.sin(minutesAgo / 4)),
    database(),
    "none",
  ],
  ["a database that is not available is not rebooted", sessions(leak), database({ status: "rebooting" }), "none"],
  ["without its writes nobody can tell a leak from load", sessions(leak).slice(0, 1), database(), "none"],
  ["an unchanged number of sessions is no leak", sessions(steady(390)), database(), "none"],
];

for (const [claim, read, target, expected] of REBOOT) {
  test(claim, () => {
    const context = contextWith({ resources: [target], series: read });

    const found = offers(context, "rds-reboot").map(({ fit }) =>
      fit > STRONG ? "strong" : fit < DOUBTFUL ? "doubtful" : "neither",
    );

    assert.deepEqual(found, expected === "none" ? [] : [expected]);
  });
}

const passing = [requests(steady(1000)), failures((minutesAgo) => (minutesAgo <= 8 ? 30 * minutesAgo : null))];
const WAIT: readonly (readonly [string, Context, "above page" | "below page"])[] = [
  [
    "waiting suits trouble that is passing, whatever came before it",
    contextWith({ series: passing, openedAtMs: ago(15), changes: [change(ARN.web, 20)] }),
    "above page",
  ],
  [
    "waiting suits a young alarm that nothing explains",
    badRelease({ resources: [group()], changes: [] }),
    "above page",
  ],
  [
    "waiting does not suit an alarm that nothing explains for long",
    badRelease({ resources: [group()], changes: [], openedAtMs: ago(15) }),
    "below page",
  ],
  [
    "waiting suits low severity even then",
    badRelease({ resources: [group()], changes: [], openedAtMs: ago(15), service: { ...service, severity: 3 } }),
    "above page",
  ],
  ["waiting does not suit trouble after a change", badRelease(), "below page"],
  [
    "waiting does not suit most requests failing",
    contextWith({ series: [requests(steady(1000)), failures((minutesAgo) => (minutesAgo < 5 ? 900 : 0))] }),
    "below page",
  ],
  ["waiting does not suit a busy resource", contextWith({ resources: [api(900)], series: [busyApi] }), "below page"],
  ["waiting once is enough", contextWith({ series: passing, tried: [tried("wait", null)] }), "below page"],
];

for (const [claim, context, expected] of WAIT) {
  test(claim, () => {
    const page = fitOf(context, "page");

    const wait = fitOf(context, "wait");

    assert.equal(wait > page ? "above page" : "below page", expected);
    assert.ok(wait < STRONG);
  });
}

test("each wait that was tried makes the next one less fitting", () => {
  const waited = [0, 1, 2, 3].map((count) => Array.from({ length: count }, () => tried("wait", null)));

  const fits = waited.map((list) => fitOf(contextWith({ series: passing, tried: list }), "wait"));

  assert.ok(
    fits.every((fit, i) => i === 0 || fit < (fits[i - 1] ?? 0)),
    fits.join(),
  );
});

const everything = badRelease({
  resources: [group(), { ...ecs(ARN.web, 8), dependsOn: [ARN.database] }, alias(6), database()],
  series: [...failing(7), ...invocations(5), ...sessions(leak)],
});
const allFits = (context: Context): readonly string[] =>
  catalogue.runbooks.flatMap((runbook) =>
    runbook.suits(context).map(({ target, params, fit }) => JSON.stringify([runbook.id, target, params, fit])),
  );

test("what people wrote (titles, authors, references, log lines) moves no fit", () => {
  const expected = allFits(everything);

  fc.assert(
    fc.property(fc.string(), fc.string(), (text, other) => {
      const reworded = everything.changes.map((one) => ({ ...one, title: text, author: other, ref: text }));
      const logs = [{ id: "log-1", logGroup: "/ecs/web", template: text, count: 900, lastAtMs: NOW_MS }];

      assert.deepEqual(allFits({ ...everything, changes: reworded, logs }), expected);
    }),
  );
});

test("noise around a level is never a strong match for anything that has an effect", () => {
  const level = fc.record({ base: fc.integer({ min: 1, max: 5000 }), seed: fc.integer({ min: 1, max: 1e6 }) });

  fc.assert(
    fc.property(fc.array(level, { minLength: 7, maxLength: 7 }), (levels) => {
      const noisy = [...failing(0), ...invocations(0), ...sessions(steady(100))].map((one, i) => {
        const { base, seed } = levels[i] ?? { base: 1, seed: 1 };
        return { ...one, values: one.values.map((_, at) => base * (1 + 0.1 * Math.sin(seed * (at + 1)))) };
      });
      const context = contextWith({ ...everything, series: noisy });
      const strong = ["ecs-rollback", "lambda-alias-rollback", "ecs-scale-out", "rds-reboot"].filter(
        (id) => fitOf(context, id) > STRONG,
      );

      assert.deepEqual(strong, []);
    }),
  );
});

test("every suggestion takes its own schema, names a resource of the graph, and cites what was read", () => {
  const contexts = [everything, badRelease(), crowded(), contextWith({ series: passing })];

  const checked = contexts.flatMap((context) =>
    catalogue.runbooks.flatMap((runbook) =>
      runbook.suits(context).map(({ target, params, fit, evidence }) => {
        const known = [...context.series, ...context.changes].map(({ id }) => id);
        const names = runbook.kind === "effect" ? context.resources.map(({ arn }) => arn) : [""];
        return (
          runbook.parameters.safeParse(params).success &&
          names.includes(target) &&
          fit >= 0 &&
          fit <= 1 &&
          evidence.every((id) => known.includes(id))
        );
      }),
    ),
  );

  assert.ok(checked.length >= 12 && checked.every(Boolean), String(checked));
});
