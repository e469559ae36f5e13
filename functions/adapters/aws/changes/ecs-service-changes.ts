import { DescribeServicesCommand, ECSClient, type Service } from "@aws-sdk/client-ecs";
import type { Change } from "../../../core/evidence.ts";
import { callAws } from "../call.ts";
import { batches, eachOf, fewWords, orAbsent, timeOf } from "../resources/asking.ts";
import { ecsService } from "../resources/shapes.ts";
import { changeOf } from "./change-source.ts";
import type { ChangesIn } from "./control-plane-changes.ts";

const MOST_SERVICES = 10; // that DescribeServices takes at once, all of one cluster

/** The deployments that services still show. */
export const changesIn: ChangesIn = async (clientOf, arns) => {
  const ecs = clientOf(ECSClient);
  const byCluster = Map.groupBy(arns, (arn) => ecsService.nameIn(arn)?.cluster ?? "");
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
