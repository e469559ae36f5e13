import { type ResourceBehaviour, resourceType } from "../resource-type.ts";
import type { ApiCall } from "../types.ts";
import { appConfigApis } from "./appconfig-api.ts";
import { type AppConfigFlags, isAppConfigFlags, isUnderWay, latestOf, takeStep } from "./appconfig-deployments.ts";

/** Gives targets the version before: what ends a deployment under way, else a deployment of that version. */
export const flagsOff = (flags: AppConfigFlags): ApiCall | null => {
  const { applicationId: ApplicationId, environmentId: EnvironmentId, previousConfigurationVersion } = flags;
  const latest = latestOf(flags);
  const at = { ApplicationId, EnvironmentId };
  if (isUnderWay(latest))
    return { service: "appconfig", api: "StopDeployment", input: { ...at, DeploymentNumber: latest.number } };
  if (previousConfigurationVersion === null) return null;
  return {
    service: "appconfig",
    api: "StartDeployment",
    input: {
      ...at,
      ConfigurationProfileId: flags.configurationProfileId,
      ConfigurationVersion: previousConfigurationVersion,
      DeploymentStrategyId: "AppConfig.AllAtOnce",
    },
  };
};

const behaviour: ResourceBehaviour<AppConfigFlags> = {
  kind: "appconfig-flags",
  isOne: isAppConfigFlags,
  describe: (state) => {
    const latest = latestOf(state);
    return {
      type: "AWS::AppConfig::Environment",
      zones: 3,
      tags: {},
      attributes: {
        applicationId: state.applicationId,
        environmentId: state.environmentId,
        configurationProfileId: state.configurationProfileId,
        configurationVersion: state.configurationVersion,
        previousConfigurationVersion: state.previousConfigurationVersion,
        deploymentNumber: latest.number,
        deploymentState: latest.state,
        deployedAtMs: latest.startedAtMs,
        deploymentInProgress: isUnderWay(latest),
      },
    };
  },
  configuration: (state) => ({ configurationVersion: state.configurationVersion }),
  serve: null,
  elapse: null,
  samples: () => [],
  happen: (world, state, _what, subject) => takeStep(world, state, subject),
  release: null,
  join: null,
  habits: [{ does: "switch-off", call: (_world, state) => flagsOff(state) }],
  apis: appConfigApis,
};

export const appConfigFlags = resourceType(behaviour);
