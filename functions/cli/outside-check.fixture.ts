import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { temporaryFolder } from "../adapters/recorded/recording.fixture.ts";
import { readRecording } from "../adapters/recorded/recording.ts";
import type { Scorer } from "../core/ports.ts";
import type { IncidentRecord } from "../core/record.ts";
import { recordNab } from "./record-nab.ts";
import { recordOpensre } from "./record-opensre.ts";
import { replayOne } from "./replay.ts";

const answerSchema = z.object({ root_cause_category: z.string() });

/** One incident that others recorded, and what they say was wrong: "healthy" is nothing, null where nobody says. */
export type Recorded = Readonly<{ name: string; cause: string | null; folder: string }>;

/** The recorded incidents of the test data. Of NAB's series nobody says what was wrong, if anything was. */
export const recordedIncidents = (testData: string): readonly Recorded[] => {
  const opensre = (kind: string): readonly Recorded[] => {
    const from = join(testData, "incidents", "opensre-synthetic", kind);
    return readdirSync(from).map((name) => {
      const [source, out] = [temporaryFolder(), temporaryFolder()];
      cpSync(join(from, name), join(source, name), { recursive: true });
      const [folder = ""] = recordOpensre(source, out);
      const answer = answerSchema.parse(parse(readFileSync(join(from, name, "answer.yml"), "utf8")));
      return { name: `${kind}/${name}`, cause: answer.root_cause_category, folder: join(out, folder) };
    });
  };
  const out = temporaryFolder();
  const series = recordNab(join(testData, "nab"), out).folders.map((name) => ({
    name: `nab/${name}`,
    cause: null,
    folder: join(out, name),
  }));
  return [...opensre("rds_postgres"), ...opensre("eks"), ...series];
};

export type Checked = Readonly<{ recorded: Recorded; record: IncidentRecord }>;

export const outsideCheck = async (incidents: readonly Recorded[], scorer: Scorer): Promise<readonly Checked[]> => {
  const checked: Checked[] = [];
  for (const recorded of incidents) {
    const { record } = await replayOne(readRecording(recorded.folder), "auto", scorer);
    checked.push({ recorded, record });
  }
  return checked;
};

const proposalsIn = ({ decisions }: IncidentRecord): readonly string[] =>
  decisions.map(({ candidates, choice, abstention }) => {
    const chosen = choice === null ? undefined : candidates[choice.candidate];
    const asks = choice?.asks == null ? "" : ` (asks: ${choice.asks.code})`;
    return chosen === undefined ? `abstained: ${abstention?.because.code ?? ""}` : `${chosen.runbook}${asks}`;
  });

/** Lines for people: one an incident, then what it comes to. */
export const outsideLines = (policy: string, checked: readonly Checked[]): readonly string[] => {
  const rows = checked.map(({ recorded: { name, cause }, record }) => {
    const dry = record.effects.map(({ runbook }) => runbook).join(", ");
    return `${name} [${cause ?? "not said"}]: ${proposalsIn(record).join(" > ")}; dry effects: ${dry || "none"}; ${record.terminal}`;
  });
  const decisions = checked.flatMap(({ record }) => record.decisions);
  const healthy = checked.filter(({ recorded }) => recorded.cause === "healthy");
  const acted = healthy.filter(({ record }) => record.effects.length > 0);
  const asked = decisions.filter(({ choice }) => choice?.asks != null);
  return [
    ...rows,
    `${policy}: ${checked.length} incidents, ${decisions.length} decisions, ` +
      `${decisions.filter(({ abstention }) => abstention !== null).length} abstentions, ${asked.length} asked about, ` +
      `dry effects in ${acted.length} of ${healthy.length} in which nothing is wrong`,
  ];
};
