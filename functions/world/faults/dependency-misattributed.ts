import { between, chance } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import type { Fault } from "./fault.ts";
import { badRelease, failingAt, releaseShows, slowAt } from "./release.ts";
import { placeThatHurts } from "./severity.ts";

/** A service that nobody's requests reach first got a bad release: the alarms of its callers speak. */
export const dependencyMisattributed: Fault = {
  id: "dependency-misattributed",
  family: "dependency",
  likelihood: 3,
  needs: ["ecs-service"],
  draw: (system, stream) => {
    const entries = new Set(system.entries.map(({ arn }) => arn));
    const first = new Set(system.edges.filter(({ from }) => entries.has(from)).map(({ to }) => to));
    const place = placeThatHurts(system, `${stream}|where`, 0.9, isEcsService, ({ arn }) => !first.has(arn));
    return chance(`${stream}|slow`, 0, 0.3)
      ? slowAt(system, place, between(`${stream}|speed`, 0, 2500, 5000))
      : failingAt(system, place, between(`${stream}|severity`, 0, 0.1, 0.5));
  },
  symptoms: releaseShows,
  ...badRelease("IllegalStateException: no mapping for field 'tier'"),
};
