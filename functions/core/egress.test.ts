import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cleaned, withEgress } from "./egress.ts";
import { catalogueOf, contextWith, page, resourceWith, service, snapshotWith, wait } from "./example.fixture.ts";
import type { Json } from "./json.ts";
import type { Ports } from "./ports.ts";
import { because } from "./reasons.ts";
import type { IncidentRecord } from "./record.ts";
import { redactTokens } from "./redact.ts";
import { identities, positives } from "./redaction-corpus.fixture.ts";
import { secondOpinion } from "./second-opinion.ts";
import type { Card, Run } from "./stages.ts";

const [{ text: TOKEN, secret: SECRET } = { text: "", secret: "" }] = positives().filter(
  ({ name, how }) => name === "jwt" && how === "log line",
);

const json = (text: fc.Arbitrary<string>, key = text): fc.Arbitrary<Json> =>
  fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Json>(null, true, 0, -0.5, 1e300),
      text,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    ),
  })).value;

test("a document in which nothing is found leaves as the same object", () => {
  const identity = fc.integer({ min: 0, max: 2 ** 31 }).chain((seed) => fc.constantFrom(...identities(seed)));
  fc.assert(
    // An identity may end in `password`: as a key it says that its value is one.
    fc.property(json(identity, fc.constantFrom("name", "target", "runs")), (document) => {
      assert.equal(cleaned(document), document);
    }),
  );
  const context = contextWith();
  assert.equal(cleaned(context), context);
});

test("a secret anywhere in a document, as a key or as a value, does not leave; its neighbours and its shape do", () => {
  fc.assert(
    fc.property(
      json(fc.constantFrom("plain", "arn:aws:ecs:eu-west-1:123456789012:service/main/checkout")),
      (document) => {
        const hidden = { [TOKEN]: [1, "before", { deep: [document, TOKEN] }], same: document };

        const left = cleaned(hidden);

        const text = JSON.stringify(left);
        assert.ok(!text.includes(SECRET));
        assert.equal(text, JSON.stringify(hidden).replaceAll(SECRET, "<jwt>"));
        assert.equal(left.same, document);
      },
    ),
  );
});

const never = async (): Promise<never> => {
  throw new Error("nobody asked for this");
};
/** Ports of which a test gives those that it needs. */
const portsWith = (given: Partial<Ports>): Ports => ({
  evidence: { alarms: never, metrics: never, logs: never, changes: never, resources: never, history: never },
  drafter: { draft: never },
  guardrails: { hash: "", ask: never },
  scorer: { policy: "rules", modelHash: "", draw: "best", score: never },
  approvals: { ask: never, votes: never, settle: never },
  actuator: { start: never, poll: never, stop: never },
  ledger: { read: never, write: never, list: never },
  episodes: { append: never },
  records: { put: never },
  trackRecord: { since: never },
  pager: { page: never, update: never, resolve: never },
  switch: { read: never },
  clock: { nowMs: () => 0 },
  executions: { start: never, ring: never },
  catalogue: { hash: "", runbooks: [] },
  dryRun: false,
  codeHash: "",
  ...given,
});

const plan = {
  hash: "a".repeat(64),
  runbook: "restart",
  version: "1.0.0",
  documentHash: "b".repeat(64),
  undoHash: null,
};
const card: Card = {
  ...{ incidentId: "quell-test", decisionId: "quell-test/0", title: "Restart", effect: "Tasks are replaced." },
  plan: { ...plan, target: resourceWith().arn, params: { Service: "api" }, madeAtMs: 0, expiresAtMs: 1 },
  ...{ tier: 1, consentsNeeded: 1, target: resourceWith(), facts: [`newest change: ${TOKEN}`], undo: "none" },
  ...{
    expectedMinutes: 5,
    runnerUp: "<!here> & [ok](https://evil.example)",
    drafterSays: `![x](https://e.example) ${TOKEN}`,
  },
  asks: because("no-model", `the model cannot be opened: ${TOKEN}`),
  expects: ["better than calling a person by 0.42 (0.20 to 0.64)", "12 earlier runs here on such alarms, 9 helped"],
  runnerUpExpects: ["52 of 100 more than recover by waiting (39 to 65)"],
  expiresAtMs: 1,
};

test("a card shows no secret, renders nobody's markup, and names exactly the plan that was made", async () => {
  const shown: Card[] = [];
  const ports = withEgress(
    portsWith({ approvals: { ask: async (one) => void shown.push(one), votes: never, settle: never } }),
  );

  await ports.approvals.ask(card);

  const text = JSON.stringify(shown);
  assert.ok(!text.includes(SECRET));
  assert.doesNotMatch(`${shown[0]?.runnerUp} ${shown[0]?.drafterSays}`, /<[!@]|<http|\]\(/);
  assert.deepEqual(shown[0]?.plan, card.plan);
  assert.deepEqual([shown[0]?.expects, shown[0]?.runnerUpExpects], [card.expects, card.runnerUpExpects]);
});

test("what an automation says of its failure is redacted, and its status, times and ids are not", async () => {
  const run: Run = {
    ...{ executionId: "0a1b2c3d-0000-4000-8000-0123456789ab", status: "failed", startedAtMs: 1, endedAtMs: 2 },
    ...{ failedStep: `Deploy ${TOKEN}`, reason: `refused: ${TOKEN}` },
    outputs: { "Read.TaskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:41", "Read.Said": TOKEN },
  };
  const ports = withEgress(portsWith({ actuator: { start: never, poll: async () => run, stop: never } }));

  const seen = await ports.actuator.poll(run.executionId);

  assert.ok(!JSON.stringify(seen).includes(SECRET));
  assert.deepEqual(
    { ...seen, failedStep: null, reason: null, outputs: {} },
    { ...run, failedStep: null, reason: null, outputs: {} },
  );
  assert.equal(seen.outputs["Read.TaskDefinition"], run.outputs["Read.TaskDefinition"]);
});

test("an error of a port says its name and no secret, in its message and in its stack; a clean one is the same error", async () => {
  class Throttled extends Error {
    override readonly name = "Throttled";
  }
  const [dirty, clean] = [new Throttled(`too fast: ${TOKEN}\n\u001b[2Jforged`), new Throttled("too fast")];
  const failing = (error: Error) =>
    portsWith({ pager: { page: () => Promise.reject(error), update: never, resolve: never } });
  const request = { incidentId: "quell-test", severity: 1, summary: "", details: [] };

  await assert.rejects(withEgress(failing(dirty)).pager.page(request), (error: Error) => {
    assert.equal(error.name, "Throttled");
    assert.doesNotMatch(`${error.message}${error.stack}`, new RegExp(SECRET.slice(0, 30)));
    assert.doesNotMatch(error.message, /\n|\[2J/);
    assert.match(error.stack ?? "", /egress\.test\.ts/, "the frames still say where it came from");
    return error.cause === undefined;
  });
  await assert.rejects(withEgress(failing(clean)).pager.page(request), (error) => error === clean);
});

test("an error keeps its lines and its own stack, and what it was caused by is cleaned too, as deep as it is shown", async () => {
  const lines = new Error("call failed\nsecond line");
  const caused = new Error("request failed", { cause: new Error("retried", { cause: new Error(`said ${SECRET}`) }) });
  const failing = (error: Error) => withEgress(portsWith({ records: { put: () => Promise.reject(error) } })).records;

  await assert.rejects(failing(lines).put({} as never), (error) => error === lines);
  await assert.rejects(failing(caused).put({} as never), (error: Error) => {
    const [first, second] = [error.cause as Error, (error.cause as Error).cause as Error];
    assert.equal(`${error.message}, ${first.message}, ${second.message}`, "request failed, retried, said <jwt>");
    assert.ok(![error, first, second].some(({ stack }) => stack?.includes(SECRET)));
    return /egress\.test\.ts/.test(error.stack ?? "");
  });
});

test("a secret leaves by no field that is named like one; a reference, a word and a time do", () => {
  const attributes = { AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMIK7MDENGbPx", "env.DB_PASSWORD": "Hunter2xQ9" };
  const kept = {
    secretArn: "arn:aws:secretsmanager:eu-west-1:1:secret:db",
    token: "required",
    passwordChangedAt: "17:00",
  };
  const document = {
    target: { tags: { password: "Hunter2xQ9", ...kept }, attributes: { ...attributes, dbPass: null } },
  };

  const left = cleaned(document);

  assert.deepEqual(left.target.tags, { password: "<password>", ...kept });
  assert.deepEqual(left.target.attributes, {
    ...{ AWS_SECRET_ACCESS_KEY: "<password>", "env.DB_PASSWORD": "<password>" },
    dbPass: null,
  });
});

const version = (n: number) => `arn:aws:ecs:eu-west-1:123456789012:task-definition/auth-token:${n}`;
/** Names as people make them: of words about secrets, with joints and ends of every kind, and in any script. */
const anyName = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc
    .tuple(
      fc.array(fc.constantFrom("auth-token", "compass", "secret", "password", "\u672c\u756a", "5 \u00b5s", "\uff21"), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.constantFrom(":", "/", "-", ".", ": ", "="),
      fc.constantFrom("42", "live", "1.4.2", " \u26a0\ufe0f"),
    )
    .map(([words, joint, end]) => [...words, end].join(joint)),
);

test("what is compared or hashed later leaves as it came, whatever it is called", () => {
  fc.assert(
    fc.property(anyName, (name) => {
      fc.pre(redactTokens(name).found.length === 0);
      const params = { [name]: name, Password: name };
      const document = {
        incident: { key: name, keys: [name], alarmName: name, id: name },
        plan: { ...plan, target: name, params },
        candidates: [{ target: name, params, version: name, evidence: [name] }],
        evidence: [{ id: name, says: null }],
        series: [{ id: name, arn: name, metric: { namespace: name, metricName: name, dimensions: { [name]: name } } }],
        row: { incident_id: name, candidate_key: [name], seed: name },
        changes: [{ id: name, target: name, from: name, to: name }],
        resources: [{ arn: name, root: name, dependsOn: [name], attributes: { taskDefinition: name } }],
        run: { executionId: name, outputs: { "Read.Token": name } },
      };

      assert.equal(cleaned(document), document);
    }),
    { numRuns: 2_000 },
  );
});

test("an undo gets the outputs of its run as they were, and a record the key of its ledger", async () => {
  const outputs = { "Read.PreviousTaskDefinition": version(41), "Read.Token": "auth-token:41" };
  const run = {
    executionId: "1",
    status: "succeeded",
    failedStep: null,
    reason: null,
    outputs,
    startedAtMs: 1,
    endedAtMs: 2,
  };
  const key = "123456789012/eu-west-1/API latency > 500 \u00b5s \u26a0\ufe0f \uff08\u672c\u756a\uff09";
  const put: string[] = [];
  const ports = withEgress(
    portsWith({
      actuator: { start: never, poll: async () => run as Run, stop: never },
      records: { put: async (record) => void put.push(record.incident.key) },
    }),
  );

  const seen = await ports.actuator.poll("1");
  await ports.records.put({ incident: { key } } as IncidentRecord);

  assert.deepEqual([seen.outputs, put], [outputs, [key]]);
});

test("the evidence that a drafter cites is the evidence that was read, whatever the alarm and the metric are called", async () => {
  await fc.assert(
    fc.asyncProperty(anyName, async (name) => {
      fc.pre(redactTokens(name).found.length === 0);
      const key = `123456789012/eu-west-1/${name}`;
      const base = contextWith();
      const context = contextWith({
        alarms: [snapshotWith({ key })],
        series: base.series.map((one, i) => ({ ...one, id: `${name} ${i}` })),
      });
      const catalogue = catalogueOf(wait, page);
      const cited: Ports["drafter"] = {
        draft: async (shown) => ({
          ...{ name: "recorded", because: null, model: null, modelBecause: null, hypotheses: [], rejected: [] },
          ...{ inputTokens: 0, outputTokens: 0, usd: 0 },
          proposals: [
            {
              ...{ runbook: "wait", version: "1.0.0", target: shown.resources[0]?.arn ?? "", params: {}, because: "" },
              evidence: [...shown.alarms.map((one) => one.key), ...shown.series.map(({ id }) => id)].map((id) => ({
                id,
                says: null,
              })),
              recovers: null,
            },
          ],
        }),
      };

      const drafted = await withEgress(portsWith({ drafter: cited })).drafter.draft(context, catalogue);

      const [doubt] = secondOpinion(context, catalogue, drafted);
      assert.notEqual(doubt?.code, "unknown-evidence");
      assert.notEqual(doubt?.code, "target-not-in-graph");
    }),
    { numRuns: 300 },
  );
});

test("a drafter is shown no secret, and what it says back is cleaned before anybody writes it down", async () => {
  const shown: string[] = [];
  const KEYED = "password=Hunter2xQ9";
  const proposal = {
    ...{ runbook: "restart", version: "1.0.0", target: "", params: {}, because: KEYED },
    ...{ evidence: [], recovers: null },
  };
  const said = {
    name: "recorded",
    because: null,
    model: null,
    modelBecause: null,
    inputTokens: 0,
    outputTokens: 0,
    usd: 0,
  } as const;
  const ports = withEgress(
    portsWith({
      drafter: {
        draft: async (context) => {
          shown.push(JSON.stringify(context));
          const invented = { ...proposal, runbook: KEYED, target: KEYED, params: { [KEYED]: KEYED } };
          const hypotheses = [{ cause: TOKEN, for: [], against: [] }];
          return { ...said, hypotheses, proposals: [{ ...proposal, target: KEYED }], rejected: [invented] };
        },
      },
    }),
  );

  const drafted = await ports.drafter.draft(contextWith({ service: { ...service, owners: [TOKEN] } }), {
    hash: "",
    runbooks: [],
  });

  assert.ok(!shown.join("").includes(SECRET));
  assert.ok(!JSON.stringify(drafted).includes(SECRET));
  assert.doesNotMatch(JSON.stringify(drafted), /Hunter2/, "what a drafter made up is words, not a name");
});
