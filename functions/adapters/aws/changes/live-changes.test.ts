import assert from "node:assert/strict";
import { test } from "node:test";
import { recordChange } from "../../../core/change-log.ts";
import type { Change } from "../../../core/evidence.ts";
import { fakeLedger } from "../../../core/ledger.fixture.ts";
import { simulatedLedger } from "../../simulated/ledger.ts";
import { at, SERVICE } from "./change-events.fixture.ts";
import type { ChangesOf } from "./control-plane-changes.ts";
import { liveChanges, toldChanges } from "./live-changes.ts";

const ALIAS = at("lambda", "function:orders:live");
const FUNCTION = at("lambda", "function:orders");
const GROUP = at("autoscaling", "autoScalingGroup:8a1b:autoScalingGroupName/web");
const PIPELINE = at("codepipeline", "shop");
const settings = { services: [{ name: "web", resources: [SERVICE, PIPELINE] }] } as never;

const change = (id: string, target: string, atMs: number, of: Partial<Change> = {}): Change => ({
  ...{ id, kind: "deployment", atMs, target, ref: id, from: null, to: null, author: "", title: "" },
  ...of,
});

const ledgerWith = async (...told: readonly Change[]) => {
  const ledger = simulatedLedger();
  for (const one of told) await recordChange(ledger, one);
  return ledger;
};
const source =
  (...rows: readonly Change[]): ChangesOf =>
  async () =>
    rows;

test("what several sources tell of is there once, the log's words first, oldest first", async () => {
  const told = change("ecs-svc/8", SERVICE, 2000, { from: "web:7", to: "web:8", author: "amara" });
  const ledger = await ledgerWith(told, change("later", SERVICE, 3000));
  const seen = source(
    change("ecs-svc/8", SERVICE, 2100, { to: "web:8" }),
    change("ecs-svc/7", SERVICE, 1000, { to: "web:7" }),
  );
  const trail = source(change("ecs-svc/7", SERVICE, 1000, { to: "web:7" }));

  const changes = await liveChanges({ ledger, settings, sources: [seen, trail], say: assert.fail })([SERVICE], 0, 9000);

  assert.deepEqual(
    changes.map(({ id, author }) => [id, author]),
    [
      ["ecs-svc/7", ""],
      ["ecs-svc/8", "amara"],
      ["later", ""],
    ],
  );
});

test("a version that the log saw an alias move to is not told again by its publishing, but by a later move back it is", async () => {
  const ledger = await ledgerWith(change("moved", ALIAS, 2000, { to: "8" }), change("on", ALIAS, 3000, { to: "9" }));
  const published = change("lambda-version/8", ALIAS, 1900, { to: "8" });
  const back = change("lost", ALIAS, 4000, { to: "8" });

  const changes = await liveChanges({ ledger, settings, sources: [source(published, back)], say: assert.fail })(
    [ALIAS],
    0,
    9000,
  );

  assert.deepEqual(
    changes.map(({ id }) => id),
    ["moved", "on", "lost"],
  );
});

test("a source that fails is said and takes nothing from the others; what it tells outside of the window is left out", async () => {
  const ledger = await ledgerWith(change("told", SERVICE, 2000));
  const said: string[] = [];
  const failing: ChangesOf = async () => {
    throw new Error("throttled");
  };
  const sources = [failing, source(change("old", SERVICE, 10), change("seen", SERVICE, 2500))];

  const changes = await liveChanges({ ledger, settings, sources, say: (one) => said.push(one) })([SERVICE], 1000, 9000);

  assert.deepEqual(
    changes.map(({ id }) => id),
    ["told", "seen"],
  );
  assert.deepEqual(said, ["changes of one source are missing: throttled"]);
});

test("a log that cannot be read is thrown: without it nobody knows what ran before", async () => {
  const ledger = fakeLedger({ reads: ["fails", "fails", "fails"] });

  const asked = liveChanges({ ledger, settings, sources: [], say: () => {} })([SERVICE], 0, 9000);

  await assert.rejects(asked, /the read failed/);
});

test("with a service's resources come the changes of what it lists besides and no graph holds", async () => {
  const ledger = await ledgerWith(change("run", PIPELINE, 2000));

  const changes = await liveChanges({ ledger, settings, sources: [], say: assert.fail })([SERVICE], 0, 9000);

  assert.deepEqual(
    changes.map(({ target }) => target),
    [PIPELINE],
  );
});

test("changes are found under the names that calls have for a group or a function, and shown at the resource", async () => {
  const ledger = await ledgerWith(
    change("size", at("autoscaling", "autoScalingGroup::autoScalingGroupName/web"), 1000, { kind: "config" }),
    change("other", at("autoscaling", "autoScalingGroup::autoScalingGroupName/web-2"), 1000),
    change("concurrency", FUNCTION, 2000, { kind: "config" }),
    change("code", FUNCTION, 3000, { to: "9" }),
  );

  const changes = await toldChanges(ledger)([GROUP, ALIAS], 0, 9000);

  assert.deepEqual(
    changes.map(({ id, target }) => [id, target]),
    [
      ["size", GROUP],
      ["concurrency", ALIAS],
    ],
  );
});
