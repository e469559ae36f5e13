import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import type { Alarm } from "./alarm.ts";
import {
  alarmWith,
  incidentWith,
  MINUTE_MS,
  OPENED_MS,
  service,
  settingsWith,
  snapshotWith,
} from "./example.fixture.ts";
import { fold, subjectGone } from "./fold.ts";
import { incidentId } from "./ids.ts";
import { changeIncident, type Incident, isAllGone, isAllOk, readIncident, standingKeys } from "./incident.ts";
import { withIncident } from "./merge.ts";
import type { Ledger } from "./ports.ts";

const elb = (name: string) => `app/${name}/1`;
const named = (name: string) => ({
  ...service,
  name,
  resources: [`arn:aws:ecs:eu-west-1:123456789012:service/main/${name}`],
  slis: service.slis.map((sli) => ({
    ...sli,
    metric: { ...sli.metric, dimensions: { LoadBalancer: elb(name) } },
    per: undefined,
  })),
});
const settings = settingsWith({
  services: [named("api"), named("blog")],
  alarms: { "api-5xx": "api", "api-slow": "api" },
});

const openPorts = (ledger: Ledger = simulatedLedger()) => {
  const rung: string[] = [];
  return { ledger, rung, executions: { start: async () => {}, ring: async (id: string) => void rung.push(id) } };
};
const at = (minutes: number, changes: Partial<Alarm> = {}): Alarm =>
  alarmWith({ changedAtMs: OPENED_MS + minutes * MINUTE_MS, ...changes });
const slow = (minutes: number, changes: Partial<Alarm> = {}) => at(minutes, { alarmName: "api-slow", ...changes });
const ID = incidentId(at(0).key, OPENED_MS);

test("the words of every alarm are kept in the order of the keys, without secrets, and no longer than they may be", async () => {
  const ports = openPorts();
  const wordy = { reason: `token=abc123 ${"r".repeat(900)}`, description: `a\u0000b ${"d".repeat(900)}` };

  await fold(ports, settings, at(0, wordy));
  await fold(ports, settings, slow(1, { reason: "Threshold Crossed" }));
  await fold(ports, settings, slow(2, { reason: "again" }));

  const words = (await readIncident(ports.ledger, ID))?.words ?? [];
  assert.deepEqual(
    words.map(({ id, name }) => [id, name]),
    [
      ["alarm-1", "api-5xx"],
      ["alarm-2", "api-slow"],
    ],
  );
  assert.doesNotMatch(JSON.stringify(words), /abc123|\\u0000/);
  assert.ok((words[0]?.reason.length ?? 0) <= 300 && (words[0]?.description.length ?? 0) <= 300);
  assert.deepEqual(words[1], { id: "alarm-2", name: "api-slow", description: "", reason: "Threshold Crossed" });
});

test("however many alarms join, the words of twenty are kept, and each still names its key", async () => {
  const ports = openPorts();
  await fold(ports, settings, at(0));

  for (let i = 1; i < 25; i += 1)
    await fold(ports, { ...settings, alarms: { [`more-${i}`]: "api" } }, at(i / 60, { alarmName: `more-${i}` }));

  const incident = await readIncident(ports.ledger, ID);
  assert.deepEqual([incident?.keys.length, incident?.words.length], [25, 20]);
  assert.ok(incident?.words.every(({ id, name }, i) => id === `alarm-${i + 1}` && incident.keys[i]?.endsWith(name)));
});

test("an incident that takes in a younger one keeps the words, rings and deletions of both", () => {
  const word = (id: string, name: string) => ({ id, name, description: "", reason: "" });
  const into = incidentWith({ keys: ["a"], words: [word("alarm-1", "a")], rings: { a: [1] }, gone: { a: 9 } });
  const younger = incidentWith({
    ...{ keys: ["a", "b"], words: [word("alarm-1", "a"), word("alarm-2", "b")] },
    ...{ rings: { b: [2, 3] }, gone: { b: 4 } },
  });

  const merged = withIncident(into, younger);

  assert.deepEqual(merged?.words, [word("alarm-1", "a"), word("alarm-2", "b")]);
  assert.deepEqual(
    [merged?.rings, merged?.gone],
    [
      { a: [1], b: [2, 3] },
      { a: 9, b: 4 },
    ],
  );
});

/** One alarm over many time series: CloudWatch reports each series on its own. */
const contributor = (name: string, minutes: number, changes: Partial<Alarm> = {}): Alarm =>
  at(minutes, {
    ...{ key: `123456789012/eu-west-1/all-5xx/${name}`, alarmName: "all-5xx", contributorId: name, metrics: [] },
    ...{ kind: "query", attributes: { LoadBalancer: elb(name) } },
    ...changes,
  });

test("two contributors of one alarm, each of another service, are two incidents, and the OK of one closes its own alone", async () => {
  const ports = openPorts();

  const opened = [
    await fold(ports, settings, contributor("api", 0)),
    await fold(ports, settings, contributor("blog", 1)),
  ];
  const ok = await fold(ports, settings, contributor("api", 2, { state: "OK" }));

  const [api, blog] = await Promise.all(opened.map((one) => readIncident(ports.ledger, one.incidentId ?? "")));
  assert.deepEqual(
    opened.map(({ kind }) => kind),
    ["opened", "opened"],
  );
  assert.deepEqual([api?.service, blog?.service], ["api", "blog"]);
  assert.deepEqual(ok, { kind: "updated", incidentId: api?.id });
  assert.deepEqual(
    [api, blog].map((one) => Object.values(one?.states ?? {}).map(({ state }) => state)),
    [["OK"], ["ALARM"]],
  );
});

test("a contributor of a service whose incident is open joins it, and of no known service it stands alone", async () => {
  const ports = openPorts();
  await fold(ports, settings, at(0));

  const folded = [
    await fold(ports, settings, contributor("api", 1)),
    await fold(ports, settings, contributor("else", 1)),
  ];

  assert.deepEqual(
    folded.map(({ kind }) => kind),
    ["joined", "opened"],
  );
});

test("every delivered ALARM is counted once, in whatever order, and only the newest 32 are kept", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 45 }),
      fc.array(fc.nat(44), { maxLength: 5 }),
      async (minutes, again) => {
        const ports = openPorts();
        await fold(ports, settings, at(0));

        for (const minute of [...minutes, ...again.flatMap((i) => minutes[i] ?? [])])
          await fold(ports, settings, at(minute));

        await fold(ports, settings, at(501, { state: "OK" }));
        const rings = (await readIncident(ports.ledger, ID))?.rings[at(0).key];
        const expected = [0, ...minutes].toSorted((a, b) => a - b).slice(-32);
        assert.deepEqual(
          rings,
          expected.map((minute) => OPENED_MS + minute * MINUTE_MS),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test("a deletion is noted on the open incident that has the alarm, wakes it, and is news once", async () => {
  const ports = openPorts();
  await fold(ports, settings, at(0));
  await changeIncident(ports.ledger, ID, (incident) => ({ ...incident, doorbell: "bell" }));

  const told = [
    await subjectGone(ports, settings, at(0), at(3).changedAtMs),
    await subjectGone(ports, settings, at(0), at(3).changedAtMs),
  ];

  const incident = await readIncident(ports.ledger, ID);
  assert.deepEqual(told, [
    { kind: "updated", incidentId: ID },
    { kind: "ignored", incidentId: null },
  ]);
  assert.deepEqual([incident?.gone, incident?.news], [{ [at(0).key]: at(3).changedAtMs }, 1]);
  assert.deepEqual(ports.rung, ["bell", "bell"]);
});

test("a deletion that nobody waits for is ignored: no incident, a closed one, or one that heard of a newer state", async () => {
  const ports = openPorts();
  const before = await subjectGone(ports, settings, at(0), at(0).changedAtMs);
  await fold(ports, settings, at(2));
  const id = incidentId(at(0).key, at(2).changedAtMs);

  const overtaken = await subjectGone(ports, settings, at(0), at(1).changedAtMs);
  const late = await readIncident(ports.ledger, id);
  await changeIncident(ports.ledger, id, (incident) => ({ ...incident, terminal: "RESOLVED" }));
  const after = await subjectGone(ports, settings, at(0), at(3).changedAtMs);

  assert.deepEqual([before, overtaken, after], Array(3).fill({ kind: "ignored", incidentId: null }));
  assert.deepEqual(late?.gone, {});
});

test("deleting an alarm deletes its contributors, and no alarm whose name only begins alike", async () => {
  const ports = openPorts();
  const opened = [
    await fold(ports, settings, contributor("api", 0)),
    await fold(ports, settings, contributor("blog", 0)),
    await fold(ports, settings, at(0, { alarmName: "all-5xx-too", metrics: [] })),
  ];

  await subjectGone(ports, settings, at(0, { alarmName: "all-5xx", metrics: [] }), at(1).changedAtMs);

  const gone = await Promise.all(
    opened.map(
      async ({ incidentId: id }) => Object.keys((await readIncident(ports.ledger, id ?? ""))?.gone ?? {}).length,
    ),
  );
  assert.deepEqual(gone, [1, 1, 0]);
});

test("whatever order a deletion and the states around it come in, it stands only if nothing newer was said", async () => {
  const events = fc.shuffledSubarray([1, 2, 3, 5, 6], { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(events, fc.boolean(), async (minutes, goneFirst) => {
      const ports = openPorts();
      await fold(ports, settings, at(0));
      const deletes = () => subjectGone(ports, settings, at(0), at(4).changedAtMs);

      if (goneFirst) await deletes();
      for (const minute of minutes) await fold(ports, settings, at(minute, { state: "OK" }));
      if (!goneFirst) await deletes();

      const gone = (await readIncident(ports.ledger, ID))?.gone ?? {};
      assert.equal(Object.keys(gone).length, Math.max(...minutes) > 4 ? 0 : 1);
    }),
    { numRuns: 60 },
  );
});

test("a deletion counts though its time, in whole seconds, lies before a state change of the same second", async () => {
  for (const goneFirst of [false, true]) {
    const ports = openPorts();
    await fold(ports, settings, at(0));
    const gone = () => subjectGone(ports, settings, at(0), at(1).changedAtMs);

    if (goneFirst) await gone();
    await fold(ports, settings, at(1, { changedAtMs: at(1).changedAtMs + 500 }));
    if (!goneFirst) await gone();

    assert.deepEqual((await readIncident(ports.ledger, ID))?.gone, { [at(0).key]: at(1).changedAtMs });
  }
});

test("an alarm counts no more only where it was deleted and CloudWatch does not know it", () => {
  const [one, two] = [snapshotWith({ key: "a", state: "OK" }), snapshotWith({ key: "b", state: "OK" })];
  const incident = (gone: Incident["gone"]) => ({ keys: ["a", "b"], gone });

  const standing = [
    standingKeys(incident({ a: 1 }), [two]),
    standingKeys(incident({ a: 1 }), [one, two]),
    standingKeys(incident({}), [two]),
    standingKeys(incident({ a: 1, b: 1 }), null),
  ];
  const ok = [isAllOk(incident({ a: 1 }), [two]), isAllOk(incident({}), [two]), isAllOk(incident({ a: 1, b: 1 }), [])];
  const gone = [
    isAllGone(incident({ a: 1, b: 1 }), []),
    isAllGone(incident({ a: 1 }), []),
    isAllGone(incident({ a: 1, b: 1 }), null),
  ];

  assert.deepEqual(standing, [["b"], ["a", "b"], ["a", "b"], ["a", "b"]]);
  assert.deepEqual(ok, [true, false, false]);
  assert.deepEqual(gone, [true, false, false]);
});
