import { z } from "zod";
import { type ChangeSource, changeOf, reading } from "./change-source.ts";

const TYPE = "CodeDeploy Deployment State-change Notification";
const STARTED = "START";

const detail = z.object({ deploymentId: z.string().min(1), state: z.string(), deploymentGroup: z.string().catch("") });

/**
 * CodeDeploy's deployments, at their deployment group: the event does not say what it deploys to. Whoever lists the
 * group's ARN among a service's resources sees them with it.
 */
export const codeDeploy: ChangeSource = {
  source: "aws.codedeploy",
  detailTypes: [TYPE],
  patterns: [{ source: ["aws.codedeploy"], "detail-type": [TYPE], detail: { state: [STARTED] } }],
  read: reading(detail, ({ deploymentId, state, deploymentGroup }, { resources }, atMs) => {
    if (state !== STARTED) return "it ends a deployment whose start is what changed something";
    const target = resources.find((arn) => arn.includes(":deploymentgroup:"));
    return target === undefined
      ? "it names no deployment group"
      : [changeOf({ id: deploymentId, kind: "deployment", atMs, target, title: `CodeDeploy to ${deploymentGroup}` })];
  }),
};
