import { accessSync, constants, lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import { memoryEngineStore } from "../adapters/durable/memory-engine-store.ts";
import type { Pause } from "../adapters/llm/drafter.ts";
import { openDatabase, StoreUnreadable } from "../adapters/sqlite/database.ts";
import { draftOffline } from "../core/draft.ts";
import { codeHash } from "./code-hash.ts";
import { BadInput, type ExitCode, type Write } from "./errors.ts";
import { actedAlone, gamedayAutonomy, parametersWith } from "./gameday-autonomy.ts";
import { episodesIn, writeEpisodes } from "./gameday-episodes.ts";
import { type GamedayFlags, type GamedayOptions, gamedayOptions } from "./gameday-options.ts";
import { inOrder } from "./gameday-order.ts";
import { peopleWho } from "./gameday-people.ts";
import { draftingFor, openPolicy } from "./gameday-policies.ts";
import { progressOn } from "./gameday-progress.ts";
import { type GamedayReport, gamedayReport, isFinding, type WorldResult } from "./gameday-report.ts";
import { type GamedayStore, gamedayStore } from "./gameday-store.ts";
import type { Stage } from "./gameday-system.ts";
import type { Tell } from "./gameday-told.ts";
import { playWorlds } from "./gameday-worlds.ts";
import { scoreboardLines } from "./scoreboard.ts";
import type { Screen } from "./screen.ts";
import type { Paint } from "./terminal-text.ts";
import { timelineLines } from "./timeline.ts";
import { truthOfGameday, truthPath, writeTruth } from "./truth-file.ts";

const PACE_MS_A_MINUTE = 300; // slow enough to follow an incident, fast enough to wait for its end

/**
 * Most of the time a world waits for the durable SDK's timers, and one core plays others meanwhile: 8 leave a third of it
 * idle, 32 are no faster than 16.
 */
const WORLDS_ABREAST = 16;

/**
 * `quell gameday`: Quell answers simulated incidents, each in a world of its own. 1 = an effect was doubled or an incident is open.
 * @param pause how a hosted drafter waits between its tries; in real time where it is left out
 */
export const gameday = async (flags: GamedayFlags, screen: Screen, pause?: Pause): Promise<ExitCode> => {
  const options = gamedayOptions(flags, screen.canAsk);
  if (options.episodes !== null) refuseUnwritable(options.episodes);
  const drafter = await drafterNamed(options.parameters.drafter, pause);
  const { policy, model, close } = await openPolicy(options.parameters.policy, screen.writeError);
  const autonomy = options.autonomy === null ? null : await gamedayAutonomy(options.autonomy);
  const database = opened(options);
  try {
    // Half a gameday under one model and half under the next would be nobody's.
    const parameters = { ...parametersWith(options, autonomy), ...(model === null ? {} : { model }) };
    const store = gamedayStore(database, parameters, options.store ?? "in memory");
    const stage: Silent = { ...stageFor(options, drafter, database, store, screen), scorer: policy, autonomy };
    const startedMs = performance.now();
    const worlds = await play(stage, options, screen);
    if (options.episodes !== null) {
      writeEpisodes(options.episodes, worlds, stage.episodesOf);
      writeTruth(options.episodes, truthOfGameday(stage, worlds));
    }
    const wallSeconds = (performance.now() - startedMs) / 1000;
    const alone = autonomy === null ? null : actedAlone(autonomy, worlds, stage.episodesOf);
    show(gamedayReport(options.parameters.seed, worlds, wallSeconds, alone), options, screen);
    for (const { id, trouble } of worlds.flatMap(({ incidents }) => incidents))
      if (trouble !== null) screen.writeError(`quell: incident ${id} did not end: ${trouble}\n`);
    return isFinding(worlds) ? 1 : 0;
  } finally {
    database.close();
    await close();
  }
};

/** A stage that nobody watches yet. */
type Silent = Omit<Stage, "tellOf">;

const play = async (stage: Silent, options: GamedayOptions, screen: Screen): Promise<readonly WorldResult[]> => {
  const { store, parameters } = stage;
  const isWatched = screen.isLive && !options.json;
  const played = store.results().map(({ index }) => index);
  const progress =
    isWatched || screen.isErrorLive !== true
      ? null
      : progressOn(screen.writeError, parameters.incidents, played.length, () => performance.now());
  const reading = inOrder(screen.write, played);
  try {
    return await playWorlds(
      { ...stage, tellOf: (index) => (options.json ? null : teller(reading.writeOf(index), screen.paint)) },
      // One incident at a time can be followed, and real money is spent in the order of the incidents.
      isWatched || parameters.drafter !== "offline" ? 1 : WORLDS_ABREAST,
      (index) => {
        reading.ended(index);
        progress?.ended();
      },
    );
  } finally {
    progress?.close();
  }
};

const opened = ({ store, parameters }: GamedayOptions) => {
  try {
    const database = openDatabase(store ?? ":memory:");
    // Held until this process ends, however it ends: two gamedays on one file would answer each other's alarms.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT");
    // No wait for the disk at each write. A killed process loses nothing by it; a power cut may take the last moments, of
    // everything alike: the file holds all there is of a gameday, so it goes on from an earlier one. Only money is elsewhere.
    if (parameters.drafter === "offline") database.exec("PRAGMA synchronous = NORMAL");
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
  screen: Screen,
): Omit<Silent, "scorer"> => {
  const { policies, schema } = loadGuardrails();
  const { parameters, speed, json } = options;
  return {
    parameters,
    database,
    store,
    // What no file keeps is not written as JSON first.
    engineStoreOf: options.store === null ? () => memoryEngineStore() : store.parts.engineStoreOf,
    episodesOf: episodesIn(database),
    codeHash: codeHash(),
    catalogue,
    guardrails: cedarGuardrails(policies, schema),
    drafter: draftingFor(parameters.policy, drafter),
    people: peopleWho(parameters.approve, screen),
    pace: async (simulatedMs) => {
      if (screen.isLive && !json) await sleep((simulatedMs / 60_000) * (PACE_MS_A_MINUTE / speed));
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

/** Tells one world on a clock of its own, which starts when its first alarm is delivered. */
const teller = (write: Write, paint: Paint): Tell => {
  let zeroMs: number | null = null;
  return (told) => {
    if (told.kind !== "world") zeroMs ??= told.atMs;
    write(`${timelineLines(told, zeroMs ?? told.atMs, paint).join("\n")}\n`);
  };
};

/** Asked before anything is played: an hour of gameday is not lost to a mistyped folder. */
const refuseUnwritable = (episodes: string): void => {
  const refuse = (what: string): never => {
    throw new BadInput(`--episodes ${episodes}: ${what}`);
  };
  const detail = whyUnwritable(episodes);
  if (detail !== null) refuse(`cannot be written (${detail}); name a file in a folder that exists`);
  const truth = truthPath(episodes);
  // Its folder is made where there is none; whatever else has that name is in the way.
  const isFolderFree = lstatSync(dirname(truth), { throwIfNoEntry: false }) === undefined;
  const because = isFolderFree ? null : whyUnwritable(truth);
  if (because !== null) refuse(`its truth cannot be written to ${truth} (${because}); name a file in another folder`);
};

/** Why no file can be put there; null where one can. A file that is there is replaced, so its folder decides. */
const whyUnwritable = (file: string): string | null => {
  try {
    accessSync(`${dirname(file)}/.`, constants.W_OK);
    return statSync(file, { throwIfNoEntry: false })?.isDirectory() === true ? "it is a folder" : null;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
};

const show = (report: GamedayReport, { json }: GamedayOptions, { write, paint }: Screen): void =>
  write(json ? `${JSON.stringify(report)}\n` : `${scoreboardLines(report, paint).join("\n")}\n`);
