import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import type { Alarm } from "./alarm.ts";
import { alarmWith, MINUTE_MS, OPENED_MS, service, settingsWith } from "./example.fixture.ts";
import { fold, subjectGone } from "./fold.ts";
import { changeIncident, type Incident, type Lock, readIncident, readLock } from "./incident.ts";
import type { Ledger, Ports } from "./ports.ts";
import { isSilent, type Session } from "./session.ts";
import { settingsSchema } from "./settings.ts";
import { loudMembers, mayRing, membersOf, stormNow } from "./storm.ts";
import { joinUmbrella, stormInWords } from "./umbrella.ts";

const SERVICES = ["api", "shop", "blog"];
const settings = settingsWith({
  services: SERVICES.map((name) => ({
    ...service,
    name,
    resources: [],
    slis: service.slis.map((sli) => ({ ...sli })),
  })),
  alarms: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`alarm-${i}`, SERVICES[i % 4] ?? ""])),
});
const small = { ...settings, storm: { alarms: 4, seconds: 300 } };

/** The i-th of many alarms: three services in turn, and every fourth of no service. */
const nth = (i: number, changes: Partial<Alarm> = {}): Alarm =>
  alarmWith({ alarmName: `alarm-${i}`, changedAtMs: OPENED_MS + i * 1000, metrics: [], ...changes });

const openPorts = (ledger: Ledger = simulatedLedger()) => {
  const started: string[] = [];
  const rung: string[] = [];
  const executions = {
    start: async (id: string) => void started.push(id),
    ring: async (id: string) => void rung.push(id),
  };
  return { ledger, executions, started, rung };
};

const incidentsIn = async (ledger: Ledger): Promise<readonly Incident[]> =>
  (await ledger.list("incident#")).map(({ item }) => item as unknown as Incident);
const umbrellasIn = async (ledger: Ledger) => (await incidentsIn(ledger)).filter(({ umbrella }) => umbrella);

/** By which incident each alarm is held, and how often: as one of its own keys, or as a member of the umbrella. */
const held = async (ledger: Ledger) => {
  const incidents = await incidentsIn(ledger);
  const holders = new Map<string, string[]>();
  const hold = (key: string, id: string) => holders.set(key, [...(holders.get(key) ?? []), id]);
  for (const { id, umbrella, keys } of incidents) {
    const all = umbrella ? (await membersOf(ledger, id)).map(({ key }) => key) : keys;
    for (const key of all) hold(key, id);
  }
  return holders;
};

/** Every one of the first `count` alarms is held exactly once, and its lock names the one that holds it. */
const assertWhole = async (ledger: Ledger, count: number) => {
  const holders = await held(ledger);
  for (let i = 0; i < count; i += 1) {
    const { key } = nth(i);
    const lock = (await readLock(ledger, key)) as Lock;
    assert.deepEqual(holders.get(key), [lock.incidentId], key);
  }
  assert.equal(holders.size, count);
};

test("10,000 distinct alarms in 60 s, doubled and out of order, are all recorded under one umbrella", async (t) => {
  const count = 10_000;
  const ports = openPorts();
  const alarms = Array.from({ length: count }, (_, i) => nth(i, { changedAtMs: OPENED_MS + (i * 60_000) / count }));
  // Blocks of 50 in reverse order, and every third alarm twice, the second time 400 deliveries later.
  const disordered = alarms.map((_, i) => alarms[i - (i % 50) + (49 - (i % 50))] ?? nth(0));
  const delivered = disordered.flatMap((alarm, i) => {
    const again = i % 3 === 0 ? disordered[i - 400] : undefined;
    return again === undefined ? [alarm] : [alarm, again];
  });

  for (const alarm of delivered) await fold(ports, settings, alarm);

  const incidents = await incidentsIn(ports.ledger);
  const [umbrella, ...others] = await umbrellasIn(ports.ledger);
  const members = await membersOf(ports.ledger, umbrella?.id ?? "");
  await assertWhole(ports.ledger, count);
  assert.equal(others.length, 0);
  assert.ok(incidents.length <= settings.storm.alarms + 1, `${incidents.length} incidents`);
  assert.equal(members.length, count - settings.storm.alarms);
  assert.equal(umbrella?.keys.length, 50);
  assert.equal(new Set(ports.started).size, incidents.length);
  assert.deepEqual(ports.rung, []);
  t.diagnostic(`${delivered.length} deliveries, ${incidents.length} incidents, ${members.length} members`);
});

test("as many alarms as the limit says are calm, and the next one without an incident of its own opens the umbrella", async () => {
  const ports = openPorts();
  const kinds: string[] = [];

  for (let i = 0; i < 7; i += 1) kinds.push((await fold(ports, small, nth(4 * i + 3))).kind);

  const [umbrella, ...others] = await umbrellasIn(ports.ledger);
  assert.deepEqual(kinds, ["opened", "opened", "opened", "opened", "opened", "joined", "joined"]);
  assert.deepEqual([umbrella?.service, umbrella?.severity, umbrella?.alarmName], ["", 1, "alarm-19"]);
  assert.deepEqual([others.length, (await incidentsIn(ports.ledger)).length], [0, 5]);
});

test("an alarm that rings again and again is one alarm: it is no storm", async () => {
  const ports = openPorts();

  for (let i = 0; i < 20; i += 1)
    await fold(ports, small, nth(0, { changedAtMs: OPENED_MS + i * 10_000, state: i % 2 === 0 ? "ALARM" : "OK" }));

  assert.equal(await stormNow(ports.ledger, small, OPENED_MS + 200_000), null);
  assert.deepEqual(await umbrellasIn(ports.ledger), []);
});

test("a storm is over when its time has passed without a new alarm, and what comes then is an incident of its own", async () => {
  const ports = openPorts();
  for (let i = 0; i < 8; i += 1) await fold(ports, small, nth(4 * i + 3));
  const lastMs = nth(31).changedAtMs;

  const rages = await Promise.all(
    [0, 240_000, 300_001].map((afterMs) => stormNow(ports.ledger, small, lastMs + afterMs)),
  );
  const folded = await fold(ports, small, nth(35, { changedAtMs: lastMs + 300_001 }));

  assert.deepEqual(
    rages.map((storm) => storm !== null),
    [true, true, false],
  );
  assert.equal((await readIncident(ports.ledger, folded.incidentId ?? ""))?.umbrella, false);
});

test("a storm that goes on is written anew a few times a window, not for every alarm", async () => {
  let writes = 0;
  const memory = simulatedLedger();
  const ledger: Ledger = {
    ...memory,
    write: (key, item, expected) => {
      if (key === `storm#${settings.account}/${settings.region}`) writes += 1;
      return memory.write(key, item, expected);
    },
  };
  const ports = openPorts(ledger);

  for (let i = 0; i < 600; i += 1) await fold(ports, settings, nth(i));

  // One a minute of its ten, one for each alarm before it, and one for its umbrella.
  assert.ok(writes <= settings.storm.alarms + 1 + 10, `${writes} writes`);
  assert.notEqual(await stormNow(ledger, settings, nth(599).changedAtMs), null);
});

test("alarms from long ago or from far ahead, delivered in between, neither hide a storm nor end it", async () => {
  for (const awayMs of [-60 * MINUTE_MS, 60 * MINUTE_MS]) {
    const ports = openPorts();

    for (let i = 0; i < 12; i += 1) {
      await fold(ports, small, nth(4 * i + 3));
      const odd = OPENED_MS + awayMs * (i + 1);
      if (i % 3 === 2) await fold(ports, small, nth(4 * (100 + i) + 3, { changedAtMs: odd }));
    }

    assert.notEqual(await stormNow(ports.ledger, small, nth(47).changedAtMs), null);
    assert.equal((await umbrellasIn(ports.ledger)).length, 1);
  }
});

test("an event from the far future, or from long ago, neither starts a storm nor keeps one from being seen", async () => {
  const ports = openPorts();
  const odd = [nth(3, { changedAtMs: OPENED_MS + 1e12 }), nth(7, { changedAtMs: OPENED_MS - 1e12 })];
  for (const alarm of odd) await fold(ports, small, alarm);

  for (let i = 2; i < 8; i += 1) await fold(ports, small, nth(4 * i + 3));

  const storm = await stormNow(ports.ledger, small, nth(31).changedAtMs);
  assert.equal(storm?.sinceMs, nth(11).changedAtMs);
  assert.equal((await umbrellasIn(ports.ledger)).length, 1);
});

/** Four calm alarms and one that opened the umbrella. */
const stormy = async (ports: ReturnType<typeof openPorts>) => {
  for (let i = 0; i < 5; i += 1) await fold(ports, small, nth(i, { metrics: [] }));
  const [umbrella] = await umbrellasIn(ports.ledger);
  assert.ok(umbrella);
  return umbrella;
};

test("a member's changes go to its own item, the newest wins, and the umbrella is not woken", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
      fc.array(fc.nat(5), { maxLength: 4 }),
      async (order, again) => {
        const ports = openPorts();
        const umbrella = await stormy(ports);
        await changeIncident(ports.ledger, umbrella.id, (one) => ({ ...one, doorbell: "bell", startedAtMs: 1 }));
        await fold(ports, small, nth(5));

        for (const minute of [...order, ...again])
          await fold(
            ports,
            small,
            nth(5, { changedAtMs: OPENED_MS + minute * MINUTE_MS, state: minute % 2 === 1 ? "OK" : "ALARM" }),
          );

        const member = (await membersOf(ports.ledger, umbrella.id)).find(({ key }) => key === nth(5).key);
        assert.deepEqual([member?.state, member?.atMs], ["OK", OPENED_MS + 5 * MINUTE_MS]);
        assert.equal(member?.rangAtMs, OPENED_MS + 4 * MINUTE_MS);
        const after = await readIncident(ports.ledger, umbrella.id);
        assert.deepEqual([after?.news, ports.rung], [umbrella.news, []]);
      },
    ),
    { numRuns: 60 },
  );
});

test("while a storm rages an incident that is open goes on hearing of its own alarm", async () => {
  const ports = openPorts();
  await stormy(ports);

  const folded = await fold(ports, small, nth(1, { state: "OK", changedAtMs: OPENED_MS + MINUTE_MS }));

  const own = await readLock(ports.ledger, nth(1).key);
  const incident = await readIncident(ports.ledger, own?.incidentId ?? "");
  assert.deepEqual([folded.kind, incident?.umbrella], ["updated", false]);
  assert.equal(incident?.states[nth(1).key]?.state, "OK");
});

test("a member that is deleted counts as quiet, until a newer state change says that it is there", async () => {
  const ports = openPorts();
  const umbrella = await stormy(ports);
  const member = async () => (await membersOf(ports.ledger, umbrella.id)).find(({ key }) => key === nth(4).key);

  const folded = await subjectGone(ports, small, nth(4), OPENED_MS + MINUTE_MS);
  const deleted = await member();
  await fold(ports, small, nth(4, { changedAtMs: OPENED_MS + 2 * MINUTE_MS }));
  const again = await member();

  assert.deepEqual(folded, { kind: "updated", incidentId: umbrella.id });
  assert.deepEqual(
    [deleted, again].map((one) => one !== undefined && mayRing(one)),
    [false, true],
  );
});

/** A storm that people watch, ten minutes later: every member is OK, but for one of which there are no data. */
const calmed = async (ports: ReturnType<typeof openPorts>) => {
  for (let i = 0; i < 12; i += 1) await fold(ports, small, nth(i));
  const [umbrella] = await umbrellasIn(ports.ledger);
  const watched = { terminal: "ESCALATED", watching: true, startedAtMs: 1 } as const;
  await changeIncident(ports.ledger, umbrella?.id ?? "", (one) => ({ ...one, ...watched }));
  for (let i = 4; i < 12; i += 1) {
    const state = i === 6 ? "INSUFFICIENT_DATA" : "OK";
    await fold(ports, small, nth(i, { state, changedAtMs: OPENED_MS + 10 * MINUTE_MS }));
  }
  return umbrella?.id ?? "";
};

test("a member that was quiet and rings after the storm opens an incident, though people still watch the umbrella", async () => {
  for (const i of [5, 6]) {
    const ports = openPorts();
    const umbrella = await calmed(ports);
    const rings = nth(i, { changedAtMs: OPENED_MS + 7 * 60 * MINUTE_MS });

    const folded = [await fold(ports, small, rings), await fold(ports, small, rings)];

    const id = folded[0]?.incidentId ?? "";
    assert.deepEqual(
      folded.map(({ kind }) => kind),
      ["opened", "updated"],
    );
    assert.notEqual(id, umbrella);
    assert.deepEqual([(await readLock(ports.ledger, rings.key))?.incidentId, ports.started.includes(id)], [id, true]);
  }
});

test("a member that rings on, or again while the storm rages, stays under the umbrella", async () => {
  const ports = openPorts();
  const umbrella = await calmed(ports);
  await fold(ports, small, nth(7, { changedAtMs: OPENED_MS + 4 * MINUTE_MS, state: "OK" }));
  await fold(ports, small, nth(20, { changedAtMs: OPENED_MS + 4 * MINUTE_MS }));

  const folded = [
    await fold(ports, small, nth(5, { changedAtMs: OPENED_MS + 4.5 * MINUTE_MS })),
    await fold(ports, small, nth(20, { changedAtMs: OPENED_MS + 60 * MINUTE_MS, previousState: "ALARM" })),
  ];

  assert.deepEqual(folded, Array(2).fill({ kind: "joined", incidentId: umbrella }));
});

test("a process that dies as a quiet member rings again opens one incident, whichever write it was", async (t) => {
  let write = 1;
  for (; ; write += 1) {
    let died = false;
    for (const when of ["before", "after"] as const) {
      const ports = openPorts();
      await calmed(ports);
      const rings = nth(5, { changedAtMs: OPENED_MS + 7 * 60 * MINUTE_MS });
      const dying = dyingAt(ports.ledger, write, when);
      const before = (await incidentsIn(ports.ledger)).length;

      await fold({ ...ports, ledger: dying.ledger }, small, rings).catch(() => fold(ports, small, rings));

      died = dying.isDead();
      const id = (await readLock(ports.ledger, rings.key))?.incidentId ?? "";
      assert.deepEqual([(await incidentsIn(ports.ledger)).length, ports.started.includes(id)], [before + 1, true]);
    }
    if (!died) break;
  }
  assert.ok(write > 3);
  t.diagnostic(`${write - 1} writes`);
});

test("an alarm without data keeps an umbrella open while the storm rages, and no longer", async () => {
  const ports = openPorts();
  const umbrella = await calmed(ports);
  const loud = async (minutes: number) =>
    (await loudMembers(ports.ledger, small, umbrella, OPENED_MS + minutes * MINUTE_MS)).map(({ key }) => key);

  assert.deepEqual([await loud(4), await loud(11)], [[nth(6).key], []]);
});

test("a member that rings as its umbrella closes opens another incident", async () => {
  const ports = openPorts();
  const umbrella = await stormy(ports);
  const closing: Ledger = {
    ...ports.ledger,
    write: async (key, item, expected) => {
      if (key === `storm#${umbrella.id}/${nth(4).key}`)
        await changeIncident(ports.ledger, umbrella.id, (one) => ({ ...one, terminal: "ESCALATED", watching: false }));
      return ports.ledger.write(key, item, expected);
    },
  };

  const folded = await fold({ ...ports, ledger: closing }, small, nth(4, { changedAtMs: OPENED_MS + MINUTE_MS }));

  assert.deepEqual([folded.kind, folded.incidentId === umbrella.id], ["opened", false]);
});

test("an old duplicate of a member opens nothing after the umbrella is closed, and a newer ALARM does", async () => {
  const ports = openPorts();
  const umbrella = await stormy(ports);
  await changeIncident(ports.ledger, umbrella.id, (one) => ({ ...one, terminal: "ESCALATED", watching: false }));

  const old = await fold(ports, small, nth(4));
  const newer = await fold(ports, small, nth(4, { changedAtMs: OPENED_MS + MINUTE_MS }));

  assert.deepEqual(old, { kind: "ignored", incidentId: umbrella.id });
  assert.deepEqual([newer.kind, newer.incidentId === umbrella.id], ["opened", false]);
});

type When = "before" | "after";
/** A ledger whose process dies at one of its writes: the write is not done, or it is done and nobody hears of it. */
const dyingAt = (ledger: Ledger, write: number, when: When) => {
  let writes = 0;
  let dead = false;
  const alive = () => {
    if (dead) throw new Error("the process is dead");
  };
  return {
    isDead: () => dead,
    alive,
    ledger: {
      ...ledger,
      read: async (key: string) => {
        alive();
        return ledger.read(key);
      },
      write: async (...given: Parameters<Ledger["write"]>) => {
        alive();
        writes += 1;
        dead = writes === write;
        if (when === "before") alive();
        const wrote = await ledger.write(...given);
        alive();
        return wrote;
      },
    },
  };
};

test("a process that dies at any write of any alarm of a storm loses nothing and doubles nothing", async (t) => {
  let deaths = 0;
  for (let write = 1; ; write += 1) {
    let died = false;
    for (const when of ["before", "after"] as const)
      for (const redelivered of ["at once", "last"] as const) {
        const ports = openPorts();
        const dying = dyingAt(ports.ledger, write, when);
        const executions = {
          ...ports.executions,
          start: async (id: string) => {
            dying.alive();
            await ports.executions.start(id);
          },
        };
        const again: Alarm[] = [];

        for (let i = 0; i < 9; i += 1) {
          const dead = dying.isDead();
          await fold(dead ? ports : { ledger: dying.ledger, executions }, small, nth(i)).catch(() =>
            again.push(nth(i)),
          );
          if (redelivered === "at once") for (const alarm of again.splice(0)) await fold(ports, small, alarm);
        }
        for (const alarm of again) await fold(ports, small, alarm);

        died = dying.isDead();
        deaths += died ? 1 : 0;
        await assertWhole(ports.ledger, 9);
        assert.equal((await umbrellasIn(ports.ledger)).length, 1);
        const ids = (await incidentsIn(ports.ledger)).map(({ id }) => id);
        assert.deepEqual(new Set(ports.started), new Set(ids));
      }
    if (!died) break;
  }
  assert.ok(deaths > 80, `${deaths} deaths`);
  t.diagnostic(`${deaths} deaths`);
});

test("intakes of a storm that interleave in any way open one umbrella and lose no alarm", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const ports = openPorts();
      for (let i = 0; i < 4; i += 1) await fold(ports, small, nth(i));
      const ledger: Ledger = {
        read: scheduler.scheduleFunction(ports.ledger.read),
        write: scheduler.scheduleFunction(ports.ledger.write),
        list: ports.ledger.list,
      };

      const intakes = [4, 5, 6, 6].map((i) => fold({ ledger, executions: ports.executions }, small, nth(i)));
      await scheduler.waitFor(Promise.all(intakes));

      await assertWhole(ports.ledger, 7);
      assert.equal((await umbrellasIn(ports.ledger)).length, 1);
    }),
    { numRuns: 60 },
  );
});

test("the alarm that makes the storm, delivered twice at once, is an incident of its own beside the umbrella or a member of it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const ports = openPorts();
      for (let i = 0; i < 3; i += 1) await fold(ports, small, nth(i));
      const ledger: Ledger = {
        read: scheduler.scheduleFunction(ports.ledger.read),
        write: scheduler.scheduleFunction(ports.ledger.write),
        list: ports.ledger.list,
      };

      const intakes = [3, 3, 4, 5, 6].map((i) => fold({ ledger, executions: ports.executions }, small, nth(i)));
      await scheduler.waitFor(Promise.all(intakes));

      const incidents = await incidentsIn(ports.ledger);
      await assertWhole(ports.ledger, 7);
      assert.equal(incidents.filter(({ umbrella }) => umbrella).length, 1);
      for (const { id, umbrella } of incidents)
        if (!umbrella) assert.deepEqual(await membersOf(ports.ledger, id), [], "no other incident has members");
    }),
    { numRuns: 100 },
  );
});

/** A ledger each of whose answers takes a few turns of the loop. */
const slow = (ledger: Ledger, turns: readonly number[]): Ledger => {
  let calls = 0;
  const late =
    <G extends readonly unknown[], T>(call: (...given: G) => Promise<T>) =>
    async (...given: G): Promise<T> => {
      calls += 1;
      for (let turn = turns[calls % turns.length] ?? 0; turn > 0; turn -= 1) await Promise.resolve();
      return call(...given);
    };
  return { read: late(ledger.read), write: late(ledger.write), list: ledger.list };
};

test("however many intakes meet a storm at once, and however slow the ledger is, exactly those before it stand alone", async () => {
  const workers = fc.constantFrom(1, 2, 5, 20, 60, 120);
  const turns = fc.array(fc.nat(12), { minLength: 1, maxLength: 12 });
  const windy = { ...settings, storm: { alarms: 30, seconds: 300 } };
  await fc.assert(
    fc.asyncProperty(workers, turns, async (count, latencies) => {
      const ports = openPorts();
      const ledger = slow(ports.ledger, latencies);
      let next = 0;
      const work = async () => {
        while (next < 120) {
          next += 1;
          await fold({ ...ports, ledger }, windy, nth(4 * next - 1, { changedAtMs: OPENED_MS + next * 10 }));
        }
      };

      await Promise.all(Array.from({ length: count }, work));

      const [umbrella, ...others] = await umbrellasIn(ports.ledger);
      const members = await membersOf(ports.ledger, umbrella?.id ?? "");
      assert.deepEqual([others.length, (await incidentsIn(ports.ledger)).length, members.length], [0, 31, 90]);
    }),
    { numRuns: 20 },
  );
});

/** What joining an umbrella and paging for it ask of a session. */
const sessionOf = (ports: ReturnType<typeof openPorts>, given: typeof settings, incidentId: string): Session => {
  const clock = { nowMs: () => OPENED_MS + MINUTE_MS };
  const stamps = { guardrails: { hash: "" }, catalogue: { hash: "", runbooks: [] }, scorer: { modelHash: "" } };
  const all = { ...ports, ...stamps, clock, codeHash: "", dryRun: false, records: { put: async () => {} } };
  return { ports: all as unknown as Ports, settings: given, incidentId, executionId: "e" } as unknown as Session;
};

const joining = async (ports: ReturnType<typeof openPorts>, given: typeof settings, i: number) => {
  const id = (await readLock(ports.ledger, nth(i).key))?.incidentId ?? "";
  const incident = await readIncident(ports.ledger, id);
  assert.ok(incident);
  const storm = await stormNow(ports.ledger, given, OPENED_MS + MINUTE_MS);
  return joinUmbrella(sessionOf(ports, given, id), incident, storm);
};

test("an umbrella never joins itself, and one that nobody started yet starts when an incident joins it", async () => {
  const ports = openPorts();
  const umbrella = await stormy(ports);
  ports.started.length = 0;

  const joined = [await joining(ports, small, 4), await joining(ports, small, 1)];

  assert.deepEqual(joined, [false, true]);
  assert.deepEqual(ports.started, [umbrella.id]);
});

test("an alarm that was deleted before its incident joined the umbrella is deleted there too", async () => {
  const ports = openPorts();
  const umbrella = await stormy(ports);
  await subjectGone(ports, small, nth(0), OPENED_MS + 30_000);

  await joining(ports, small, 0);

  const member = (await membersOf(ports.ledger, umbrella.id)).find(({ key }) => key === nth(0).key);
  assert.deepEqual([member?.goneAtMs, member === undefined || mayRing(member)], [OPENED_MS + 30_000, false]);
});

test("of a deletion and a state change within one second the deletion counts, in whatever order they come", async () => {
  for (const goneFirst of [false, true]) {
    const ports = openPorts();
    const umbrella = await stormy(ports);
    const gone = () => subjectGone(ports, small, nth(4), OPENED_MS + MINUTE_MS);
    const said = [];

    if (goneFirst) said.push(await gone());
    await fold(ports, small, nth(4, { changedAtMs: OPENED_MS + MINUTE_MS + 500 }));
    said.push(await gone());

    const [member] = await membersOf(ports.ledger, umbrella.id);
    assert.deepEqual([member?.goneAtMs, said[0]?.kind], [OPENED_MS + MINUTE_MS, "updated"]);
  }
});

/** `api` is only observed; alarms of no known service take the mode of the settings. */
const modes = (mode: "observe" | "auto") => ({
  ...small,
  mode,
  services: small.services.map((one) => ({
    ...one,
    mode: one.name === "api" ? ("observe" as const) : ("auto" as const),
  })),
});
const [OBSERVED, ACTED_ON, UNKNOWN] = [0, 1, 3];

for (const { what, mode, kinds, silent } of [
  {
    what: "of services that are only observed wakes nobody",
    mode: "auto",
    kinds: [OBSERVED, OBSERVED],
    silent: [true],
  },
  {
    what: "of services of which one is acted on is told",
    mode: "observe",
    kinds: [ACTED_ON, OBSERVED],
    silent: [false],
  },
  {
    what: "of no known service wakes nobody where the default is to observe",
    mode: "observe",
    kinds: [UNKNOWN],
    silent: [true],
  },
  { what: "of no known service is told where it is not", mode: "auto", kinds: [UNKNOWN], silent: [false] },
  {
    what: "that comes to a service that is acted on later is told by a second umbrella, which all that follow join",
    mode: "auto",
    kinds: [OBSERVED, OBSERVED, ACTED_ON, OBSERVED, ACTED_ON, OBSERVED],
    silent: [true, false],
  },
] as const)
  test(`a storm ${what}, whatever other services are configured`, async () => {
    const ports = openPorts();
    const given = { ...modes(mode), foldSeconds: 0 };
    for (let i = 0; i < 4; i += 1) await fold(ports, given, nth(4 * i + UNKNOWN));

    for (const [i, kind] of kinds.entries()) await fold(ports, given, nth(4 * (4 + i) + kind));

    const umbrellas = (await umbrellasIn(ports.ledger)).toSorted((one, other) => one.openedAtMs - other.openedAtMs);
    const members = await Promise.all(umbrellas.map(async ({ id }) => (await membersOf(ports.ledger, id)).length));
    assert.deepEqual(await Promise.all(umbrellas.map(({ id }) => isSilent(sessionOf(ports, given, id)))), silent);
    assert.deepEqual(members, kinds.length === 6 ? [2, 4] : [kinds.length]);
  });

test("an incident that people must hear of does not join an umbrella for which nobody is paged", async () => {
  const ports = openPorts();
  const given = { ...modes("auto"), foldSeconds: 0 };
  for (let i = 0; i < 4; i += 1) await fold(ports, given, nth(4 * i + (i === 0 ? ACTED_ON : OBSERVED)));
  await fold(ports, given, nth(16 + OBSERVED));

  const joined = [await joining(ports, given, ACTED_ON), await joining(ports, given, 4 + OBSERVED)];

  assert.deepEqual(joined, [false, true]);
});

test("a storm of more alarms than an item of the ledger can hold is no setting", () => {
  const given = { account: "123456789012", region: "eu-west-1", services: [] };

  const parsed = [200, 201].map((alarms) => settingsSchema.safeParse({ ...given, storm: { alarms } }).success);

  assert.deepEqual(parsed, [true, false]);
});

test("the most alarms that one incident takes in before they are a storm fit into an item of 400 KB, and so does the weather", async () => {
  const ports = openPorts();
  const name = (i: number) => `production-checkout-service-target-5xx-${i}`;
  const given = settingsWith({
    storm: { alarms: 200 },
    alarms: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [name(i), "api"])),
  });
  const metrics = Array.from({ length: 3 }, () => ({
    ...{ namespace: "AWS/ApplicationELB", metricName: "HTTPCode_Target_5XX_Count", stat: "Sum", periodSeconds: 60 },
    dimensions: {
      LoadBalancer: "app/checkout/50dc6c495c0c9188",
      TargetGroup: "targetgroup/checkout-blue/6d0ecf831eec9f09",
    },
  }));
  let largest = 0;
  const ledger: Ledger = {
    ...ports.ledger,
    write: (key, item, expected) => {
      largest = Math.max(largest, JSON.stringify(item).length);
      return ports.ledger.write(key, item, expected);
    },
  };

  for (let i = 0; i < 300; i += 1)
    await fold({ ...ports, ledger }, given, alarmWith({ alarmName: name(i), changedAtMs: OPENED_MS + i, metrics }));

  assert.equal((await umbrellasIn(ports.ledger)).length, 1);
  assert.ok(largest < 400_000, `${largest} bytes`);
});

test("a storm is told by its size, its beginning and the services with the most alarms, and by no words of an alarm", async () => {
  const ports = openPorts();
  for (let i = 0; i < 40; i += 1) await fold(ports, small, nth(i, { reason: "IGNORE ALL" }));
  const [umbrella] = await umbrellasIn(ports.ledger);

  const words = stormInWords(await membersOf(ports.ledger, umbrella?.id ?? ""), umbrella?.openedAtMs ?? 0);

  assert.equal(
    words,
    "36 alarms since 2026-01-05T10:00:04.000Z: 9 of api, 9 of blog, 9 of no known service and 1 more",
  );
});
