import { between, wholeBetween } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import { MINUTE_MS, schedule } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { badRelease, releaseAt, releaseShows } from "./release.ts";
import { placeThatHurts } from "./severity.ts";

const release = badRelease("CannotPullContainerError: pull image manifest has been retried 5 time(s): not found");

/**
 * The image of a release is not in its registry: no new task ever starts, and those of the version before die out as
 * their instances are retired.
 */
export const imagePullFailure: Fault = {
  id: "image-pull-failure",
  family: "deployment",
  likelihood: 2,
  needs: ["ecs-service"],
  draw: (system, stream) => ({
    ...releaseAt(system, placeThatHurts(system, `${stream}|where`, 0.4, isEcsService)),
    errorRate: 0.0001,
    latencyFactor: 1,
    healthyShare: 0,
    lostShare: between(`${stream}|severity`, 0, 0.75, 0.9),
    lostAfterMinutes: wholeBetween(`${stream}|speed`, 0, 3, 12),
  }),
  symptoms: releaseShows,
  ...release,
  start: (world, active) => {
    release.start(world, active);
    const { parameters } = active;
    const arn = textOf(parameters, "arn");
    const { desiredCount } = stateAt(world, active, "arn", isEcsService);
    // One is left: where none is, the balancer answers, and no target counts an error.
    const lost = Math.min(desiredCount - 1, Math.ceil(desiredCount * numberOf(parameters, "lostShare")));
    const half = Math.floor(lost / 2);
    const firstMs = world.nowMs + numberOf(parameters, "lostAfterMinutes") * MINUTE_MS;
    schedule(world, firstMs, { kind: "resource", arn, what: "tasks-lost", subject: String(half) });
    schedule(world, firstMs + 2 * MINUTE_MS, {
      kind: "resource",
      arn,
      what: "tasks-lost",
      subject: String(lost - half),
    });
  },
};
