import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import type { Alarm } from "../core/alarm.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import type { Scenario } from "../world/scenario.ts";
import { settingsFor } from "../world/settings-for.ts";
import type { World } from "../world/state.ts";
import type { Delivery } from "../world/types.ts";
import { advance, createWorld, nextEventMs, takeDeliveries } from "../world/world.ts";

/** A simulated cloud at the moment at which EventBridge delivers its first alarm. */
export type Alarmed = Readonly<{ world: World; settings: Settings; event: Delivery["event"]; alarm: Alarm }>;

/** Plays a world up to its first delivered ALARM; null where none comes within twelve hours of the onset. */
export const firstAlarm = (scenario: Scenario): Alarmed | null => {
  const world = createWorld(scenario);
  const settings = settingsSchema.parse(settingsFor(world));
  const endMs = scenario.onsetMs + 12 * 3_600_000;
  for (let atMs = nextEventMs(world); atMs !== null && atMs <= endMs; atMs = nextEventMs(world)) {
    advance(world, atMs);
    for (const { event } of takeDeliveries(world)) {
      const ingested = parseAlarmEvent(event);
      if (ingested.kind === "incident") return { world, settings, event, alarm: ingested.alarm };
    }
  }
  return null;
};
