import { releaseCode } from "../releases.ts";
import { type EcsService, isEcsService, primaryOf } from "../resources/ecs-deployments.ts";
import type { System } from "../system.ts";
import { alterRunning, clusterOf, latencyFactorFor, updateService } from "./ecs-place.ts";
import { type Fault, type FaultParameters, numberOf, type Symptom, stateAt, textOf } from "./fault.ts";
import { callsCaused } from "./reach.ts";
import { errorRateFor, type HurtPlace } from "./severity.ts";
import { shows, usersNotice } from "./symptom.ts";

/** What a release may do beside erring, by the parameters of the same names. */
const ALSO = ["capacityFactor", "healthyShare", "leakPerMinute"] as const;

/**
 * What a fault needs of a bad release of the ECS service that its parameter `arn` names: it starts with one, with the
 * parameters' `errorRate` and `latencyFactor` (and, where drawn, `capacityFactor`, `healthyShare`, `leakPerMinute`), is
 * there while its tasks are, and ends with a roll back. To deploy the same again changes nothing.
 */
export const badRelease = (message: string): Pick<Fault, "start" | "isPresent" | "heal" | "remedies" | "course"> => ({
  remedies: () => [
    { runbook: "ecs-rollback", at: "arn", does: "heals" },
    { runbook: "ecs-force-deployment", at: "arn", does: "nothing" },
  ],
  course: () => ({ kind: "persists" }),
  start: (world, active) => {
    const { parameters } = active;
    releaseCode(world, textOf(parameters, "arn"), {
      errorRate: numberOf(parameters, "errorRate"),
      latencyFactor: numberOf(parameters, "latencyFactor"),
      message,
    });
    const service = stateAt(world, active, "arn", isEcsService);
    const drawn = ALSO.filter((name) => parameters[name] !== undefined);
    alterRunning(service, Object.fromEntries(drawn.map((name) => [name, numberOf(parameters, name)])));
    active.memory = { bad: primaryOf(service).taskDefinition, good: service.previousTaskDefinition ?? "" };
  },
  isPresent: (world, active) => {
    const service = stateAt(world, active, "arn", isEcsService);
    return service.deployments.some(({ taskDefinition }) => taskDefinition === active.memory.bad);
  },
  heal: (world, active, act) => {
    const service = stateAt(world, active, "arn", isEcsService);
    act(updateService(service, { taskDefinition: String(active.memory.good) }));
  },
});

/** A release at a place that fails so much of what it is asked that this share of the entry's requests is bad. */
export const failingAt = (system: System, place: HurtPlace<EcsService>, share: number): FaultParameters => ({
  ...releaseAt(system, place),
  errorRate: errorRateFor(system, place.entry, place.state.arn, share),
  latencyFactor: 1,
});

/** Where fewer requests of an entry wait for a resource, it would have to be slower than its callers wait. */
const FEWEST_CALLS = 0.4;
const FEW_WAIT_SHARE = 0.3;

/**
 * A release at a place that is so slow that the entry's users wait `addedMs` more, or get errors where their callers do not
 * wait so long; it errs where too few would wait, or where no load balancer measures it.
 */
export const slowAt = (system: System, place: HurtPlace<EcsService>, addedMs: number): FaultParameters => {
  const calls = callsCaused(system, place.entry, place.state.arn, { isAsyncIncluded: false });
  const group = place.state.targetGroup;
  if (group === null || calls < FEWEST_CALLS) return failingAt(system, place, FEW_WAIT_SHARE);
  const latencyFactor = latencyFactorFor(calls, place.state, addedMs);
  return { ...releaseAt(system, place), group, errorRate: 0.01, latencyFactor };
};

/** The parameters `arn`, `entry` and `room` (the instances of its cluster) of a fault at an ECS service. */
export const releaseAt = (system: System, { state, entry }: HurtPlace<EcsService>): FaultParameters => ({
  arn: state.arn,
  entry,
  room: clusterOf(system, state).capacityGroup,
});

/** Users see errors; where the release is many times slower, its load balancer measures it. */
export const releaseShows = (system: System, parameters: FaultParameters): readonly Symptom[] => [
  parameters.group === undefined
    ? usersNotice(system, textOf(parameters, "entry"), "errors", "up")
    : shows(system, textOf(parameters, "group"), ["TargetResponseTime", "Average"], "up"),
];
