import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { AlarmState } from "./alarm.ts";
import { budgetsOf } from "./budget.ts";
import type { Change } from "./evidence.ts";
import { API, contextWith, NOW_MS, RADIUS, resource, runbookWith, settingsWith, WORKER } from "./guard.fixture.ts";
import {
  autonomyEarned,
  belowCapacityFloor,
  breakerOpen,
  budgetSpent,
  changeInProgress,
  coolingDown,
  evidenceStale,
  frozen,
  leaseHeld,
  overBlastRadius,
  reversible,
  switchOn,
} from "./guard-facts.ts";
import { environmentOf, leaseRootOf, measuredTier, modeOf } from "./guard-scope.ts";
import type { BlastRadius } from "./runbook.ts";

const settings = settingsWith();
const context = contextWith(settings);
const target = resource(API);

test("only a switch that says on is on", () => {
  const said = (["on", "off", "unreadable"] as const).map((read) => switchOn(read).holds);

  assert.deepEqual(said, [true, false, false]);
});

test("a freeze holds from its first millisecond to before its last, and says why", () => {
  const frosty = settingsWith({ freezes: [{ fromMs: 10, toMs: 20, reason: "launch" }] });

  const held = [9, 10, 19, 20].map((nowMs) => frozen(frosty, nowMs).holds);

  assert.deepEqual(held, [false, true, true, false]);
  assert.match(frozen(frosty, 10).detail, /launch/);
});

describe("the blast radius", () => {
  const cases: readonly (readonly [Partial<BlastRadius>, boolean])[] = [
    [{ share: 0.5, resources: 3 }, false],
    [{ share: 0.51 }, true],
    [{ resources: 4 }, true],
    [{ share: Number.NaN }, true],
    [{ resources: Number.NaN }, true],
    [{ share: -1 }, true],
    [{ resources: Number.POSITIVE_INFINITY }, true],
  ];
  for (const [changed, expected] of cases) {
    test(`${JSON.stringify(changed)} is ${expected ? "over" : "within"} half a target and three resources`, () => {
      const half = settingsWith({ blastRadius: { share: 0.5, resources: 3 } });

      const fact = overBlastRadius(half, { ...RADIUS, ...changed });

      assert.equal(fact.holds, expected);
    });
  }
});

describe("the capacity floor", () => {
  const cases: readonly (readonly [number, number, boolean])[] = [
    [4, 2, false],
    [4, 1, true],
    [3, 2, false],
    [3, 1, true],
    [1, 1, false],
    [1, 0, true],
    [0, 0, true],
    [Number.NaN, 5, true],
    [4, Number.NaN, true],
    [-4, 0, true],
  ];
  for (const [desired, remaining, expected] of cases) {
    test(`${remaining} of ${desired} is ${expected ? "below" : "at or above"} it`, () => {
      const fact = belowCapacityFloor(settings, { ...RADIUS, share: 0.5, capacity: { desired, remaining } });

      assert.equal(fact.holds, expected);
    });
  }

  test("whatever a fleet's size, what passes leaves half of it, and at least one", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), (desired, remaining) => {
        const fact = belowCapacityFloor(settings, { ...RADIUS, share: 0.5, capacity: { desired, remaining } });

        assert.ok(fact.holds || (remaining >= 1 && remaining / Math.max(desired, 1) >= 0.5));
      }),
    );
  });

  test("does not bar what interrupts nothing, so a service that is down can be rolled back", () => {
    const down = { desired: 4, remaining: 0 };

    const held = [0, 0.01, Number.NaN].map((share) =>
      belowCapacityFloor(settings, { ...RADIUS, share, capacity: down }),
    );

    assert.deepEqual(
      held.map(({ holds }) => holds),
      [false, true, true],
    );
  });

  test("bars counts that are no numbers, even where nothing is interrupted", () => {
    const counts = [
      [Number.NaN, 4],
      [4, Number.NaN],
      [4, -1],
    ] as const;

    const held = counts.map(([desired, remaining]) => {
      return belowCapacityFloor(settings, { ...RADIUS, capacity: { desired, remaining } }).holds;
    });

    assert.deepEqual(held, [true, true, true]);
  });

  test("does not bar what has no capacity to count", () => {
    const fact = belowCapacityFloor(settings, { ...RADIUS, capacity: null });

    assert.equal(fact.holds, false);
  });
});

test("one budget that is full is enough, and its numbers are said", () => {
  const read = budgetsOf(settings, "shop", API).map((budget, i) => ({
    budget,
    item: i === 2 ? { counted: ["a", "b"].map((effectKey) => ({ effectKey, atMs: 0 })) } : null,
  }));

  const facts = [null, "a"].map((own) => budgetSpent(read, NOW_MS, own));

  assert.deepEqual(
    facts.map(({ holds }) => holds),
    [true, false],
  );
  assert.match(facts[0]?.detail ?? "", /2 of 2 actions running in all/);
});

test("a cooldown holds until it is over, but not against the effect that started it", () => {
  const item = { effectKey: "a", startedAtMs: 0, untilMs: 100 };

  const held = [coolingDown(item, 99, null), coolingDown(item, 100, null), coolingDown(item, 99, "a")];

  assert.deepEqual(
    held.map(({ holds }) => holds),
    [true, false, false],
  );
});

test("an open breaker holds, and a quarantine holds with a closed one", () => {
  const open = { failures: [], openUntilMs: 100 };
  const barred = { incidentId: "i", sinceMs: 0, clearedBy: null };

  const held = [breakerOpen(open, null, 99), breakerOpen(open, null, 100), breakerOpen(null, barred, 1e12)];

  assert.deepEqual(
    held.map(({ holds }) => holds),
    [true, false, true],
  );
  assert.match(held[2]?.detail ?? "", /until a person clears/);
});

test("a lease holds against others, and names the incident that has it", () => {
  const item = { fence: 1, holder: { incidentId: "quell-a", planHash: "p" }, heldSinceMs: 0, intent: null };

  const facts = ["quell-a", "quell-b"].map((incidentId) => leaseHeld(item, { incidentId, planHash: null }));

  assert.deepEqual(
    facts.map(({ holds }) => holds),
    [false, true],
  );
  assert.match(facts[1]?.detail ?? "", /quell-a/);
});

test("a deployment in progress bars a runbook, unless it ends deployments", () => {
  const deploying = resource(API, { attributes: { deploymentInProgress: true } });

  const held = [
    changeInProgress(settings, { endsDeployment: false }, deploying, [], NOW_MS),
    changeInProgress(settings, { endsDeployment: true }, deploying, [], NOW_MS),
    changeInProgress(settings, { endsDeployment: false }, target, [], NOW_MS),
  ];

  assert.deepEqual(
    held.map(({ holds }) => holds),
    [true, false, false],
  );
});

describe("what somebody changed on the target a minute ago", () => {
  const change: Change = {
    ...{ id: "1", kind: "config", atMs: NOW_MS - 60_000, target: API, ref: "1" },
    ...{ from: null, to: null, author: "somebody", title: "" },
  };
  const deployed: Change = { ...change, kind: "deployment" };
  const plain = { endsDeployment: false };
  const rollback = { endsDeployment: true };
  const later = { ...change, atMs: NOW_MS - 1 };
  const off = settingsWith({ changeQuietSeconds: 0 });
  type Case = readonly [string, Parameters<typeof changeInProgress>, boolean];
  const cases: readonly Case[] = [
    ["bars a runbook", [settings, plain, target, [change], NOW_MS], true],
    ["bars nothing once it is quiet", [settings, plain, target, [change], NOW_MS + 840_000], false],
    ["bars until the last millisecond", [settings, plain, target, [change], NOW_MS + 839_999], true],
    ["bars nothing where the setting is off", [off, plain, target, [change], NOW_MS], false],
    ["bars nothing where Quell did it", [settings, plain, target, [{ ...change, author: "quell" }], NOW_MS], false],
    ["bars nothing where AWS did", [settings, plain, target, [{ ...change, author: "rds" }], NOW_MS], false],
    ["bars where nobody knows whose it is", [settings, plain, target, [{ ...change, author: "" }], NOW_MS], true],
    ["bars nothing on another resource", [settings, plain, resource(WORKER), [change], NOW_MS], false],
    ["bars nothing as a commit", [settings, plain, target, [{ ...change, kind: "commit" }], NOW_MS], false],
    ["bars with a time ahead of the clock", [settings, plain, target, [change], NOW_MS - 120_000], true],
    ["is taken back by what ends deployments", [settings, rollback, target, [deployed], NOW_MS], false],
    ["is not taken back where it is of another kind", [settings, rollback, target, [change], NOW_MS], true],
    ["is not taken back once somebody is at work", [settings, rollback, target, [deployed, later], NOW_MS], true],
    ["is taken back by what says so", [settings, { ...plain, takesBack: ["config"] }, target, [change], NOW_MS], false],
  ];
  for (const [name, given, expected] of cases) {
    test(`${name}`, () => {
      const fact = changeInProgress(...given);

      assert.equal(fact.holds, expected);
    });
  }
});

describe("evidence is stale", () => {
  const ages: readonly (readonly [number, boolean])[] = [
    [0, false],
    [300, false],
    [301, true],
    [-300, false],
    [-301, true],
    [Number.NaN, true],
  ];
  for (const [seconds, expected] of ages) {
    test(`${expected ? "when" : "not when"} it was gathered ${seconds} s ago`, () => {
      const fact = evidenceStale(settings, context, NOW_MS + seconds * 1000);

      assert.equal(fact.holds, expected);
    });
  }

  const [ringing] = context.alarms;
  const inStates = (...states: readonly AlarmState[]) => ({
    ...context,
    alarms: states.flatMap((state) => (ringing === undefined ? [] : [{ ...ringing, state }])),
  });
  const states: readonly (readonly [string, readonly AlarmState[], boolean])[] = [
    ["no alarm could be read", [], true],
    ["every alarm is OK or without data", ["OK", "INSUFFICIENT_DATA"], true],
    ["one of its alarms rings", ["INSUFFICIENT_DATA", "ALARM"], false],
  ];
  for (const [what, read, expected] of states) {
    test(`${expected ? "when" : "not when"} ${what}`, () => {
      const fact = evidenceStale(settings, inStates(...read), NOW_MS);

      assert.equal(fact.holds, expected);
    });
  }

  const series = context.series[0];
  const withValues = (values: readonly (number | null)[]) => ({
    nowMs: NOW_MS,
    alarms: context.alarms,
    series: series === undefined ? [] : [{ ...series, fromMs: NOW_MS - 600_000, values }],
  });
  const recent = (values: readonly (number | null)[]) =>
    series === undefined ? [] : [{ ...series, fromMs: NOW_MS - 60_000, values }];
  const metrics: readonly (readonly [string, ReturnType<typeof withValues>, boolean])[] = [
    ["no metric was read", { ...withValues([]), series: [] }, true],
    ["every value is missing", withValues([null, null, null]), true],
    ["a metric of the last minute has no value", { ...withValues([null]), series: recent([null]) }, true],
    ["the newest value is 9 minutes old", withValues([1, null, null]), true],
    ["the newest value is 6 minutes old", withValues([null, null, null, 1, null]), false],
  ];
  for (const [what, read, expected] of metrics) {
    test(`${expected ? "when" : "not when"} ${what}`, () => {
      const fact = evidenceStale(settings, read, NOW_MS);

      assert.equal(fact.holds, expected);
    });
  }
});

test("autonomy is earned only where an item says so, and a damaged one is an error", () => {
  const item = (earned: boolean) => ({ earned, changedAtMs: 0, by: "gate" });

  const held = [autonomyEarned(null), autonomyEarned(item(false)), autonomyEarned(item(true))];

  assert.deepEqual(
    held.map(({ holds }) => holds),
    [false, false, true],
  );
  assert.throws(() => autonomyEarned({ earned: "yes" }));
});

test("reversible is what needs no undo or has one", () => {
  const full = runbookWith();
  const noUndo = full.documents === null ? null : { ...full.documents, undo: null };

  const held = [
    reversible(full),
    reversible(runbookWith({ reversal: "inverse", documents: noUndo })),
    reversible(runbookWith({ reversal: "not-needed", documents: noUndo })),
    reversible(runbookWith({ reversal: "none" })),
  ];

  assert.deepEqual(
    held.map(({ holds }) => holds),
    [true, false, true, false],
  );
});

describe("the tier is the highest of what is said and what is measured", () => {
  const cases: readonly (readonly [string, Partial<BlastRadius>, number])[] = [
    ["nothing interrupted", {}, 0],
    ["something interrupted", { share: 0.25 }, 1],
    ["two resources touched", { resources: 2 }, 1],
    ["a whole service interrupted", { share: 1 }, 3],
    ["several zones interrupted", { share: 0.25, zones: 2 }, 3],
    ["several zones, nothing interrupted", { zones: 3 }, 0],
    ["a data store", { dataStore: true }, 3],
    ["a share that is no number", { share: Number.NaN }, 3],
    ["a negative share", { share: -0.1 }, 3],
    ["zones that are no number", { zones: Number.NaN }, 3],
  ];
  for (const [what, changed, expected] of cases) {
    test(`${what}: T${expected}`, () => {
      const tier = measuredTier(runbookWith({ tier: 0 }), { ...RADIUS, ...changed });

      assert.equal(tier, expected);
    });
  }

  test("a runbook's own tier is never lowered by a small blast radius", () => {
    const tiers = ([0, 1, 2, 3] as const).map((tier) => measuredTier(runbookWith({ tier }), RADIUS));

    assert.deepEqual(tiers, [0, 1, 2, 3]);
  });

  test("what cannot be undone is at least T2", () => {
    const tier = measuredTier(runbookWith({ tier: 0, reversal: "none" }), RADIUS);

    assert.equal(tier, 2);
  });
});

describe("the environment is production unless all that is touched is known to be something else", () => {
  const names: readonly (readonly [string, string, string])[] = [
    ["production", "production", "production"],
    ["staging", "staging", "other"],
    ["Dev", "dev", "other"],
    ["staging", "production", "production"],
    ["production", "staging", "production"],
    ["prod", "prod", "production"],
    ["live", "staging", "production"],
  ];
  for (const [incident, owner, expected] of names) {
    test(`an incident in ${incident} that touches ${owner} is in ${expected}`, () => {
      const [shop, billing] = settings.services;
      const services = [
        { ...shop, environment: incident },
        { ...billing, environment: owner },
      ] as typeof settings.services;
      const service = services[0] ?? context.service;

      const environment = environmentOf({ services }, service, resource(API, { service: "billing" }));

      assert.equal(environment.kind, expected);
    });
  }
});

describe("the mode is the incident's, or the stricter one of another service that is touched", () => {
  const owned = (service: string) => resource(API, { service });
  const modes = settingsWith({
    mode: "approve",
    services: [
      { ...settings.services[0], name: "shop" },
      { ...settings.services[0], name: "billing", mode: "observe" },
      { ...settings.services[0], name: "search" },
    ] as never,
  });
  const cases = [
    ["shop", "auto", "auto"],
    ["billing", "auto", "observe"],
    ["search", "auto", "approve"],
    ["search", "observe", "observe"],
    ["", "auto", "auto"],
  ] as const;
  for (const [owner, mode, expected] of cases) {
    test(`${mode} on a resource of ${owner === "" ? "nobody" : owner} is ${expected}`, () => {
      const found = modeOf(modes, context.service, mode, owned(owner));

      assert.equal(found, expected);
    });
  }
});

test("a lease is taken on the root, or on the resource where there is none", () => {
  const roots = [leaseRootOf(target), leaseRootOf(resource(API, { root: "" }))];

  assert.deepEqual(roots, [target.root, API]);
});
