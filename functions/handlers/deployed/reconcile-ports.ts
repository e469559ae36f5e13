import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient } from "@aws-sdk/client-sns";
import { SSMClient } from "@aws-sdk/client-ssm";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { alarmsRinging } from "../../adapters/aws/cloudwatch-alarms.ts";
import { executionState, lambdaExecutions } from "../../adapters/aws/lambda-executions.ts";
import { runningAutomations } from "../../adapters/aws/running-automations.ts";
import { secretReader } from "../../adapters/aws/secrets.ts";
import { ssmActuator } from "../../adapters/aws/ssm-actuator.ts";
import type { Surroundings } from "../../adapters/aws/surroundings.ts";
import { metered } from "../../adapters/telemetry/meter.ts";
import type { Configuration } from "../../core/configuration.ts";
import { readIncident } from "../../core/incident.ts";
import type { ReconcilePorts } from "../../core/reconcile.ts";
import { deployedGuardrails } from "./guardrails.ts";
import { pagerOf } from "./people.ts";
import type { DeployedStores } from "./stores.ts";

/** What reconcile looks through, and by which it makes good, in this account. */
export const reconcilePorts = (
  configuration: Configuration,
  { ledger, records }: DeployedStores,
  told: Pick<Surroundings, "pageTopicArn" | "respondArn" | "codeHash">,
): ReconcilePorts => {
  const { settings, alarmNamePrefix } = configuration;
  const made = clientSettings(process.env);
  const lambda = new LambdaClient(made);
  const cloudWatch = new CloudWatchClient(made);
  const ssm = new SSMClient(made);
  const secrets = secretReader(new SecretsManagerClient(made), Date.now);
  return {
    ...{ ledger, catalogue, codeHash: told.codeHash, openIncidents: ledger.openIncidents },
    clock: { nowMs: Date.now },
    records: metered(records),
    executions: lambdaExecutions(lambda, told.respondArn),
    executionState: async (incidentId) => {
      const startedBy = (await readIncident(ledger, incidentId))?.startedBy ?? null;
      return executionState(lambda, told.respondArn, incidentId, startedBy);
    },
    pager: pagerOf(configuration, { sns: new SNSClient(made), topicArn: told.pageTopicArn, ledger, secrets }),
    actuator: ssmActuator(ssm),
    runningOf: (incidentId) => runningAutomations(ssm, incidentId),
    guardrails: deployedGuardrails(),
    ringing: () => alarmsRinging(cloudWatch, settings, alarmNamePrefix),
  };
};
