import type { Restraint } from "./context.ts";
import type { AlarmTransition } from "./evidence.ts";
import { because } from "./reasons.ts";
import type { Settings } from "./settings.ts";

type FlapSettings = Settings["flap"];

/**
 * How often the alarm that rang most went to ALARM within the flap window before now. Counted once from CloudWatch's
 * history, which remembers closed incidents, and once from what was delivered, which may be ahead of it: the larger
 * count holds, so that no change is counted twice. Several alarms that ring once each do not flap.
 * @param rings when each alarm was delivered in ALARM, by key
 */
export const flapsIn = (
  flap: FlapSettings,
  history: readonly AlarmTransition[],
  rings: Readonly<Record<string, readonly number[]>>,
  nowMs: number,
): number => {
  const isRecent = (atMs: number): boolean => atMs > nowMs - flap.seconds * 1000;
  const seen = new Map<string, number>();
  for (const { key, atMs, from, to } of history)
    if (to === "ALARM" && from !== "ALARM" && isRecent(atMs)) seen.set(key, (seen.get(key) ?? 0) + 1);
  const told = Object.values(rings).map((times) => times.filter(isRecent).length);
  return Math.max(0, ...seen.values(), ...told);
};

/** What holds the agent back in an incident, whatever its mode; null where nothing does. @param storms whether one rages */
export const restraintOf = (
  settings: Pick<Settings, "flap" | "storm">,
  flaps: number,
  storms: boolean,
): Restraint | null => {
  const { flap, storm } = settings;
  if (storms) return because("storm", `${storm.alarms} alarms or more rang within ${minutes(storm.seconds)}`);
  if (flaps < flap.alarms) return null;
  return because("flapping", `the alarm went to ALARM ${flaps} times in ${minutes(flap.seconds)}`);
};

const minutes = (seconds: number): string => `${Number((seconds / 60).toFixed(1))} min`;
