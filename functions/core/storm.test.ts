import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import type { Alarm } from "./alarm.ts";
import { alarmWith, MINUTE_MS, OPENED_MS, service, settingsWith } from "./example.fixture.ts";
import { fold, subjectGone } from "./fold.ts";
import { changeIncident, type Incident, type Lock, readIncident, readLock } from "./incident.ts";
import type { Ledger } from "./ports.ts";
import { mayRing, membersOf, stormInWords, stormNow } from "./storm.ts";

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
