import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { suspectConfiguration } from "../configuration.ts";
import { numberOf, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

/** AppConfig's own pattern of ids. */
const id = z.string().regex(/^[a-z0-9]{4,7}$/);

const ID = "appconfig-stop-deployment";
const TARGET_TYPE = "AWS::AppConfig::Environment";
/** Deployments that StopDeployment with AllowRevert takes. */
const STANDING = ["DEPLOYING", "BAKING", "COMPLETE"];

const aim = (target: Resource): Params | null => {
  const ApplicationId = textOf(target, "applicationId");
  const EnvironmentId = textOf(target, "environmentId");
  const ConfigurationProfileId = textOf(target, "configurationProfileId");
  const ExpectedVersion = textOf(target, "configurationVersion");
  const DeploymentNumber = numberOf(target, "deploymentNumber");
  if (ApplicationId === null || EnvironmentId === null || ConfigurationProfileId === null) return null;
  if (ExpectedVersion === null || DeploymentNumber === null) return null;
  if (!STANDING.includes(textOf(target, "deploymentState") ?? "")) return null;
  return { ApplicationId, EnvironmentId, ConfigurationProfileId, ExpectedVersion, DeploymentNumber };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  if (params === null || wasTried(context, ID, target.arn)) return [];
  const suspicion = suspectConfiguration(context, target);
  return suspicion === null ? [] : [{ target: target.arn, params, ...suspicion }];
};

/** Stops the latest deployment of an AppConfig environment; one that completed within 72 hours is reverted. */
export const appConfigStopDeployment: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Stop or revert the latest deployment of an AppConfig environment",
  kind: "effect",
  effect:
    "The deployment ends, and all targets get the flags and values of the version before. No code changes, nothing restarts.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({
    ApplicationId: id,
    EnvironmentId: id,
    ConfigurationProfileId: id,
    ExpectedVersion: z.string().regex(/^[1-9][0-9]{0,8}$/),
    DeploymentNumber: z.int().min(1).max(1_000_000),
  }),
  tier: 1,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 2,
  cooldownSeconds: 3600,
  whenRecovered: "finish",
  treats: [
    "AWS/ApplicationELB/HTTPCode_Target_5XX_Count",
    "AWS/ApplicationELB/TargetResponseTime",
    "AWS/Lambda/Errors",
    "AWS/Lambda/Duration",
  ],
  endsDeployment: true,
  takesBack: ["deployment", "config"],
  departsFrom: "the environment's deployed configuration version",
  blastRadius: (target) => ({ share: 0, resources: 1, zones: target.zones, dataStore: false, capacity: null }),
  suitsWhen: "Errors or slowness began within minutes after AppConfig began to deploy a configuration.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
