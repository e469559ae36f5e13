import { median } from "./measured.ts";

/** What one unit of every ratio is: work of the same kind as ours (small objects, JSON, one thread), and none of our code. */
export const YARDSTICK = "JSON.parse(JSON.stringify(document)) of 2,000 fixed metric records (380 kB), median";

const DOCUMENT = Array.from({ length: 2000 }, (_, index) => ({
  id: `record-${index}`,
  namespace: "AWS/ApplicationELB",
  dimensions: { LoadBalancer: `app/web/${index % 7}`, TargetGroup: `targetgroup/web/${index % 11}` },
  atMs: 1_767_571_200_000 + index * 60_000,
  values: [index, index / 7, index % 13, null],
}));
const WARM_UP = 15;
const ROUNDS = 41;

/** One unit in ms on this machine at this moment. Measured beside each figure, since a laptop's speed wanders. */
export const yardstickMs = (): number => {
  const times: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const startMs = performance.now();
    const copy: unknown[] = JSON.parse(JSON.stringify(DOCUMENT));
    const tookMs = performance.now() - startMs;
    if (copy.length !== DOCUMENT.length) throw new Error("the yardstick lost records");
    if (round >= WARM_UP) times.push(tookMs);
  }
  return median(times);
};
