import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import type { Ports } from "../../core/ports.ts";
import { withLog } from "./logged-ports.ts";
import type { Note } from "./logger.ts";

type Line = Readonly<{ level: string; sentence: string; facts: Readonly<Record<string, unknown>> | undefined }>;

const noted = () => {
  const lines: Line[] = [];
  const note: Note = (level, sentence, facts) => void lines.push({ level, sentence, facts });
  return { lines, note };
};

/** Ports of which only what a test names can be called. */
const portsWith = (some: Readonly<Record<string, object>>): Ports => {
  const names = ["evidence", "drafter", "approvals", "actuator", "ledger", "episodes", "records", "trackRecord"];
  const none = Object.fromEntries([...names, "pager", "switch", "executions"].map((name) => [name, {}]));
  return { ...none, ...some } as unknown as Ports;
};

test("a call that fails is a line with its port, and fails all the same", async () => {
  const { lines, note } = noted();
  const broken = new Error("table is gone");
  const ports = withLog(portsWith({ ledger: { read: async () => Promise.reject(broken) } }), note);

  await assert.rejects(ports.ledger.read("a"), broken);

  assert.deepEqual(
    lines.map(({ level, sentence }) => [level, sentence]),
    [["warn", "ledger.read failed: table is gone"]],
  );
});

test("what reaches the world outside is a line, what only reads is none, and both answer as before", async () => {
  const { lines, note } = noted();
  const ports = withLog(
    portsWith({
      pager: { page: async () => {} },
      ledger: { read: async (key: string) => ({ item: key, version: 1 }) },
    }),
    note,
  );

  await ports.pager.page({ incidentId: "i", severity: 1, summary: "s", details: [] });
  const read = await ports.ledger.read("a");

  assert.deepEqual(read, { item: "a", version: 1 });
  assert.deepEqual(
    lines.map(({ level, sentence, facts }) => [level, sentence, facts?.call]),
    [["info", "pager.page was called", "pager.page"]],
  );
});

test("a measure is one line of embedded metric format, with the dimensions that it names and no other", () => {
  const meter = JSON.stringify(join(import.meta.dirname, "meter.ts"));
  const measures = [
    { name: "Effects", unit: "Count", value: 2, dimensions: {} },
    { name: "RecoveryMinutes", unit: "None", value: 7.5, dimensions: { Terminal: "RESOLVED" } },
  ];
  const script = `const { emit } = await import(${meter}); emit(${JSON.stringify(measures)});`;

  const said = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });

  const lines = said
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ _aws: { CloudWatchMetrics } }) => CloudWatchMetrics),
    [
      [{ Namespace: "Quell", Dimensions: [[]], Metrics: [{ Name: "Effects", Unit: "Count" }] }],
      [{ Namespace: "Quell", Dimensions: [["Terminal"]], Metrics: [{ Name: "RecoveryMinutes", Unit: "None" }] }],
    ],
  );
  assert.deepEqual([lines[0].Effects, lines[1].RecoveryMinutes, lines[1].Terminal], [2, 7.5, "RESOLVED"]);
});
