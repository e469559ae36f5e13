import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LogLine } from "./evidence.ts";
import { sampleLogs, sampleOverTime } from "./log-sample.ts";

const lineAt = (atMs: number, message = `line ${atMs}`): LogLine => ({ atMs, logGroup: "/api", message });
const anyLines = fc.array(
  fc.record({
    atMs: fc.nat(100_000),
    logGroup: fc.constant("/api"),
    message: fc.string({ unit: fc.constantFrom("a", "\u00e9", "\u4e2d", "\u{1f600}"), maxLength: 40 }),
  }),
  { maxLength: 300 },
);

test("a sample has lines of the whole, within its budgets, none twice, and says what it left out", () => {
  fc.assert(
    fc.property(
      anyLines,
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 4000 }),
      (lines, logLines, logBytes) => {
        const sample = sampleLogs(lines, { logLines, logBytes });

        const bytes = sample.lines.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0);
        assert.ok(sample.lines.length <= logLines && bytes <= logBytes);
        assert.ok(sample.lines.length <= lines.length);
        assert.equal(sample.cuts.length > 0, sample.lines.length < lines.length);
        assert.deepEqual(sample, sampleLogs(lines, { logLines, logBytes }));
      },
    ),
  );
});

test("a flood at the end pushes out its own lines alone: every earlier minute keeps what it had", () => {
  const calm = Array.from({ length: 590 }, (_, i) => lineAt(i * 100, `calm ${i}`));
  const flood = Array.from({ length: 50_000 }, (_, i) => lineAt(59_500 + (i % 500), `flood ${i}`));

  const kept = sampleOverTime([...calm, ...flood], 1000);

  assert.equal(kept.length, 1000);
  assert.deepEqual(
    kept.filter(({ message }) => message.startsWith("calm")),
    calm,
  );
});

test("the cut of a flood is told in lines, and the cut of long lines in bytes", () => {
  const flood = Array.from({ length: 6000 }, (_, i) => lineAt(i));
  const long = Array.from({ length: 100 }, (_, i) => lineAt(i, "x".repeat(400)));

  assert.deepEqual(sampleLogs(flood, { logLines: 5000, logBytes: 1_000_000 }).cuts, [
    { source: "logs", kept: 5000, of: 6000, unit: "lines" },
  ]);
  assert.deepEqual(sampleLogs(long, { logLines: 5000, logBytes: 20_000 }).cuts, [
    { source: "logs", kept: 20_000, of: 40_000, unit: "bytes" },
  ]);
});
