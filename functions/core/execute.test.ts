import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { judge } from "./approve.ts";
import type { Context } from "./context.ts";
import {
  API_ARN,
  catalogue,
  catalogueOf,
  chapterWith,
  contextWith,
  documentOf,
  MINUTE_MS,
  page,
  planOf,
  questionWith,
  resourceWith,
  runbookWith,
  service,
  settingsWith,
  wait,
} from "./example.fixture.ts";
import { type Effect, effectsOf, execute, resumed, type Started, switchIsOn, undo } from "./execute.ts";
import { effectKey } from "./ids.ts";
import type { Json } from "./json.ts";
import { cooldownKey, leaseKey, RUNNING_BUDGET_KEY, resourceBudgetKey, serviceBudgetKey } from "./ledger.ts";
import type { Actuator, Guardrails, Ledger, StartRequest } from "./ports.ts";
import { because } from "./reasons.ts";
import { settingsSchema } from "./settings.ts";
import type { Consent, GuardAnswer, GuardRequest, Plan, Run, Vote } from "./stages.ts";

type ExecutePorts = Parameters<typeof execute>[0];

const settings = settingsWith();
const context = contextWith();
const plan = planOf(chapterWith().decision);
const ROOT = resourceWith().root;
const KEY = effectKey(context.incidentId, plan.hash, 1);

const approvals: readonly Vote[] = [
  { person: "ana", group: "sre", answer: "approve", planHash: plan.hash, reason: "", atMs: plan.madeAtMs + 1 },
  { person: "cleo", group: "dba", answer: "approve", planHash: plan.hash, reason: "", atMs: plan.madeAtMs + 2 },
];
const consentFrom = (consents: 0 | 1 | 2, tier: 0 | 1 | 2 | 3 = 0): Consent => {
  const judged = judge(questionWith({ plan, consents, tier }), approvals.slice(0, consents), plan.madeAtMs);
  assert.ok(judged.kind === "consented");
  return judged.consent;
};
const byPolicy = consentFrom(0);

const permit = (consents: 0 | 1 | 2): GuardAnswer => ({ kind: "permitted", consents, policies: [] });
const refusal: GuardAnswer = { kind: "refused", because: because("cooldown", "it ran a minute ago"), policies: [] };
const answering = (answer: () => GuardAnswer): Guardrails => ({ hash: "g", ask: async () => answer() });

/** A control plane that knows its runs by their tokens. `mishaps[i]` happens at its i-th call. */
const controlPlane = (mishaps: readonly ("fails" | "reply-lost" | "refuses" | "none")[] = []) => {
  const calls: StartRequest[] = [];
  const runs = new Map<string, string>();
  const actuator: Actuator = {
    start: async (request) => {
      const mishap = mishaps[calls.length] ?? "none";
      calls.push(request);
      if (mishap === "refuses") return { kind: "refused", detail: "throttled" };
      if (mishap === "fails") throw new Error("no answer");
      const executionId = runs.get(request.clientToken) ?? `run-${runs.size}`;
      runs.set(request.clientToken, executionId);
      if (mishap === "reply-lost") throw new Error("the reply was lost");
      return { kind: "started", executionId };
    },
    poll: () => Promise.reject(new Error("not asked")),
    stop: () => Promise.reject(new Error("not asked")),
  };
  return { actuator, calls, runs };
};

const portsWith = (changes: Partial<ExecutePorts> = {}): ExecutePorts => ({
  guardrails: answering(() => permit(0)),
  ledger: simulatedLedger(),
  switch: { read: async () => "on" },
  clock: { nowMs: () => context.nowMs },
  catalogue,
  actuator: controlPlane().actuator,
  dryRun: false,
  ...changes,
});

/** One try of the step that starts an effect: what an earlier try left behind is looked for first. */
const start = async (ports: ExecutePorts, consent: Consent = byPolicy, fresh: Context = context): Promise<Started> =>
  (await resumed(ports, settings, fresh.incidentId, consent.step, consent.plan)) ??
  (await execute(ports, settings, "auto", consent, fresh));

const itemAt = async (ledger: Ledger, key: string): Promise<Json> => (await ledger.read(key))?.item ?? null;
type Lease = Readonly<{ holder: Json; intent: Readonly<{ effectKey: string }> | null }>;
const leaseOf = async (ledger: Ledger, root = ROOT) =>
  (await itemAt(ledger, leaseKey(root))) as unknown as Lease | null;
const BUDGETS = [serviceBudgetKey("api"), resourceBudgetKey(API_ARN), RUNNING_BUDGET_KEY];
const counted = async (ledger: Ledger, keys: readonly string[] = BUDGETS): Promise<readonly number[]> =>
  Promise.all(
    keys.map(async (key) => {
      const item = (await itemAt(ledger, key)) as Readonly<{ counted: readonly Json[] }> | null;
      return item?.counted.length ?? 0;
    }),
  );

const untouched = async (ledger: Ledger): Promise<void> => {
  assert.equal((await leaseOf(ledger))?.holder ?? null, null);
  assert.deepEqual(await counted(ledger), [0, 0, 0]);
};

test("a consent starts its plan once: this document, these parameters, this key, tagged with whose it is", async () => {
  const plane = controlPlane();
  const ports = portsWith({ actuator: plane.actuator });

  const started = await start(ports);

  const document = catalogue.runbooks[0]?.documents?.automation;
  assert.deepEqual(plane.calls, [
    {
      documentName: document?.name,
      documentHash: document?.hash,
      parameters: { Service: "api" },
      clientToken: KEY,
      tags: { incident: "quell-test", decision: "quell-test/0", role: "run", plan: plan.hash },
    },
  ]);
  assert.equal(started.kind, "started");
  assert.deepEqual(await effectsOf(ports, "quell-test"), [started.kind === "started" ? started.effect : null]);
  assert.equal((await leaseOf(ports.ledger))?.intent?.effectKey, KEY);
  assert.deepEqual(await counted(ports.ledger), [1, 1, 1]);
  assert.equal(((await itemAt(ports.ledger, cooldownKey("restart", API_ARN))) as { effectKey: string }).effectKey, KEY);
});

test("the order is: switch, lease, the guard's question, budgets, intent, start, and then the books", async () => {
  const order: string[] = [];
  const note = (step: string) => (order.at(-1) === step ? null : order.push(step));
  const base = portsWith();
  const ports: ExecutePorts = {
    ...base,
    switch: {
      read: async () => {
        note("switch");
        return "on";
      },
    },
    guardrails: {
      hash: "g",
      ask: async (request: GuardRequest) => {
        note("guard");
        return base.guardrails.ask(request);
      },
    },
    ledger: {
      ...base.ledger,
      write: async (key, item, expected) => {
        const isLease = key.startsWith("lease#");
        note(!isLease ? (key.split("#")[0] ?? "") : (item as unknown as Lease).intent === null ? "lease" : "intent");
        return base.ledger.write(key, item, expected);
      },
    },
    actuator: {
      ...base.actuator,
      start: async (request) => {
        note("start");
        return base.actuator.start(request);
      },
    },
  };

  await start(ports);

  assert.deepEqual(order, [
    ...["switch", "lease", "effect", "switch", "guard", "budget", "intent", "start", "cooldown", "effect"],
  ]);
});

const SWITCHES: readonly (readonly [string, () => Promise<"on" | "off">])[] = [
  ["off", async () => "off"],
  ["unreadable", () => Promise.reject(new Error("no such parameter"))],
  ["something else", async () => "maybe" as "on"],
];

for (const [name, read] of SWITCHES)
  test(`with the switch ${name} nothing starts and nothing is taken`, async () => {
    const plane = controlPlane();
    const ports = portsWith({ switch: { read }, actuator: plane.actuator });

    const started = await start(ports);

    assert.equal(started.kind === "not-run" && started.because.code, "kill-switch");
    assert.deepEqual(plane.calls, []);
    await untouched(ports.ledger);
    assert.equal(await switchIsOn(ports), false);
  });

const ENOUGH: readonly (readonly [string, Consent, 0 | 1 | 2, 0 | 1 | 2 | 3, boolean])[] = [
  ["policy, and it takes nobody now", consentFrom(0), 0, 0, true],
  ["policy, and it takes one person now", consentFrom(0), 1, 0, false],
  ["one person, and it takes one now", consentFrom(1), 1, 0, true],
  ["one person, and it takes nobody now", consentFrom(1), 0, 0, true],
  ["one person, and it takes two now", consentFrom(1), 2, 0, false],
  ["two people, and it takes two now", consentFrom(2), 2, 0, true],
  ["one person for T1, and it is T1 now", consentFrom(1, 1), 1, 1, true],
  ["one person for T1, and it is T2 now", consentFrom(1, 1), 1, 2, false],
  ["two people for T2, and it is T3 now", consentFrom(2, 2), 2, 3, false],
];

for (const [name, consent, consents, tier, enough] of ENOUGH)
  test(`${enough ? "it starts" : "nothing starts"} with the consent of ${name}`, async () => {
    const plane = controlPlane();
    const ports = portsWith({
      guardrails: answering(() => permit(consents)),
      catalogue: catalogueOf(runbookWith({ tier }), wait, page),
      actuator: plane.actuator,
    });

    const started = await start(ports, consent);

    assert.equal(plane.calls.length, enough ? 1 : 0);
    assert.equal(started.kind === "not-run" ? started.because.code : "started", enough ? "started" : "stale-plan");
    assert.deepEqual(await counted(ports.ledger), enough ? [1, 1, 1] : [0, 0, 0]);
    assert.equal((await leaseOf(ports.ledger))?.holder === null, !enough);
  });

const later = (ms: number) => ({ nowMs: () => context.nowMs + ms });
const REFUSALS: readonly (readonly [string, Partial<ExecutePorts>, Context, string])[] = [
  ["the guard refuses now", { guardrails: answering(() => refusal) }, context, "cooldown"],
  [
    "the guard throws",
    { guardrails: { hash: "g", ask: () => Promise.reject(new Error("down")) } },
    context,
    "guard-error",
  ],
  ["the plan expired", { clock: later(1800_000) }, contextWith({ nowMs: context.nowMs + 1800_000 }), "stale-plan"],
  ["a document changed", { catalogue: catalogueOf(runbookWith({ documents: null }), page) }, context, "guard-error"],
  [
    "another version of the document is in the catalogue",
    { catalogue: catalogueOf(runbookWith({ documents: { automation: documentOf("New", ["Other"]), undo: null } })) },
    context,
    "stale-plan",
  ],
  ["the runbook left the catalogue", { catalogue: catalogueOf(wait, page) }, context, "unknown-runbook"],
  ["the target is gone", {}, contextWith({ resources: [] }), "target-not-in-graph"],
  [
    "only another target is left",
    {},
    contextWith({ resources: [resourceWith({ arn: `${API_ARN}2` })] }),
    "target-not-in-graph",
  ],
];

for (const [name, changes, fresh, code] of REFUSALS)
  test(`nothing starts and nothing is kept when ${name}`, async () => {
    const plane = controlPlane();
    const ports = portsWith({ actuator: plane.actuator, ...changes });

    const started = await start(ports, byPolicy, fresh);

    assert.equal(started.kind === "not-run" && started.because.code, code);
    assert.deepEqual(plane.calls, []);
    await untouched(ports.ledger);
  });

test("a lease that somebody else holds is left to them, and nothing starts", async () => {
  const plane = controlPlane();
  const ports = portsWith({ actuator: plane.actuator });
  const theirs = { fence: 7, holder: { incidentId: "other", planHash: "p" }, heldSinceMs: 0, intent: null };
  await ports.ledger.write(leaseKey(ROOT), theirs, null);

  const started = await start(ports);

  assert.equal(started.kind === "not-run" && started.because.code, "lease-held");
  assert.deepEqual(plane.calls, []);
  assert.deepEqual(await itemAt(ports.ledger, leaseKey(ROOT)), theirs);
});

test("a budget that is spent starts nothing, and the lease and the other budgets are given back", async () => {
  const plane = controlPlane();
  const ports = portsWith({ actuator: plane.actuator });
  const full = [1, 2].map((n) => ({ effectKey: `${n}`, atMs: context.nowMs }));
  // It fills between the guard's question and the spending, as another incident's effect would.
  const filling = answering(() => permit(0));
  const ask: Guardrails["ask"] = async (request) => {
    await ports.ledger.write(RUNNING_BUDGET_KEY, { counted: full }, null);
    return filling.ask(request);
  };

  const started = await start({ ...ports, guardrails: { hash: "g", ask } });

  assert.equal(started.kind === "not-run" && started.because.code, "budget-spent");
  assert.deepEqual(plane.calls, []);
  assert.equal((await leaseOf(ports.ledger))?.holder, null);
  assert.deepEqual(await counted(ports.ledger), [0, 0, 2]);
});

test("a start that is refused gives the lease and the budgets back", async () => {
  const plane = controlPlane(["refuses"]);
  const ports = portsWith({ actuator: plane.actuator });

  const started = await start(ports);

  assert.equal(started.kind === "not-run" && started.because.code, "precheck-failed");
  assert.equal(plane.runs.size, 0);
  await untouched(ports.ledger);
});

test("a start that throws is asked again with the same token, and one run is all there ever is", async () => {
  const mishap = fc.constantFrom("fails", "reply-lost");
  await fc.assert(
    fc.asyncProperty(fc.array(mishap, { maxLength: 4 }), async (mishaps) => {
      const plane = controlPlane(mishaps);
      const ports = portsWith({ actuator: plane.actuator });

      for (const _ of mishaps) await assert.rejects(start(ports), Error);
      const started = await start(ports);

      assert.deepEqual(new Set(plane.calls.map(({ clientToken }) => clientToken)), new Set([KEY]));
      assert.equal(plane.runs.size, 1);
      assert.equal(started.kind === "started" && started.effect.executionId, "run-0");
      assert.deepEqual(await counted(ports.ledger), [1, 1, 1]);
    }),
  );
});

test("a second call after success starts nothing and tells the same effect", async () => {
  const plane = controlPlane();
  const ports = portsWith({ actuator: plane.actuator });
  const first = await start(ports);

  const second = await start({ ...ports, guardrails: answering(() => refusal) });

  assert.deepEqual(second, first);
  assert.equal(plane.calls.length, 1);
});

/** Ports of a process that dies at one of its writes to the world (ledger or start), before it or after it. */
const dyingAt = (ports: ExecutePorts, write: number, when: "before" | "after") => {
  let writes = 0;
  let dead = false;
  const alive = () => {
    if (dead) throw new Error("the process is dead");
  };
  const writing = <T extends unknown[], R>(call: (...given: T) => Promise<R>) => {
    return async (...given: T): Promise<R> => {
      alive();
      writes += 1;
      const fatal = writes === write;
      if (fatal && when === "before") dead = true;
      alive();
      const done = await call(...given);
      if (fatal) dead = true;
      alive();
      return done;
    };
  };
  const reading = <T extends unknown[], R>(call: (...given: T) => Promise<R>) => {
    return async (...given: T): Promise<R> => {
      alive();
      return call(...given);
    };
  };
  const { ledger, actuator } = ports;
  const dying: ExecutePorts = {
    ...ports,
    ledger: { read: reading(ledger.read), write: writing(ledger.write), list: reading(ledger.list) },
    actuator: { ...actuator, start: writing(actuator.start) },
  };
  return { dying, writes: () => writes, isDead: () => dead };
};

/** Lease, effect, three budgets, intent, start, cooldown, effect. */
const WRITES = 9;
const DEATHS = Array.from({ length: WRITES }, (_, i) => i + 1).flatMap((write) =>
  (["before", "after"] as const).map((when) => ({ write, when })),
);

test("a start writes to the world nine times, so that the deaths below are all there are", async () => {
  const counting = dyingAt(portsWith(), Number.POSITIVE_INFINITY, "before");

  await start(counting.dying);

  assert.equal(counting.writes(), WRITES);
});

for (const { write, when } of DEATHS)
  test(`a process that dies ${when} write ${write} has started at most one run, and its retry finds or starts exactly it`, async () => {
    const plane = controlPlane();
    const ports = portsWith({ actuator: plane.actuator });
    const first = dyingAt(ports, write, when);

    await assert.rejects(start(first.dying), Error);
    const started = await start(ports);

    assert.ok(first.isDead());
    assert.equal(plane.runs.size, 1);
    assert.equal(started.kind === "started" && started.effect.key, KEY);
    assert.equal(started.kind === "started" && started.effect.executionId, "run-0");
    assert.deepEqual(await counted(ports.ledger), [1, 1, 1]);
    assert.equal((await effectsOf(ports, "quell-test")).length, 1);
    assert.equal((await leaseOf(ports.ledger))?.intent?.effectKey, KEY);
  });

test("however often it dies, wherever, one run is all there ever is, and nothing is counted twice", async () => {
  const deaths = fc.array(fc.constantFrom(...DEATHS), { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(deaths, async (all) => {
      const plane = controlPlane();
      const ports = portsWith({ actuator: plane.actuator });

      for (const { write, when } of all) await Promise.allSettled([start(dyingAt(ports, write, when).dying)]);
      const started = await start(ports);

      assert.equal(plane.runs.size, 1);
      assert.equal(started.kind === "started" && started.effect.executionId, "run-0");
      assert.deepEqual(await counted(ports.ledger), [1, 1, 1]);
    }),
    { numRuns: 200 },
  );
});

test("two processes that start one consent at the same time, in any order of their steps, start one run", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const plane = controlPlane();
      const ports = portsWith({ actuator: plane.actuator });
      const ledger: Ledger = {
        read: scheduler.scheduleFunction(ports.ledger.read),
        write: scheduler.scheduleFunction(ports.ledger.write),
        list: ports.ledger.list,
      };

      const both = Promise.all([1, 2].map(() => start({ ...ports, ledger })));
      const started = await scheduler.waitFor(both);

      assert.equal(plane.runs.size, 1);
      assert.ok(started.every((one) => one.kind === "started" && one.effect.executionId === "run-0"));
      assert.deepEqual(await counted(ports.ledger), [1, 1, 1]);
    }),
    { numRuns: 50 },
  );
});

test("what may have started is looked for, whatever the guard says by now: its own run may be what it objects to", async () => {
  const plane = controlPlane(["reply-lost"]);
  const ports = portsWith({ actuator: plane.actuator });
  await assert.rejects(start(ports), Error);

  const started = await start({ ...ports, guardrails: answering(() => refusal) });

  assert.equal(started.kind === "started" && started.effect.executionId, "run-0");
  assert.equal(plane.runs.size, 1);
  assert.deepEqual(await counted(ports.ledger), [1, 1, 1]);
});

test("while nobody knows whether it started and the switch is off, it is neither started nor called not run", async () => {
  for (const mishap of ["fails", "reply-lost"] as const) {
    const plane = controlPlane([mishap]);
    const ports = portsWith({ actuator: plane.actuator });
    await assert.rejects(start(ports), Error);

    const unsure = await start({ ...ports, switch: { read: async () => "off" } });

    assert.equal(unsure.kind, "unsure");
    assert.equal(plane.calls.length, 1);
    assert.notEqual((await leaseOf(ports.ledger))?.holder, null);
    assert.deepEqual(await counted(ports.ledger), [1, 1, 1]);
  }
});

test("what is looked for is the planned document: another one under the same name and version is never started", async () => {
  const plane = controlPlane(["fails"]);
  const ports = portsWith({ actuator: plane.actuator });
  await assert.rejects(start(ports), Error);
  const other = runbookWith({ documents: { automation: documentOf("New", ["Other"]), undo: null } });

  const unsure = await start({ ...ports, catalogue: catalogueOf(other, wait, page) });

  assert.equal(unsure.kind, "unsure");
  assert.equal(plane.runs.size, 0);
});

test("a start that was refused after its reply had been lost gives everything back", async () => {
  const plane = controlPlane(["fails", "refuses"]);
  const ports = portsWith({ actuator: plane.actuator });
  await assert.rejects(start(ports), Error);

  const refused = await start(ports);

  assert.equal(refused.kind === "not-run" && refused.because.code, "precheck-failed");
  await untouched(ports.ledger);
});

test("a try that had not come to its intent is no start: it begins again, with every question", async () => {
  const ports = portsWith();
  await assert.rejects(start(dyingAt(ports, 6, "before").dying), Error);

  const before = await resumed(ports, settings, "quell-test", 0, plan);
  const again = await start({ ...ports, guardrails: answering(() => refusal) });

  assert.equal(before, null);
  assert.equal(again.kind === "not-run" && again.because.code, "cooldown");
  await untouched(ports.ledger);
});

/** A try whose lease went to somebody else while it paused, right after the guard had read it. */
const fenced = async () => {
  const plane = controlPlane();
  const ports = portsWith({ actuator: plane.actuator });
  const theirs = { fence: 2, holder: { incidentId: "other", planHash: "p" }, heldSinceMs: 0, intent: null };
  const ask: Guardrails["ask"] = async () => {
    const held = await ports.ledger.read(leaseKey(ROOT));
    await ports.ledger.write(leaseKey(ROOT), theirs, held?.version ?? null);
    return permit(0);
  };
  return { plane, ports, theirs, started: await start({ ...ports, guardrails: { hash: "g", ask } }) };
};

test("a holder that lost its lease while it paused starts nothing and leaves the lease to its new holder", async () => {
  const { plane, ports, theirs, started } = await fenced();

  const lease = await itemAt(ports.ledger, leaseKey(ROOT));

  assert.equal(started.kind === "not-run" && started.because.code, "lease-held");
  assert.deepEqual(plane.calls, []);
  assert.deepEqual(lease, theirs);
});

test("a holder that lost its lease while it paused gives its budgets back", async () => {
  const { ports } = await fenced();

  const spent = await counted(ports.ledger);

  assert.deepEqual(spent, [0, 0, 0]);
});

test("the lease is taken on what the guard looks at: the resource itself where it has no root", async () => {
  const ports = portsWith();
  const rootless = contextWith({ resources: [resourceWith({ root: "" })] });

  const started = await start(ports, byPolicy, rootless);

  assert.equal(started.kind, "started");
  assert.equal((await leaseOf(ports.ledger, API_ARN))?.intent?.effectKey, KEY);
});

test("an effect counts against the service that owns its target, whoever's incident it is", async () => {
  const owner = { ...service, name: "shop" };
  const both = settingsSchema.parse({ ...settings, services: [service, owner] });
  const ports = portsWith();
  const theirs = contextWith({ resources: [resourceWith({ service: "shop" })] });

  const started = await execute(ports, both, "auto", byPolicy, theirs);

  assert.equal(started.kind, "started");
  assert.deepEqual(await counted(ports.ledger, [serviceBudgetKey("shop")]), [1]);
});

const run = (outputs: Readonly<Record<string, string>>): Run => ({
  ...{ executionId: "run-0", status: "succeeded", failedStep: null, reason: null, outputs },
  ...{ startedAtMs: context.nowMs, endedAtMs: context.nowMs + MINUTE_MS },
});
const ranBefore = async (ports: ExecutePorts): Promise<Effect> => {
  const started = await start(ports);
  assert.ok(started.kind === "started");
  return started.effect;
};
const CAPTURED = run({ "Read.Before": "main:41", "Read.Other": "x" });

test("an undo starts the planned undo with what the run had captured, under its own key and the same lease", async () => {
  const plane = controlPlane();
  const ports = portsWith({ actuator: plane.actuator });
  const effect = await ranBefore(ports);

  const undone = await undo(ports, "quell-test", plan, effect, CAPTURED);

  assert.equal(undone.kind === "started" && undone.effect.role, "undo");
  const [, request] = plane.calls;
  assert.deepEqual(
    [request?.documentHash, request?.parameters, request?.tags.role],
    [plan.undoHash, { Before: "main:41" }, "undo"],
  );
  assert.notEqual(request?.clientToken, effect.key);
  assert.deepEqual(await counted(ports.ledger), [1, 1, 1]);
});

for (const [name, read] of SWITCHES)
  test(`with the switch ${name} an undo does not start`, async () => {
    const plane = controlPlane();
    const ports = portsWith({ actuator: plane.actuator });
    const effect = await ranBefore(ports);

    const undone = await undo({ ...ports, switch: { read } }, "quell-test", plan, effect, CAPTURED);

    assert.equal(undone.kind === "not-run" && undone.because.code, "kill-switch");
    assert.equal(plane.calls.length, 1);
  });

test("an undo that is asked for again, or whose first answer was lost, is one run under one key", async () => {
  for (const mishaps of [
    ["none", "none"],
    ["none", "reply-lost"],
  ] as const) {
    const plane = controlPlane(mishaps);
    const ports = portsWith({ actuator: plane.actuator });
    const effect = await ranBefore(ports);

    await Promise.allSettled([undo(ports, "quell-test", plan, effect, CAPTURED)]);
    const again = await undo(ports, "quell-test", plan, effect, CAPTURED);

    assert.equal(plane.runs.size, 2);
    assert.equal(again.kind === "started" && again.effect.executionId, "run-1");
  }
});

for (const { write, when } of DEATHS.filter((death) => death.write <= 4))
  test(`an undo that dies ${when} write ${write} has started at most one run, and its retry finds or starts exactly it`, async () => {
    const plane = controlPlane();
    const ports = portsWith({ actuator: plane.actuator });
    const effect = await ranBefore(ports);
    const first = dyingAt(ports, write, when);

    await assert.rejects(undo(first.dying, "quell-test", plan, effect, CAPTURED), Error);
    const undone = await undo(ports, "quell-test", plan, effect, CAPTURED);

    assert.equal(plane.runs.size, 2);
    assert.equal(undone.kind === "started" && undone.effect.executionId, "run-1");
    assert.equal((await effectsOf(ports, "quell-test")).length, 2);
  });

test("an undo that is refused leaves the lease with the effect that stands", async () => {
  const plane = controlPlane(["none", "refuses"]);
  const ports = portsWith({ actuator: plane.actuator });
  const effect = await ranBefore(ports);

  const undone = await undo(ports, "quell-test", plan, effect, CAPTURED);

  assert.equal(undone.kind === "not-run" && undone.because.code, "precheck-failed");
  assert.notEqual((await leaseOf(ports.ledger))?.holder, null);
});

test("a run that had captured nothing had changed nothing, and is not undone", async () => {
  const plane = controlPlane();
  const ports = portsWith({ actuator: plane.actuator });
  const effect = await ranBefore(ports);

  const undone = await undo(ports, "quell-test", plan, effect, run({}));

  assert.equal(undone.kind, "nothing");
  assert.equal(plane.calls.length, 1);
});

test("an undo that is not the document that was planned does not start", async () => {
  const plane = controlPlane();
  const ports = portsWith({ actuator: plane.actuator });
  const effect = await ranBefore(ports);
  const other: Plan = { ...plan, undoHash: "other" };

  const undone = await undo(ports, "quell-test", other, effect, CAPTURED);

  assert.equal(undone.kind === "not-run" && undone.because.code, "unknown-runbook");
  assert.equal(plane.calls.length, 1);
});
