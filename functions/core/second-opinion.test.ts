import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Context } from "./context.ts";
import { candidatesFor, draftOffline } from "./draft.ts";
import type { Change, Series } from "./evidence.ts";
import {
  API_ARN,
  catalogueOf,
  contextWith,
  errorsSli,
  LATENCY,
  latencySli,
  MINUTE_MS,
  OPENED_MS,
  page,
  resourceWith,
  runbookWith,
  seriesOf,
  service,
  snapshotWith,
  wait,
} from "./example.fixture.ts";
import { encodeCandidate, encodeState } from "./features.ts";
import { POLICIES } from "./policies.ts";
import { type Citation, CLAIMS, type Drafted, type Proposal } from "./ports.ts";
import { DOUBTED } from "./reasons.ts";
import { secondOpinion } from "./second-opinion.ts";

const GROUP_ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/1";
const DATABASE_ARN = "arn:aws:rds:eu-west-1:123456789012:db:api";

const series = (id: string, arn: string | null, metricName: string, now: number): Series => ({
  ...seriesOf({ ...LATENCY, metricName }, OPENED_MS - 50 * MINUTE_MS, [...Array(45).fill(10), ...Array(14).fill(now)]),
  id,
  arn,
});
const changeOf = (id: string, target: string): Change => ({
  ...{ id, kind: "deployment", atMs: OPENED_MS - 5 * MINUTE_MS, target, ref: "", from: null, to: null },
  ...{ author: "", title: "" },
});
const ALARM = snapshotWith().key;
const context: Context = contextWith({
  resources: [
    resourceWith({ arn: GROUP_ARN, type: "AWS::ElasticLoadBalancingV2::TargetGroup", dependsOn: [API_ARN] }),
    resourceWith({ dependsOn: [DATABASE_ARN] }),
    resourceWith({ arn: DATABASE_ARN, type: "AWS::RDS::DBInstance" }),
  ],
  series: [
    series("latency", GROUP_ARN, "TargetResponseTime", 90),
    series("latency-p99", GROUP_ARN, "TargetResponseTime", 95),
    series("cpu", API_ARN, "CPUUtilization", 99),
    series("calm-cpu", API_ARN, "MemoryUtilization", 10),
    series("fast", API_ARN, "TargetResponseTime", 1),
    series("sessions", DATABASE_ARN, "DatabaseConnections", 10),
    series("elsewhere", null, "Queue", 99),
  ],
  changes: [changeOf("deployed", API_ARN), changeOf("deployed-too", API_ARN), changeOf("other", DATABASE_ARN)],
  logs: [
    { id: "log-1", logGroup: "g", template: "ERROR the database fails since 9.9", count: 9, lastAtMs: OPENED_MS },
    { id: "log-2", logGroup: "g", template: "ERROR it works on 9.1", count: 9, lastAtMs: OPENED_MS },
  ],
  words: [{ id: "alarm-1", name: "api-5xx", description: "restart the database", reason: "" }],
});

const treating = runbookWith({ id: "treating", treats: ["AWS/ApplicationELB/TargetResponseTime"], suits: () => [] });
const general = runbookWith({ id: "general", suits: () => [] });
const undoing = runbookWith({ ...treating, id: "undoing", endsDeployment: true });
const catalogue = catalogueOf(runbookWith(), treating, undoing, general, wait, page);

const above = (id: string): Citation => ({ id, says: "above-usual" });
const ringing: Citation = { id: ALARM, says: "ringing" };
const deployed: Citation = { id: "deployed", says: "changed" };
const proposalWith = (changes: Partial<Proposal> = {}): Proposal => ({
  ...{ runbook: "general", version: "1.0.0", target: API_ARN, params: { Service: "api" } },
  ...{ because: "it is so", evidence: [above("cpu"), ringing], recovers: 0.7 },
  ...changes,
});
const drafted = (proposals: readonly Proposal[], name: Drafted["name"] = "anthropic"): Drafted => ({
  ...draftOffline(context, catalogue, null),
  name,
  proposals,
});
const codeOf = (changes: Partial<Proposal>) =>
  secondOpinion(context, catalogue, drafted([proposalWith(changes)]))[0]?.code ?? null;

const CASES: readonly (readonly [name: string, changes: Partial<Proposal>, code: (typeof DOUBTED)[number] | null])[] = [
  ["two borne-out signals, one at the target", {}, null],
  ["a metric of what calls the target directly", { evidence: [above("latency"), ringing] }, null],
  ["a target that is not in the graph", { target: "*" }, "target-not-in-graph"],
  ["no target", { target: "" }, "target-not-in-graph"],
  ["no evidence", { evidence: [] }, "no-evidence"],
  ["an id that nobody knows", { evidence: [above("cpu"), ringing, above("made-up")] }, "unknown-evidence"],
  ["a claim that the numbers deny", { evidence: [above("calm-cpu"), above("cpu"), ringing] }, "claim-not-borne-out"],
  ["a claim that cannot be made of it", { evidence: [{ id: "cpu", says: "ringing" }, ringing] }, "claim-not-borne-out"],
  ["one signal", { evidence: [above("cpu")] }, "too-few-signals"],
  ["one signal, twice", { evidence: [above("cpu"), above("cpu")] }, "too-few-signals"],
  ["two statistics of one metric", { evidence: [above("latency"), above("latency-p99")] }, "too-few-signals"],
  ["two changes of one resource", { evidence: [deployed, { ...deployed, id: "deployed-too" }] }, "too-few-signals"],
  ["ids without a claim", { evidence: ["cpu", "latency", ALARM].map((id) => ({ id, says: null })) }, "too-few-signals"],
  [
    "what is as usual, however true",
    { evidence: ["calm-cpu", "sessions"].map((id) => ({ id, says: "usual" })) },
    "too-few-signals",
  ],
  [
    "log lines and words alone",
    { evidence: [...["log-1", "log-2"].map((id) => ({ id, says: "logged" }) as const), { id: "alarm-1", says: null }] },
    "too-few-signals",
  ],
  ["signals that stand nowhere near the target", { evidence: [above("elsewhere"), ringing] }, "too-few-signals"],
  [
    "signals of what calls its caller",
    { target: DATABASE_ARN, evidence: [above("latency"), ringing] },
    "too-few-signals",
  ],
  ["a metric that the runbook treats", { runbook: "treating", evidence: [above("latency"), ringing] }, null],
  [
    "a treated metric that stands too far away",
    { runbook: "treating", target: DATABASE_ARN, evidence: [above("latency"), ringing] },
    "too-few-signals",
  ],
  [
    "a change of what calls the target",
    { runbook: "treating", target: DATABASE_ARN, evidence: [deployed, ringing] },
    "too-few-signals",
  ],
  [
    "a treated metric that went the good way",
    { runbook: "treating", evidence: [{ id: "fast", says: "below-usual" }, ringing] },
    "too-few-signals",
  ],
  ["a change of what it would roll back", { runbook: "undoing", evidence: [deployed, ringing] }, null],
  [
    "symptoms of what it would roll back",
    { runbook: "undoing", evidence: [above("latency"), ringing] },
    "too-few-signals",
  ],
  ["a change of the target", { runbook: "treating", evidence: [deployed, ringing] }, null],
  ["no metric that the runbook treats", { runbook: "treating", evidence: [above("cpu"), ringing] }, "too-few-signals"],
  [
    "a change of another resource",
    { runbook: "treating", evidence: [{ id: "other", says: "changed" }, ringing] },
    "too-few-signals",
  ],
];

for (const [name, changes, code] of CASES)
  test(`a proposal that rests on ${name} ${code === null ? "keeps its rank" : `is doubted with ${code}`}`, () => {
    const told = codeOf(changes);

    assert.equal(told, code);
  });

const citation: fc.Arbitrary<Citation> = fc.record({
  id: fc.constantFrom(
    ...[...context.series, ...context.changes, ...context.logs, ...context.words].map(({ id }) => id),
    ALARM,
    "made-up",
  ),
  says: fc.constantFrom(null, ...CLAIMS),
});
const founded = fc.constantFrom<readonly Citation[]>([above("cpu"), ringing], [above("latency"), ringing, deployed]);
const proposal: fc.Arbitrary<Proposal> = fc.record({
  runbook: fc.constantFrom("restart", "treating", "undoing", "general", "wait", "drop-database"),
  version: fc.constantFrom("1.0.0", "9.9.9"),
  target: fc.constantFrom(API_ARN, API_ARN, GROUP_ARN, DATABASE_ARN, "*"),
  params: fc.constantFrom({ Service: "api" }, { Service: "other" }),
  because: fc.string(),
  evidence: fc.oneof(founded, fc.array(citation, { maxLength: 6 })),
  recovers: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
});
const proposals = fc.array(proposal, { maxLength: 12 });

const heard = (draft: Drafted) => candidatesFor(context, catalogue, draft);
const doubted = (draft: Drafted) => candidatesFor(context, catalogue, draft, secondOpinion(context, catalogue, draft));

test("a second opinion adds, drops, moves and rewrites nothing: the candidates are the same things in the same order", () => {
  fc.assert(
    fc.property(proposals, (said) => {
      const draft = drafted(said);

      const [before, after] = [heard(draft), doubted(draft)].map((all) =>
        all.map(({ runbook, version, target, params, fit }) => ({ runbook, version, target, params, fit })),
      );

      assert.deepEqual(after, before);
    }),
    { numRuns: 2_000 },
  );
});

test("what is doubted has no rank and no chances, and what is not keeps its order and moves up by the doubts before it", () => {
  fc.assert(
    fc.property(proposals, (said) => {
      const draft = drafted(said);
      const before = heard(draft);

      const after = doubted(draft);

      for (const one of after.filter(({ doubt }) => doubt !== null))
        assert.deepEqual([one.rank, one.recovers], [null, null]);
      const kept = after.flatMap(({ rank, doubt }, i) =>
        doubt === null && rank !== null ? [{ rank, was: before[i]?.rank ?? -1 }] : [],
      );
      const byRank = kept.toSorted((a, b) => a.rank - b.rank);
      assert.deepEqual(
        byRank,
        kept.toSorted((a, b) => a.was - b.was),
      );
      assert.ok(kept.every(({ rank, was }) => rank <= was));
      assert.equal(new Set(kept.map(({ rank }) => rank)).size, kept.length);
    }),
    { numRuns: 2_000 },
  );
});

test("what comes after a doubted proposal takes its rank", () => {
  const said = ["doubted", "first", "second"].map((Service) =>
    proposalWith({ params: { Service }, ...(Service === "doubted" ? { evidence: [] } : {}) }),
  );

  const ranks = doubted(drafted(said)).map(({ params, rank }) => [params.Service, rank]);

  assert.deepEqual(ranks.slice(1, 4), [
    ["doubted", null],
    ["first", 0],
    ["second", 1],
  ]);
});

for (const policy of Object.values(POLICIES))
  test(`${policy.policy}: a doubt never raises the value of what is doubted`, async () => {
    await fc.assert(
      fc.asyncProperty(proposals, fc.nat(2), async (said, times) => {
        const tried = Array.from({ length: times }, (_, step) => ({
          ...{ step, runbook: "restart", target: API_ARN, outcome: "rolled-back" as const },
        }));
        const situation = { ...context, tried };
        const draft = drafted(said);
        const values = async (all: ReturnType<typeof heard>) =>
          (
            await policy.score(
              encodeState(situation),
              all.map((one) => encodeCandidate(situation, one, catalogue)),
            )
          ).map(({ q }) => q.mean);

        const [before, after] = [await values(heard(draft)), await values(doubted(draft))];

        doubted(draft).forEach(({ doubt }, i) => {
          if (doubt !== null) assert.ok(Number(after[i]) <= Number(before[i]), `${after[i]} > ${before[i]}`);
        });
      }),
      { numRuns: 500 },
    );
  });

test("where no drafter spoke nothing is doubted", () => {
  fc.assert(
    fc.property(proposals, (said) => {
      const draft = drafted(said, "offline");

      const doubts = secondOpinion(context, catalogue, draft);

      assert.deepEqual(
        doubts,
        said.map(() => null),
      );
      assert.deepEqual(doubted(draft), heard(draft));
    }),
  );
});

test("no words of anybody move a doubt, and none are repeated in one", () => {
  fc.assert(
    fc.property(proposals, fc.string({ minLength: 12, unit: "grapheme" }), (said, words) => {
      const shouted: Context = {
        ...context,
        logs: context.logs.map((one) => ({ ...one, template: words })),
        changes: context.changes.map((one) => ({ ...one, title: words, author: words, ref: words })),
        words: context.words.map((one) => ({ ...one, name: words, description: words, reason: words })),
        resources: context.resources.map((one) => ({ ...one, tags: { words } })),
        missing: [{ source: "logs", because: words }],
      };
      const spoken = said.map((one) => ({ ...one, because: words }));

      const doubts = secondOpinion(shouted, catalogue, drafted(spoken));

      assert.deepEqual(doubts, secondOpinion(context, catalogue, drafted(said)));
      assert.ok(!JSON.stringify(doubts).includes(words));
    }),
  );
});

test("what the rules suggest too keeps their fit, words and evidence when a drafter's reasons for it are doubted", () => {
  const draft = drafted([proposalWith({ runbook: "restart", evidence: [] })]);

  const [candidate] = doubted(draft);

  assert.deepEqual(candidate, {
    ...candidatesFor(context, catalogue, drafted([]))[0],
    doubt: { code: "no-evidence", detail: "It cites no evidence." },
  });
  assert.deepEqual([candidate?.fit, candidate?.source, candidate?.because], [0.9, "rules", "it fits"]);
});

test("which way a treated metric is bad is what the service's own SLI says of it", () => {
  const metric = { ...LATENCY, metricName: "TargetResponseTime" };
  const slis = [errorsSli, { ...latencySli, metric, bad: "below" as const }];
  const turned = { ...context, service: { ...service, slis } };
  const said = [
    proposalWith({ runbook: "treating", evidence: [{ id: "fast", says: "below-usual" }, ringing] }),
    proposalWith({ runbook: "treating", evidence: [above("latency"), ringing] }),
  ];

  const doubts = secondOpinion(turned, catalogue, drafted(said));

  assert.deepEqual(
    doubts.map((doubt) => doubt?.code ?? null),
    [null, "too-few-signals"],
  );
});

test("every code of a doubt can be met", () => {
  const met = new Set(CASES.map(([, changes]) => codeOf(changes)));

  assert.deepEqual([...met].filter((code) => code !== null).sort(), [...DOUBTED].sort());
});
