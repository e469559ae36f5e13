import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  API_ARN,
  alarmWith,
  chapterWith,
  incidentWith,
  MINUTE_MS,
  OPENED_MS,
  planOf,
  settingsWith,
} from "./example.fixture.ts";
import type { Effect } from "./execute.ts";
import { longestRunSeconds } from "./follow.ts";
import { heldLeases } from "./held-leases.ts";
import { readIncidents } from "./incident.ts";
import type { Json } from "./json.ts";
import type { fakeLedger } from "./ledger.fixture.ts";
import { accountWith, asked, type Given, NOW_MS, RUNBOOK, type State } from "./reconcile.fixture.ts";
import { type ReconcilePorts, reconcile } from "./reconcile.ts";
import { LONGEST_INCIDENT_MS } from "./reconcile-incidents.ts";

const settings = settingsWith();
const KEY = alarmWith().key;
const ROOT = "arn:aws:ecs:eu-west-1:123456789012:cluster/main";
/** Neither a run of it nor its undo can be alive after that. */
const FREE_MS = 2 * longestRunSeconds(RUNBOOK) * 1000 + 10 * MINUTE_MS;

const ended = { states: { "quell-test": "ended" as const } };

test("an alarm that rings and that no incident knows is folded in, once", async () => {
  const { ports, ledger, told } = accountWith({ ringing: [alarmWith()] });

  const first = await reconcile(ports, settings);
  const second = await reconcile(ports, settings);

  const [incident, ...more] = await readIncidents(ledger);
  assert.deepEqual([first.folded, second.folded, more.length], [1, 0, 0]);
  assert.deepEqual([incident?.keys, incident?.openedAtMs], [[KEY], OPENED_MS]);
  assert.equal(told.started[0], incident?.id);
});

describe("an alarm that rings is left alone", () => {
  const cases: readonly (readonly [string, Given])[] = [
    ["while its event may be on its way", { ringing: [alarmWith({ changedAtMs: NOW_MS - MINUTE_MS })] }],
    ["where it is muted", { ringing: [alarmWith({ muted: true })] }],
    [
      "where an incident has answered for it, though its time is told a little later",
      {
        ringing: [alarmWith({ changedAtMs: OPENED_MS + 900 })],
        incidents: [incidentWith({ covers: { [KEY]: OPENED_MS }, terminal: "ESCALATED" })],
      },
    ],
  ];
  for (const [name, given] of cases) {
    test(name, async () => {
      const { ports, ledger } = accountWith(given);
      const before = await readIncidents(ledger);

      const done = await reconcile(ports, settings);

      assert.deepEqual([done.folded, done.failures], [0, []]);
      assert.deepEqual(await readIncidents(ledger), before);
    });
  }
});

test("a ring that came after the incident ended is folded in, and opens another", async () => {
  const closed = incidentWith({ covers: { [KEY]: OPENED_MS }, terminal: "RESOLVED" });
  const ringing = [alarmWith({ changedAtMs: OPENED_MS + 40 * MINUTE_MS })];
  const { ports, ledger } = accountWith({ incidents: [closed], ringing });

  const done = await reconcile(ports, settings);

  assert.equal(done.folded, 1);
  assert.equal((await readIncidents(ledger)).length, 2);
});

describe("an incident that is open", () => {
  const young = incidentWith({ openedAtMs: NOW_MS - MINUTE_MS });
  const old = OPENED_MS - LONGEST_INCIDENT_MS;
  const watched = { ...asked, terminal: "REJECTED" as const, watching: true };
  const quiet = { ...asked, doorbell: null };
  const gone = { "quell-test": "absent" as const };
  type Done = Readonly<{ started?: 1; closed?: 1; letGo?: 1; rung?: 1 }>;
  const cases: readonly (readonly [string, Given, Done])[] = [
    ["is started where it never was", { incidents: [incidentWith()], states: gone }, { started: 1 }],
    ["is given two minutes to start", { incidents: [young], states: gone }, {}],
    ["has its bell rung while it runs", { incidents: [asked] }, { rung: 1 }],
    ["is left alone where it waits for nothing", { incidents: [quiet] }, {}],
    ["is closed where its execution ended", { incidents: [asked], ...ended }, { closed: 1 }],
    ["is closed where its execution is not known any more", { incidents: [asked], states: gone }, { closed: 1 }],
    [
      "is given ten minutes to be listed",
      { incidents: [{ ...asked, startedAtMs: NOW_MS - MINUTE_MS }], states: gone },
      { rung: 1 },
    ],
    ["is closed where it runs for longer than any can", { incidents: [{ ...asked, startedAtMs: old }] }, { closed: 1 }],
    ["is let go where it is only watched, and nobody watches", { incidents: [watched], ...ended }, { letGo: 1 }],
    ["has its bell rung while it is watched", { incidents: [watched] }, { rung: 1 }],
  ];
  for (const [name, given, expected] of cases) {
    test(name, async () => {
      const { ports } = accountWith(given);

      const { started, closed, letGo, rung, failures } = await reconcile(ports, settings);

      const none = { started: 0, closed: 0, letGo: 0, rung: 0 };
      assert.deepEqual({ started, closed, letGo, rung }, { ...none, ...expected });
      assert.deepEqual(failures, []);
    });
  }
});

test("an incident whose execution died ends ESCALATED, paged and on record with what it had decided", async () => {
  const { decision } = chapterWith();
  const items = { "decision#quell-test/0": decision as unknown as Json };
  const { ports, told, incident } = accountWith({ incidents: [asked], ...ended, items });

  await reconcile(ports, settings);

  const closed = await incident("quell-test");
  assert.deepEqual(
    [closed?.terminal, closed?.because?.code, closed?.closedAtMs],
    ["ESCALATED", "step-abandoned", NOW_MS],
  );
  assert.equal(closed?.watching, false);
  assert.deepEqual(
    told.pages.map(({ incidentId, severity }) => [incidentId, severity]),
    [["quell-test", 2]],
  );
  const record = told.records.get("quell-test");
  assert.deepEqual([record?.terminal, record?.decisions.length], ["ESCALATED", 1]);
  assert.equal(record?.decisions[0]?.outcome.kind, "unknown");
});

test("nobody is paged for an incident of a service that is only observed", async () => {
  const observed = settingsWith({ mode: "observe" });
  const { ports, told, incident } = accountWith({ incidents: [asked], ...ended });

  await reconcile(ports, observed);

  assert.deepEqual(told.pages, []);
  assert.equal((await incident("quell-test"))?.terminal, "ESCALATED");
});

test("an incident stays open until people could be told, and is closed without a record where none can be written", async () => {
  const { ports, incident } = accountWith({ incidents: [asked], ...ended });
  const down = () => Promise.reject(new Error("out of order"));

  const unpaged = await reconcile({ ...ports, pager: { ...ports.pager, page: down } }, settings);
  const open = await incident("quell-test");
  const unrecorded = await reconcile({ ...ports, records: { put: down } }, settings);

  assert.deepEqual([unpaged.closed, unpaged.failures.length, open?.terminal], [0, 1, null]);
  assert.deepEqual([unrecorded.closed, unrecorded.failures.length], [1, 0]);
  assert.match((await incident("quell-test"))?.because?.detail ?? "", /its record could not be written/);
});

test("an execution that ends its incident at that moment keeps its own ending", async () => {
  const { ports, ledger, told, incident } = accountWith({ incidents: [asked] });
  const itself = async (): Promise<State> => {
    const item = { ...asked, terminal: "RESOLVED", closedAtMs: NOW_MS - 1 };
    ledger.items.set("incident#quell-test", { item: item as unknown as Json, version: 2 });
    return "ended";
  };

  await reconcile({ ...ports, executionState: itself }, settings);

  assert.equal((await incident("quell-test"))?.terminal, "RESOLVED");
  assert.deepEqual([told.pages, told.records.size], [[], 0]);
});

test("one incident that fails holds up no other, and the oldest comes first", async () => {
  const incidents = ["b", "a", "c"].map((id, i) => ({
    ...asked,
    id,
    keys: [id],
    doorbell: id,
    openedAtMs: OPENED_MS - i,
  }));
  const { ports, told } = accountWith({ incidents });
  const failing = (id: string) => (id === "a" ? Promise.reject(new Error("throttled")) : ports.executionState(id));

  const done = await reconcile({ ...ports, executionState: failing }, settings);

  assert.deepEqual(told.rung, ["c", "b"]);
  assert.deepEqual([done.rung, done.failures], [2, ["a: throttled"]]);
});

test("a run stops in time, and says what it has left for the next", async () => {
  const incidents = ["a", "b", "c"].map((id) => ({ ...asked, id, keys: [id] }));
  const { ports } = accountWith({ incidents });
  let nowMs = NOW_MS;
  const slow = async (): Promise<State> => {
    nowMs += 3 * MINUTE_MS;
    return "running";
  };

  const done = await reconcile({ ...ports, executionState: slow, clock: { nowMs: () => nowMs } }, settings);

  assert.deepEqual([done.rung, done.left], [2, 1]);
});

const plan = planOf(chapterWith().decision);
const effect: Effect = {
  ...{ key: "k", role: "run", attempt: 1, step: 0, runbook: RUNBOOK.id, target: API_ARN, root: ROOT },
  ...{ planHash: plan.hash, fence: 3, atMs: OPENED_MS, executionId: "x", dryRun: false },
};
const holder = { incidentId: "quell-test", planHash: plan.hash };
const leaseOf = (intent: Json): Json => ({ fence: 3, holder, heldSinceMs: OPENED_MS, intent });
const held = (
  changes: Partial<Effect> = {},
  intent: Json = { effectKey: "k", atMs: OPENED_MS },
): NonNullable<Given["items"]> => ({
  "effect#quell-test/0/run": { ...effect, ...changes } as unknown as Json,
  [`lease#${ROOT}`]: leaseOf(intent),
  "budget#running": { counted: [{ effectKey: "k", atMs: OPENED_MS }] },
});
const holderOf = (ledger: ReturnType<typeof fakeLedger>): Json | undefined =>
  (ledger.items.get(`lease#${ROOT}`)?.item as { holder: Json } | undefined)?.holder;

/** Two decisions, of which the second was in the making. */
const decided = Object.fromEntries(
  [0, 1].map((step) => {
    const { decision, deed } = chapterWith({}, { step, decidedAtMs: OPENED_MS + (step + 1) * MINUTE_MS });
    const madeUnder = { features_hash: "f", catalogue_hash: "c", guardrails_hash: "g" };
    return [
      `decision#quell-test/${step}`,
      { ...decision, madeUnder, before: step > 0 ? deed : null } as unknown as Json,
    ];
  }),
);

describe("the lease of an effect that nobody saw end", () => {
  const dead: Given = { incidents: [asked], ...ended };
  const late = OPENED_MS + FREE_MS;
  const unanswered = held({ executionId: null });
  type Case = readonly [string, Given, "freed" | "kept"];
  const cases: readonly Case[] = [
    [
      "is freed once nothing can be alive and a read shows nothing running",
      { ...dead, items: held(), nowMs: late },
      "freed",
    ],
    ["is kept a millisecond before that", { ...dead, items: held(), nowMs: late - 1 }, "kept"],
    ["is kept while the run goes on", { ...dead, items: held(), nowMs: late, run: "running" }, "kept"],
    ["is kept while nobody knows of the run", { ...dead, items: held(), nowMs: late, run: "unknown" }, "kept"],
    ["is freed at once where nothing was tried under it", { ...dead, items: held({}, null) }, "freed"],
    [
      "is kept where the start was never answered and nobody can look",
      { ...dead, items: unanswered, nowMs: late },
      "kept",
    ],
    [
      "is freed where the start was never answered and a look by tags shows nothing",
      { ...dead, items: unanswered, nowMs: late, runningOf: async () => 0 },
      "freed",
    ],
    [
      "is kept where the start was never answered and it runs",
      { ...dead, items: unanswered, nowMs: late, runningOf: async () => 1 },
      "kept",
    ],
  ];
  for (const [name, given, expected] of cases) {
    test(name, async () => {
      const { ports, ledger } = accountWith(given);

      const done = await reconcile(ports, settings);

      const isFreed = expected === "freed";
      assert.deepEqual([done.freed, holderOf(ledger)], isFreed ? [1, null] : [0, holder]);
      const running = ledger.items.get("budget#running")?.item as { counted: Json[] } | undefined;
      assert.equal(running?.counted.length, isFreed ? 0 : 1);
      assert.equal((await heldLeases(ledger)).length, isFreed ? 0 : 1);
    });
  }
});

test("a lease that another effect holds by now is not touched", async () => {
  const { ports, ledger } = accountWith({ incidents: [asked], ...ended, items: held() });
  await reconcile(ports, settings);
  const others = { fence: 4, holder: { incidentId: "quell-other", planHash: "p" }, heldSinceMs: 0, intent: null };
  ledger.items.set(`lease#${ROOT}`, { item: others, version: 7 });

  const done = await reconcile(ports, settings);

  assert.deepEqual([done.freed, holderOf(ledger)], [1, others.holder]);
  assert.deepEqual(await heldLeases(ledger), []);
});

/** All that one run does, dying before or after its n-th write to anything; then runs until nothing is left to do. */
test("a run that dies between any two writes leaves a state from which the next goes on to the same end", async () => {
  const given: Given = {
    incidents: [asked, incidentWith({ id: "quell-late", keys: ["late"], openedAtMs: OPENED_MS - 1 })],
    states: { "quell-test": "ended", "quell-late": "absent" },
    ringing: [alarmWith({ alarmName: "unheard", key: "123456789012/eu-west-1/unheard" })],
    items: { ...held(), ...decided },
    nowMs: OPENED_MS + FREE_MS,
  };
  const end = ({ ledger, told }: ReturnType<typeof accountWith>) => ({
    items: [...ledger.items].map(([key, { item }]) => [key, item]).toSorted(),
    pages: told.pages,
    records: [...told.records.values()],
    rows: [...told.rows.values()],
    started: [...new Set(told.started)].toSorted(),
  });
  /** Writes beyond `most` die; the dead process says nothing more. */
  const dying = ({ ports }: ReturnType<typeof accountWith>, most: number, when: "before" | "after") => {
    let made = 0;
    const fated =
      <G extends readonly unknown[], A>(write: (...given: G) => Promise<A>) =>
      async (...args: G): Promise<A> => {
        made += 1;
        if (made > most || (made === most && when === "before")) throw new Error("the sandbox died");
        const answer = await write(...args);
        if (made === most) throw new Error("the sandbox died");
        return answer;
      };
    const { ledger, executions, pager, records, episodes } = ports;
    const fatedPorts: ReconcilePorts = {
      ...ports,
      ledger: { ...ledger, write: fated(ledger.write) },
      executions: { start: fated(executions.start), ring: fated(executions.ring) },
      pager: { ...pager, page: fated(pager.page) },
      records: { put: fated(records.put) },
      episodes: { append: fated(episodes.append) },
    };
    return { ports: fatedPorts, made: () => made };
  };
  /** One run now and one when people's time is over. */
  const twice = async ({ moveTo }: ReturnType<typeof accountWith>, ports: ReconcilePorts) => {
    await reconcile(ports, settings);
    moveTo(OPENED_MS + FREE_MS + settings.handoverSeconds * 1000);
    await reconcile(ports, settings);
  };
  const clean = accountWith(given);
  const whole = dying(clean, Number.POSITIVE_INFINITY, "after");
  await twice(clean, whole.ports);
  await reconcile(clean.ports, settings);
  const expected = end(clean);
  assert.ok(whole.made() > 15, `${whole.made()} writes`);
  assert.equal(expected.rows.length, 2);

  for (let most = 1; most <= whole.made(); most += 1)
    for (const when of ["before", "after"] as const) {
      const account = accountWith(given);
      const { ports } = dying(account, most, when);
      await reconcile(ports, settings);
      for (let run = 0; run < 3; run += 1) await reconcile(account.ports, settings);

      await twice(account, ports);
      for (let run = 0; run < 3; run += 1) await reconcile(account.ports, settings);

      assert.deepEqual(end(account), expected, `after it died ${when} write ${most}`);
    }
});
