import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { arnParts, numberOf, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";
import { suspectVersion } from "../suspicion.ts";

const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$/);
const taskDefinition = z
  .string()
  .regex(
    /^(arn:aws[a-z-]{0,20}:ecs:[a-z0-9-]{1,25}:[0-9]{12}:task-definition\/)?[A-Za-z0-9_][A-Za-z0-9_-]{0,254}:[0-9]{1,9}$/,
  );

const ID = "ecs-rollback";
const TARGET_TYPE = "AWS::ECS::Service";
const DEFAULT_HEALTHY_PERCENT = 100; // ECS's own default for a rolling update

const aim = (target: Resource): Params | null => {
  const running = textOf(target, "taskDefinition");
  const previous = textOf(target, "previousTaskDefinition");
  const [, cluster, service] = arnParts(target.arn);
  if (running === null || previous === null || running === previous) return null;
  if (cluster === undefined || service === undefined) return null;
  return { Cluster: cluster, Service: service, TaskDefinition: previous, ExpectedTaskDefinition: running };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  const running = textOf(target, "taskDefinition");
  const deployedAtMs = numberOf(target, "deployedAtMs");
  if (params === null || running === null || deployedAtMs === null || wasTried(context, ID, target.arn)) return [];
  const suspicion = suspectVersion(context, target, running, deployedAtMs);
  return suspicion === null ? [] : [{ target: target.arn, params, ...suspicion }];
};

/** Puts an ECS service back on the task definition that it ran before the newest deployment. */
export const ecsRollback: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Roll an ECS service back to its previous task definition",
  kind: "effect",
  effect: "Tasks are replaced one batch at a time; requests in flight drain. No data is touched.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({
    Cluster: name,
    Service: name,
    TaskDefinition: taskDefinition,
    ExpectedTaskDefinition: taskDefinition,
  }),
  tier: 1,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 6,
  cooldownSeconds: 2 * 3600,
  whenRecovered: "finish",
  treats: ["AWS/ApplicationELB/HTTPCode_Target_5XX_Count", "AWS/ApplicationELB/TargetResponseTime"],
  endsDeployment: true,
  departsFrom: "the service's TaskDefinition",
  blastRadius: (target) => {
    const healthyPercent = numberOf(target, "minimumHealthyPercent") ?? DEFAULT_HEALTHY_PERCENT;
    const desired = numberOf(target, "desiredCount");
    const running = numberOf(target, "runningCount");
    const share = Math.max(0, 1 - healthyPercent / 100);
    return {
      share,
      resources: 1,
      zones: target.zones,
      dataStore: false,
      capacity:
        desired === null || running === null
          ? null
          : { desired, remaining: Math.min(running, Math.ceil(desired * (1 - share))) },
    };
  },
  suitsWhen: "Errors or slowness began within minutes after an ECS service changed its task definition.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
