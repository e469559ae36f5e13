import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import type { Alarm } from "../core/alarm.ts";
import { draftOffline } from "../core/draft.ts";
import { POLICIES } from "../core/policies.ts";
import type { Drafter, Scorer } from "../core/ports.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import type { Scenario } from "../world/scenario.ts";
import { settingsFor } from "../world/settings-for.ts";
import type { World } from "../world/state.ts";
import type { Delivery } from "../world/types.ts";
import { advance, createWorld, nextEventMs, takeDeliveries } from "../world/world.ts";

const { policies, schema } = loadGuardrails();

/** The ports that no figure varies. */
export const guardrails = cedarGuardrails(policies, schema);
export const offline: Drafter = { draft: async (context, from) => draftOffline(context, from, null) };

/** A policy that the command line lists. Throws on any other name. */
export const scorerNamed = (name: string): Scorer => {
  const scorer = POLICIES[name];
  if (scorer === undefined) throw new RangeError(`no policy is called ${name}`);
  return scorer;
};

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
