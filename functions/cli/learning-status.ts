import { catalogue } from "../../runbooks/catalogue.ts";
import { autonomyOf, earningCells, ownersLimit } from "../core/autonomy.ts";
import type { AutonomyEvent } from "../core/autonomy-evidence.ts";
import { acceptedHarm, DEFAULT_HARM } from "./accepted-harm.ts";
import { autonomySource, NO_EVIDENCE } from "./autonomy-source.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import { forecastOf, spanOf } from "./learning-forecast.ts";
import { actingPolicy } from "./learning-policy.ts";
import { type LearningStatus, statusJson, statusLines } from "./learning-words.ts";
import type { Screen } from "./screen.ts";

/** The flags as commander hands them over. */
export type StatusFlags = Readonly<{ episodes?: string; store?: string; autonomy?: string; json?: true }>;

/**
 * `quell learning status`: which policy acts and why, and how far each runbook is from acting alone, by what episodes say.
 * Throws BadInput on flags that cannot be used.
 */
export const learningStatus = async (flags: StatusFlags, { write, paint }: Screen): Promise<ExitCode> => {
  const status = await statusOf(flags);
  write(flags.json === true ? `${JSON.stringify(statusJson(status))}\n` : `${statusLines(status, paint).join("\n")}\n`);
  return 0;
};

const statusOf = async (flags: StatusFlags): Promise<LearningStatus> => {
  const asked = flags.autonomy === undefined ? null : acceptedHarm("--autonomy", flags.autonomy);
  const source = await sourceOf(flags);
  const settings = ownersLimit(asked ?? source.acceptedHarm ?? DEFAULT_HARM);
  const { events, actor } = source;
  const earning = earningCells(catalogue, environmentsIn(events));
  const cells = autonomyOf(events, earning, settings, undefined, undefined, actor);
  const span = spanOf(events);
  return {
    policy: actingPolicy(),
    source,
    span,
    settings,
    cells: cells.map((cell) => ({ ...cell, forecast: forecastOf(cell, settings, span) })),
  };
};

const sourceOf = async ({ episodes, store }: StatusFlags) => {
  if (episodes !== undefined && store !== undefined)
    throw new BadInput("--episodes and --store: both were given; give the one whose evidence is to be counted");
  if (episodes !== undefined) return autonomySource("--episodes", episodes);
  return store === undefined ? NO_EVIDENCE : autonomySource("--store", store);
};

/** Production is always tested; others where something was decided in them. */
const environmentsIn = (events: readonly AutonomyEvent[]): readonly string[] =>
  [...new Set(["production", ...events.map(({ environment }) => environment)])].toSorted();
