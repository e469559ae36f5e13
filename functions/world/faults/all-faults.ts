import { badEcsDeployment } from "./bad-ecs-deployment.ts";
import { badLambdaVersion } from "./bad-lambda-version.ts";
import { connectionLeak } from "./connection-leak.ts";
import { dependencyMisattributed } from "./dependency-misattributed.ts";
import type { Fault } from "./fault.ts";
import { trafficSaturation } from "./traffic-saturation.ts";
import { transientBlip } from "./transient-blip.ts";

/** Every fault that a world can have. Adding one is a file here and a line in this list. */
export const FAULTS: readonly Fault[] = [
  badEcsDeployment,
  badLambdaVersion,
  connectionLeak,
  dependencyMisattributed,
  trafficSaturation,
  transientBlip,
];

/** The fault of this id, or null for `none` and any other. */
export const faultNamed = (id: string): Fault | null => FAULTS.find((fault) => fault.id === id) ?? null;
