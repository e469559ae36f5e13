import { between } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { type Fault, textOf } from "./fault.ts";
import { badRelease, releaseAt } from "./release.ts";
import { placeThatHurts } from "./severity.ts";
import { shows } from "./symptom.ts";

const release = badRelease("query planner fell back to a full scan, 1840 ms");

/** A release does two or three times the work for each request: its tasks are too few, and more of them would do. */
export const slowRelease: Fault = {
  id: "slow-release",
  family: "deployment",
  likelihood: 3,
  needs: ["ecs-service"],
  draw: (system, stream) => ({
    ...releaseAt(system, placeThatHurts(system, `${stream}|where`, 0.25, isEcsService)),
    errorRate: 0.0001,
    latencyFactor: between(`${stream}|speed`, 0, 1.5, 3),
    capacityFactor: between(`${stream}|severity`, 0, 0.28, 0.36),
  }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["CPUUtilization", "Average"], "up")],
  ...release,
  remedies: (parameters) => [
    ...release.remedies(parameters),
    { runbook: "ecs-scale-out", at: "arn", does: "eases" },
    { runbook: "ecs-cluster-capacity", at: "room", does: "nothing" },
  ],
};
