import { AppConfigClient, type DeploymentSummary } from "@aws-sdk/client-appconfig";
import type { Change } from "../../../core/evidence.ts";
import { deploymentsTo } from "../resources/appconfig-environment.ts";
import { eachOf, orAbsent, timeOf } from "../resources/asking.ts";
import { appConfigEnvironment } from "../resources/shapes.ts";
import { appConfigId } from "./appconfig-deployment.ts";
import { changeOf } from "./change-source.ts";
import type { ChangesIn } from "./control-plane-changes.ts";

/** The deployments that AppConfig lists of environments. */
export const changesIn: ChangesIn = async (clientOf, arns) => {
  const appConfig = clientOf(AppConfigClient);
  const found = await eachOf(arns, async (target): Promise<readonly Change[]> => {
    const ids = appConfigEnvironment.nameIn(target);
    if (ids === null) return [];
    const deployments = (await orAbsent(["ResourceNotFoundException"], () => deploymentsTo(appConfig, ids))) ?? [];
    return deployments.flatMap((one, index) => {
      const { DeploymentNumber: number, StartedAt, ConfigurationVersion: to = null } = one;
      const atMs = timeOf(StartedAt);
      if (number === undefined || atMs === undefined) return [];
      const id = appConfigId(ids.ApplicationId, ids.EnvironmentId, number);
      const from = stoodBefore(one, deployments.slice(index + 1));
      return [changeOf({ id, kind: "config", atMs, target, from, to, title: `AppConfig deployment ${number}` })];
    });
  });
  return found.flat();
};

/** The last version before it that stayed. @param older newest first */
const stoodBefore = ({ ConfigurationName }: DeploymentSummary, older: readonly DeploymentSummary[]): string | null =>
  older.find((one) => one.State === "COMPLETE" && one.ConfigurationName === ConfigurationName)?.ConfigurationVersion ??
  null;
