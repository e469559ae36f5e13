import assert from "node:assert/strict";
import { test } from "node:test";
import { recordingFolder } from "../adapters/recorded/recording.fixture.ts";
import type { IncidentRecord } from "../core/record.ts";
import { replay } from "./replay.ts";

const said = async (policy: string, json: boolean): Promise<string> => {
  const printed: string[] = [];
  const io = { write: (text: string) => void printed.push(text), writeError: () => {} };
  await replay(recordingFolder(), { mode: "auto", policy, ...(json ? { json: true } : {}) }, io);
  return printed.join("");
};

test("several policies over one recording are compared in one document, each as it replays alone", async () => {
  const { schema, policies } = JSON.parse(await said("rules,page,drafter", true));

  assert.equal(schema, 1);
  assert.deepEqual(Object.keys(policies), ["rules", "page", "drafter"]);
  for (const [name, [path]] of Object.entries<readonly Record<string, unknown>[]>(policies)) {
    const alone: IncidentRecord = JSON.parse(await said(name, true));
    assert.deepEqual([path?.incident, path?.terminal], [alone.incident.id, alone.terminal]);
    assert.deepEqual(
      path?.decisions,
      alone.decisions.map(({ step, candidates, choice, abstention }) => {
        const chosen = choice === null ? undefined : candidates[choice.candidate];
        return {
          step,
          runbook: chosen?.runbook ?? null,
          target: chosen?.target ?? null,
          probability: chosen?.probability ?? null,
          because: abstention?.because.code ?? choice?.asks?.code ?? null,
        };
      }),
    );
  }
});

test("as a table the policies of an incident stand below each other, every proposal with its probability", async () => {
  const [header, ...rows] = (await said("rules,page", false)).trimEnd().split("\n");

  assert.match(header ?? "", /^alarm +policy +decisions +proposed +terminal$/);
  assert.deepEqual(
    rows.map((row) => /(rules|page) +\d/.exec(row)?.[1]),
    ["rules", "page"],
  );
  assert.match(rows[1] ?? "", /page \(1\.00\)/);
});

test("one policy alone is told as ever: its record, or a row with what was seen and refused", async () => {
  assert.equal(JSON.parse(await said("rules", true)).schema, 1);
  assert.match(await said("rules", false), /^alarm +decisions +saw +proposed +refused +terminal\n/);
});
