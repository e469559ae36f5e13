import assert from "node:assert/strict";
import { test } from "node:test";
import { spoiltRollback } from "../../runbooks/spoilt.fixture.ts";
import { autonomyKey } from "../core/ledger.ts";
import { POLICIES } from "../core/policies.ts";
import type { Ports, Scorer } from "../core/ports.ts";
import type { Catalogue } from "../core/runbook.ts";
import { scenarioWith } from "../world/scenario.ts";
import { type Flow, type Flown, play } from "./flow.fixture.ts";

const scenario = scenarioWith(3, 4, "bad-ecs-deployment");
const KEY = autonomyKey("ecs-rollback", "production");
const rules = POLICIES.rules as Scorer;

const earnedBy =
  (actor: Readonly<{ policy: string; modelHash: string }> | null): NonNullable<Flow["before"]> =>
  async (ledger) => {
    await ledger.write(KEY, { earned: true, changedAtMs: 0, by: "evidence", earnedBy: actor }, null);
  };
const consentsIn = ({ records }: Flown) =>
  records.flatMap(({ decisions }) => decisions.flatMap(({ consent }) => consent?.by ?? []));

test("what has earned it under the policy that acts runs without a person, from the plan to its start", async () => {
  for (const actor of [null, { policy: "rules", modelHash: "" }]) {
    const flown = await play({ scenario, before: earnedBy(actor) });

    assert.deepEqual([consentsIn(flown), flown.runs.length], [["policy"], 1]);
  }
});

test("another model than the one that earned it asks", async () => {
  const swapped = { ...rules, modelHash: "another" };

  const flown = await play({ scenario, scorer: swapped, before: earnedBy({ policy: "rules", modelHash: "one" }) });

  assert.deepEqual([consentsIn(flown), flown.runs.length], [["people"], 1]);
});

test("a run that is seen to make things worse ends the autonomy of its runbook before its incident has ended", async () => {
  const flown = await play({ scenario, catalogue: spoiltRollback(), before: earnedBy(null) });

  const [row] = flown.rows.filter(({ executed_runbook }) => executed_runbook === "ecs-rollback");
  const item = await flown.item(KEY);
  assert.deepEqual([row?.harm, row?.consents[row.executed]], ["confirmed", 0]);
  assert.deepEqual(item, {
    ...{ earned: false, by: "evidence", earnedBy: null, reinstatedAtMs: null },
    changedAtMs: Object(item).changedAtMs,
    suspendedBecause: `it was seen to make things worse in decision ${row?.decision_id}`,
  });
  assert.ok(Object(item).changedAtMs <= (flown.incidents[0]?.closedAtMs ?? 0));
});

type Actuator = Ports["actuator"];
/** Shows the ends of runs in this role as something else. */
const showing =
  (role: string, change: (run: Awaited<ReturnType<Actuator["poll"]>>) => Awaited<ReturnType<Actuator["poll"]>>) =>
  (ports: Ports): Ports => {
    const ids = new Set<string>();
    const { actuator } = ports;
    const start: Actuator["start"] = async (request) => {
      const started = await actuator.start(request);
      if (started.kind === "started" && request.tags.role === role) ids.add(started.executionId);
      return started;
    };
    const poll: Actuator["poll"] = async (id) => {
      const run = await actuator.poll(id);
      return ids.has(id) && run.status !== "running" ? change(run) : run;
    };
    return { ...ports, actuator: { ...actuator, start, poll } };
  };
const neverTakenBack = (known: Catalogue): Catalogue => ({
  ...known,
  runbooks: known.runbooks.map((one) =>
    one.id === "ecs-rollback" && one.documents !== null
      ? { ...one, reversal: "not-needed", documents: { ...one.documents, undo: null } }
      : one,
  ),
});
const HUGE = "x".repeat(300_000);

const SEEN: readonly (readonly [what: string, flow: Omit<Flow, "scenario">, outcome: string, because: RegExp])[] = [
  [
    "makes things worse and needs no undo",
    { catalogue: neverTakenBack(spoiltRollback()) },
    "not-recovered",
    /^it was seen to make things worse in decision /,
  ],
  [
    "did not succeed, and whose undo fails",
    {
      around: (ports) =>
        showing("undo", (run) => ({ ...run, status: "failed", failedStep: "restore" }))(
          showing("run", (run) => ({ ...run, status: "failed" }))(ports),
        ),
    },
    "undo-failed",
    /^it could not be taken back in decision /,
  ],
  [
    "did not succeed, and left nothing that its undo could go by",
    {
      around: showing("run", (run) => ({
        ...run,
        status: "failed",
        reason: HUGE,
        outputs: Object.fromEntries(Object.keys(run.outputs).map((name) => [name, HUGE])),
      })),
    },
    "undo-failed",
    /^it could not be taken back in decision /,
  ],
];

for (const [what, flow, outcome, because] of SEEN)
  test(`a run that ${what} ends the autonomy of its runbook`, async () => {
    const flown = await play({ ...flow, scenario, before: earnedBy(null) });

    const outcomes = flown.records.flatMap(({ decisions }) => decisions.map((one) => one.outcome.kind));
    const item = Object(await flown.item(KEY));
    assert.ok(outcomes.includes(outcome as (typeof outcomes)[number]), outcomes.join());
    assert.equal(item.earned, false);
    assert.match(item.suspendedBecause, because);
  });
