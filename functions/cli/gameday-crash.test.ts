import assert from "node:assert/strict";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { type GamedayReport, gamedayReport } from "./gameday-report.ts";
import { stageOn } from "./gameday-stage.fixture.ts";
import { playWorlds } from "./gameday-worlds.ts";

/** The moment of death: no write after it reaches the database, whoever still runs. */
type Mortal = Readonly<{ database: DatabaseSync; died: Promise<"died">; writes: () => number }>;

/** A database that dies at its `fatal`-th write: before the write, or after it with its reply lost. */
const mortal = (database: DatabaseSync, fatal: number, isReplyLost: boolean): Mortal => {
  let writes = 0;
  let isDead = false;
  const { promise, resolve } = Promise.withResolvers<"died">();
  const write = <T>(work: () => T): T => {
    writes += 1;
    if (isDead) throw new Error("dead");
    const reply = writes === fatal && !isReplyLost ? undefined : work();
    if (writes !== fatal) return reply as T;
    isDead = true;
    resolve("died");
    throw new Error("dead");
  };
  const statement = (real: StatementSync): StatementSync =>
    new Proxy(real, {
      get: (target, name) => {
        if (name === "run") return (...args: Parameters<StatementSync["run"]>) => write(() => target.run(...args));
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const shown = new Proxy(database, {
    get: (target, name) => {
      if (name === "prepare") return (sql: string) => statement(target.prepare(sql));
      if (name === "exec")
        return (sql: string) => {
          // A dead process commits nothing; SQLite rolls back what it left open.
          if (isDead && sql !== "ROLLBACK") throw new Error("dead");
          target.exec(sql);
        };
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { database: shown, died: promise, writes: () => writes };
};

type Play = Readonly<{ worlds: number; seed: number }>;

const play = async (database: DatabaseSync, { worlds, seed }: Play): Promise<GamedayReport> =>
  gamedayReport(seed, await playWorlds(stageOn(database, worlds, seed), worlds, () => {}), 1);

/** Plays until the database dies, then goes on with it from what was written. */
const playTwice = async (played: Play, fatal: number, isReplyLost: boolean): Promise<GamedayReport> => {
  const database = openDatabase(":memory:");
  stageOn(database, played.worlds, played.seed);
  const { database: dying, died } = mortal(database, fatal, isReplyLost);
  const first = Promise.resolve()
    .then(() => play(dying, played))
    .then(
      () => "ended",
      () => "died",
    );
  await Promise.race([died, first]);
  await turn();
  if (database.isTransaction) database.exec("ROLLBACK");
  return play(database, played);
};

const countWrites = async (played: Play): Promise<number> => {
  const database = openDatabase(":memory:");
  stageOn(database, played.worlds, played.seed);
  const { database: counted, writes } = mortal(database, 0, false);
  await play(counted, played);
  return writes();
};

/** The first seed whose worlds have everything in them that could be lost or doubled, and how they end undisturbed. */
const eventful = async (worlds: number): Promise<Play & Readonly<{ clean: GamedayReport }>> => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const clean = await play(openDatabase(":memory:"), { worlds, seed });
    if (clean.actions > 0 && clean.undos > 0 && clean.pages > 0) return { worlds, seed, clean };
  }
  return assert.fail("no seed has an action, an undo and a page");
};

/** Worlds that play at a time, and how many of their writes are tried as the fatal one; CRASH_ALL=1 tries them all. */
const PLAYS = [
  { worlds: 1, fatals: 12 },
  { worlds: 3, fatals: 6 },
];

for (const { worlds, fatals } of PLAYS)
  test(`a gameday whose process dies at a write, before or after it, ends as if it had not: ${worlds} at a time`, async () => {
    const { clean, ...played } = await eventful(worlds);
    const writes = await countWrites(played);
    const count = process.env.CRASH_ALL === "1" ? writes : fatals;
    const tried = Array.from({ length: count }, (_, index) => 1 + Math.floor((index * writes) / count));

    const ends = [];
    for (const fatal of tried)
      for (const isReplyLost of [false, true])
        ends.push({ fatal, isReplyLost, end: await playTwice(played, fatal, isReplyLost) });

    assert.ok(writes > 100);
    assert.deepEqual(
      ends,
      ends.map((one) => ({ ...one, end: clean })),
    );
  });
