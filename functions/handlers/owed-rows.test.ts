import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import type { Sandbox } from "../adapters/durable/sandbox.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { readIncidents } from "../core/incident.ts";
import { isLookedAfter } from "../core/open-incidents.ts";
import { owesRows } from "../core/owed-rows.ts";
import type { Ports } from "../core/ports.ts";
import type { ReconcilePorts } from "../core/reconcile.ts";
import { settingsSchema } from "../core/settings.ts";
import { settingsFor } from "../world/settings-for.ts";
import { createWorld } from "../world/world.ts";
import { type Flow, type Flown, play } from "./flow.fixture.ts";
import { type Fate, fated, PATHS, sideBySide, wrongs } from "./paths.fixture.ts";
import { reconcileWith } from "./reconcile.ts";

/** Places on each way at which an execution ends for good; `QUELL_DEATHS=1000` tries all that there are. */
const DEATHS = Number(process.env.QUELL_DEATHS ?? 24);
/** Flows beside which reconcile runs as if nobody answered; `QUELL_RACES=2000` plays as many. */
const RACES = Number(process.env.QUELL_RACES ?? 90);
const SEED = Number(process.env.QUELL_RACES_SEED ?? 20260105);

const settingsOf = ({ scenario, settings }: Flow) =>
  settingsSchema.parse({ ...settingsFor(createWorld(scenario)), ...settings });

/** Reconcile over the stores of a flow, to which every execution has ended. */
const takingForDead = (ports: Ports, flow: Flow) =>
  reconcileWith(
    {
      ...ports,
      openIncidents: async () => (await readIncidents(ports.ledger)).filter(isLookedAfter).map(({ id }) => id),
      ringing: async () => [],
      executionState: async () => "ended",
    },
    settingsOf(flow),
  );

/** Runs until nothing is left to do, the time of every hand-over included. */
const untilNothingIsOwed = async (ports: Ports, flow: Flow): Promise<readonly string[]> => {
  const failures: string[] = [];
  for (const hours of [0, 9, 9]) {
    const clock = { nowMs: () => ports.clock.nowMs() + hours * 3_600_000 };
    failures.push(...(await takingForDead({ ...ports, clock }, flow)()).failures);
  }
  return failures;
};

/**
 * A flow, and reconcile after it; `told` are the rows that the execution itself appended.
 * @param finish what else goes on beside the flow is over when it comes back
 */
const playAndLookAfter = async (
  flow: Flow,
  disturb: NonNullable<Flow["around"]>,
  finish: () => Promise<void> = async () => {},
) => {
  let kept: Ports | null = null;
  const told: EpisodeRow[] = [];
  const around: NonNullable<Flow["around"]> = (ports, sandbox) => {
    kept = ports;
    const append = async (row: EpisodeRow) => {
      await ports.episodes.append(row);
      told.push(row);
    };
    return disturb({ ...ports, episodes: { append } }, sandbox);
  };
  const flown = await play({ ...flow, around, mostHours: 20 });
  await finish();
  assert.ok(kept !== null);
  const ports: Ports = kept;
  const failures = await untilNothingIsOwed(ports, flow);
  return { flown, told, failures, incidents: await readIncidents(ports.ledger) };
};

const newestOf = (rows: readonly EpisodeRow[], decision: string): EpisodeRow | undefined =>
  rows.filter((row) => row.decision_id === decision).toSorted((a, b) => b.row_version - a.row_version)[0];

/** What is wrong with the rows of what was decided; empty where nothing is. */
const wrongRows = ({ flown, told, failures, incidents }: Awaited<ReturnType<typeof playAndLookAfter>>) => {
  const { rows, decisions } = flown;
  const ids = decisions.map((key) => key.slice("decision#".length));
  const firsts = rows.filter(({ row_version }) => row_version === 0).map(({ decision_id }) => decision_id);
  const content = (row: EpisodeRow | undefined) => JSON.stringify({ ...row, row_version: 0 });
  return [
    ...failures,
    ...ids.filter((id) => !firsts.includes(id)).map((id) => `${id} has no row`),
    ...firsts.filter((id, index) => firsts.indexOf(id) !== index).map((id) => `${id} has two first rows`),
    ...firsts.filter((id) => !ids.includes(id)).map((id) => `${id} was never decided`),
    ...incidents.filter(({ terminal }) => terminal === null).map(({ id }) => `${id} is open`),
    ...incidents.filter(owesRows).map(({ id }) => `${id} owes a row`),
    ...told
      .filter(({ decision_id }) => content(newestOf(rows, decision_id)) !== content(newestOf(told, decision_id)))
      .map(({ decision_id }) => `what its execution told of ${decision_id} is not the newest`),
  ];
};

const totals = { deaths: 0, left: 0, races: 0, corrected: 0 };
after(() =>
  process.stdout.write(
    `\nowed rows: ${totals.deaths} executions ended for good, ${totals.left} decisions left to reconcile; ` +
      `${totals.races} races, ${totals.corrected} rows corrected by who came back\n`,
  ),
);

for (const { terminal, flow } of PATHS)
  test(`an execution that ends for good anywhere on the way to ${terminal} leaves one row a decision`, async () => {
    let calls = 0;
    const counted = await playAndLookAfter(
      flow,
      fated((call) => {
        calls = call;
        return "live";
      }),
    );
    assert.deepEqual(wrongRows(counted), []);
    const places = fc.sample(
      fc.noBias(
        fc.record({ at: fc.integer({ min: 1, max: calls }), first: fc.constantFrom<Fate>("die-before", "die-after") }),
      ),
      { seed: SEED, numRuns: DEATHS },
    );

    const disturbed = await sideBySide(places, ({ at, first }) =>
      playAndLookAfter(
        flow,
        fated((call) => (call < at ? "live" : call === at ? first : "die-before")),
      ),
    );

    for (const [index, one] of disturbed.entries())
      assert.deepEqual(wrongRows(one), [], `${terminal}: it ended at ${JSON.stringify(places[index])}`);
    totals.deaths += disturbed.length;
    totals.left += disturbed.reduce((sum, { flown, told }) => sum + flown.rows.length - told.length, 0);
  });

/** Each fails at every try of a step of its own, so that the step is given up and people are called. */
const KILLERS = ["approvals.ask", "approvals.votes", "actuator.start", "actuator.poll"];
/** Without these an execution cannot write what it is to write last, and fails. */
const SINKS = ["episodes.append", "records.put"];

for (const killer of [...KILLERS, ...SINKS])
  test(`a step that is given up because of ${killer} leaves one row a decision`, async () => {
    const all = await sideBySide(PATHS, async ({ flow }) => {
      const deadly = fated((_, name) => (name === killer ? "die-before" : "live"));
      const failing = fated((_, name) => (name === killer ? "throw" : "live"));
      return [await playAndLookAfter(flow, deadly), await playAndLookAfter(flow, failing)];
    });

    for (const [index, both] of all.entries()) assert.deepEqual(both.map(wrongRows), [[], []], PATHS[index]?.terminal);
    for (const { flown, told } of KILLERS.includes(killer) ? all.flat() : [])
      assert.deepEqual([told.length, flown.statuses], [flown.decisions.length, ["SUCCEEDED"]]);
  });

/** A ledger whose sandbox dies once, right after its first decision was written. */
const dyingOnceDecided = (ledger: Ports["ledger"], sandbox: Sandbox, died: () => void = () => {}): Ports["ledger"] => {
  let isOver = false;
  return {
    ...ledger,
    write: (key, item, expected) =>
      sandbox.call(async () => {
        const wrote = await ledger.write(key, item, expected);
        if (!key.startsWith("decision#") || isOver) return wrote;
        isOver = true;
        died();
        return sandbox.die();
      }),
  };
};

test("a decision that was written when its sandbox died is taken up again, though its alarm is quiet by then", async () => {
  const [{ flow }] = PATHS as readonly [(typeof PATHS)[number]];
  let isWritten = false;
  let drafts = 0;
  const dying: NonNullable<Flow["around"]> = (ports, sandbox) => ({
    ...ports,
    drafter: {
      draft: (...given) => {
        drafts += 1;
        return ports.drafter.draft(...given);
      },
    },
    evidence: {
      ...ports.evidence,
      alarms: async (keys) => {
        const alarms = await ports.evidence.alarms(keys);
        return isWritten ? alarms.map((alarm) => ({ ...alarm, state: "OK" as const })) : alarms;
      },
    },
    ledger: dyingOnceDecided(ports.ledger, sandbox, () => {
      isWritten = true;
    }),
  });

  const { flown, told } = await playAndLookAfter(flow, dying);

  assert.deepEqual([drafts, flown.deaths, flown.decisions.length, told.length], [1, 1, 1, 1]);
  assert.deepEqual(wrongs(flown), []);
});

for (const { terminal, flow } of PATHS.filter((path) => /RECOVERED|RESOLVED/.test(path.terminal)))
  test(`an execution that dies once it has ended its incident ${terminal} leaves the row that it would have written`, async () => {
    const undisturbed = await play(flow);
    const atTheLastRow = () => {
      let appended = 0;
      return fated((_, name) => {
        appended += name === "episodes.append" ? 1 : 0;
        return appended < undisturbed.rows.length ? "live" : "die-before";
      });
    };

    const once = await playAndLookAfter(flow, atTheLastRow());
    const twice = await playAndLookAfter(flow, (ports, sandbox) =>
      atTheLastRow()({ ...ports, ledger: dyingOnceDecided(ports.ledger, sandbox) }, sandbox),
    );

    for (const { flown, told } of [once, twice]) {
      assert.deepEqual([flown.statuses, told.length], [["FAILED"], undisturbed.rows.length - 1]);
      assert.deepEqual(flown.rows, undisturbed.rows);
    }
  });

/** Calls that wait until they are let through, one after the other. */
const held = () => {
  const waiting: (() => void)[] = [];
  const wait = () => new Promise<void>((resolve) => waiting.push(resolve));
  return {
    wrap: <P extends object>(port: P): P =>
      Object.fromEntries(
        Object.entries(port).map(([name, call]) => [
          name,
          async (...given: readonly unknown[]) => {
            await wait();
            return call(...given);
          },
        ]),
      ) as P,
    /** Whoever was let through goes on to its next call, or to its end, before this comes back. */
    letThrough: async (count: number) => {
      for (let turn = 0; turn < count && waiting.length > 0; turn += 1) {
        waiting.shift()?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
};

/** Reconcile begins at one call of the execution, and is let through a few calls before each of those that follow. */
const racing = (flow: Flow, { from, turns }: Readonly<{ from: number; turns: readonly number[] }>) => {
  const { wrap, letThrough } = held();
  let isDone = false;
  let run: Promise<unknown> | null = null;
  const finish = async () => {
    while (run !== null && !isDone) await letThrough(1);
  };
  const disturb: NonNullable<Flow["around"]> = (ports, sandbox) => {
    const slowed: Ports & Partial<ReconcilePorts> = {
      ...ports,
      ...{ ledger: wrap(ports.ledger), episodes: wrap(ports.episodes), records: wrap(ports.records) },
      ...{ pager: wrap(ports.pager), executions: wrap(ports.executions) },
    };
    let calls = 0;
    const before = async (): Promise<void> => {
      calls += 1;
      if (calls === from)
        run = takingForDead(slowed, flow)().finally(() => {
          isDone = true;
        });
      if (calls >= from) await letThrough(turns[(calls - from) % turns.length] ?? 1);
    };
    const turned = <P extends object>(port: P): P =>
      Object.fromEntries(
        Object.entries(port).map(([name, call]) => [
          name,
          typeof call === "function"
            ? (...given: readonly unknown[]) =>
                sandbox.call(async () => {
                  await before();
                  return call(...given);
                })
            : call,
        ]),
      ) as P;
    const { ledger, episodes, evidence, records, pager, approvals } = ports;
    return {
      ...ports,
      ...{ ledger: turned(ledger), episodes: turned(episodes), evidence: turned(evidence), records: turned(records) },
      ...{ pager: turned(pager), approvals: turned(approvals) },
    };
  };
  return { disturb, finish };
};

test("reconcile that takes a living execution for dead, call by call beside it, leaves one row a decision, the truth the newest", async () => {
  const schedules = fc.sample(
    fc.noBias(
      fc.record({
        path: fc.nat({ max: PATHS.length - 1 }),
        from: fc.integer({ min: 2, max: 160 }),
        turns: fc
          .array(fc.constantFrom(0, 0, 1, 1, 2, 5), { minLength: 1, maxLength: 12 })
          .filter((some) => some.some((n) => n > 0)),
      }),
    ),
    { seed: SEED, numRuns: RACES },
  );

  const all = await sideBySide(schedules, ({ path, ...schedule }) => {
    const { flow } = PATHS[path] as (typeof PATHS)[number];
    const { disturb, finish } = racing(flow, schedule);
    return playAndLookAfter(flow, disturb, finish);
  });

  const effectsTwice = ({ flown }: Readonly<{ flown: Flown }>) =>
    wrongs(flown).filter((wrong) => /twice|no incident/.test(wrong));
  for (const [index, one] of all.entries())
    assert.deepEqual([wrongRows(one), effectsTwice(one)], [[], []], JSON.stringify(schedules[index]));
  totals.races += all.length;
  totals.corrected += all.flatMap(({ flown }) => flown.rows.filter(({ row_version }) => row_version > 0)).length;
  assert.ok(totals.corrected > 0, "nobody came back after reconcile had written");
});
