import assert from "node:assert/strict";
import { test } from "node:test";
import { DRILL, drillAlarmName, isDrill, withDrill } from "../core/drill.ts";
import { measuresOf } from "../core/measures.ts";
import { owesRows } from "../core/owed-rows.ts";
import type { Ports } from "../core/ports.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import { settingsFor } from "../world/settings-for.ts";
import { erringDeployment } from "../world/small-system.fixture.ts";
import { createWorld } from "../world/world.ts";
import { type Flow, play } from "./flow.fixture.ts";

const scenario = erringDeployment();
const configuration = { drill: true, alarmNamePrefix: "shop-" };

/** The settings of a world in mode auto, under which each of its alarms is taken for the drill's. */
const drilled = (): Pick<Settings, "services" | "alarms"> => {
  const settings = settingsSchema.parse(settingsFor(createWorld(scenario)));
  const { services, alarms } = withDrill(settings, configuration);
  return { services, alarms: Object.fromEntries(Object.keys(alarms).map((name) => [name, DRILL])) };
};

/** The world's first alarm goes by the drill's name on its way in, and no other comes in; evidence knows it by its own. */
const renamed = (told: string[]): Pick<Flow, "deliver" | "around"> => {
  const name = drillAlarmName(configuration);
  let own = "";
  const known = (key: string): string => key.replace(`/${name}`, `/${own}`);
  return {
    deliver: (due) =>
      due.flatMap((delivery) => {
        const text = JSON.stringify(delivery.event);
        const found = /"alarmName":"([^"]+)"/.exec(text)?.[1] ?? "";
        own = own === "" ? found : own;
        return found === own ? [{ ...delivery, event: JSON.parse(text.replaceAll(own, name)) }] : [];
      }),
    around: (ports: Ports): Ports => ({
      ...ports,
      evidence: {
        ...ports.evidence,
        alarms: async (keys) =>
          (await ports.evidence.alarms(keys.map(known))).map((alarm, i) => ({ ...alarm, key: keys[i] ?? alarm.key })),
        history: (key, fromMs, toMs) => ports.evidence.history(known(key), fromMs, toMs),
      },
      approvals: {
        ...ports.approvals,
        ask: async () => void told.push("asked"),
      },
      actuator: {
        ...ports.actuator,
        start: (request) => {
          told.push("started");
          return ports.actuator.start(request);
        },
      },
      pager: {
        ...ports.pager,
        page: async () => void told.push("paged"),
      },
    }),
  };
};

test("a drill is decided on and recorded as every incident is; nothing is done or learnt, nobody is asked or paged", async () => {
  const told: string[] = [];

  const { incidents, records, rows } = await play({ scenario, settings: drilled(), ...renamed(told) });

  assert.deepEqual([told, rows], [[], []]);
  assert.ok(
    incidents.length > 0 && incidents.every(isDrill),
    JSON.stringify(incidents.map(({ alarmName }) => alarmName)),
  );
  assert.ok(incidents.every(({ terminal, decided }) => terminal !== null && decided > 0));
  assert.deepEqual(incidents.filter(owesRows), []);
  assert.deepEqual(
    records.map((record) => measuresOf(record).map(({ name }) => name)),
    incidents.map(() => ["DrillsCompleted"]),
  );
});

test("without a drill in the configuration the settings stay as they are, and with one twice it is there once", () => {
  const settings = settingsSchema.parse(settingsFor(createWorld(scenario)));

  const none = withDrill(settings, { ...configuration, drill: false });
  const twice = withDrill(withDrill(settings, configuration), configuration);

  assert.deepEqual(none, settings);
  assert.equal(twice.services.filter(({ name }) => name === DRILL).length, 1);
  assert.deepEqual(settingsSchema.parse(twice), twice);
});
