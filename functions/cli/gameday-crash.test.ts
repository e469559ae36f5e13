import assert from "node:assert/strict";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import { scriptedPeople } from "../adapters/simulated/approvals.ts";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { sqliteEngineStore } from "../adapters/sqlite/engine-store.ts";
import { sqliteEpisodes } from "../adapters/sqlite/episodes.ts";
import { draftOffline } from "../core/draft.ts";
import { CANDIDATE_FEATURES } from "../core/features.ts";
import type { Scorer } from "../core/ports.ts";
import { meanReturn } from "./gameday-measure.ts";
import type { GamedayParameters } from "./gameday-options.ts";
import { type GamedayReport, gamedayReport, type WorldResult } from "./gameday-report.ts";
import { gamedayStore } from "./gameday-store.ts";
import type { Stage } from "./gameday-system.ts";
import { playWorld } from "./gameday-world.ts";

const PARAMETERS: GamedayParameters = {
  incidents: 1,
  seed: 1,
  mode: "auto",
  policy: "rules",
  drafter: "offline",
  approve: "yes",
};

const { policies, schema } = loadGuardrails();

/** Prefers the effect that fits least, so that one world has a wrong action, its undo, and a page. */
const contrary: Scorer = {
  policy: "contrary",
  modelHash: "",
  draw: "best",
  score: async (_state, candidates) =>
    candidates.map((vector) => {
      const isEffect = vector[CANDIDATE_FEATURES.indexOf("effect")] === 1;
      const fit = vector[CANDIDATE_FEATURES.indexOf("fit")] ?? 0;
      return { q: { mean: isEffect ? 2 - fit : 0, sd: 0 } };
    }),
};

const stageOn = (database: DatabaseSync): Stage => ({
  parameters: PARAMETERS,
  database,
  store: gamedayStore(database, PARAMETERS, "in memory"),
  engineStore: sqliteEngineStore(database),
  codeHash: "",
  catalogue,
  guardrails: cedarGuardrails(policies, schema),
  drafter: () => ({ draft: async (context, from) => draftOffline(context, from, null) }),
  scorer: contrary,
  people: scriptedPeople("approve"),
  tell: null,
  pace: async () => {},
});

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

const reportOf = (worlds: readonly WorldResult[], database: DatabaseSync): GamedayReport =>
  gamedayReport(1, worlds, meanReturn(worlds, sqliteEpisodes(database).rows()), 1);

const play = async (database: DatabaseSync): Promise<GamedayReport> => {
  const world = await playWorld(stageOn(database), 0, new Set());
  return reportOf([world], database);
};

/** Plays until the database dies, then goes on with it from what was written. */
const playTwice = async (fatal: number, isReplyLost: boolean): Promise<GamedayReport> => {
  const database = openDatabase(":memory:");
  gamedayStore(database, PARAMETERS, "in memory");
  const { database: dying, died } = mortal(database, fatal, isReplyLost);
  const first = Promise.resolve()
    .then(() => playWorld(stageOn(dying), 0, new Set()))
    .then(
      () => "ended",
      () => "died",
    );
  await Promise.race([died, first]);
  await turn();
  if (database.isTransaction) database.exec("ROLLBACK");
  return play(database);
};

const countWrites = async (): Promise<number> => {
  const database = openDatabase(":memory:");
  gamedayStore(database, PARAMETERS, "in memory");
  const { database: counted, writes } = mortal(database, 0, false);
  await playWorld(stageOn(counted), 0, new Set());
  return writes();
};

const reached = (report: GamedayReport) => ({
  actions: report.actions > 0,
  undos: report.undos > 0,
  pages: report.pages > 0,
});

/** One write in so many is tried as the fatal one: a prime, so that every kind is met; CRASH_STEP=1 tries them all. */
const STEP = Number(process.env.CRASH_STEP ?? 41);

for (const isReplyLost of [false, true]) {
  test(`a world whose process dies at a write ends as if it had not, ${isReplyLost ? "reply lost" : "request lost"}`, async () => {
    const clean = await play(openDatabase(":memory:"));
    const writes = await countWrites();
    const fatals = Array.from({ length: Math.floor(writes / STEP) }, (_, index) => 1 + index * STEP);

    const ends = [];
    for (const fatal of fatals) ends.push({ fatal, end: await playTwice(fatal, isReplyLost) });

    assert.deepEqual(reached(clean), { actions: true, undos: true, pages: true });
    assert.ok(fatals.length > 5);
    assert.deepEqual(
      ends,
      fatals.map((fatal) => ({ fatal, end: clean })),
    );
  });
}
