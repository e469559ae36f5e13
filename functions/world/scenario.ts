import { FAULTS, faultNamed } from "./faults/all-faults.ts";
import type { FaultParameters } from "./faults/fault.ts";
import { between, chance, pick, uniform } from "./random.ts";
import { MINUTE_MS } from "./state.ts";
import { arnsOf, drawTopology, type Topology } from "./topology.ts";
import { WORLD_START_MS } from "./types.ts";

/** Everything that is drawn of one incident, as JSON; a world is a function of it and of its inputs. */
export type Scenario = Readonly<{
  seed: number;
  index: number;
  /** The start of its day: one incident a day. */
  startMs: number;
  /** Where the world's clock starts: 70 to 71 minutes before the onset. */
  clockStartMs: number;
  onsetMs: number;
  /** The fault's id, or `none`. */
  fault: string;
  parameters: FaultParameters;
  topology: Topology;
  /** Releases without a defect before the onset: what looks guilty and is not. */
  benignReleases: readonly Readonly<{ arn: string; atMs: number }>[];
}>;

const HISTORY_MINUTES = 70; // an hour of metrics for a decision to look back on, and the time until they can be read
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Scenario number `index` of a seed, its fault drawn by the faults' likelihoods. */
export const scenarioAt = (seed: number, index: number): Scenario => {
  const total = FAULTS.reduce((sum, fault) => sum + fault.likelihood, 0);
  let rest = uniform(`${seed}/${index}|scenario|fault`, 0) * total;
  let drawn = "none";
  for (const fault of FAULTS) {
    drawn = fault.id;
    rest -= fault.likelihood;
    if (rest < 0) break;
  }
  return scenarioWith(seed, index, drawn);
};

/** The same day with a fault of one's choice; `none` keeps it healthy. */
export const scenarioWith = (seed: number, index: number, faultId: string): Scenario => {
  const streams = `${seed}/${index}`;
  const startMs = WORLD_START_MS + index * DAY_MS;
  const onsetMs = startMs + Math.round(between(`${streams}|scenario|onset`, 0, 3, 15) * 60 * MINUTE_MS);
  const clockStartMs = Math.floor(onsetMs / MINUTE_MS) * MINUTE_MS - HISTORY_MINUTES * MINUTE_MS;
  const topology = drawTopology(streams);
  const fault = faultNamed(faultId);
  if (fault === null && faultId !== "none") throw new RangeError(`no fault is called ${faultId}`);
  return {
    seed,
    index,
    startMs,
    clockStartMs,
    onsetMs,
    fault: faultId,
    parameters: fault === null ? {} : fault.draw(topology, `${streams}|fault|${faultId}`),
    topology,
    benignReleases: drawBenignReleases(streams, topology, onsetMs),
  };
};

const drawBenignReleases = (streams: string, topology: Topology, onsetMs: number): Scenario["benignReleases"] => {
  const arns = arnsOf(topology);
  const stream = `${streams}|scenario|benign`;
  if (!chance(stream, 0, 0.35)) return [];
  const atMs = onsetMs - Math.round(between(`${stream}|before`, 0, 12, 60) * MINUTE_MS);
  return [{ arn: pick(`${stream}|where`, 0, [arns.front, arns.back, arns.worker]), atMs }];
};
