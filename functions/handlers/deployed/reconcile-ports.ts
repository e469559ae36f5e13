import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SNSClient } from "@aws-sdk/client-sns";
import { SSMClient } from "@aws-sdk/client-ssm";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { alarmsRinging } from "../../adapters/aws/cloudwatch-alarms.ts";
import { executionState, lambdaExecutions } from "../../adapters/aws/lambda-executions.ts";
import { GLOBAL_REGION, liveMetrics } from "../../adapters/aws/live-metrics.ts";
import { runningAutomations } from "../../adapters/aws/running-automations.ts";
import { ssmActuator } from "../../adapters/aws/ssm-actuator.ts";
import type { Surroundings } from "../../adapters/aws/surroundings.ts";
import type { Note } from "../../adapters/telemetry/logger.ts";
import { metered } from "../../adapters/telemetry/meter.ts";
import { toldPager, toldRecords } from "../../core/audit-tell.ts";
import type { Configuration } from "../../core/configuration.ts";
import { readIncident } from "../../core/incident.ts";
import type { ReconcilePorts } from "../../core/reconcile.ts";
import { deployedGuardrails } from "./guardrails.ts";
import { pagerOf } from "./people.ts";
import { deployedSecrets } from "./secrets.ts";
import type { DeployedStores } from "./stores.ts";
import { deployedTrail } from "./trail.ts";

/** What reconcile looks through, and by which it makes good, in this account. */
export const reconcilePorts = (
  configuration: Configuration,
  stores: DeployedStores,
  told: Pick<Surroundings, "pageTopicArn" | "respondArn" | "codeHash">,
  note: Note,
): ReconcilePorts => {
  const { ledger, records, episodes } = stores;
  const { settings, alarmNamePrefix } = configuration;
  const made = clientSettings(process.env);
  const lambda = new LambdaClient(made);
  const cloudWatch = new CloudWatchClient(made);
  const globalCloudWatch = new CloudWatchClient({ ...made, region: GLOBAL_REGION });
  const ssm = new SSMClient(made);
  const secrets = deployedSecrets();
  const clock = { nowMs: Date.now };
  const tell = deployedTrail(stores, clock, note);
  const pager = pagerOf(configuration, { sns: new SNSClient(made), topicArn: told.pageTopicArn, ledger, secrets });
  return {
    ...{ ledger, episodes, catalogue, codeHash: told.codeHash, openIncidents: ledger.openIncidents },
    clock,
    evidence: { metrics: liveMetrics({ cloudWatch, globalCloudWatch, place: settings, clock }) },
    records: toldRecords(metered(records), tell),
    executions: lambdaExecutions(lambda, told.respondArn),
    executionState: async (incidentId) => {
      const startedBy = (await readIncident(ledger, incidentId))?.startedBy ?? null;
      return executionState(lambda, told.respondArn, incidentId, startedBy);
    },
    pager: toldPager(pager, tell),
    actuator: ssmActuator(ssm),
    runningOf: (incidentId) => runningAutomations(ssm, incidentId),
    guardrails: deployedGuardrails(),
    ringing: () => alarmsRinging(cloudWatch, settings, alarmNamePrefix),
  };
};
