import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { catalogue } from "../../runbooks/catalogue.ts";
import { temporaryFolder } from "../adapters/recorded/recording.fixture.ts";
import { readRecording } from "../adapters/recorded/recording.ts";
import { POLICIES } from "../core/policies.ts";
import type { IncidentRecord } from "../core/record.ts";
import { recordNab } from "./record-nab.ts";
import { recordOpensre } from "./record-opensre.ts";
import { replay, replayOne } from "./replay.ts";

const replayed = async (dir: string, mode: string): Promise<readonly IncidentRecord[]> => {
  const printed: string[] = [];
  const io = { write: (text: string) => void printed.push(text), writeError: () => {} };
  assert.equal(await replay(dir, { mode, policy: "rules", json: true }, io), 0);
  return JSON.parse(printed.join(""));
};

const EFFECTS = new Set(catalogue.runbooks.filter(({ kind }) => kind === "effect").map(({ id }) => id));
/** The effects that might have been run at some decision of an incident. */
const effectsAllowed = ({ decisions }: IncidentRecord): readonly string[] =>
  decisions.flatMap(({ candidates }) =>
    candidates
      .filter(({ runbook, verdict }) => EFFECTS.has(runbook) && verdict === "allowed")
      .map(({ runbook }) => runbook),
  );

type Series = Readonly<{ timestamps: readonly string[]; values: readonly number[] }>;
/** The series of a recording as far as an instant. */
const seriesUntil = (dir: string, untilMs: number): readonly Series[] =>
  (JSON.parse(readFileSync(join(dir, "metrics.json"), "utf8")) as readonly Series[]).map((series) => {
    const timestamps = series.timestamps.filter((time) => Date.parse(time) <= untilMs);
    return { ...series, timestamps, values: series.values.slice(0, timestamps.length) };
  });

const testData = process.env.QUELL_TEST_DATA;
if (testData === undefined) {
  const how = "set QUELL_TEST_DATA to the folder of recorded inputs";
  process.stdout.write(`the replays of recorded incidents are skipped: ${how}\n`);
  it("each recorded incident is replayed to one row", { skip: how }, () => {});
} else {
  const opensre = join(testData, "incidents", "opensre-synthetic");
  const SETS = [
    { what: "EKS incidents", count: 7, mayAct: [], record: (to: string) => recordOpensre(join(opensre, "eks"), to) },
    {
      what: "RDS incidents",
      count: 8,
      mayAct: ["RDSDatabaseConnectionsHigh"],
      record: (to: string) => recordOpensre(join(opensre, "rds_postgres"), to),
    },
    {
      what: "CloudWatch series",
      count: 14,
      mayAct: [],
      record: (to: string) => recordNab(join(testData, "nab"), to).folders,
    },
  ] as const;

  for (const { what, count, mayAct, record } of SETS)
    for (const mode of ["observe", "auto"])
      it(`each of ${count} ${what} is one row in mode ${mode}, and nothing is done where no rule suits`, async () => {
        const out = temporaryFolder();
        const folders = record(out);

        const records = await replayed(out, mode);

        assert.equal(folders.length, count);
        assert.equal(new Set(records.map(({ incident }) => incident.id)).size, count);
        assert.equal(records.length, count);
        for (const one of records) {
          const { alarmName } = one.incident;
          assert.match(one.terminal, /^(SELF_RECOVERED|ESCALATED)$/, alarmName);
          assert.ok(one.decisions.length > 0, alarmName);
          if (!mayAct.some((name) => name === alarmName)) {
            assert.deepEqual(effectsAllowed(one), [], alarmName);
            assert.deepEqual(one.effects, [], alarmName);
          }
        }
      });

  describe("the Numenta Anomaly Benchmark's series", () => {
    it("give five incidents of unusual values and nine at a peak; four are said never to be unusual", () => {
      const { folders, notes } = recordNab(join(testData, "nab"), temporaryFolder());

      assert.equal(folders.filter((name) => /-unusual-/.test(name)).length, 5);
      assert.equal(folders.filter((name) => /-peak-/.test(name)).length, 9);
      assert.equal(notes.filter((note) => /never unusual/.test(note)).length, 4);
    });

    it("tell the first decision nothing of what comes after the alarm", async () => {
      const out = temporaryFolder();
      const { rules } = POLICIES;
      assert.ok(rules !== undefined);
      const firstDecision = async (dir: string) =>
        (await replayOne(readRecording(dir), "auto", rules)).record.decisions[0];
      const pairs = recordNab(join(testData, "nab"), out).folders.map(async (name) => {
        const [dir, other] = [join(out, name), join(temporaryFolder(), name)];
        cpSync(dir, other, { recursive: true });
        const firedAtMs = readRecording(dir).alarm.changedAtMs;
        // Half an hour of each future is enough, and soon over.
        const asItCame = seriesUntil(dir, firedAtMs + 1_800_000);
        const otherwise = asItCame.map((one) => ({
          ...one,
          values: one.values.map((value, i) => (Date.parse(one.timestamps[i] ?? "") > firedAtMs ? 1e12 + i : value)),
        }));
        assert.notDeepEqual(otherwise, asItCame, name);
        writeFileSync(join(dir, "metrics.json"), JSON.stringify(asItCame));
        writeFileSync(join(other, "metrics.json"), JSON.stringify(otherwise));
        return { name, decisions: await Promise.all([firstDecision(dir), firstDecision(other)]) };
      });

      const told = await Promise.all(pairs);

      for (const { name, decisions } of told) assert.deepEqual(decisions[1], decisions[0], name);
    });
  });
}
