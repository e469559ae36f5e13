import { between } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import type { Fault } from "./fault.ts";
import { badRelease, releaseAt, releaseShows } from "./release.ts";
import { placeThatHurts } from "./severity.ts";

/**
 * Tasks of a release answer their first health checks and fail later ones: ECS replaces them over and over, as nobody
 * turned the deployment circuit breaker on, and only a part of them serves at any time.
 */
export const failingHealthChecks: Fault = {
  id: "failing-health-checks",
  family: "deployment",
  likelihood: 3,
  needs: ["ecs-service"],
  draw: (system, stream) => ({
    ...releaseAt(system, placeThatHurts(system, `${stream}|where`, 0.3, isEcsService)),
    errorRate: between(`${stream}|errors`, 0, 0.02, 0.1),
    latencyFactor: 1,
    healthyShare: between(`${stream}|severity`, 0, 0.15, 0.34),
  }),
  symptoms: releaseShows,
  ...badRelease("health check /ready answered 503: migrations pending"),
};
