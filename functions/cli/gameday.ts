import { once } from "node:events";
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import { memoryEngineStore } from "../adapters/durable/memory-engine-store.ts";
import type { Pause } from "../adapters/llm/drafter.ts";
import { type Answer, type People, scriptedPeople } from "../adapters/simulated/approvals.ts";
import { openDatabase, StoreUnreadable } from "../adapters/sqlite/database.ts";
import { sqliteEngineStore } from "../adapters/sqlite/engine-store.ts";
import { sqliteEpisodes } from "../adapters/sqlite/episodes.ts";
import { draftOffline } from "../core/draft.ts";
import { POLICIES } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
import { codeHash } from "./code-hash.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import { meanReturn } from "./gameday-measure.ts";
import { type GamedayFlags, type GamedayOptions, gamedayOptions } from "./gameday-options.ts";
import { type GamedayReport, gamedayReport, isFinding, type WorldResult } from "./gameday-report.ts";
import { type GamedayStore, gamedayStore } from "./gameday-store.ts";
import type { Stage } from "./gameday-system.ts";
import type { Tell } from "./gameday-told.ts";
import { playWorld } from "./gameday-world.ts";
import type { Terminal } from "./quell.ts";
import { scoreboardLines } from "./scoreboard.ts";
import { timelineLines } from "./timeline.ts";

const PACE_MS_A_MINUTE = 300; // slow enough to follow an incident, fast enough to wait for its end

/**
 * `quell gameday`: Quell answers simulated incidents, one world after the other. 1 = an effect was doubled or an incident is open.
 * @param pause how a hosted drafter waits between its tries; in real time where it is left out
 */
export const gameday = async (flags: GamedayFlags, terminal: Terminal, pause?: Pause): Promise<ExitCode> => {
  const options = gamedayOptions(flags, terminal.canAsk);
  if (options.episodes !== null) refuseUnwritable(options.episodes);
  const drafter = await drafterNamed(options.parameters.drafter, pause);
  const database = opened(options);
  try {
    const store = gamedayStore(database, options.parameters, options.store ?? "in memory");
    const startedMs = performance.now();
    const worlds = await play(stageFor(options, drafter, database, store, terminal));
    const episodes = sqliteEpisodes(database);
    if (options.episodes !== null) episodes.writeJsonLines(options.episodes);
    const wallSeconds = (performance.now() - startedMs) / 1000;
    const value = meanReturn(worlds, episodes.rows());
    show(gamedayReport(options.parameters.seed, worlds, value, wallSeconds), options, terminal);
    for (const { id, trouble } of worlds.flatMap(({ incidents }) => incidents))
      if (trouble !== null) terminal.writeError(`quell: incident ${id} did not end: ${trouble}\n`);
    return isFinding(worlds) ? 1 : 0;
  } finally {
    database.close();
  }
};

const play = async (stage: Stage): Promise<readonly WorldResult[]> => {
  const { parameters, store } = stage;
  for (let index = store.results().length; index < parameters.incidents; index += 1) {
    const knownIds = new Set(store.results().flatMap(({ incidents }) => incidents.map(({ id }) => id)));
    const title = `incident ${index + 1} of ${parameters.incidents}, seed ${parameters.seed}`;
    stage.tell?.({ kind: "world", atMs: 0, title });
    await playWorld(stage, index, knownIds);
  }
  return store.results();
};

const opened = ({ store }: GamedayOptions) => {
  try {
    const database = openDatabase(store ?? ":memory:");
    // Held until this process ends, however it ends: two gamedays on one file would answer each other's alarms.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT");
    return database;
  } catch (cause) {
    if (cause instanceof StoreUnreadable) throw new BadInput(`--store ${cause.message}`, { cause });
    throw cause;
  }
};

const stageFor = (
  options: GamedayOptions,
  drafter: Stage["drafter"],
  database: ReturnType<typeof opened>,
  store: GamedayStore,
  terminal: Terminal,
): Stage => {
  const { policies, schema } = loadGuardrails();
  const { parameters, speed, json } = options;
  return {
    parameters,
    database,
    store,
    // What no file keeps is not written as JSON first.
    engineStore: options.store === null ? memoryEngineStore() : sqliteEngineStore(database),
    codeHash: codeHash(),
    catalogue,
    guardrails: cedarGuardrails(policies, schema),
    drafter,
    scorer: scorerNamed(parameters.policy),
    people:
      parameters.approve === "ask"
        ? askedPeople(terminal)
        : scriptedPeople(parameters.approve === "yes" ? "approve" : "reject"),
    tell: json ? null : teller(terminal),
    pace: async (simulatedMs) => {
      if (terminal.isLive && !json) await sleep((simulatedMs / 60_000) * (PACE_MS_A_MINUTE / speed));
    },
  };
};

/** A hosted model only where it is named: its SDK is not even loaded otherwise. Throws BadInput where nobody could ask it. */
const drafterNamed = async (
  name: GamedayOptions["parameters"]["drafter"],
  pause: Pause | undefined,
): Promise<Stage["drafter"]> => {
  if (name === "offline") return () => ({ draft: async (context, from) => draftOffline(context, from, null) });
  const provider =
    name === "anthropic"
      ? { name, apiKey: fromEnvironment("ANTHROPIC_API_KEY", name, "a key of platform.claude.com") }
      : { name, region: fromEnvironment("AWS_REGION", name, "a region in which your account may use the model") };
  const { drafterFor } = await import("../adapters/llm/drafter.ts");
  return drafterFor(provider, pause);
};

const fromEnvironment = (variable: string, drafter: string, what: string): string => {
  const value = process.env[variable];
  if (value === undefined || value.trim() === "")
    throw new BadInput(`--drafter ${drafter}: ${variable} is not set; set it to ${what}, or give --drafter offline`);
  return value;
};

const scorerNamed = (policy: string): Scorer => {
  const scorer = POLICIES[policy];
  if (scorer === undefined)
    throw new BadInput(`--policy ${policy}: not built yet; give one of ${Object.keys(POLICIES).join(", ")}`);
  return scorer;
};

/** Tells each world on a clock of its own, which starts when its first alarm is delivered. */
const teller = ({ write, paint }: Terminal): Tell => {
  let zeroMs: number | null = null;
  return (told) => {
    if (told.kind === "world") zeroMs = null;
    else zeroMs ??= told.atMs;
    write(`${timelineLines(told, zeroMs ?? told.atMs, paint).join("\n")}\n`);
  };
};

/** The card is on the screen when the question comes; simulated time stands still until it is answered. */
const askedPeople = ({ paint }: Terminal): People => ({
  // One person is one consent: a plan that needs two expires here, as it would with one person awake.
  members: [{ person: "you", group: "oncall" }],
  answersAfterSeconds: 0,
  answer: async () => {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    try {
      for (;;) {
        const asked = lines.question(paint("bold", "        run this? y or n, then a reason if you like: "));
        const said = await Promise.race([asked.catch(() => null), once(lines, "close").then(() => null)]);
        if (said === null) return { answer: "reject", reason: "the terminal was closed" };
        const answer = answerIn(said);
        if (answer !== null) return answer;
      }
    } finally {
      lines.close();
    }
  },
});

const answerIn = (said: string): Answer | null => {
  const [, letter, reason] = /^\s*([yn])(?:es|o)?\b[\s,:.-]*(.*)$/i.exec(said) ?? [];
  if (letter === undefined) return null;
  return { answer: letter.toLowerCase() === "y" ? "approve" : "reject", reason: reason?.trim() ?? "" };
};

/** Asked before anything is played: an hour of gameday is not lost to a mistyped folder. */
const refuseUnwritable = (file: string): void => {
  const refuse = (detail: string, cause?: unknown): never => {
    throw new BadInput(`--episodes ${file}: cannot be written (${detail}); name a file in a folder that exists`, {
      cause,
    });
  };
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) refuse("it is a folder");
  try {
    accessSync(`${dirname(file)}/.`, constants.W_OK);
  } catch (cause) {
    refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
};

const show = (report: GamedayReport, { json }: GamedayOptions, { write, paint }: Terminal): void =>
  write(json ? `${JSON.stringify(report)}\n` : `${scoreboardLines(report, paint).join("\n")}\n`);
