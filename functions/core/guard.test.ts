import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Context } from "./context.ts";
import {
  API,
  candidateWith,
  catalogueWith,
  contextWith,
  NOW_MS,
  PAGE,
  portsWith,
  RADIUS,
  resource,
  runbookWith,
  settingsWith,
  WAIT,
  WORKER,
} from "./guard.fixture.ts";
import { guard, recheck } from "./guard.ts";
import type { GuardPorts } from "./guard-question.ts";
import type { Json } from "./json.ts";
import { because, REFUSED } from "./reasons.ts";
import type { Candidate, Mode, Plan, Verdict } from "./stages.ts";

const settings = settingsWith();
const context = contextWith(settings);
const runbook = runbookWith();

const plan: Plan = {
  hash: "plan-hash",
  runbook: runbook.id,
  version: runbook.version,
  documentHash: runbook.documents?.automation.hash ?? "",
  undoHash: runbook.documents?.undo?.hash ?? null,
  target: API,
  params: { Cluster: "shop", Service: "api" },
  madeAtMs: NOW_MS - 1000,
  expiresAtMs: NOW_MS + 1000,
};

const codeOf = (verdict: Verdict | undefined): string =>
  verdict?.kind === "refused" ? verdict.because.code : String(verdict?.kind);

const ledgerOf = (items: Readonly<Record<string, Json>>): GuardPorts["ledger"] => ({
  ...portsWith().ledger,
  read: async (key) => {
    const item = items[key];
    return item === undefined ? null : { item, version: 1 };
  },
});

const judged = async (
  candidate: Candidate,
  ports: Partial<GuardPorts> = {},
  changed: Partial<Context> = {},
): Promise<string> => {
  const [verdict] = await guard(portsWith(ports), settings, "auto", { ...context, ...changed }, [candidate]);
  return codeOf(verdict);
};

test("a candidate that nothing speaks against is allowed with the tier, consents and facts of the answer", async () => {
  const ports = portsWith();

  const [verdict] = await guard(ports, settings, "auto", context, [candidateWith()]);

  assert.deepEqual(verdict, {
    kind: "allowed",
    candidate: candidateWith(),
    tier: 0,
    consents: 1,
    facts: ports.asked[0]?.facts,
  });
  assert.deepEqual(ports.asked[0]?.facts, {
    switchOn: true,
    frozen: false,
    overBlastRadius: false,
    belowCapacityFloor: false,
    budgetSpent: false,
    coolingDown: false,
    breakerOpen: false,
    leaseHeld: false,
    changeInProgress: false,
    evidenceStale: false,
    autonomyEarned: false,
    reversible: true,
  });
});

test("verdicts come in the order of their candidates", async () => {
  const candidates = [candidateWith({ runbook: "x" }), PAGE, candidateWith(), WAIT];

  const verdicts = await guard(portsWith(), settings, "auto", context, candidates);

  assert.deepEqual(
    verdicts.map((verdict) => verdict.candidate),
    candidates,
  );
  assert.deepEqual(verdicts.map(codeOf), ["unknown-runbook", "allowed", "allowed", "allowed"]);
});

describe("only the catalogue's own runbooks, by exact id and version", () => {
  const names: readonly (readonly [string, string])[] = [
    ["AWS-RunShellScript", "1"],
    ["ecs-rollback", "2"],
    ["ecs-rollback", "latest"],
    ["ecs-rollback@1", "1"],
    ["ecs-rollb\u0430ck", "1"],
    ["ECS-ROLLBACK", "1"],
    ["ecs-rollback ", "1"],
    ["__proto__", "1"],
    ["", ""],
  ];
  for (const [id, version] of names) {
    test(`not ${JSON.stringify(id)} ${JSON.stringify(version)}`, async () => {
      const code = await judged(candidateWith({ runbook: id, version }));

      assert.equal(code, "unknown-runbook");
    });
  }
});

describe("each obstacle refuses with its own code", () => {
  test("parameters that attack", async () => {
    const code = await judged(candidateWith({ params: { Cluster: "shop", Service: "{{ssm:x}}" } }));

    assert.equal(code, "bad-parameter");
  });

  test("a target outside the graph", async () => {
    const code = await judged(candidateWith(), {}, { resources: [resource(WORKER)] });

    assert.equal(code, "target-not-in-graph");
  });

  test("parameters that name another resource than the target", async () => {
    const code = await judged(candidateWith({ params: { Cluster: "shop", Service: "worker" } }));

    assert.equal(code, "target-not-in-graph");
  });

  test("an environment where the settings forbid the runbook", async () => {
    const strict = settingsWith({ forbidden: [{ runbook: "ecs-rollback", environment: "production" }] });

    const [verdict] = await guard(portsWith(), strict, "auto", context, [candidateWith()]);

    assert.equal(codeOf(verdict), "environment-forbidden");
  });

  test("an effect without a document", async () => {
    const catalogue = catalogueWith(runbookWith({ documents: null, reversal: "not-needed" }));

    const code = await judged(candidateWith(), { catalogue });

    assert.equal(code, "guard-error");
  });
});

test("a refusal by the engine is explained with the numbers of its fact", async () => {
  const guardrails: GuardPorts["guardrails"] = {
    hash: "",
    ask: async () => ({ kind: "refused", because: because("budget-spent", "A policy."), policies: [] }),
  };
  const counted = ["a", "b", "c"].map((effectKey) => ({ effectKey, atMs: NOW_MS }));
  const ports = portsWith({ guardrails, ledger: ledgerOf({ "budget#service/shop": { counted } }) });

  const [verdict] = await guard(ports, settings, "auto", context, [candidateWith()]);

  assert.deepEqual(verdict?.kind === "refused" && verdict.because, {
    code: "budget-spent",
    detail: "3 of 3 actions on this service within an hour are spent.",
  });
});

describe("every item of the ledger is asked for the fact that it carries", () => {
  const root = resource(API).root;
  const counted = (count: number) => ({
    counted: Array.from({ length: count }, (_, i) => ({ effectKey: `${i}`, atMs: NOW_MS })),
  });
  const lease = { fence: 1, holder: { incidentId: "other", planHash: "p" }, heldSinceMs: 0, intent: null };
  const items: readonly (readonly [string, Json, string])[] = [
    [`lease#${root}`, lease, "leaseHeld"],
    ["budget#service/shop", counted(3), "budgetSpent"],
    [`budget#resource/${API}`, counted(4), "budgetSpent"],
    ["budget#running", counted(2), "budgetSpent"],
    [`cooldown#ecs-rollback/${API}`, { effectKey: "x", startedAtMs: 0, untilMs: NOW_MS + 1 }, "coolingDown"],
    [`breaker#ecs-rollback/${API}`, { failures: [], openUntilMs: NOW_MS + 1 }, "breakerOpen"],
    [`quarantine#${API}`, { incidentId: "i", sinceMs: 0, clearedBy: null }, "breakerOpen"],
    ["autonomy#ecs-rollback/production", { earned: true, changedAtMs: 0, by: "gate" }, "autonomyEarned"],
  ];
  for (const [key, item, fact] of items) {
    test(`${key} makes ${fact} true`, async () => {
      const ports = portsWith({ ledger: ledgerOf({ [key]: item }) });

      await guard(ports, settings, "auto", context, [candidateWith()]);

      const facts = ports.asked.map((request) => Object.entries(request.facts).filter(([, value]) => value));
      const expected = [...new Set(["switchOn", "reversible", fact])].sort();
      assert.deepEqual(facts[0]?.map(([name]) => name).sort(), expected);
    });

    test(`a damaged ${key} refuses with guard-error`, async () => {
      const code = await judged(candidateWith(), { ledger: ledgerOf({ [key]: { damaged: true } }) });

      assert.equal(code, "guard-error");
    });
  }
});

test("resources of one hierarchy share one lease: another plan's bars both", async () => {
  const root = resource(API).root;
  const lease = { fence: 1, holder: { incidentId: "other", planHash: "p" }, heldSinceMs: 0, intent: null };
  const ports = portsWith({ ledger: ledgerOf({ [`lease#${root}`]: lease }) });
  const worker = candidateWith({ target: WORKER, params: { Cluster: "shop", Service: "worker" } });

  await guard(ports, settings, "auto", context, [candidateWith(), worker]);

  assert.deepEqual(
    ports.asked.map(({ facts }) => facts.leaseHeld),
    [true, true],
  );
});

test("a switch that is off, unreadable, or says anything else counts as off", async () => {
  const reads = ["off", "ON", "", null, undefined].map((said) => async () => said as "on");
  const unreadable = async (): Promise<"on"> => {
    throw new Error("no such item");
  };

  const facts = await Promise.all(
    [...reads, unreadable].map(async (read) => {
      const ports = portsWith({ switch: { read } });
      await guard(ports, settings, "auto", context, [candidateWith()]);
      return ports.asked[0]?.facts.switchOn;
    }),
  );

  assert.deepEqual(new Set(facts), new Set([false]));
});

describe("the tier is computed, whatever a drafter says", () => {
  test("a measured data store raises it to T3", async () => {
    const ports = portsWith({
      catalogue: catalogueWith(runbookWith({ tier: 0, blastRadius: () => ({ ...RADIUS, dataStore: true }) })),
    });

    const [verdict] = await guard(ports, settings, "auto", context, [candidateWith()]);

    assert.equal(verdict?.tier, 3);
    assert.equal(ports.asked[0]?.tier, 3);
  });

  test("a candidate that carries a tier and an approval of its own gets the same question", async () => {
    const [plain, carrying] = [portsWith(), portsWith()];
    const claim = { ...candidateWith(), tier: 0, approved: true, consents: 0 };

    await guard(plain, settings, "auto", context, [candidateWith()]);
    await guard(carrying, settings, "auto", context, [claim]);

    assert.deepEqual(carrying.asked, plain.asked);
  });
});

describe("in mode observe", () => {
  test("proposals are asked as in mode approve", async () => {
    const ports = portsWith();

    await guard(ports, settings, "observe", context, [candidateWith()]);

    assert.equal(ports.asked[0]?.mode, "approve");
  });

  test("the recheck before the effect asks as it is", async () => {
    const ports = portsWith();

    await recheck(ports, settings, "observe", context, plan, "effect");

    assert.equal(ports.asked[0]?.mode, "observe");
  });
});

describe("an incident that is restrained", () => {
  const restraint = { code: "flapping", detail: "it flaps" } as const;
  const asks = {
    "for a proposal": (ports: ReturnType<typeof portsWith>, mode: Mode, held: Context) =>
      guard(ports, settings, mode, held, [candidateWith()]),
    "before the effect": (ports: ReturnType<typeof portsWith>, mode: Mode, held: Context) =>
      recheck(ports, settings, mode, held, plan, "effect"),
  };
  const modes: readonly (readonly [keyof typeof asks, Mode, Mode])[] = [
    ["for a proposal", "auto", "approve"],
    ["before the effect", "auto", "approve"],
    ["before the effect", "approve", "approve"],
    ["before the effect", "observe", "observe"],
  ];
  for (const [when, mode, expected] of modes) {
    test(`is asked in mode ${expected} ${when} where its mode is ${mode}`, async () => {
      const [free, held] = [portsWith(), portsWith()];

      await asks[when](free, mode, context);
      await asks[when](held, mode, { ...context, restraint });

      assert.deepEqual([free.asked[0]?.mode, held.asked[0]?.mode], [mode, expected]);
    });
  }
});

describe("an effect that a drafter alone thought of", () => {
  const thoughts: readonly (readonly [string, Partial<Candidate>, Mode, Mode])[] = [
    ["takes a person's consent where the mode is auto", { fit: null }, "auto", "approve"],
    ["is asked for as any other where the mode is observe", { fit: null }, "observe", "approve"],
    ["needs no more than its mode says where a rule suggests it too", { fit: 0.1 }, "auto", "auto"],
    ["is told from what the rules alone suggest", { fit: null, source: "rules" }, "auto", "auto"],
  ];
  for (const [name, thought, mode, expected] of thoughts) {
    test(name, async () => {
      const ports = portsWith();

      await guard(ports, settings, mode, context, [candidateWith(thought)]);

      assert.deepEqual(
        ports.asked.map((request) => request.mode),
        [expected],
      );
    });
  }
});

describe("the recheck before the effect", () => {
  test("allows what is still as it was planned", async () => {
    const verdict = await recheck(portsWith(), settings, "auto", context, plan, "effect");

    assert.equal(codeOf(verdict), "allowed");
  });

  test("is not barred by its own lease, budget entries and cooldown", async () => {
    const counted = Array.from({ length: 3 }, (_, i) => ({ effectKey: i === 0 ? "effect" : `${i}`, atMs: NOW_MS }));
    const holder = { incidentId: context.incidentId, planHash: plan.hash };
    const ports = portsWith({
      ledger: ledgerOf({
        [`lease#${resource(API).root}`]: { fence: 1, holder, heldSinceMs: 0, intent: null },
        "budget#service/shop": { counted },
        [`cooldown#ecs-rollback/${API}`]: { effectKey: "effect", startedAtMs: NOW_MS, untilMs: NOW_MS + 1000 },
      }),
    });

    await recheck(ports, settings, "auto", context, plan, "effect");

    const facts = ports.asked[0]?.facts;
    assert.deepEqual([facts?.leaseHeld, facts?.budgetSpent, facts?.coolingDown], [false, false, false]);
  });

  test("is barred by the lease of another plan of its own incident", async () => {
    const holder = { incidentId: context.incidentId, planHash: "an older plan" };
    const item = { fence: 1, holder, heldSinceMs: 0, intent: null };
    const ports = portsWith({ ledger: ledgerOf({ [`lease#${resource(API).root}`]: item }) });

    await recheck(ports, settings, "auto", context, plan, "effect");

    assert.equal(ports.asked[0]?.facts.leaseHeld, true);
  });

  const stale: readonly (readonly [string, Partial<Plan>])[] = [
    ["whose document changed", { documentHash: "0".repeat(64) }],
    ["whose undo changed", { undoHash: "0".repeat(64) }],
    ["whose undo is gone", { undoHash: null }],
    ["that expired now", { expiresAtMs: NOW_MS }],
    ["that expires at no time", { expiresAtMs: Number.NaN }],
  ];
  for (const [what, changed] of stale) {
    test(`refuses a plan ${what}`, async () => {
      const verdict = await recheck(portsWith(), settings, "auto", context, { ...plan, ...changed }, "effect");

      assert.equal(codeOf(verdict), "stale-plan");
    });
  }

  test("refuses a plan of a runbook that left the catalogue", async () => {
    const verdict = await recheck(portsWith({ catalogue: catalogueWith() }), settings, "auto", context, plan, "effect");

    assert.equal(codeOf(verdict), "unknown-runbook");
  });

  test("finds evidence stale that was fresh when the plan was made", async () => {
    const ports = portsWith();

    await recheck(ports, settings, "auto", { ...context, nowMs: NOW_MS - 301_000 }, plan, "effect");

    assert.equal(ports.asked[0]?.facts.evidenceStale, true);
  });
});

describe("whatever fails, no effect is allowed and people can be called", () => {
  const boom = (): never => {
    throw new Error("down");
  };
  const rejects = async (): Promise<never> => boom();
  const broken: readonly (readonly [string, Partial<GuardPorts>])[] = [
    ["the ledger rejects", { ledger: { ...portsWith().ledger, read: rejects } }],
    ["the ledger throws", { ledger: { ...portsWith().ledger, read: boom } }],
    ["the guardrails reject", { guardrails: { hash: "", ask: rejects } }],
    ["the guardrails throw", { guardrails: { hash: "", ask: boom } }],
    ["the guardrails say nothing", { guardrails: { hash: "", ask: async () => undefined as never } }],
    ["the clock throws", { clock: { nowMs: boom } }],
    ["the clock says no time", { clock: { nowMs: () => Number.NaN } }],
    ["the blast radius cannot be measured", { catalogue: catalogueWith(runbookWith({ blastRadius: boom })) }],
  ];
  for (const [what, ports] of broken) {
    test(what, async () => {
      const verdicts = await guard(portsWith(ports), settings, "auto", context, [candidateWith(), PAGE]);
      const again = await recheck(portsWith(ports), settings, "auto", context, plan, "effect");

      assert.deepEqual([...verdicts, again].map(codeOf), ["guard-error", "allowed", "guard-error"]);
    });
  }

  test("waiting is refused when the engine errs, for nobody knows what it may do", async () => {
    const code = await judged(WAIT, { guardrails: { hash: "", ask: rejects } });

    assert.equal(code, "guard-error");
  });

  test("waiting and handing over read neither ledger nor switch nor clock", async () => {
    const ports = { ledger: { ...portsWith().ledger, read: boom }, switch: { read: boom }, clock: { nowMs: boom } };

    const verdicts = await guard(portsWith(ports), settings, "auto", context, [WAIT, PAGE]);

    assert.deepEqual(verdicts.map(codeOf), ["allowed", "allowed"]);
  });

  test("of random failures at each call, none lets an effect pass that a failing port was asked about", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), async (fails) => {
        const failed: string[] = [];
        const mayFail =
          (name: string, i: number) =>
          <T>(value: T): T => {
            if (fails[i] !== true) return value;
            failed.push(name);
            throw new Error(name);
          };
        const reads = { count: 0 };
        const ports = portsWith({
          ledger: { ...portsWith().ledger, read: async () => mayFail("ledger", reads.count++)(null) },
          guardrails: {
            hash: "",
            ask: async ({ effect, facts }) =>
              mayFail(
                "guardrails",
                10,
              )(
                !effect || facts.switchOn
                  ? { kind: "permitted" as const, consents: 0 as const, policies: [] }
                  : { kind: "refused" as const, because: because("kill-switch", ""), policies: [] },
              ),
          },
          switch: { read: async () => mayFail("switch", 11)("on" as const) },
        });

        const [effect, page] = await guard(ports, settings, "auto", context, [candidateWith(), PAGE]);

        assert.equal(effect?.kind === "allowed", failed.length === 0);
        assert.equal(page?.kind, "allowed");
      }),
      { numRuns: 1000 },
    );
  });
});

test("whatever candidates a drafter makes up, verdicts are complete, coded and allow nothing outside the graph", async () => {
  const word = fc.oneof(fc.constantFrom("ecs-rollback", "1", "api", "shop", API, WORKER, "worker"), fc.string());
  const anyCandidate = fc.record({
    runbook: word,
    version: word,
    target: fc.oneof(word, fc.constant(null), fc.array(word)),
    params: fc.oneof(
      fc.dictionary(fc.oneof(fc.constantFrom("Cluster", "Service"), word), fc.anything()),
      fc.anything(),
    ),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyCandidate, { maxLength: 5 }),
      fc.constantFrom<Mode>("auto", "approve"),
      async (all, mode) => {
        const candidates = all.map((one) => candidateWith(one as Partial<Candidate>));

        const verdicts = await guard(portsWith(), settings, mode, context, candidates);

        assert.equal(verdicts.length, candidates.length);
        for (const verdict of verdicts) {
          const named = { [API]: "api", [WORKER]: "worker" }[verdict.candidate.target ?? ""];
          assert.ok(
            verdict.kind === "refused"
              ? REFUSED.includes(verdict.because.code)
              : named !== undefined &&
                  Object.values(verdict.candidate.params).every(
                    (value) => ["shop", named].includes(`${value}`) || value === verdict.candidate.target,
                  ),
          );
        }
      },
    ),
    { numRuns: 2000 },
  );
});
