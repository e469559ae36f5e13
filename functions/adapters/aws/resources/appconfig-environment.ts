import {
  AppConfigClient,
  type DeploymentSummary,
  GetDeploymentCommand,
  ListDeploymentsCommand,
} from "@aws-sdk/client-appconfig";
import { callAws } from "../call.ts";
import { besideArn } from "./arn.ts";
import { eachOf, known, orAbsent, timeOf } from "./asking.ts";
import { type ResourceReader, type Seen, seen } from "./kind.ts";
import { appConfigEnvironment } from "./shapes.ts";

const MOST_DEPLOYMENTS = 50; // a page's limit

type Ids = Readonly<{ ApplicationId: string; EnvironmentId: string }>;

/** Environments with the configuration that was deployed to them last, and the one before. */
export const reader: ResourceReader = {
  attributes: [
    ...["applicationId", "environmentId", "configurationProfileId", "configurationVersion"],
    ...["previousConfigurationVersion", "deploymentNumber", "deploymentState", "deployedAtMs", "deploymentInProgress"],
  ],
  // Nothing was ever deployed to it.
  optional: [
    ...["configurationProfileId", "configurationVersion", "previousConfigurationVersion", "deploymentNumber"],
    ...["deploymentState", "deployedAtMs"],
  ],
  unreadable: {},
  read: async (clientOf, arns) => {
    const appConfig = clientOf(AppConfigClient);
    const found = await eachOf(arns, async (arn) => {
      const ids = appConfigEnvironment.nameIn(arn);
      return ids === null ? null : orAbsent(["ResourceNotFoundException"], () => seenEnvironment(appConfig, arn, ids));
    });
    return found.filter((one) => one !== null);
  },
};

/** The newest deployments of an environment, newest first. */
export const deploymentsTo = async (client: AppConfigClient, ids: Ids): Promise<readonly DeploymentSummary[]> => {
  const on = `environment ${ids.EnvironmentId} of application ${ids.ApplicationId}`;
  const { Items = [] } = await callAws("appconfig:ListDeployments", on, () =>
    client.send(new ListDeploymentsCommand({ ...ids, MaxResults: MOST_DEPLOYMENTS })),
  );
  return Items.toSorted((one, other) => (other.DeploymentNumber ?? 0) - (one.DeploymentNumber ?? 0));
};

const UNDER_WAY = new Set<string>(["VALIDATING", "DEPLOYING", "BAKING", "ROLLING_BACK"]);
const TAKEN_BACK = new Set<string>(["ROLLING_BACK", "ROLLED_BACK", "REVERTED"]);

const seenEnvironment = async (client: AppConfigClient, arn: string, ids: Ids): Promise<Seen> => {
  const deployments = await deploymentsTo(client, ids);
  const [latest] = deployments;
  const versions = latest === undefined ? null : versionsOf(latest, deployments);
  const { ApplicationId: applicationId, EnvironmentId: environmentId } = ids;
  return seen({
    ...{ arn, type: appConfigEnvironment.type, name: latest?.ConfigurationName ?? environmentId, part: "setting" },
    root: besideArn(arn, "appconfig", `application/${applicationId}`),
    attributes: known({
      applicationId,
      environmentId,
      configurationProfileId: latest === undefined ? undefined : await profileOf(client, ids, latest),
      configurationVersion: versions?.current,
      previousConfigurationVersion: versions?.before,
      deploymentNumber: latest?.DeploymentNumber,
      deploymentState: latest?.State,
      deployedAtMs: timeOf(latest?.StartedAt),
      deploymentInProgress: UNDER_WAY.has(latest?.State ?? ""),
    }),
  });
};

/** What targets get, or are about to get, and what they got before: after one was taken back, the two change places. */
const versionsOf = (
  latest: DeploymentSummary,
  deployments: readonly DeploymentSummary[],
): Readonly<{ current: string | null; before: string | null }> => {
  const brought = latest.ConfigurationVersion ?? null;
  const stood = deployments.find(
    (one) =>
      one !== latest &&
      one.State === "COMPLETE" &&
      one.ConfigurationName === latest.ConfigurationName &&
      one.ConfigurationVersion !== latest.ConfigurationVersion,
  );
  const before = stood?.ConfigurationVersion ?? null;
  return TAKEN_BACK.has(latest.State ?? "") ? { current: before, before: brought } : { current: brought, before };
};

/** Listings of some Regions leave the profile out. */
const profileOf = async (client: AppConfigClient, ids: Ids, latest: DeploymentSummary): Promise<string | undefined> => {
  if ("ConfigurationProfileId" in latest && typeof latest.ConfigurationProfileId === "string")
    return latest.ConfigurationProfileId;
  const DeploymentNumber = latest.DeploymentNumber ?? 0;
  const deployment = await callAws("appconfig:GetDeployment", `${ids.EnvironmentId}/${DeploymentNumber}`, () =>
    client.send(new GetDeploymentCommand({ ...ids, DeploymentNumber })),
  );
  return deployment.ConfigurationProfileId;
};
