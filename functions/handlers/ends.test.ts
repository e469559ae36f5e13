import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import type { Incident } from "../core/incident.ts";
import type { Json } from "../core/json.ts";
import { POLICIES } from "../core/policies.ts";
import type { Ports, Scorer } from "../core/ports.ts";
import { settingsSchema } from "../core/settings.ts";
import { settingsFor } from "../world/settings-for.ts";
import { erringDeployment } from "../world/small-system.fixture.ts";
import { createWorld } from "../world/world.ts";
import { type Flow, play } from "./flow.fixture.ts";
import { intakeWith } from "./intake.ts";
import { stateChange } from "./state-change.fixture.ts";

const deployment = erringDeployment();
const settings = settingsSchema.parse(settingsFor(createWorld(deployment)));
const MINUTE_MS = 60_000;
/** Pages at once, and people repair it. */
const pages: Flow = { scenario: deployment, scorer: POLICIES.page as Scorer, people: null };

/** A pager that is down for so long after the first try, and when it was tried and reached. */
const pagerDownFor = (minutes: number) => {
  const [tried, reached]: [number[], number[]] = [[], []];
  const around = (ports: Ports): Ports => ({
    ...ports,
    pager: {
      ...ports.pager,
      page: async (request) => {
        const nowMs = ports.clock.nowMs();
        tried.push(nowMs);
        if (nowMs - (tried[0] ?? nowMs) < minutes * MINUTE_MS) throw new Error("503");
        reached.push(nowMs);
        await ports.pager.page(request);
      },
    },
  });
  return { tried, reached, around };
};

test("a pager that is down is tried for as long while the alarm flaps as while it is silent, and people are reached", async () => {
  const [silent, flapping] = [pagerDownFor(10), pagerDownFor(10)];
  let flaps = false;
  const everyTwentySeconds: Flow["before"] = async (ledger, world) => {
    const { write } = ledger;
    Object.assign(ledger, {
      write: async (key: string, item: Json, expected: number | null) => {
        const { alarmName, decided } = item as Readonly<{ alarmName?: string; decided?: number }>;
        if (key.startsWith("incident#") && decided === 1 && !flaps) {
          flaps = true;
          for (let i = 1; i <= 120; i += 1) {
            const atMs = world.nowMs + i * 20_000;
            const event = stateChange(settings, alarmName ?? "", i % 2 === 0 ? "ALARM" : "OK", atMs);
            world.outbox.push({ deliverAtMs: atMs, event });
          }
          world.outbox.sort((one, other) => one.deliverAtMs - other.deliverAtMs);
        }
        return write(key, item, expected);
      },
    });
  };

  await play({ ...pages, around: silent.around });
  await play({ ...pages, around: flapping.around, before: everyTwentySeconds });

  const fromFirst = (times: readonly number[]) => times.map((atMs) => atMs - (times[0] ?? 0));
  assert.ok(silent.reached.length > 0 && flapping.reached.length > 0);
  assert.deepEqual(fromFirst(flapping.tried), fromFirst(silent.tried));
});

const RINGS_MINUTES = 10;

/** Plays on while, once, an incident's alarm rings again within the write that would end it or its watch. */
const ringingAt = async (moment: "the record is written" | "the watch ends", flow: Flow) => {
  const told: string[] = [];
  const paged: string[] = [];
  const resolvedAtMs: number[] = [];
  let rangAtMs = Number.POSITIVE_INFINITY;
  const around = (ports: Ports): Ports => {
    const ring = async (alarmName: string): Promise<void> => {
      if (told.length > 0) return;
      rangAtMs = ports.clock.nowMs();
      told.push("pending");
      told[0] = (
        await intakeWith(ports, settings)(parseAlarmEvent(stateChange(settings, alarmName, "ALARM", rangAtMs)))
      ).kind;
    };
    return {
      ...ports,
      evidence: {
        ...ports.evidence,
        alarms: async (keys) => {
          const overMs = rangAtMs + RINGS_MINUTES * MINUTE_MS;
          const nowMs = ports.clock.nowMs();
          return (await ports.evidence.alarms(keys)).map((alarm) => {
            if (nowMs < rangAtMs) return alarm;
            if (nowMs < overMs) return { ...alarm, state: "ALARM", changedAtMs: rangAtMs };
            return { ...alarm, changedAtMs: Math.max(overMs, alarm.changedAtMs) };
          });
        },
      },
      records: {
        put: async (record) => {
          await ports.records.put(record);
          const isRecovered = record.terminal === "RESOLVED" || record.terminal === "SELF_RECOVERED";
          if (moment === "the record is written" && isRecovered) await ring(record.incident.alarmName);
        },
      },
      ledger: {
        ...ports.ledger,
        write: async (key, item, expected) => {
          const next = item as Partial<Incident>;
          const ends = key.startsWith("incident#") && next.watching === false && next.terminal === "ESCALATED";
          if (moment === "the watch ends" && ends) await ring(next.alarmName ?? "");
          return ports.ledger.write(key, item, expected);
        },
      },
      pager: {
        ...ports.pager,
        page: async (request) => {
          paged.push(request.incidentId);
          await ports.pager.page(request);
        },
        resolve: async (incidentId, because) => {
          resolvedAtMs.push(ports.clock.nowMs());
          await ports.pager.resolve(incidentId, because);
        },
      },
    };
  };
  const flown = await play({ ...flow, around });
  return { flown, told, paged, resolvedAtMs, overMs: rangAtMs + RINGS_MINUTES * MINUTE_MS };
};

test("an alarm that rings between the last look and the end is not swallowed: its incident goes on", async () => {
  const { flown, told, paged, overMs } = await ringingAt("the record is written", { scenario: deployment });

  assert.deepEqual(told, ["joined"]);
  const [incident] = flown.incidents;
  const isOver = (incident?.closedAtMs ?? 0) >= overMs;
  assert.ok(isOver || paged.length > 0, `${incident?.terminal} before the alarm was OK, and nobody was paged`);
  assert.deepEqual([flown.incidents.length, flown.records.length], [1, 1]);
  assert.equal(flown.records[0]?.terminal, incident?.terminal);
});

test("an alarm that rings while the watch after a handover ends is watched until it is OK", async () => {
  const { told, paged, resolvedAtMs, overMs } = await ringingAt("the watch ends", pages);

  assert.deepEqual([told, paged.length, resolvedAtMs.length], [["joined"], 1, 1]);
  assert.ok((resolvedAtMs[0] ?? 0) >= overMs, "the page was resolved while an alarm rang");
});
