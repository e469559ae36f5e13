import type { AppConfigClient, DeploymentSummary } from "@aws-sdk/client-appconfig";
import { DescribeServicesCommand, type ECSClient, type Service } from "@aws-sdk/client-ecs";
import { GetAliasCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import type { Change } from "../../../core/evidence.ts";
import { callAws } from "../call.ts";
import { appConfigEnvironment, deploymentsTo, environmentIn } from "../resources/appconfig-environment.ts";
import { restAfter } from "../resources/arn.ts";
import { batches, eachOf, fewWords, orAbsent, timeOf } from "../resources/asking.ts";
import { ecsService } from "../resources/ecs-service.ts";
import type { ControlPlanes } from "../resources/kind.ts";
import { configurationOf, lambdaAlias } from "../resources/lambda-alias.ts";
import { appConfigId } from "./appconfig-deployment.ts";
import { changeOf } from "./change-source.ts";

/** Changes of these resources within [fromMs, toMs], in any order. May throw. */
export type ChangesOf = (arns: readonly string[], fromMs: number, toMs: number) => Promise<readonly Change[]>;

/**
 * Changes as control planes show them when they are asked, each a source of its own: what no event told, because nothing
 * listened yet or the event was lost. They do not say who it was.
 */
export const controlPlaneChanges = ({
  appConfig,
  ecs,
  lambda,
}: Pick<ControlPlanes, "appConfig" | "ecs" | "lambda">): readonly ChangesOf[] => [
  within(ecsService.owns, (arns) => ecsChanges(ecs, arns)),
  within(lambdaAlias.owns, (arns) => lambdaChanges(lambda, arns)),
  within(appConfigEnvironment.owns, (arns) => appConfigChanges(appConfig, arns)),
];

const within =
  (owns: (arn: string) => boolean, ask: (arns: readonly string[]) => Promise<readonly Change[]>): ChangesOf =>
  async (arns, fromMs, toMs) => {
    const found = await ask(arns.filter(owns));
    return found.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  };

const MOST_SERVICES = 10; // that DescribeServices takes at once, all of one cluster

const ecsChanges = async (ecs: ECSClient, arns: readonly string[]): Promise<readonly Change[]> => {
  const byCluster = Map.groupBy(arns, (arn) => restAfter(arn, "ecs", "service/")?.split("/")[0] ?? "");
  const calls = [...byCluster].flatMap(([cluster, own]) =>
    batches(own, MOST_SERVICES).map((services) => ({ cluster, services })),
  );
  const found = await eachOf(calls, async ({ cluster, services }) => {
    const answer = await orAbsent(["ClusterNotFoundException"], () =>
      callAws("ecs:DescribeServices", fewWords(services), () =>
        ecs.send(new DescribeServicesCommand({ cluster, services: [...services] })),
      ),
    );
    return answer?.services ?? [];
  });
  return found.flat().flatMap(deploymentsIn);
};

/** The deployments that a service still shows: the one that runs, and those that it replaces. */
const deploymentsIn = ({ serviceArn: target = "", deployments = [] }: Service): readonly Change[] =>
  deployments
    .toSorted((one, other) => (timeOf(other.createdAt) ?? 0) - (timeOf(one.createdAt) ?? 0))
    .flatMap(({ id, taskDefinition: to = null, createdAt }, index, all) => {
      const atMs = timeOf(createdAt);
      const from = all.slice(index + 1).find((one) => one.taskDefinition !== to)?.taskDefinition ?? null;
      const told = { kind: "deployment", target, from, to, title: "ECS deployment" } as const;
      return id === undefined || atMs === undefined ? [] : [changeOf({ id, atMs, ...told })];
    });

/** The version that an alias points at, as published: when the alias was moved to it, no control plane says. */
const lambdaChanges = async (lambda: LambdaClient, arns: readonly string[]): Promise<readonly Change[]> => {
  const found = await eachOf(arns, async (target): Promise<readonly Change[]> => {
    const [FunctionName = "", Name = ""] = restAfter(target, "lambda", "function:")?.split(":") ?? [];
    const alias = await orAbsent(["ResourceNotFoundException"], () =>
      callAws("lambda:GetAlias", target, () => lambda.send(new GetAliasCommand({ FunctionName, Name }))),
    );
    const version = alias?.FunctionVersion ?? null;
    if (version === null || version === "$LATEST") return [];
    const { modifiedAtMs: atMs } = await configurationOf(lambda, FunctionName, version);
    const id = `lambda-version/${target}/${version}`;
    const title = `Version ${version} was published`;
    return atMs === undefined ? [] : [changeOf({ id, kind: "deployment", atMs, target, to: version, title })];
  });
  return found.flat();
};

const appConfigChanges = async (appConfig: AppConfigClient, arns: readonly string[]): Promise<readonly Change[]> => {
  const found = await eachOf(arns, async (target): Promise<readonly Change[]> => {
    const ids = environmentIn(target);
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
