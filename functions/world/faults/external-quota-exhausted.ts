import { flowNow, servedBy } from "../flow.ts";
import { between } from "../random.ts";
import { isEcsService, runningCount } from "../resources/ecs-deployments.ts";
import { isExternalApi } from "../resources/external-api.ts";
import { overflow } from "../saturation.ts";
import { record, stir } from "../state.ts";
import { ecsCaller } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { providerPlace } from "./provider-place.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { harmIn, harmOf } from "./severity.ts";
import { shows } from "./symptom.ts";

/**
 * A provider counts every request since it changed its terms, those with which each task polls it included, and answers
 * 429 over its quota. Retries add to the count, and so does every task that is added.
 */
export const externalQuotaExhausted: Fault = {
  id: "external-quota-exhausted",
  family: "dependency",
  likelihood: 3,
  needs: ["external-api"],
  draw: (system, stream) => {
    const { arn } = providerPlace(system, `${stream}|where`);
    const client = ecsCaller(system, arn);
    const pollsPerCall = between(`${stream}|polls`, 0, 1, 2);
    const overQuota = between(`${stream}|severity`, 0, 1.5, 2.2);
    const ofTwiceTheTasks = (overQuota * (1 + 2 * pollsPerCall)) / (1 + pollsPerCall);
    const ofMoreTasks = harmOf(system, arn, overflow(overQuota), overflow(ofTwiceTheTasks));
    return { arn, client, pollsPerCall, overQuota, ofMoreTasks };
  },
  remedies: (parameters) =>
    atIfAny(parameters, "client", { "ecs-scale-out": harmIn(parameters, "ofMoreTasks"), ...CODE_IN_VAIN }),
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Throttles", "Sum"], "up")],
  start: (world, active) => {
    const { parameters } = active;
    const provider = stateAt(world, active, "arn", isExternalApi);
    const client = world.resources[textOf(parameters, "client")];
    const tasks = client !== undefined && isEcsService(client) ? runningCount(client) : 0;
    const demand = Math.max(0.1, servedBy(world, flowNow(world), provider.arn)?.demand ?? 0);
    const polls = tasks === 0 ? 0 : demand * numberOf(parameters, "pollsPerCall");
    active.memory = { quotaPerSecond: provider.quotaPerSecond };
    provider.client = tasks === 0 ? null : textOf(parameters, "client");
    provider.pollsPerTask = tasks === 0 ? 0 : polls / tasks;
    provider.quotaPerSecond = (demand + polls) / numberOf(parameters, "overQuota");
    stir(world);
  },
  isPresent: (world, active) =>
    active.memory.quotaPerSecond !== undefined &&
    stateAt(world, active, "arn", isExternalApi).quotaPerSecond !== active.memory.quotaPerSecond,
  heal: (world, active) => {
    // Whoever holds the contract buys more, for as long as it takes to stop polling.
    const provider = stateAt(world, active, "arn", isExternalApi);
    provider.quotaPerSecond = Number(active.memory.quotaPerSecond);
    provider.pollsPerTask = 0;
    record(world, "repaired", { id: active.id });
  },
};
