import assert from "node:assert/strict";
import { test } from "node:test";
import { at, call, ecsStarted, PLACE, SERVICE, updateService } from "../adapters/aws/changes/change-events.fixture.ts";
import { toldChanges } from "../adapters/aws/changes/live-changes.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import type { Change } from "../core/evidence.ts";
import { fakeLedger } from "../core/ledger.fixture.ts";
import { changesWith } from "./changes.ts";

const GROUP = at("autoscaling", "autoScalingGroup:8a1b:autoScalingGroupName/web");
const ALIASES = ["live", "canary"].map((alias) => at("lambda", `function:orders:${alias}`));
const settings = { ...PLACE, services: [{ name: "web", resources: [SERVICE, GROUP, ...ALIASES] }] } as never;

test("an event and the call that caused it make one change that knows what both told, in either order", async () => {
  for (const events of [
    [ecsStarted(), updateService()],
    [updateService(), ecsStarted(), ecsStarted()],
  ]) {
    const ledger = simulatedLedger();
    const take = changesWith({ ledger }, settings);

    for (const event of events) await take(event);

    const [change, ...others] = await toldChanges(ledger)([SERVICE], 0, Number.MAX_SAFE_INTEGER);
    assert.equal(others.length, 0);
    assert.deepEqual(
      [change?.id, change?.to, change?.author],
      ["ecs-svc/8", at("ecs", "task-definition/web:8"), "deployer/amara"],
    );
  }
});

test("a change is remembered at each resource of the settings that it concerns, else under its own name", async () => {
  const heard: Change[] = [];
  const take = changesWith({ ledger: simulatedLedger() }, settings, async (change) => void heard.push(change));

  await take(call("autoscaling", "SetDesiredCapacity", { autoScalingGroupName: "web", desiredCapacity: 4 }));
  await take(call("lambda", "PutFunctionConcurrency20171031", { functionName: "orders" }));
  await take(call("rds", "ModifyDBInstance", { dBInstanceIdentifier: "main" }));

  assert.deepEqual(
    heard.map(({ target }) => target),
    [GROUP, ...ALIASES, at("rds", "db:main")],
  );
});

test("whoever is told of changes hears them again after a throw, and the log has each once", async () => {
  const ledger = simulatedLedger();
  let tries = 0;
  const take = changesWith({ ledger }, settings, async () => {
    tries += 1;
    if (tries === 1) throw new Error("not now");
  });

  await assert.rejects(take(ecsStarted()), /not now/);
  const again = await take(ecsStarted());

  assert.equal(tries, 2);
  assert.deepEqual(again.kind === "noted" && again.changes.map(({ became }) => became), ["known"]);
});

test("an event is thrown back to Lambda where the ledger fails, and is taken when it comes again", async () => {
  const ledger = fakeLedger({ reads: Array.from({ length: 6 }, () => "fails" as const) });
  const take = changesWith({ ledger }, settings);

  await assert.rejects(take(ecsStarted()), { name: "LedgerContended" });
  const again = await take(ecsStarted());

  assert.deepEqual(again.kind === "noted" && again.changes.map(({ became }) => became), ["recorded"]);
});

test("what is no event, or is of another account, writes nothing and says why", async () => {
  const ledger = fakeLedger();
  const take = changesWith({ ledger }, settings);

  const answers = [await take("hello"), await take({ ...ecsStarted(), account: "999999999999" })];

  assert.deepEqual(
    answers.map((answer) => answer.kind === "ignored" && answer.because),
    ["it is no event of EventBridge", "it is of 999999999999/eu-west-1, this stack serves 111122223333/eu-west-1"],
  );
  assert.equal(ledger.writes(), 0);
});
