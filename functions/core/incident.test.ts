import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import type { Alarm } from "./alarm.ts";
import { claim } from "./claim.ts";
import { alarmWith, MINUTE_MS, OPENED_MS, service, settingsWith } from "./example.fixture.ts";
import { fold } from "./fold.ts";
import { incidentId } from "./ids.ts";
import { changeIncident, type Incident, readIncident, readLock } from "./incident.ts";
import type { Executions, Ledger, Ports } from "./ports.ts";
import type { Session } from "./session.ts";

const named = (name: string) => ({ ...service, name, resources: [] });
const settings = settingsWith({
  services: [
    { ...named("api"), dependsOn: ["db"] },
    { ...named("shop"), dependsOn: ["db"] },
    { ...named("blog"), dependsOn: [] },
    named("db"),
  ],
  alarms: { "api-5xx": "api", "api-slow": "api", "shop-5xx": "shop", "blog-5xx": "blog" },
});

/** Counts what was started and rung; starting twice is success, as it is with the durable engine. */
const countingExecutions = () => {
  const started: string[] = [];
  const rung: string[] = [];
  const executions: Executions = {
    start: async (id) => {
      started.push(id);
    },
    ring: async (id) => {
      rung.push(id);
    },
  };
  return { executions, started, rung };
};

const openPorts = (ledger: Ledger = simulatedLedger()) => ({ ledger, ...countingExecutions() });
type Opened = ReturnType<typeof openPorts>;

const incidentsIn = async (ledger: Ledger): Promise<readonly Incident[]> =>
  (await ledger.list("incident#")).map(({ item }) => item as unknown as Incident);

const at = (minutes: number, changes: Partial<Alarm> = {}): Alarm =>
  alarmWith({ changedAtMs: OPENED_MS + minutes * MINUTE_MS, ...changes });
const ID = incidentId(at(0).key, OPENED_MS);

const close = (ledger: Ledger, id: string, changes: Partial<Incident> = {}) =>
  changeIncident(ledger, id, (incident) => ({ ...incident, terminal: "RESOLVED", closedAtMs: 1, ...changes }));

const foldAll = async (ports: Opened, alarms: readonly Alarm[]) => {
  const folded = [];
  for (const alarm of alarms) folded.push(await fold(ports, settings, alarm));
  return folded;
};

/** State changes of one alarm, some of them suppressed or muted. */
const change: fc.Arbitrary<Alarm> = fc
  .record({
    minute: fc.nat(12),
    state: fc.constantFrom("OK", "ALARM", "INSUFFICIENT_DATA"),
    quiet: fc.constantFrom("no", "no", "no", "suppressed", "muted"),
  })
  .map(({ minute, state, quiet }) =>
    at(minute, { state, suppressedBy: quiet === "suppressed" ? "parent" : null, muted: quiet === "muted" }),
  );
const opens = (alarm: Alarm): boolean => alarm.state === "ALARM" && alarm.suppressedBy === null && !alarm.muted;

/** Every change at least once, some several times, in any order. */
const delivered = (alarms: fc.Arbitrary<readonly Alarm[]>) =>
  alarms.chain((all) =>
    fc
      .tuple(fc.constant(all), fc.array(fc.nat(Math.max(0, all.length - 1)), { maxLength: 6 }))
      .chain(([once, again]) => {
        const multiset = [...once, ...again.flatMap((i) => once[i] ?? [])];
        return fc.tuple(fc.constant(once), fc.shuffledSubarray(multiset, { minLength: multiset.length }));
      }),
  );
const someChanges = fc.uniqueArray(change, { selector: ({ changedAtMs }) => changedAtMs, maxLength: 6 });

test("any deliveries of one alarm's changes, doubled and shuffled, open one incident if one of them opens, else none", async () => {
  await fc.assert(
    fc.asyncProperty(delivered(someChanges), async ([once, arrived]) => {
      const ports = openPorts();

      await foldAll(ports, arrived);

      const incidents = await incidentsIn(ports.ledger);
      assert.equal(incidents.length, once.some(opens) ? 1 : 0);
      assert.equal(new Set(ports.started).size, incidents.length);
    }),
    { numRuns: 300 },
  );
});

test("deliveries of one opening change open the same incident, whatever comes around it and in whatever order", async () => {
  const others = fc.uniqueArray(
    change.filter((alarm) => !opens(alarm) && alarm.changedAtMs !== OPENED_MS),
    { selector: ({ changedAtMs }) => changedAtMs, maxLength: 4 },
  );
  const withOpening = others.map((all) => [at(0), ...all]);
  await fc.assert(
    fc.asyncProperty(delivered(withOpening), async ([, arrived]) => {
      const ports = openPorts();

      await foldAll(ports, arrived);

      const [incident, ...more] = await incidentsIn(ports.ledger);
      assert.deepEqual([incident?.id, more.length], [ID, 0]);
      assert.deepEqual(incident?.covers, { [at(0).key]: OPENED_MS });
      assert.deepEqual([incident?.service, incident?.severity, incident?.openedAtMs], ["api", 2, OPENED_MS]);
    }),
    { numRuns: 300 },
  );
});

test("an OK that arrives before its ALARM opens nothing, and the ALARM then does", async () => {
  const ports = openPorts();

  const folded = await foldAll(ports, [at(3, { state: "OK" }), at(0)]);

  assert.deepEqual(folded, [
    { kind: "ignored", incidentId: null },
    { kind: "opened", incidentId: ID },
  ]);
});

test("a suppressed or muted alarm never opens an incident, and its release does", async () => {
  const ports = openPorts();

  const folded = await foldAll(ports, [at(0, { suppressedBy: "parent" }), at(1, { muted: true }), at(2)]);

  assert.deepEqual(
    folded.map(({ kind }) => kind),
    ["ignored", "ignored", "opened"],
  );
});

test("the newest state by CloudWatch's time is kept, whatever arrives last", async () => {
  await fc.assert(
    fc.asyncProperty(delivered(someChanges), async ([once, arrived]) => {
      const ports = openPorts();
      await fold(ports, settings, at(0));

      await foldAll(ports, arrived);

      const incident = await readIncident(ports.ledger, ID);
      const newest = [at(0), ...once].toSorted((a, b) => b.changedAtMs - a.changedAtMs)[0];
      assert.equal(incident?.states[at(0).key]?.atMs, newest?.changedAtMs);
    }),
  );
});

test("a fact is news once: a duplicate wakes again and changes nothing", async () => {
  const ports = openPorts();
  await fold(ports, settings, at(0));
  await changeIncident(ports.ledger, ID, (incident) => ({ ...incident, doorbell: "bell" }));

  const folded = await foldAll(ports, [at(2, { state: "OK" }), at(2, { state: "OK" }), at(1, { state: "OK" })]);

  assert.deepEqual(
    folded.map(({ kind }) => kind),
    ["updated", "updated", "updated"],
  );
  assert.equal((await readIncident(ports.ledger, ID))?.news, 1);
  assert.deepEqual(ports.rung, ["bell", "bell", "bell"]);
});

test("after a terminal incident a newer ALARM opens another one, and an old duplicate opens none", async () => {
  const ports = openPorts();
  await foldAll(ports, [at(0), at(2)]);
  await close(ports.ledger, ID);

  const folded = await foldAll(ports, [at(0), at(2), at(3, { state: "OK" }), at(9), at(9), at(2)]);

  const next = incidentId(at(0).key, at(9).changedAtMs);
  assert.deepEqual(folded, [
    { kind: "ignored", incidentId: ID },
    { kind: "ignored", incidentId: ID },
    { kind: "ignored", incidentId: null },
    { kind: "opened", incidentId: next },
    { kind: "updated", incidentId: next },
    { kind: "updated", incidentId: next },
  ]);
  assert.equal((await incidentsIn(ports.ledger)).length, 2);
});

test("while people own an incident and it is watched, a new ALARM belongs to it", async () => {
  const ports = openPorts();
  await fold(ports, settings, at(0));
  await close(ports.ledger, ID, { terminal: "ESCALATED", watching: true });

  const folded = await fold(ports, settings, at(30));

  assert.deepEqual(folded, { kind: "joined", incidentId: ID });
  assert.equal((await incidentsIn(ports.ledger)).length, 1);
});

const shop = (minutes: number, changes: Partial<Alarm> = {}) =>
  at(minutes, { alarmName: "shop-5xx", key: "123456789012/eu-west-1/shop-5xx", ...changes });
const blog = at(1, { alarmName: "blog-5xx", key: "123456789012/eu-west-1/blog-5xx" });

test("alarms of services that share a dependency fold into one incident inside the fold time, and not after it", async () => {
  const seconds = settings.foldSeconds;
  for (const [minutes, kind] of [
    [seconds / 60, "joined"],
    [seconds / 60 + 1, "opened"],
  ] as const) {
    const ports = openPorts();
    await fold(ports, settings, at(0));

    const folded = await fold(ports, settings, shop(minutes));

    assert.equal(folded.kind, kind);
    assert.equal((await incidentsIn(ports.ledger)).length, kind === "joined" ? 1 : 2);
  }
});

test("an alarm of a service that shares nothing opens its own incident", async () => {
  const ports = openPorts();
  await fold(ports, settings, at(0));

  const folded = await fold(ports, settings, blog);

  assert.equal(folded.kind, "opened");
});

test("an incident that was joined watches every alarm of it, and hears the OK of each", async () => {
  const ports = openPorts();
  await fold(ports, settings, at(0));

  const folded = await foldAll(ports, [shop(1), shop(1), shop(5, { state: "OK" })]);

  const incident = await readIncident(ports.ledger, ID);
  assert.deepEqual(
    folded.map(({ kind }) => kind),
    ["joined", "updated", "updated"],
  );
  assert.deepEqual(incident?.keys, [at(0).key, shop(1).key]);
  assert.equal(incident?.states[shop(1).key]?.state, "OK");
});

test("an alarm that no service claims opens an incident of no service", async () => {
  const ports = openPorts();
  const stranger = at(0, { alarmName: "stranger", key: "1/r/stranger", metrics: [] });

  await fold(ports, settings, stranger);

  const [incident] = await incidentsIn(ports.ledger);
  assert.equal(incident?.service, "");
});

/** A ledger whose process dies at one of its writes, before it or after it: from then on nothing answers. */
const dyingAt = (ledger: Ledger, write: number, when: "before" | "after") => {
  let writes = 0;
  let dead = false;
  const alive = () => {
    if (dead) throw new Error("the process is dead");
  };
  const dying: Ledger = {
    read: async (key) => {
      alive();
      return ledger.read(key);
    },
    write: async (key, item, expected) => {
      alive();
      writes += 1;
      if (writes === write && when === "before") dead = true;
      alive();
      const wrote = await ledger.write(key, item, expected);
      if (writes === write) dead = true;
      alive();
      return wrote;
    },
    list: ledger.list,
  };
  return { ledger: dying, isDead: () => dead, alive };
};

/** Executions of a process that may die: a dead one starts nothing. */
const mortal = (ports: Opened, alive: () => void): Executions => ({
  start: async (id) => {
    alive();
    await ports.executions.start(id);
  },
  ring: async (id) => {
    alive();
    await ports.executions.ring(id);
  },
});

/** The count of the storm, the lock, the incident, the service's active incident. */
const DEATHS = [1, 2, 3, 4].flatMap((write) => (["before", "after"] as const).map((when) => ({ write, when })));

for (const { write, when } of DEATHS)
  test(`a process that dies ${when} write ${write} of an opening loses nothing and doubles nothing, once it is delivered again`, async () => {
    const ports = openPorts();
    const dying = dyingAt(ports.ledger, write, when);
    const executions = mortal(ports, dying.alive);

    await assert.rejects(fold({ ledger: dying.ledger, executions }, settings, at(0)), Error);
    await fold(ports, settings, at(0));

    const incidents = await incidentsIn(ports.ledger);
    assert.ok(dying.isDead());
    assert.deepEqual(
      incidents.map(({ id }) => id),
      [ID],
    );
    assert.deepEqual(new Set(ports.started), new Set([ID]));
  });

for (const { write, when } of DEATHS)
  test(`a process that dies ${when} write ${write} of an opening leaves nothing that keeps a related alarm from joining it`, async () => {
    const ports = openPorts();
    const dying = dyingAt(ports.ledger, write, when);
    const executions = mortal(ports, dying.alive);
    await assert.rejects(fold({ ledger: dying.ledger, executions }, settings, at(0)), Error);
    await fold(ports, settings, at(0));

    const folded = await fold(ports, settings, shop(1));

    assert.deepEqual(folded, { kind: "joined", incidentId: ID });
  });

for (const when of ["before", "after"] as const)
  test(`a process that dies ${when} the write of an update loses nothing: the next delivery wakes the incident`, async () => {
    const ports = openPorts();
    await fold(ports, settings, at(0));
    await changeIncident(ports.ledger, ID, (incident) => ({ ...incident, doorbell: "bell" }));
    const dying = dyingAt(ports.ledger, 1, when);
    const ok = at(4, { state: "OK" });

    await assert.rejects(fold({ ledger: dying.ledger, executions: mortal(ports, dying.alive) }, settings, ok), Error);
    await fold(ports, settings, ok);

    const incident = await readIncident(ports.ledger, ID);
    assert.deepEqual([incident?.news, incident?.states[ok.key]?.state], [1, "OK"]);
    assert.deepEqual(ports.rung, ["bell"]);
  });

test("an opening that died is finished by the next change of the same alarm, under the name that it had", async () => {
  const ports = openPorts();
  const dying = dyingAt(ports.ledger, 2, "after");
  await assert.rejects(fold({ ...ports, ledger: dying.ledger }, settings, at(0)), Error);

  const folded = await fold(ports, settings, at(5));

  const [incident, ...more] = await incidentsIn(ports.ledger);
  assert.deepEqual(folded, { kind: "opened", incidentId: ID });
  assert.deepEqual([incident?.id, more.length], [ID, 0]);
  assert.deepEqual(incident?.covers, { [at(0).key]: at(5).changedAtMs });
});

test("intakes of one alarm that interleave in any way open one incident, under one name", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, intakes) => {
      const ports = openPorts();
      const slow: Ledger = {
        read: scheduler.scheduleFunction(ports.ledger.read),
        write: scheduler.scheduleFunction(ports.ledger.write),
        list: ports.ledger.list,
      };

      const all = Promise.all(
        Array.from({ length: intakes }, () => fold({ ledger: slow, executions: ports.executions }, settings, at(0))),
      );
      const folded = await scheduler.waitFor(all);

      assert.deepEqual(
        (await incidentsIn(ports.ledger)).map(({ id }) => id),
        [ID],
      );
      assert.ok(folded.every((one) => one.incidentId === ID));
      assert.deepEqual(new Set(ports.started), new Set([ID]));
    }),
    { numRuns: 60 },
  );
});

test("a change that meets an incident as it closes belongs to one incident in the end, and is not lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const ports = openPorts();
      await fold(ports, settings, at(0));
      const slow: Ledger = {
        read: scheduler.scheduleFunction(ports.ledger.read),
        write: scheduler.scheduleFunction(ports.ledger.write),
        list: ports.ledger.list,
      };

      const both = Promise.all([
        fold({ ledger: slow, executions: ports.executions }, settings, at(5)),
        close(slow, ID),
      ]);
      await scheduler.waitFor(both);

      const covering = (await incidentsIn(ports.ledger)).filter(
        ({ covers }) => covers[at(5).key] === at(5).changedAtMs,
      );
      assert.equal(covering.length, 1);
    }),
    { numRuns: 60 },
  );
});

test("an old duplicate of an alarm that had joined opens nothing after the incident is terminal", async () => {
  const ports = openPorts();
  await foldAll(ports, [at(0), shop(1)]);
  await close(ports.ledger, ID);

  const folded = await fold(ports, settings, shop(1));

  assert.deepEqual(folded, { kind: "ignored", incidentId: ID });
  assert.equal((await incidentsIn(ports.ledger)).length, 1);
});

const slow = (minutes: number, changes: Partial<Alarm> = {}) =>
  at(minutes, { alarmName: "api-slow", key: "123456789012/eu-west-1/api-slow", ...changes });

/** The first step of an incident's execution, with the ports that it uses. */
const claimed = (ports: Opened, id: string) => {
  const rest = {
    clock: { nowMs: () => OPENED_MS },
    records: { put: async () => {} },
    guardrails: { hash: "", ask: () => Promise.reject(new Error("not asked")) },
    catalogue: { hash: "", runbooks: [] },
    scorer: { policy: "rules", modelHash: "", draw: "best", score: async () => [] },
  };
  const session = { ports: { ...ports, ...rest } as unknown as Ports, settings, incidentId: id, executionId: id };
  return claim(session as Session);
};

for (const [whose, second] of [
  ["the same", slow],
  ["a related", shop],
] as const)
  test(`alarms of ${whose} service whose intakes interleave end in one incident, once every execution has begun`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, youngerFirst) => {
        const ports = openPorts();
        const ledger: Ledger = {
          read: scheduler.scheduleFunction(ports.ledger.read),
          write: scheduler.scheduleFunction(ports.ledger.write),
          list: ports.ledger.list,
        };
        const intake = (alarm: Alarm) => fold({ ledger, executions: ports.executions }, settings, alarm);
        await scheduler.waitFor(Promise.all([intake(at(0)), intake(second(1))]));

        const inOrder = [...new Set(ports.started)].sort((a) => (a === ID ? -1 : 1));
        const ids = youngerFirst ? inOrder.toReversed() : inOrder;
        for (const id of ids) await claimed(ports, id);

        const open = (await incidentsIn(ports.ledger)).filter(({ terminal }) => terminal === null);
        assert.equal(open.length, 1);
        assert.deepEqual([...(open[0]?.keys ?? [])].sort(), [at(0).key, second(1).key].sort());
      }),
      { numRuns: 100 },
    );
  });

/** Two incidents of one cause: the second intake had looked before the first one was known; its execution has begun. */
const merged = async (second: typeof slow) => {
  const ports = openPorts();
  await fold(ports, settings, at(0));
  let looking = true;
  const late: Ledger = {
    ...ports.ledger,
    read: async (key) => (looking && key.startsWith("active#") ? null : ports.ledger.read(key)),
    write: async (...given) => {
      looking = looking && !given[0].startsWith("incident#");
      return ports.ledger.write(...given);
    },
  };
  const younger = (await fold({ ...ports, ledger: late }, settings, second(1))).incidentId ?? "";
  return { ports, younger, claimed: await claimed(ports, younger) };
};

for (const [whose, second] of [
  ["the same", slow],
  ["a related", shop],
] as const) {
  test(`the younger of two incidents of ${whose} service joins the older one before its first decision`, async () => {
    const { ports, claimed, younger } = await merged(second);

    const incidents = await Promise.all([ID, younger].map((id) => readIncident(ports.ledger, id)));

    assert.deepEqual(claimed, { kind: "merged" });
    assert.deepEqual(incidents[0]?.keys, [at(0).key, second(1).key]);
    assert.equal((await readLock(ports.ledger, second(1).key))?.incidentId, ID);
    assert.deepEqual([incidents[0]?.terminal, incidents[1]?.terminal], [null, "MERGED"]);
  });

  test(`an alarm of ${whose} service whose incident merged belongs to the one that it merged into`, async () => {
    const { ports } = await merged(second);

    const folded = await foldAll(ports, [second(3), second(4, { state: "OK" })]);

    assert.deepEqual(folded, [
      { kind: "joined", incidentId: ID },
      { kind: "updated", incidentId: ID },
    ]);
  });
}

test("ten metrics of an alarm are kept: CloudWatch itself allows no more in one", async () => {
  const ports = openPorts();
  const [metric] = at(0).metrics;
  const metrics = Array.from({ length: 25 }, (_, i) => ({ ...metric, metricName: `m${i}` })) as Alarm["metrics"];

  await foldAll(ports, [at(0, { metrics }), at(1, { alarmName: "api-slow", metrics })]);

  const incident = await readIncident(ports.ledger, ID);
  assert.deepEqual(
    Object.values(incident?.metrics ?? {}).map((kept) => kept.map(({ metricName }) => metricName)),
    Array(2).fill(["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"]),
  );
});

test("a writer that loses to ten others in a row still gets its turn", async () => {
  const ports = openPorts();
  await foldAll(ports, [at(0)]);
  let lost = 0;
  const contended: Ledger = {
    ...ports.ledger,
    write: async (key, item, expected) => {
      lost += 1;
      if (lost <= 10) await changeIncident(ports.ledger, ID, (one) => ({ ...one, news: one.news + 1 }));
      return ports.ledger.write(key, item, expected);
    },
  };

  await changeIncident(contended, ID, (one) => ({ ...one, doorbell: "bell" }));

  const incident = await readIncident(ports.ledger, ID);
  assert.deepEqual([incident?.doorbell, incident?.news], ["bell", 10]);
});
