import type { LogLine } from "../core/evidence.ts";
import { servedBy } from "./flow.ts";
import { pick, uniform, wholeBetween } from "./random.ts";
import { MINUTE_MS, type ResourceState, streamOf, type World } from "./state.ts";

const ORDINARY = [
  "INFO request completed status=200 path=/items/{n} duration={n}ms",
  "INFO cache refreshed entries={n}",
  "INFO health check ok",
  "WARN slow request path=/items/{n} duration={n}ms",
] as const;
const MOST_ERROR_LINES = 6; // a minute and a group; the rest is sampled away at the source

/**
 * Log lines of these groups within [fromMs, toMs], oldest first: a few ordinary ones a minute and a sample of errors.
 * They are not kept but drawn again at every read, the same each time.
 */
export const logLines = (world: World, groups: readonly string[], fromMs: number, toMs: number): LogLine[] => {
  const lines: LogLine[] = [];
  const lastMs = Math.min(toMs, world.nowMs);
  const firstMinute = Math.floor(Math.max(fromMs, world.clockStartMs) / MINUTE_MS);
  for (const state of Object.values(world.resources)) {
    if (state.logGroup === null || !groups.includes(state.logGroup)) continue;
    for (let minute = firstMinute; (minute + 1) * MINUTE_MS <= lastMs; minute += 1)
      lines.push(...linesOfMinute(world, state, state.logGroup, minute));
  }
  return lines.filter((line) => line.atMs >= fromMs && line.atMs <= lastMs).sort((one, other) => one.atMs - other.atMs);
};

const linesOfMinute = (world: World, state: ResourceState, logGroup: string, minute: number): LogLine[] => {
  const trouble = troubleIn(world, state.arn, minute);
  const errorLines = trouble === null ? 0 : Math.min(MOST_ERROR_LINES, 1 + Math.floor(Math.log2(1 + trouble.errors)));
  const ordinaryStream = streamOf(world, state.arn, "log");
  const line = (stream: string, index: number, template: string): LogLine => ({
    atMs: minute * MINUTE_MS + wholeBetween(`${stream}/at/${index}`, minute, 0, MINUTE_MS - 1),
    logGroup,
    message: fill(template, `${stream}/number/${index}`, minute),
  });
  const lines = [0, 1].map((index) =>
    line(ordinaryStream, index, pick(`${ordinaryStream}/${index}`, minute, ORDINARY)),
  );
  for (let index = 0; index < errorLines; index += 1)
    lines.push(line(streamOf(world, state.arn, "log-errors"), index, `ERROR request={n} ${trouble?.message ?? ""}`));
  return lines;
};

const WORTH_A_LOG_LINE = 0.003;

/** What failed most in the flow that held longest in a minute, and how often; null where too little did to show. */
const troubleIn = (world: World, arn: string, minute: number): Readonly<{ errors: number; message: string }> | null => {
  const segments = world.minutes[minute - world.clockStartMs / MINUTE_MS] ?? [];
  const longest = segments.reduce(
    (one, other) => (other.ms > one.ms ? other : one),
    segments[0] ?? { flow: -1, ms: 0 },
  );
  const flow = world.flows[longest.flow];
  const served = flow === undefined ? null : servedBy(world, flow, arn);
  if (served === null || served.message === null || served.errorRate <= WORTH_A_LOG_LINE) return null;
  return { errors: served.demand * 60 * served.errorRate, message: served.message };
};

const fill = (template: string, stream: string, minute: number): string => {
  let position = 0;
  return template.replaceAll("{n}", () => {
    position += 1;
    return String(Math.floor(uniform(`${stream}/${position}`, minute) * 10_000));
  });
};
