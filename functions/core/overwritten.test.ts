import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Chapter } from "./chapter.ts";
import type { Change } from "./evidence.ts";
import {
  API_ARN,
  alarmWith,
  catalogueOf,
  chapterWith,
  incidentWith,
  MINUTE_MS,
  OPENED_MS,
  page,
  planOf,
  runbookWith,
  settingsWith,
  wait,
} from "./example.fixture.ts";
import type { Effect } from "./execute.ts";
import { fold } from "./fold.ts";
import { type Incident, readIncident, readIncidents } from "./incident.ts";
import type { Json } from "./json.ts";
import { fakeLedger } from "./ledger.fixture.ts";
import { noteStanding, reopenWhereOverwritten } from "./overwritten.ts";
import type { Runbook } from "./runbook.ts";

const KEY = alarmWith().key;
const RAN_MS = OPENED_MS + 5 * MINUTE_MS;
const settings = settingsWith();

const change: Change = {
  ...{ id: "change-1", kind: "deployment", atMs: RAN_MS + 60 * MINUTE_MS, target: API_ARN, ref: "9" },
  ...{ from: "api:8", to: "api:9", author: "somebody", title: "" },
};
const helped: Chapter["deed"]["outcome"] = { kind: "recovered", by: "action", afterSeconds: 600 };
const resolvedBy = (outcome = helped): Chapter => chapterWith({ outcome, exit: "succeeded" });
const effectOf = (chapter: Chapter): Effect => ({
  ...{ key: "k", role: "run", attempt: 1, step: 0, runbook: "restart", target: API_ARN, root: "r" },
  ...{ planHash: planOf(chapter.decision).hash, fence: 1, atMs: RAN_MS, executionId: "e", dryRun: false },
});
const resolved = incidentWith({
  ...{ terminal: "RESOLVED", closedAtMs: RAN_MS + 15 * MINUTE_MS, service: "api", severity: 3 },
  states: { [KEY]: { state: "OK", atMs: RAN_MS + 6 * MINUTE_MS } },
  covers: { [KEY]: OPENED_MS },
});

/** A ledger in which an incident was resolved by an effect, and the executions that were started. */
const resolvedWorld = async (
  given: Readonly<{ incident?: Incident; chapter?: Chapter; runbook?: Partial<Runbook> }> = {},
) => {
  const { incident = resolved, chapter = resolvedBy(), runbook = {} } = given;
  const ledger = fakeLedger();
  const started: string[] = [];
  const executions = { start: async (id: string) => void started.push(id), ring: async () => {} };
  const ports = {
    ledger,
    executions,
    clock: { nowMs: () => change.atMs },
    catalogue: catalogueOf(runbookWith(runbook), wait, page),
  };
  ledger.items.set(`incident#${incident.id}`, { item: incident as unknown as Json, version: 1 });
  ledger.items.set(`open#${KEY}`, { item: { incidentId: incident.id, openedAtMs: OPENED_MS }, version: 1 });
  await noteStanding(ports, incident.id, [chapter], [effectOf(chapter)]);
  const others = async () => (await readIncidents(ledger)).filter(({ id }) => id !== incident.id);
  return { ports, ledger, started, others };
};

test("a change by somebody else to what an effect of ours stands on opens the incident again, once", async () => {
  const { ports, started, others } = await resolvedWorld();

  const answers = [1, 2, 3].map(() => reopenWhereOverwritten(ports, settings, change));
  const told = await Promise.all(answers);

  const [again, ...more] = await others();
  assert.deepEqual(more, []);
  assert.deepEqual(
    told.map((one) => one.kind !== "left" && one.incidentId),
    [again?.id, again?.id, again?.id],
  );
  assert.deepEqual([again?.openedAtMs, again?.service, again?.severity], [change.atMs, "api", 3]);
  assert.deepEqual([again?.keys, again?.states[KEY]?.state, again?.terminal], [[KEY], "OK", null]);
  assert.match(again?.words[0]?.reason ?? "", /somebody changed what restart had changed in quell-test/);
  assert.deepEqual([...new Set(started)], [again?.id]);
});

describe("an incident is not opened again", () => {
  const byItself: Chapter = resolvedBy({ kind: "recovered", by: "self", afterSeconds: 600 });
  const cases: readonly (readonly [string, Parameters<typeof resolvedWorld>[0], Partial<Change>])[] = [
    ["by a change of our own", {}, { author: "quell" }],
    ["by a commit, which changes no resource", {}, { kind: "commit" }],
    ["by a change of nobody known before it was resolved", {}, { author: "", atMs: RAN_MS + MINUTE_MS }],
    ["by a change of another resource", {}, { target: "arn:aws:ecs:eu-west-1:123456789012:service/main/other" }],
    ["by a change from before the effect", {}, { atMs: RAN_MS - 1 }],
    ["by a change a day and a millisecond later", {}, { atMs: RAN_MS + 86_400_001 }],
    ["while it is still open", { incident: incidentWith() }, {}],
    ["where it ended otherwise", { incident: { ...resolved, terminal: "ESCALATED" } }, {}],
    ["where the effect left nothing that could be overwritten", { runbook: { reversal: "not-needed" } }, {}],
    ["where it recovered before the run began", { chapter: byItself }, {}],
  ];
  for (const [name, given, changed] of cases) {
    test(name, async () => {
      const { ports, others } = await resolvedWorld(given);

      const told = await reopenWhereOverwritten(ports, settings, { ...change, ...changed });

      assert.deepEqual([told.kind, await others()], ["left", []]);
    });
  }
});

test("an alarm that rang again before the change was heard of keeps its incident", async () => {
  const { ports, others } = await resolvedWorld();
  await fold(ports, settings, alarmWith({ changedAtMs: change.atMs + MINUTE_MS }));
  const [rung] = await others();

  const told = await reopenWhereOverwritten(ports, settings, change);

  assert.deepEqual(told, { kind: "known", incidentId: rung?.id });
  assert.equal((await others()).length, 1);
});

test("an alarm that rings after the incident was opened again belongs to it", async () => {
  const { ports, ledger, others } = await resolvedWorld();
  const told = await reopenWhereOverwritten(ports, settings, change);

  const folded = await fold(ports, settings, alarmWith({ changedAtMs: change.atMs + 3 * MINUTE_MS }));

  const id = told.kind === "left" ? "" : told.incidentId;
  assert.deepEqual(folded, { kind: "joined", incidentId: id });
  assert.equal((await readIncident(ledger, id))?.states[KEY]?.state, "ALARM");
  assert.equal((await others()).length, 1);
});

test("a second change finds the effect overwritten, and opens nothing more, whenever it comes", async () => {
  const { ports, ledger, others } = await resolvedWorld();
  const told = await reopenWhereOverwritten(ports, settings, change);
  const id = told.kind === "left" ? "" : told.incidentId;
  const ended = { ...(await readIncident(ledger, id)), startedAtMs: change.atMs, terminal: "SELF_RECOVERED" };
  ledger.items.set(`incident#${id}`, { item: ended as unknown as Json, version: 9 });

  await reopenWhereOverwritten(ports, settings, { ...change, id: "change-2", atMs: change.atMs + MINUTE_MS });
  await fold(ports, settings, alarmWith({ changedAtMs: change.atMs + 30 * MINUTE_MS }));
  await reopenWhereOverwritten(ports, settings, change);

  assert.equal((await others()).length, 2);
});

test("a crash between any two writes of the opening is made good by the next delivery of the change", async () => {
  const clean = await resolvedWorld();
  const before = clean.ledger.writes();
  await reopenWhereOverwritten(clean.ports, settings, change);
  const writes = clean.ledger.writes() - before;
  const [expected] = await clean.others();

  for (let crash = 0; crash <= writes; crash += 1) {
    const world = await resolvedWorld();
    let left = crash;
    const dying = {
      ...world.ports,
      ledger: {
        ...world.ledger,
        write: async (...given: Parameters<typeof world.ledger.write>) => {
          if (left === 0) throw new Error("the sandbox died");
          left -= 1;
          return world.ledger.write(...given);
        },
      },
      executions: {
        ...world.ports.executions,
        start: async () => {
          throw new Error("the sandbox died");
        },
      },
    };
    await assert.rejects(reopenWhereOverwritten(dying, settings, change));

    await reopenWhereOverwritten(world.ports, settings, change);

    assert.deepEqual(await world.others(), [expected], `after a crash before write ${crash}`);
    assert.deepEqual(world.started, [expected?.id]);
  }
});
