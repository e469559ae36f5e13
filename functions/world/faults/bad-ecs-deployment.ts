import { between, chance } from "../random.ts";
import { isEcsService } from "../resources/ecs-deployments.ts";
import type { Fault } from "./fault.ts";
import { badRelease, failingAt, releaseShows, slowAt } from "./release.ts";
import { placeThatHurts } from "./severity.ts";

/** A release errs, or is so slow that users give up, on every task that it reaches. */
export const badEcsDeployment: Fault = {
  id: "bad-ecs-deployment",
  family: "deployment",
  likelihood: 4,
  needs: ["ecs-service"],
  draw: (system, stream) => {
    const place = placeThatHurts(system, `${stream}|where`, 0.7, isEcsService);
    return chance(`${stream}|slow`, 0, 0.25)
      ? slowAt(system, place, between(`${stream}|speed`, 0, 2500, 5000))
      : failingAt(system, place, between(`${stream}|severity`, 0, 0.12, 0.6));
  },
  symptoms: releaseShows,
  ...badRelease("TypeError: cannot read properties of undefined (reading 'price')"),
};
