import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { catalogue } from "../../runbooks/catalogue.ts";
import { recordingFolder, temporaryFolder } from "../adapters/recorded/recording.fixture.ts";
import type { IncidentRecord } from "../core/record.ts";
import { BadInput } from "./errors.ts";
import { recordOpensre } from "./record-opensre.ts";
import { type ReplayFlags, replay } from "./replay.ts";

/** Replays a folder and parses what it printed. */
const replayed = async (dir: string, flags: Partial<ReplayFlags> = {}): Promise<readonly IncidentRecord[]> => {
  const printed: string[] = [];
  const io = { write: (text: string) => void printed.push(text), writeError: () => {} };
  const code = await replay(dir, { mode: "observe", policy: "rules", json: true, ...flags }, io);
  assert.equal(code, 0);
  const parsed = JSON.parse(printed.join("")) as IncidentRecord | readonly IncidentRecord[];
  return Array.isArray(parsed) ? parsed : [parsed as IncidentRecord];
};

const effectsProposed = (record: IncidentRecord): readonly string[] =>
  record.decisions.flatMap(({ candidates, choice }) => {
    const chosen = choice === null ? undefined : candidates[choice.candidate];
    return chosen === undefined || chosen.target === null ? [] : [chosen.runbook];
  });

test("a recorded incident ends in a whole record, and nothing in it was really done", async () => {
  const dir = recordingFolder();

  for (const mode of ["observe", "approve", "auto"]) {
    const [record] = await replayed(dir, { mode });
    assert.ok(record);
    assert.match(record.incident.id, /^quell-[a-z2-7]{26}$/);
    assert.ok(["SELF_RECOVERED", "ESCALATED"].includes(record.terminal), record.terminal);
    assert.ok(record.effects.every(({ dryRun }) => dryRun));
    assert.ok(record.decisions.length >= 1);
    for (const { candidates, choice, abstention } of record.decisions) {
      const total = candidates.reduce((sum, { probability }) => sum + probability, 0);
      assert.ok(Math.abs(total - 1) <= 1e-9);
      assert.notEqual(choice === null, abstention === null);
    }
  }
});

test("a replay is the same every time", async () => {
  const dir = recordingFolder();

  const [once, again] = [await replayed(dir), await replayed(dir)];

  assert.deepEqual(once, again);
});

test("whatever a model once said, what is outside the catalogue and the graph is refused", async () => {
  const said = { candidates: [{ runbook: "delete-everything", version: "1.0.0", target: "*", params: {} }] };
  const replies = [said, JSON.stringify(said), "not JSON at all", 7, { content: [], stop_reason: "refusal" }];

  for (const reply of replies) {
    const dir = recordingFolder({ "drafter.json": JSON.stringify(reply) });
    const [record] = await replayed(dir, { mode: "auto", policy: "drafter" });
    assert.ok(record);
    assert.deepEqual(
      record.effects.filter(({ runbook }) => runbook === "delete-everything"),
      [],
    );
    const named = record.decisions.flatMap(({ candidates }) =>
      candidates.filter(({ runbook }) => runbook.startsWith("delete")),
    );
    assert.ok(named.every(({ verdict, probability }) => verdict === "refused" && probability === 0));
  }
});

test("a folder that holds no recording is bad input that says what to do", async () => {
  const empty = temporaryFolder();
  const io = { write: () => {}, writeError: () => {} };

  await assert.rejects(replay(empty, { mode: "observe", policy: "rules" }, io), BadInput);
  await assert.rejects(replay(join(empty, "nothing"), { mode: "observe", policy: "rules" }, io), BadInput);
  await assert.rejects(replay(recordingFolder(), { mode: "sometimes", policy: "rules" }, io), BadInput);
  await assert.rejects(replay(recordingFolder(), { mode: "observe", policy: "fittedq" }, io), BadInput);
});

const data = process.env.QUELL_TEST_DATA;
const from = data === undefined ? "" : join(data, "incidents", "opensre-synthetic", "rds_postgres");

if (existsSync(from)) {
  // Which recording came of which scenario: by its alarm's time, which only the test looks up.
  const scenarios = readdirSync(from).map((name) => {
    const scenario = parse(readFileSync(join(from, name, "scenario.yml"), "utf8")) as Record<string, unknown>;
    return { name, adversarial: (scenario.adversarial_signals as readonly string[] | undefined) ?? [] };
  });
  const recorded = async (mode: string) => {
    const out: [string, IncidentRecord][] = [];
    for (const { name } of scenarios) {
      const alone = temporaryFolder();
      const source = temporaryFolder();
      cpSync(join(from, name), join(source, "scenario"), { recursive: true });
      recordOpensre(source, alone);
      const [record] = await replayed(alone, { mode });
      assert.ok(record, name);
      out.push([name, record]);
    }
    return new Map(out);
  };

  for (const mode of ["observe", "auto"])
    test(`eight recorded database incidents in mode ${mode}: nothing is done where nothing is wrong`, async () => {
      const records = await recorded(mode);

      assert.equal(records.size, 8);
      for (const [name, record] of records) {
        if (!/healthy/.test(name)) continue;
        assert.deepEqual(effectsProposed(record), [], name);
        assert.deepEqual(record.effects, [], name);
      }
      const leak = [...records].find(([name]) => /connection-exhaustion/.test(name))?.[1];
      assert.deepEqual(leak === undefined ? null : effectsProposed(leak), ["rds-reboot"]);
      assert.equal(leak?.effects.length, mode === "auto" ? 1 : 0);
      for (const { name, adversarial } of scenarios) {
        const treating = catalogue.runbooks.filter(({ treats }) =>
          treats.some((metric) => adversarial.includes(metric.split("/").at(-1) ?? "")),
        );
        for (const { candidates } of records.get(name)?.decisions ?? []) {
          const page = candidates.find(({ runbook }) => runbook === "page");
          const above = candidates.filter(
            ({ runbook, q }) => treating.some(({ id }) => id === runbook) && (q?.mean ?? 0) >= (page?.q?.mean ?? 0),
          );
          assert.deepEqual(above, [], name);
        }
      }
    });
} else {
  test("recorded database incidents are replayed", (t) => {
    t.skip("set QUELL_TEST_DATA to the folder of test data to run this");
  });
}
