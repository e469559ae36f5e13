import type { SliSettings } from "../../core/settings.ts";

/** What a metric measures and which side of its limit hurts, guessed from its name. */
export type SliRole = Pick<SliSettings, "role" | "bad">;

// By the words of AWS's own metric names, the first that fits. "Age" only in AgeOf: it also ends Usage and Storage.
const ROLES: readonly Readonly<{ words: RegExp } & SliRole>[] = [
  { words: /error|5xx|4xx|fault|fail|throttl|reject|dropped|unhealthy|deadletter/i, role: "errors", bad: "above" },
  { words: /Latency|Duration|ResponseTime|Lag|AgeOf|Delay/, role: "latency", bad: "above" },
  { words: /^Free|Available|Healthy|Balance|Remaining|Credit/, role: "saturation", bad: "below" },
  { words: /Utilization|Usage|Depth|Visible|Memory|Load|Connections|Disk/, role: "saturation", bad: "above" },
  { words: /Count|Request|Invocations|Throughput|IOPS|Sent|Network|Consumed/, role: "traffic", bad: "below" },
];

/** The role of a metric by its name; one that no word places counts as saturation that hurts when it is high. */
export const roleOf = (metricName: string): SliRole => {
  const found = ROLES.find(({ words }) => words.test(metricName));
  return found === undefined ? { role: "saturation", bad: "above" } : { role: found.role, bad: found.bad };
};
