import { isoTime } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import { type ApiHandler, type ApiInput, answered, failed, resourcesOfKind, textOf } from "../resource-type.ts";
import type { World } from "../state.ts";
import type { ApiReply } from "../types.ts";
import {
  type AppConfigFlags,
  type ConfigDeployment,
  isAppConfigFlags,
  isUnderWay,
  latestOf,
  REVERTIBLE_MS,
  startDeployment,
  stopDeployment,
  strategyNamed,
} from "./appconfig-deployments.ts";

const environmentOf = (world: World, input: ApiInput): AppConfigFlags | null =>
  resourcesOfKind(world, isAppConfigFlags).find(
    ({ applicationId, environmentId }) =>
      applicationId === textOf(input, "ApplicationId") && environmentId === textOf(input, "EnvironmentId"),
  ) ?? null;

const missing = (what: string): ApiReply => failed("ResourceNotFoundException", `Could not find the ${what}.`);

const summary = (flags: AppConfigFlags, deployment: ConfigDeployment): Readonly<Record<string, Json>> => {
  const strategy = strategyNamed(deployment.strategy);
  return {
    DeploymentNumber: deployment.number,
    ConfigurationName: flags.name,
    ConfigurationVersion: deployment.version,
    DeploymentDurationInMinutes: strategy?.minutes ?? 0,
    GrowthType: strategy?.growthType ?? "LINEAR",
    GrowthFactor: strategy?.growthFactor ?? 100,
    FinalBakeTimeInMinutes: strategy?.bakeMinutes ?? 0,
    State: deployment.state,
    PercentageComplete: deployment.percentage,
    StartedAt: isoTime(deployment.startedAtMs),
    ...(deployment.completedAtMs === null ? {} : { CompletedAt: isoTime(deployment.completedAtMs) }),
  };
};

const show = (flags: AppConfigFlags, deployment: ConfigDeployment): Json => ({
  ApplicationId: flags.applicationId,
  EnvironmentId: flags.environmentId,
  ConfigurationProfileId: flags.configurationProfileId,
  DeploymentStrategyId: deployment.strategy,
  ...summary(flags, deployment),
});

const listDeployments = (world: World, input: ApiInput): ApiReply => {
  const flags = environmentOf(world, input);
  if (flags === null) return missing("environment");
  return answered({ Items: flags.deployments.map((deployment) => summary(flags, deployment)) });
};

const getDeployment = (world: World, input: ApiInput): ApiReply => {
  const flags = environmentOf(world, input);
  if (flags === null) return missing("environment");
  const deployment = flags.deployments.find(({ number }) => number === input.DeploymentNumber);
  return deployment === undefined ? missing("deployment") : answered(show(flags, deployment));
};

const start = (world: World, input: ApiInput): ApiReply => {
  const flags = environmentOf(world, input);
  if (flags === null) return missing("environment");
  if (textOf(input, "ConfigurationProfileId") !== flags.configurationProfileId) return missing("configuration profile");
  const version = textOf(input, "ConfigurationVersion") ?? "";
  if (flags.versions[version] === undefined) return missing("configuration version");
  const strategy = textOf(input, "DeploymentStrategyId") ?? "";
  if (strategyNamed(strategy) === null) return missing("deployment strategy");
  if (isUnderWay(latestOf(flags)))
    return failed("ConflictException", "A deployment to this environment is in progress.");
  return answered(show(flags, startDeployment(world, flags, version, strategy)));
};

const stop = (world: World, input: ApiInput): ApiReply => {
  const flags = environmentOf(world, input);
  if (flags === null) return missing("environment");
  const latest = latestOf(flags);
  if (!flags.deployments.some(({ number }) => number === input.DeploymentNumber)) return missing("deployment");
  const completedAtMs = latest.state === "COMPLETE" ? latest.completedAtMs : null;
  const isRevertible =
    input.AllowRevert === true && completedAtMs !== null && world.nowMs - completedAtMs <= REVERTIBLE_MS;
  if (latest.number !== input.DeploymentNumber || !(isUnderWay(latest) || isRevertible))
    return failed("BadRequestException", "The deployment can be neither stopped nor reverted.");
  return answered(show(flags, stopDeployment(world, flags)));
};

export const appConfigApis: readonly ApiHandler[] = [
  { service: "appconfig", api: "ListDeployments", changes: false, answer: listDeployments },
  { service: "appconfig", api: "GetDeployment", changes: false, answer: getDeployment },
  { service: "appconfig", api: "StartDeployment", changes: true, answer: start },
  { service: "appconfig", api: "StopDeployment", changes: true, answer: stop },
];
