import { z } from "zod";
import { type ChangeSource, changeOf, momentOf, reading } from "./change-source.ts";

const TYPE = "ECS Deployment State Change";
const STARTED = "SERVICE_DEPLOYMENT_IN_PROGRESS";

const detail = z.object({ eventName: z.string(), deploymentId: z.string().min(1), updatedAt: z.string().optional() });

/** ECS's own deployments, rollbacks by its circuit breaker among them. What they bring, the call that began them says. */
export const ecsDeployment: ChangeSource = {
  source: "aws.ecs",
  detailTypes: [TYPE],
  patterns: [{ source: ["aws.ecs"], "detail-type": [TYPE], detail: { eventName: [STARTED] } }],
  read: reading(detail, ({ eventName, deploymentId, updatedAt }, { resources }, atMs) => {
    if (eventName !== STARTED) return "it ends a deployment whose start is what changed something";
    return resources.map((target) =>
      changeOf({
        ...{ id: deploymentId.trim(), kind: "deployment", target, title: "ECS deployment" },
        atMs: momentOf(updatedAt) ?? atMs,
      }),
    );
  }),
};
