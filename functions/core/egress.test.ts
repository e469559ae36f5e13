import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cleaned, withEgress } from "./egress.ts";
import { contextWith, resourceWith, service } from "./example.fixture.ts";
import type { Json } from "./json.ts";
import type { Ports } from "./ports.ts";
import { identities, positives } from "./redaction-corpus.fixture.ts";
import type { Card, Run } from "./stages.ts";

const [{ text: TOKEN, secret: SECRET } = { text: "", secret: "" }] = positives().filter(
  ({ name, how }) => name === "jwt" && how === "log line",
);

const json = (text: fc.Arbitrary<string>): fc.Arbitrary<Json> =>
  fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Json>(null, true, 0, -0.5, 1e300),
      text,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(text, tie("value"), { maxKeys: 4 }),
    ),
  })).value;

test("a document in which nothing is found leaves as the same object", () => {
  const identity = fc.integer({ min: 0, max: 2 ** 31 }).chain((seed) => fc.constantFrom(...identities(seed)));
  fc.assert(
    fc.property(json(identity), (document) => {
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
  assert.doesNotMatch(`${shown[0]?.runnerUp} ${shown[0]?.drafterSays}`, /[<>]|:\/\/|\]\(|!\[/);
  assert.deepEqual(shown[0]?.plan, card.plan);
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
    return error.cause === undefined;
  });
  await assert.rejects(withEgress(failing(clean)).pager.page(request), (error) => error === clean);
});

test("a drafter is shown no secret, and what it says back is cleaned before anybody writes it down", async () => {
  const shown: string[] = [];
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
          return { ...said, hypotheses: [{ cause: TOKEN, for: [], against: [] }], proposals: [], rejected: [] };
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
});
