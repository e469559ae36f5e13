import { play } from "../handlers/flow.fixture.ts";
import { scenarioWith } from "../world/scenario.ts";
import { type Measured, median, time } from "./measured.ts";

const SEED = 1;
const WARM_UP = 12;
const INCIDENTS = 40;

/**
 * One whole `bad-ecs-deployment` from the world's first minute to the closed incident, through the deployed handlers on
 * the embedded durable engine. CPU is of the whole process: the collector's and the compiler's threads count.
 */
export const wholeIncident = async (): Promise<readonly Measured[]> => {
  const cpuMs: number[] = [];
  const wallMs: number[] = [];
  for (let index = 0; index < WARM_UP + INCIDENTS; index += 1) {
    const scenario = scenarioWith(SEED, index, "bad-ecs-deployment");
    const startMs = performance.now();
    const before = process.cpuUsage();
    const { incidents } = await play({ scenario });
    const { user, system } = process.cpuUsage(before);
    const tookMs = performance.now() - startMs;
    if (incidents.length === 0 || incidents.some(({ terminal }) => terminal === null))
      throw new Error(`world ${index} of seed ${SEED}: an incident did not end`);
    if (index < WARM_UP) continue;
    cpuMs.push((user + system) / 1000);
    wallMs.push(tookMs);
  }
  return [
    time("one incident on the laptop engine, CPU", median(cpuMs), 50),
    time("one incident on the laptop engine, wall", median(wallMs), null),
  ];
};
