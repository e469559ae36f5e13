import {
  type Deployment,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  type Service,
} from "@aws-sdk/client-ecs";
import { callAws } from "../call.ts";
import { besideArn } from "./arn.ts";
import { batches, eachOf, ifReadable, known, orAbsent, tagsOf, timeOf } from "./asking.ts";
import { type Aside, REGIONAL_ZONES, type ResourceReader, type Seen, seen } from "./kind.ts";
import { ecsService } from "./shapes.ts";
import { type Ran, whatRan } from "./what-ran.ts";

const MOST_SERVICES = 10; // that DescribeServices takes at once, all of one cluster
const MOST_DEPLOYMENTS = 10;

/** Services on ECS, with the task definition that ran before: by the deployments, by what was told, by ECS's own history. */
export const reader: ResourceReader = {
  attributes: [
    ...["cluster", "desiredCount", "runningCount", "pendingCount", "failedTasks", "taskDefinition"],
    ...["previousTaskDefinition", "minimumHealthyPercent", "deploymentInProgress", "deployedAtMs"],
  ],
  // What CodeDeploy or another controller deploys has no deployment of ECS's own to roll back.
  optional: ["failedTasks", "taskDefinition", "previousTaskDefinition", "minimumHealthyPercent", "deployedAtMs"],
  unreadable: {},
  read: async (clientOf, arns, aside) => {
    const ecs = clientOf(ECSClient);
    const byCluster = Map.groupBy(arns, clusterOf);
    const calls = [...byCluster].flatMap(([cluster, services]) =>
      batches(services, MOST_SERVICES).map((batch) => ({ cluster, batch })),
    );
    const found = await eachOf(calls, ({ cluster, batch }) => described(ecs, cluster, batch));
    return eachOf(found.flat(), (service) => seenService(ecs, service, aside));
  },
};

const clusterOf = (arn: string): string => ecsService.nameIn(arn)?.cluster ?? "";

const described = async (ecs: ECSClient, cluster: string, services: readonly string[]): Promise<readonly Service[]> => {
  const on = `services of cluster ${cluster}`;
  const input = { cluster, services: [...services], include: ["TAGS" as const] };
  const answer = await orAbsent(["ClusterNotFoundException"], () =>
    callAws("ecs:DescribeServices", on, () => ecs.send(new DescribeServicesCommand(input))),
  );
  const failure = answer?.failures?.find(({ reason }) => reason !== "MISSING");
  if (failure !== undefined)
    throw new Error(`ecs:DescribeServices on ${failure.arn}: ${failure.reason} ${failure.detail ?? ""}`.trim());
  // A service that was deleted is shown for a while yet.
  return (answer?.services ?? []).filter(({ status }) => status !== "INACTIVE");
};

const seenService = async (ecs: ECSClient, service: Service, aside: Aside): Promise<Seen> => {
  const { serviceArn: arn = "", clusterArn = besideArn(arn, "ecs", `cluster/${clusterOf(arn)}`) } = service;
  const [primary, ...others] = service.deployments ?? [];
  const running = primary?.taskDefinition;
  const ran = running === undefined ? null : await whatRanBefore(ecs, arn, running, others, aside);
  return seen({
    ...{ arn, type: ecsService.type, name: service.serviceName ?? "", root: clusterArn, part: "code" },
    zones: zonesOf(service),
    tags: tagsOf(service.tags),
    uses: [clusterArn],
    usedBy: balancersOf(service),
    attributes: known({
      cluster: clusterArn,
      desiredCount: service.desiredCount,
      runningCount: service.runningCount,
      pendingCount: service.pendingCount,
      failedTasks: primary?.failedTasks,
      taskDefinition: running,
      previousTaskDefinition: running === undefined ? undefined : (ran?.before ?? null),
      minimumHealthyPercent: service.deploymentConfiguration?.minimumHealthyPercent,
      deploymentInProgress: isDeploying(service),
      deployedAtMs: ran?.sinceMs ?? timeOf(primary?.createdAt),
    }),
  });
};

/** Several versions beside each other, or tasks that are still being replaced. Whoever deploys says it in his own words. */
const isDeploying = ({ deployments = [], taskSets = [] }: Service): boolean =>
  deployments.length > 1 ||
  deployments.some(({ rolloutState }) => rolloutState === "IN_PROGRESS") ||
  taskSets.length > 1 ||
  taskSets.some(({ stabilityStatus }) => stabilityStatus === "STABILIZING");

/** Each subnet lies in one zone; a service that names none stands on its cluster's instances. */
const zonesOf = ({ networkConfiguration }: Service): number => {
  const subnets = networkConfiguration?.awsvpcConfiguration?.subnets?.length ?? 0;
  return subnets === 0 ? REGIONAL_ZONES : Math.min(subnets, REGIONAL_ZONES);
};

const balancersOf = ({ loadBalancers = [], taskSets = [] }: Service): readonly string[] =>
  [...loadBalancers, ...taskSets.flatMap((set) => set.loadBalancers ?? [])].flatMap(({ targetGroupArn }) =>
    targetGroupArn === undefined ? [] : [targetGroupArn],
  );

/** By what was told of it, else by ECS's history of it; what a rolling deployment replaces is known in any case. */
const whatRanBefore = async (
  ecs: ECSClient,
  arn: string,
  running: string,
  others: readonly Deployment[],
  { recorded }: Aside,
): Promise<Ran> => {
  const told = whatRan(recorded(arn), running);
  const replaced = others.find(({ taskDefinition }) => taskDefinition !== running)?.taskDefinition ?? null;
  if (told.sinceMs !== null && (replaced ?? told.before) !== null) return { ...told, before: replaced ?? told.before };
  const history = await ifReadable(() => deployedBefore(ecs, arn, running));
  return {
    sinceMs: told.sinceMs ?? history?.sinceMs ?? null,
    before: replaced ?? told.before ?? history?.before ?? null,
  };
};

/** The service's own deployments of the last 90 days: which revision each brought, and with which task definition. */
const deployedBefore = async (ecs: ECSClient, arn: string, running: string): Promise<Ran> => {
  const { serviceDeployments = [] } = await callAws("ecs:ListServiceDeployments", arn, () =>
    ecs.send(
      new ListServiceDeploymentsCommand({ service: arn, cluster: clusterOf(arn), maxResults: MOST_DEPLOYMENTS }),
    ),
  );
  const revisions = [...new Set(serviceDeployments.flatMap(({ targetServiceRevisionArn: one }) => one ?? []))];
  if (revisions.length === 0) return { sinceMs: null, before: null };
  const { serviceRevisions = [] } = await callAws("ecs:DescribeServiceRevisions", arn, () =>
    ecs.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns: revisions })),
  );
  const definitions = new Map(serviceRevisions.map((one) => [one.serviceRevisionArn, one.taskDefinition]));
  const deployments = serviceDeployments
    .map(({ targetServiceRevisionArn, startedAt, createdAt, status }) => ({
      to: definitions.get(targetServiceRevisionArn) ?? null,
      atMs: timeOf(startedAt ?? createdAt) ?? 0,
      // What was stopped or rolled back never ran for long: nobody wants to go back to it.
      stood: status === "SUCCESSFUL",
    }))
    .toSorted((one, other) => other.atMs - one.atMs);
  const other = deployments.findIndex(({ to, stood }) => stood && to !== running);
  const runs = (other < 0 ? deployments : deployments.slice(0, other)).filter(({ to }) => to === running);
  return { sinceMs: runs.at(-1)?.atMs ?? null, before: deployments[other]?.to ?? null };
};
