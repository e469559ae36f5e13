import { catalogue } from "../../runbooks/catalogue.ts";
import { autonomyOf, type CellState, earningCells, ownersLimit } from "../core/autonomy.ts";
import { cellKey } from "../core/autonomy-evidence.ts";
import type { Actor } from "../core/autonomy-item.ts";
import type { EpisodeRow } from "../core/episode.ts";
import { hashOf } from "../core/ids.ts";
import { DEFAULT_HARM } from "./accepted-harm.ts";
import { autonomySource } from "./autonomy-source.ts";
import { BadInput } from "./errors.ts";
import { type EpisodesOf, parseRows } from "./gameday-episodes.ts";
import type { GamedayOptions, GamedayParameters } from "./gameday-options.ts";
import type { ActedAlone, WorldResult } from "./gameday-report.ts";

/** What had earned to act alone before a gameday began, and under whose choices. Worlds read it and add nothing to it. */
export type GamedayAutonomy = Readonly<{ states: readonly CellState[]; actor: Actor }>;

/** What the simulated systems' services call the place where they run. */
const ENVIRONMENTS = ["production"];

/** Reads the evidence of earlier episodes. Throws BadInput where it cannot be used. */
export const gamedayAutonomy = async (path: string): Promise<GamedayAutonomy> => {
  const { events, actor, acceptedHarm } = await autonomySource("--autonomy", path);
  if (actor === null)
    throw new BadInput(
      `--autonomy ${path}: nobody has written down which one policy and model chose in these episodes; give a log of an agent`,
    );
  const limit = ownersLimit(acceptedHarm ?? DEFAULT_HARM);
  const states = autonomyOf(events, earningCells(catalogue, ENVIRONMENTS), limit, undefined, undefined, actor);
  return { states, actor };
};

const earned = ({ states }: GamedayAutonomy): readonly CellState[] =>
  states.filter(({ earnedAtMs }) => earnedAtMs !== null);

/** What decides the course of a gameday that begins with this: a store keeps it, and another gameday is refused there. */
export const parametersWith = (
  { parameters }: Pick<GamedayOptions, "parameters">,
  autonomy: GamedayAutonomy | null,
): GamedayParameters =>
  autonomy === null
    ? parameters
    : { ...parameters, autonomy: hashOf({ cells: earned(autonomy).map(cellKey), actor: { ...autonomy.actor } }) };

/** What ran without anybody's consent that would have needed one otherwise, one entry for each cell that had earned it. */
export const actedAlone = (
  autonomy: GamedayAutonomy,
  worlds: readonly WorldResult[],
  episodesOf: EpisodesOf,
): readonly ActedAlone[] => {
  const ids = worlds.flatMap(({ incidents }) => incidents.map(({ id }) => id));
  const alone = parseRows(episodesOf(ids)).filter(ranAlone);
  return earned(autonomy).map(({ runbook, environment }) => {
    const own = alone.filter((row) => row.executed_runbook === runbook && row.environment === environment);
    const harms = own.filter(({ harm }) => harm !== "none").length;
    return { runbook, environment, runs: own.length, harms };
  });
};

/** A tier 1 effect to which nobody was asked to consent; one of tier 0 never needs any. */
const ranAlone = ({ exit_status, tier, consents, executed, human_response }: EpisodeRow): boolean =>
  exit_status !== "none" && tier[executed] === 1 && consents[executed] === 0 && human_response !== "approved";
