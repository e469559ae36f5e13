import assert from "node:assert/strict";
import { test } from "node:test";
import { spoiltRollback } from "../../runbooks/spoilt.fixture.ts";
import { autonomyKey } from "../core/ledger.ts";
import { POLICIES } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
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
