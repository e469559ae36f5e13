import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { inTransaction } from "../adapters/sqlite/database.ts";
import type { WorldInput } from "../world/types.ts";
import { BadInput } from "./errors.ts";
import type { GamedayParameters } from "./gameday-options.ts";
import { type Parts, partsIn } from "./gameday-part.ts";
import type { WorldResult } from "./gameday-report.ts";

/**
 * What a gameday keeps besides Quell's own ledger and executions, so that a kill at any moment changes nothing.
 *
 * The worlds themselves are not kept: a world follows from its scenario, the inputs from outside and the time.
 * - An input is written in the same breath as the world takes it, before anybody learns of it. A kill before the write takes
 *   the world along, so the input never was; the step that made it has no checkpoint, runs again and makes it then. A kill
 *   after the write: the rebuilt world has it, and the step that runs again finds it there (a start by its client token, a
 *   page by its incident, a stop by its end). So an input is neither lost nor doubled.
 * - The clock is written before the world moves to it; a restart does that time's work again, which changes nothing: answers
 *   that are due are read back and ring again, runnable executions go on from their checkpoints.
 * - A delivery goes to intake before the time is written up to which deliveries were taken. A kill between the two delivers
 *   again, which intake folds away, and rings bells that nobody has replaced yet: executions run only after that write.
 * - A world's result is written when it has ended, from reads alone, and with it goes all that only its play needed; its
 *   inputs stay, for the truth about its decisions follows from them. A kill before that computes it again.
 * Worlds that play side by side write between each other's writes, each its own rows.
 */
export type GamedayStore = Readonly<{
  /** Each world's ledger and executions. */
  parts: Parts;
  /** Simulated time of world `index`, or null where it has not begun. */
  clockOf: (index: number) => number | null;
  keepClock: (index: number, nowMs: number) => void;
  /** Up to when deliveries have been taken in by intake, or null where none ever were. */
  deliveredUntil: (index: number) => number | null;
  keepDelivered: (index: number, untilMs: number) => void;
  inputsOf: (index: number) => readonly WorldInput[];
  /** Keeps one more input, in the order of their happening. */
  keepInput: (index: number, input: WorldInput) => void;
  /** Of the worlds that have ended, in the order of the worlds. */
  results: () => readonly WorldResult[];
  /** Ends a world: its inputs, records and episodes stay, the rest of it is dropped. */
  keepResult: (result: WorldResult) => void;
}>;

/** Of what this file writes; a store of another version is refused like one with other parameters. */
const STORE_VERSION = 3;

const SCHEMA = `
  create table if not exists gameday (id integer primary key check (id = 0), parameters text not null) strict;
  create table if not exists gameday_clock (world integer primary key, now_ms integer not null) strict;
  create table if not exists gameday_delivered (world integer primary key, until_ms integer not null) strict;
  create table if not exists gameday_input (
    sequence integer primary key, world integer not null, input text not null
  ) strict;
  create index if not exists gameday_input_world on gameday_input (world, sequence);
  create table if not exists gameday_result (world integer primary key, result text not null) strict;
`;

const text = z.object({ value: z.string() });
const time = z.object({ value: z.number() });

/** Opens the gameday in this database. Throws BadInput where it holds one with other parameters. @param where for the message */
export const gamedayStore = (database: DatabaseSync, parameters: GamedayParameters, where: string): GamedayStore => {
  database.exec(SCHEMA);
  const asked = JSON.stringify({ store: STORE_VERSION, ...parameters });
  database.prepare("insert or ignore into gameday values (0, ?)").run(asked);
  const held = text.parse(database.prepare("select parameters as value from gameday").get()).value;
  if (held !== asked) throw new BadInput(otherParameters(where, held, asked));
  const selectClock = database.prepare("select now_ms as value from gameday_clock where world = ?");
  const upsertClock = database.prepare("insert or replace into gameday_clock values (?, ?)");
  const selectDelivered = database.prepare("select until_ms as value from gameday_delivered where world = ?");
  const upsertDelivered = database.prepare("insert or replace into gameday_delivered values (?, ?)");
  const selectInputs = database.prepare("select input as value from gameday_input where world = ? order by sequence");
  const insertInput = database.prepare("insert into gameday_input (world, input) values (?, ?)");
  const selectResults = database.prepare("select result as value from gameday_result order by world");
  const insertResult = database.prepare("insert or ignore into gameday_result values (?, ?)");
  const drops = ["gameday_clock", "gameday_delivered"].map((table) =>
    database.prepare(`delete from ${table} where world = ?`),
  );
  const parts = partsIn(database);
  return {
    parts,
    clockOf: (index) => timeIn(selectClock.get(index)),
    keepClock: (index, nowMs) => {
      upsertClock.run(index, nowMs);
    },
    deliveredUntil: (index) => timeIn(selectDelivered.get(index)),
    keepDelivered: (index, untilMs) => {
      upsertDelivered.run(index, untilMs);
    },
    inputsOf: (index) => valuesOf(selectInputs.all(index)).map((value) => JSON.parse(value) as WorldInput),
    keepInput: (index, input) => {
      insertInput.run(index, JSON.stringify(input));
    },
    results: () => valuesOf(selectResults.all()).map((value) => JSON.parse(value) as WorldResult),
    keepResult: (result) =>
      inTransaction(database, () => {
        insertResult.run(result.index, JSON.stringify(result));
        for (const statement of drops) statement.run(result.index);
        parts.drop(result.index);
      }),
  };
};

const timeIn = (row: unknown): number | null => (row === undefined ? null : time.parse(row).value);

// Rows are written by this file alone and come back as they were written.
const valuesOf = (rows: readonly unknown[]): readonly string[] => rows.map((row) => text.parse(row).value);

const otherParameters = (where: string, held: string, asked: string): string =>
  `--store ${where}: it holds a gameday with other parameters, ${held}, not ${asked}; give the same flags or another file`;
