import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { alarmWith } from "../core/example.fixture.ts";
import { incidentId } from "../core/ids.ts";
import { changeIncident, type Incident, readLock, withAlarm, withoutAlarm } from "../core/incident.ts";
import type { Ports } from "../core/ports.ts";
import { type Member, mayRing, membersOf } from "../core/storm.ts";
import { shopWith } from "../world/small-system.fixture.ts";
import { count, crashing, placesOf, printCount } from "./crash.fixture.ts";
import { type Flow, play } from "./flow.fixture.ts";
import { type Fate, fated, sideBySide, wrongs } from "./paths.fixture.ts";
import { stateChange } from "./state-change.fixture.ts";

const healthy = shopWith(1, 0);
const COUNT = 5;
const fromMs = healthy.onsetMs;
/** A backlog: all of it is delivered at once, so that the first incidents have not decided yet when the storm is known. */
const deliverAtMs = fromMs + 60_000;
const overMs = fromMs + 5 * 60_000;

/** CloudWatch knows the storm's alarms too: they ring until it is over. */
const withStormAlarms = (ports: Ports): Ports => ({
  ...ports,
  evidence: {
    ...ports.evidence,
    alarms: async (keys) => {
      const isOver = ports.clock.nowMs() >= overMs;
      const state = isOver ? ("OK" as const) : ("ALARM" as const);
      const ours = keys.filter((key) => key.includes("/storm-"));
      return [
        ...(await ports.evidence.alarms(keys)),
        ...ours.map((key) => ({
          ...{ key, state, changedAtMs: isOver ? overMs : fromMs },
          ...{ periodSeconds: 60, evaluationPeriods: 1 },
        })),
      ];
    },
  },
});

/** Five alarms are a storm from the third on: three incidents join the umbrella that the fourth alarm opens. */
const stormFlow: Flow = {
  scenario: healthy,
  people: null,
  settings: { storm: { alarms: 3, seconds: 300 } },
  mostHours: 3,
};

/** What an incident is told of its alarm while it hands itself over; it is delivered no second time. */
const NEWS = {
  OK: (incident: Incident, key: string) =>
    withAlarm(incident, alarmWith({ key, state: "OK", changedAtMs: fromMs + 30_000 })),
  deletion: (incident: Incident, key: string) => withoutAlarm(incident, key, fromMs + 30_000),
};

/** Whoever delivers the first alarm's news had read the alarm's lock before it pointed to the umbrella. */
const withNewsBetween = (ports: Ports, news: keyof typeof NEWS): Ports => {
  let isTold = false;
  const write: Ports["ledger"]["write"] = async (key, item, expected) => {
    const isWritten = await ports.ledger.write(key, item, expected);
    if (isTold || !/^storm#.*\/storm-0$/.test(key)) return isWritten;
    isTold = true;
    const { key: alarmKey, rangAtMs } = item as Member;
    const id = incidentId(alarmKey, rangAtMs ?? 0);
    await changeIncident(ports.ledger, id, (incident) => NEWS[news](incident, alarmKey));
    return isWritten;
  };
  return { ...ports, ledger: { ...ports.ledger, write } };
};

type Disturbance = Readonly<{
  crashes?: Parameters<typeof crashing>[1];
  fate?: Parameters<typeof fated>[0];
  news?: keyof typeof NEWS;
  wrap?: (ports: Ports) => Ports;
}>;

/** Plays the storm, disturbed; everything that must not depend on the disturbance is its `essence`. */
const storming = async ({ crashes = [], fate, news, wrap = (ports) => ports }: Disturbance) => {
  const crashed = crashing(stormFlow, crashes);
  const { counts } = crashed;
  const flow = fate === undefined ? crashed.flow : { ...stormFlow, around: fated(fate) };
  let ledger: Ports["ledger"] | null = null;
  const flown = await play({
    ...flow,
    around: (ports, sandbox) =>
      flow.around(withStormAlarms(wrap(news === undefined ? ports : withNewsBetween(ports, news))), sandbox),
    before: async (kept, world) => {
      ledger = kept;
      for (let i = 0; i < COUNT; i += 1) {
        world.outbox.push({ deliverAtMs, event: stateChange(world, `storm-${i}`, "ALARM", fromMs + i * 1000) });
        if (i === 0 && news !== undefined) continue;
        world.outbox.push({ deliverAtMs: overMs + 2000, event: stateChange(world, `storm-${i}`, "OK", overMs) });
      }
      world.outbox.sort((one, other) => one.deliverAtMs - other.deliverAtMs);
    },
  });
  const { incidents, records, inputs, runs, rows } = flown;
  const umbrella = incidents.find((incident) => incident.umbrella);
  const essence = {
    incidents: incidents.map(({ id, keys, terminal, because, decided, watching, covers, states }) => ({
      ...{ id, keys, terminal, because, decided, watching, covers, states },
    })),
    members: ledger === null ? [] : await membersOf(ledger, umbrella?.id ?? ""),
    locks: await Promise.all(
      (umbrella?.keys ?? []).map(
        async (key) => ((await flown.item(`open#${key}`)) as { incidentId: string }).incidentId,
      ),
    ),
    records: records
      .map(({ incident, terminal, because, decisions }) => [incident.id, terminal, because, decisions])
      .toSorted(),
    pages: inputs.filter(({ kind }) => kind === "page").length,
    ...{ runs, rows },
  };
  // The record and the ledger tell the same end, to the millisecond.
  const closings = incidents.map(({ id, closedAtMs }) => [
    id,
    closedAtMs === null ? null : new Date(closedAtMs).toISOString(),
  ]);
  const told = incidents.map(({ id }) => [id, records.find(({ incident }) => incident.id === id)?.incident.closedAt]);
  return { counts, flown, umbrella, essence, closings, told };
};

/** What every storm comes to, however it was disturbed. */
const assertSame = (one: Awaited<ReturnType<typeof storming>>, undisturbed: typeof one, at: string): void => {
  assert.deepEqual(wrongs(one.flown), [], at);
  assert.deepEqual(one.essence, undisturbed.essence, at);
  assert.deepEqual(one.told, one.closings, `the record of each end, ${at}`);
};

const STORMS = [
  { what: "a storm", told: {} },
  { what: "a storm, an OK told while its incident joins,", told: { news: "OK" } },
  { what: "a storm, a deletion told while its incident joins,", told: { news: "deletion" } },
] as const;
for (const { what, told } of STORMS)
  test(`a sandbox that dies anywhere in ${what} changes nothing: one umbrella, one page, no alarm lost`, async (t) => {
    const undisturbed = await storming(told);
    const { umbrella, essence, flown, counts } = undisturbed;
    assert.deepEqual(wrongs(flown), []);
    assert.deepEqual(essence.incidents.map(({ terminal }) => terminal).toSorted(), [
      ...["ESCALATED", "MERGED", "MERGED", "MERGED"],
    ]);
    assert.deepEqual([umbrella?.terminal, umbrella?.because?.code, umbrella?.watching], ["ESCALATED", "storm", false]);
    assert.deepEqual([essence.members.length, essence.pages, essence.runs.length], [COUNT, 1, 0]);
    assert.ok(essence.members.every((member) => !mayRing(member) && member.rangAtMs !== null));
    assert.deepEqual(new Set(essence.locks), new Set([umbrella?.id]));

    const places = placesOf(counts);
    const disturbed = await sideBySide(places, (place) => storming({ crashes: [place], ...told }));
    count(disturbed.map((one) => one.flown));

    t.diagnostic(`${places.length} places: ${JSON.stringify(counts)}`);
    assert.ok(places.length > 200, `${places.length} places to crash`);
    for (const [index, one] of disturbed.entries()) {
      const at = `after a crash at ${JSON.stringify(places[index])}`;
      assert.equal(one.flown.deaths, 1, at);
      assertSame(one, undisturbed, at);
    }
  });

test("two deaths in a storm, or a port that fails once anywhere, change nothing of how it ends", async () => {
  const undisturbed = await storming({});
  const places = placesOf(undisturbed.counts);
  const calls = Array.from({ length: undisturbed.counts.calls }, (_, i) => i + 1);
  const place = fc.nat({ max: places.length - 1 }).map((index) => places[index] as (typeof places)[number]);
  const pairs = fc.sample(fc.noBias(fc.tuple(place, place)), { seed: 20260105, numRuns: 100 });
  const failures = calls.flatMap((call) => [
    { fate: (now: number): Fate => (now === call ? "throw" : "live"), what: `call ${call} fails` },
    { fate: (now: number): Fate => (now === call ? "throw-after" : "live"), what: `the reply of call ${call} is lost` },
  ]);

  const twice = await sideBySide(pairs, (crashes) => storming({ crashes }));
  const failed = await sideBySide(failures, ({ fate }) => storming({ fate }));

  count(twice.map((one) => one.flown));
  const deaths = twice.reduce((sum, { flown }) => sum + flown.deaths, 0);
  assert.ok(deaths >= 1.9 * pairs.length, `${deaths} deaths in ${pairs.length} pairs`);
  for (const [index, one] of twice.entries()) assertSame(one, undisturbed, `pair ${JSON.stringify(pairs[index])}`);
  for (const [index, one] of failed.entries()) assertSame(one, undisturbed, failures[index]?.what ?? "");
});

test("an incident whose umbrella closes while it hands itself over goes on by itself, and hears of its alarm again", async () => {
  let kept: Ports["ledger"] | null = null;
  const { flown } = await storming({
    wrap: (ports) => {
      kept = ports.ledger;
      const write: Ports["ledger"]["write"] = async (key, item, expected) => {
        const isWritten = await ports.ledger.write(key, item, expected);
        const [umbrellaId = ""] = key.slice("storm#".length).split("/");
        if (/^storm#.*\/storm-0$/.test(key))
          await changeIncident(ports.ledger, umbrellaId, (umbrella) => ({ ...umbrella, terminal: "ESCALATED" }));
        return isWritten;
      };
      return { ...ports, ledger: { ...ports.ledger, write } };
    },
  });

  const own = flown.incidents.filter(({ umbrella }) => !umbrella);
  assert.ok(kept !== null && own.length === 3, `${own.length} incidents of their own`);
  assert.deepEqual(wrongs(flown), []);
  assert.ok(own.every(({ terminal, watching }) => terminal === "ESCALATED" && !watching));
  for (const { id, keys, states } of own) {
    assert.equal((await readLock(kept, keys[0] ?? ""))?.incidentId, id);
    assert.equal(states[keys[0] ?? ""]?.state, "OK");
  }
});

printCount();
