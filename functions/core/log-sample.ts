import type { Cut } from "./context.ts";
import type { LogLine } from "./evidence.ts";
import { cut } from "./redact.ts";

/** A line is cut here before anything is counted: what it has to say it says at its beginning. */
export const LINE_CHARACTERS = 500;
/** Redaction reads on beyond the cut, so that a secret that the cut would halve is known for one. */
const READ_CHARACTERS = 2_500;
/** The window is looked at in this many spans of one length; each gets its share of the budget. */
const SPANS = 60;

export type LogBudget = Readonly<{ logLines: number; logBytes: number }>;
export type LogSample = Readonly<{ lines: readonly LogLine[]; cuts: readonly Cut[] }>;

/** Bytes in UTF-8 of at most the first 500 characters. */
const bytesOf = ({ message }: LogLine): number => Buffer.byteLength(message.slice(0, LINE_CHARACTERS));
const bytesIn = (lines: readonly LogLine[]): number => lines.reduce((sum, line) => sum + bytesOf(line), 0);

/** How many of each group may be taken so that the sum is `most` and no group that asks for less than its share loses any. */
const shares = (sizes: readonly number[], most: number): readonly number[] => {
  const order = sizes.map((size, group) => ({ size, group })).toSorted((a, b) => a.size - b.size);
  const given = sizes.map(() => 0);
  let left = most;
  for (const [turn, { size, group }] of order.entries()) {
    const share = Math.min(size, Math.floor(left / (order.length - turn)));
    given[group] = share;
    left -= share;
  }
  return given;
};

const evenly = <T>(all: readonly T[], count: number): readonly T[] =>
  Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as T);

/** At most this many lines, spread over the whole time that they span: a flood in one minute costs that minute alone. */
export const sampleOverTime = (lines: readonly LogLine[], most: number): readonly LogLine[] => {
  if (lines.length <= most) return lines;
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { atMs } of lines) {
    fromMs = Math.min(fromMs, atMs);
    toMs = Math.max(toMs, atMs);
  }
  const spans: LogLine[][] = Array.from({ length: SPANS }, () => []);
  for (const line of lines)
    spans[Math.min(SPANS - 1, Math.floor(((line.atMs - fromMs) / Math.max(1, toMs - fromMs)) * SPANS))]?.push(line);
  const given = shares(
    spans.map((span) => span.length),
    most,
  );
  return spans.flatMap((span, i) => evenly(span, given[i] ?? 0));
};

/** Lines within both budgets, and what was left out of which. Deterministic: the same lines give the same sample. */
export const sampleLogs = (all: readonly LogLine[], budget: LogBudget): LogSample => {
  const counted = sampleOverTime(all, budget.logLines);
  const bytes = bytesIn(counted);
  let lines = counted;
  for (let kept = bytes; kept > budget.logBytes && lines.length > 0; kept = bytesIn(lines))
    lines = sampleOverTime(lines, Math.min(lines.length - 1, Math.floor((lines.length * budget.logBytes) / kept)));
  return {
    lines: lines.map(({ atMs, logGroup, message }) => ({ atMs, logGroup, message: cut(message, READ_CHARACTERS) })),
    cuts: [
      ...(counted.length === all.length
        ? []
        : [{ source: "logs", kept: counted.length, of: all.length, unit: "lines" as const }]),
      ...(lines.length === counted.length
        ? []
        : [{ source: "logs", kept: bytesIn(lines), of: bytes, unit: "bytes" as const }]),
    ],
  };
};
