import { noteConfigChange } from "../config-changes.ts";
import {
  type AppConfigFlags,
  type ConfigEffect,
  isAppConfigFlags,
  isUnderWay,
  latestOf,
  startDeployment,
} from "../resources/appconfig-deployments.ts";
import type { World } from "../state.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";

/** Somebody deploys the next version of flags, which does this to whom; most do nothing to anybody. The version before, and it. */
export const nextVersion = (
  world: World,
  flags: AppConfigFlags,
  effects: readonly ConfigEffect[],
  strategy: string,
): Readonly<{ from: string; to: string }> => {
  const from = flags.configurationVersion;
  const to = String(Math.max(...Object.keys(flags.versions).map(Number)) + 1);
  flags.versions[to] = effects;
  startDeployment(world, flags, to, strategy);
  noteConfigChange(world, flags.arn, { from, to });
  return { from, to };
};

/**
 * What a fault needs of a bad version of the flags that its parameter `flags` names: it is deployed, hits the resource
 * `arn` with `errorRate` and `latencyMs`, and ends when targets get another version.
 */
export const badVersion = (message: string, strategy: string): Pick<Fault, "start" | "isPresent" | "heal"> => ({
  start: (world, active) => {
    const { parameters } = active;
    const flags = stateAt(world, active, "flags", isAppConfigFlags);
    const [errorRate, latencyMs] = [numberOf(parameters, "errorRate"), numberOf(parameters, "latencyMs")];
    const effect = { from: null, to: textOf(parameters, "arn"), toMs: null, errorRate, latencyMs, message };
    const { from, to } = nextVersion(world, flags, [effect], strategy);
    active.memory = { bad: to, good: from };
  },
  isPresent: (world, active) =>
    stateAt(world, active, "flags", isAppConfigFlags).configurationVersion === active.memory.bad,
  heal: (world, active, act) => {
    const flags = stateAt(world, active, "flags", isAppConfigFlags);
    const at = { ApplicationId: flags.applicationId, EnvironmentId: flags.environmentId };
    const latest = latestOf(flags);
    if (isUnderWay(latest))
      act({ service: "appconfig", api: "StopDeployment", input: { ...at, DeploymentNumber: latest.number } });
    if (flags.configurationVersion !== active.memory.bad) return;
    const ConfigurationVersion = String(active.memory.good);
    const how = {
      ConfigurationProfileId: flags.configurationProfileId,
      DeploymentStrategyId: "AppConfig.AllAtOnce",
    };
    act({ service: "appconfig", api: "StartDeployment", input: { ...at, ...how, ConfigurationVersion } });
  },
});
