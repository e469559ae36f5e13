import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { suspectConfiguration } from "../configuration.ts";
import { numberOf, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

/** AppConfig's own pattern of ids. */
const id = z.string().regex(/^[a-z0-9]{4,7}$/);
/** A version in AppConfig's hosted store. */
const version = z.string().regex(/^[1-9][0-9]{0,8}$/);

const ID = "appconfig-rollback";
const TARGET_TYPE = "AWS::AppConfig::Environment";

const aim = (target: Resource): Params | null => {
  const ApplicationId = textOf(target, "applicationId");
  const EnvironmentId = textOf(target, "environmentId");
  const ConfigurationProfileId = textOf(target, "configurationProfileId");
  const ConfigurationVersion = textOf(target, "previousConfigurationVersion");
  const ExpectedDeploymentNumber = numberOf(target, "deploymentNumber");
  if (ApplicationId === null || EnvironmentId === null || ConfigurationProfileId === null) return null;
  if (ConfigurationVersion === null || ExpectedDeploymentNumber === null) return null;
  if (ConfigurationVersion === textOf(target, "configurationVersion")) return null;
  // Nothing starts while another deployment is under way, and after a reverted one the version before is what targets have.
  if (textOf(target, "deploymentState") !== "COMPLETE") return null;
  return { ApplicationId, EnvironmentId, ConfigurationProfileId, ConfigurationVersion, ExpectedDeploymentNumber };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  if (params === null || wasTried(context, ID, target.arn)) return [];
  const suspicion = suspectConfiguration(context, target);
  return suspicion === null ? [] : [{ target: target.arn, params, ...suspicion }];
};

/** Deploys the configuration version that an AppConfig environment had before. */
export const appConfigRollback: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Deploy the previous configuration of an AppConfig environment",
  kind: "effect",
  effect:
    "All targets get the flags and values of the version before with their next poll. No code changes, nothing restarts.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({
    ApplicationId: id,
    EnvironmentId: id,
    ConfigurationProfileId: id,
    ConfigurationVersion: version,
    ExpectedDeploymentNumber: z.int().min(1).max(1_000_000),
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
  // AppConfig refuses a second deployment while one is under way.
  endsDeployment: false,
  takesBack: ["deployment", "config"],
  departsFrom: "the environment's deployed configuration version",
  blastRadius: (target) => ({ share: 0, resources: 1, zones: target.zones, dataStore: false, capacity: null }),
  suitsWhen: "Errors or slowness began within minutes after a configuration was deployed with AppConfig.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
