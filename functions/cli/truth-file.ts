import { mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { writeWhole } from "../adapters/files/write-whole.ts";
import { documentsOf } from "../adapters/simulated/actuator.ts";
import { sqliteRecords } from "../adapters/sqlite/records.ts";
import { scenarioAt } from "../world/scenario.ts";
import type { WorldResult } from "./gameday-report.ts";
import type { Stage } from "./gameday-system.ts";
import { type TruthRow, truthRows } from "./truth.ts";

/** The truth of every decision of a gameday, one world after the other: found out when it is asked for, and kept nowhere. */
export const truthOfGameday = function* (
  { parameters, database, store, catalogue }: Pick<Stage, "parameters" | "database" | "store" | "catalogue">,
  worlds: readonly WorldResult[],
): Generator<readonly TruthRow[]> {
  const documents = documentsOf(catalogue);
  const records = new Map(
    sqliteRecords(database)
      .all()
      .map((record) => [record.incident.id, record]),
  );
  for (const { index, incidents } of worlds) {
    const own = incidents.map(({ id }) => records.get(id)).filter((record) => record !== undefined);
    const played = { scenario: scenarioAt(parameters.seed, index), inputs: store.inputsOf(index), records: own };
    yield truthRows(played, catalogue, documents);
  }
};

/** Where the truth about these episodes lies: under the same name, in a folder that training never opens. */
export const truthPath = (episodes: string): string => join(dirname(episodes), "truth", basename(episodes));

/** Writes the truth of all worlds beside their episodes, one line of JSON a decision; an existing file is replaced whole. */
export const writeTruth = (episodes: string, worlds: Iterable<readonly TruthRow[]>): void => {
  const path = truthPath(episodes);
  mkdirSync(dirname(path), { recursive: true });
  writeWhole(path, linesOf(worlds));
};

const linesOf = function* (worlds: Iterable<readonly TruthRow[]>): Generator<string> {
  for (const rows of worlds) for (const row of rows) yield JSON.stringify(row);
};
