import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { simulatedClock } from "../adapters/simulated/clock.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import type { Alarm } from "./alarm.ts";
import { claim } from "./claim.ts";
import { alarmWith, catalogue, incidentWith, MINUTE_MS, OPENED_MS, service, settingsWith } from "./example.fixture.ts";
import { fold } from "./fold.ts";
import { changeIncident, createIncident, type Incident, readIncident, readLock, withAlarm } from "./incident.ts";
import { mergeInto, withIncident } from "./merge.ts";
import { POLICIES } from "./policies.ts";
import type { Ledger } from "./ports.ts";
import type { IncidentRecord } from "./record.ts";
import type { Session } from "./session.ts";

const at = (alarmName: string, minutes: number, changes: Partial<Alarm> = {}): Alarm =>
  alarmWith({ alarmName, changedAtMs: OPENED_MS + minutes * MINUTE_MS, ...changes });
const alarms = { "db-slow": "db", "pay-5xx": "pay", "pay-slow": "pay", "web-5xx": "web" };
const services = [
  { ...service, name: "db", severity: 3 },
  { ...service, name: "pay", severity: 1, dependsOn: ["db"] },
  { ...service, name: "web", severity: 4, dependsOn: ["db"], mode: "observe" as const },
];
const settings = settingsWith({ services, alarms });

type Put = (record: IncidentRecord) => Promise<void>;

const sessionOn = (ledger: Ledger, incidentId: string, put: Put = async () => {}): Session => {
  const executions = { start: async () => {}, ring: async () => {} };
  const clock = simulatedClock(OPENED_MS + 5 * MINUTE_MS);
  const ports = {
    ledger,
    executions,
    records: { put },
    clock,
    catalogue,
    scorer: POLICIES.rules,
    guardrails: { hash: "" },
  };
  return { ports, settings, incidentId, executionId: "me", journal: {} } as unknown as Session;
};
const folding = (ledger: Ledger) => ({ ledger, executions: { start: async () => {}, ring: async () => {} } });

/** Two incidents of related services that opened at once: neither saw the other. */
const twoAtOnce = async (older: Alarm, younger: Alarm) => {
  const ledger = simulatedLedger();
  const alone: Ledger = { ...ledger, read: async (key) => (key.startsWith("active#") ? null : ledger.read(key)) };
  const [first, second] = [await fold(folding(ledger), settings, older), await fold(folding(alone), settings, younger)];
  return { ledger, olderId: first.incidentId ?? "", youngerId: second.incidentId ?? "" };
};

test("whatever is told to an incident while it merges, the older one has it all when it has ended", async () => {
  const { ledger, olderId, youngerId } = await twoAtOnce(at("db-slow", 0), at("pay-5xx", 1));
  const late = [at("pay-slow", 2), at("pay-5xx", 3, { state: "OK" }), at("pay-5xx", 4)];
  const session = sessionOn(ledger, youngerId, async () => {
    const next = late.shift();
    if (next !== undefined)
      await changeIncident(ledger, youngerId, (current) =>
        current.terminal === null ? withAlarm(current, next) : current,
      );
  });

  const claimed = await claim(session);

  const [older, younger] = [await readIncident(ledger, olderId), await readIncident(ledger, youngerId)];
  assert.deepEqual([claimed.kind, younger?.terminal, late.length], ["merged", "MERGED", 0]);
  for (const key of younger?.keys ?? []) {
    assert.equal((await readLock(ledger, key))?.incidentId, olderId, key);
    assert.deepEqual(older?.states[key], younger?.states[key]);
    assert.deepEqual(older?.rings[key], younger?.rings[key]);
    assert.equal(older?.covers[key], younger?.covers[key]);
  }
  assert.deepEqual([younger?.keys.length, older?.keys.length], [2, 3]);
});

test("an older incident that closes while another merges takes nothing with it: the other has its alarms back", async () => {
  const { ledger, olderId, youngerId } = await twoAtOnce(at("db-slow", 0), at("pay-5xx", 1));
  const session = sessionOn(ledger, youngerId, async () => {
    await changeIncident(ledger, olderId, (current) => ({ ...current, terminal: "SELF_RECOVERED" }));
    await changeIncident(ledger, youngerId, (current) => withAlarm(current, at("pay-slow", 2)));
  });

  const claimed = await claim(session);

  assert.equal(claimed.kind, "claimed");
  const younger = await readIncident(ledger, youngerId);
  assert.equal(younger?.terminal, null);
  for (const key of younger?.keys ?? []) assert.equal((await readLock(ledger, key))?.incidentId, youngerId);
});

test("an alarm that people are paged for joins no incident that is only observed, neither at once nor later", async () => {
  const atOnce = await twoAtOnce(at("web-5xx", 0), at("pay-5xx", 1));
  const claimed = await claim(sessionOn(atOnce.ledger, atOnce.youngerId));
  const ledger = simulatedLedger();
  await fold(folding(ledger), settings, at("web-5xx", 0));
  const later = await fold(folding(ledger), settings, at("pay-5xx", 14));

  assert.deepEqual([claimed.kind, later.kind], ["claimed", "opened"]);
});

test("an incident is as grave as the gravest of its alarms, whether they join one by one or as an incident", async () => {
  const { ledger, olderId, youngerId } = await twoAtOnce(at("db-slow", 0), at("pay-5xx", 1));
  const before = (await readIncident(ledger, olderId))?.severity;
  await claim(sessionOn(ledger, youngerId));
  const single = simulatedLedger();
  const { incidentId } = await fold(folding(single), settings, at("db-slow", 0));
  await fold(folding(single), settings, at("pay-5xx", 1));

  const merged = (await readIncident(ledger, olderId))?.severity;
  const joined = (await readIncident(single, incidentId ?? ""))?.severity;
  assert.deepEqual([before, merged, joined], [3, 1, 1]);
});

test("an incident that cannot be handed over goes on as it was", async () => {
  const ledger = simulatedLedger();
  await createIncident(ledger, incidentWith());

  const merged = await mergeInto(sessionOn(ledger, "quell-test"), incidentWith(), "nowhere", async () => false);

  assert.equal(merged, false);
  assert.deepEqual(await readIncident(ledger, "quell-test"), incidentWith());
});

const names = ["pay-5xx", "pay-slow", "db-slow"] as const;
const change = fc
  .record({
    name: fc.constantFrom(...names),
    minute: fc.nat(9),
    state: fc.constantFrom("ALARM" as const, "OK" as const),
  })
  .map(({ name, minute, state }) => at(name, minute, { state }));
const told = (incident: Incident, changes: readonly Alarm[]): Incident =>
  changes.reduce((current, one) => withAlarm(current, one) ?? current, incident);

test("to merge is to know what either was told, and to merge again is no news", () => {
  fc.assert(
    fc.property(fc.array(change), fc.array(change), (mine, theirs) => {
      const [into, younger] = [told(incidentWith(), mine), told(incidentWith({ id: "other" }), theirs)];

      const merged = withIncident(into, younger) ?? into;

      const all = told(incidentWith(), [...mine, ...theirs]);
      assert.deepEqual([merged.covers, merged.rings], [all.covers, all.rings]);
      for (const [key, { atMs }] of Object.entries(all.states)) assert.equal(merged.states[key]?.atMs, atMs);
      assert.deepEqual(merged.keys.toSorted(), all.keys.toSorted());
      assert.equal(withIncident(merged, younger), undefined);
    }),
  );
});
