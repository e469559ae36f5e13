import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient } from "@aws-sdk/client-sns";
import { SSMClient } from "@aws-sdk/client-ssm";
import middy from "@middy/core";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { alarmsRinging } from "../../adapters/aws/cloudwatch-alarms.ts";
import { executionState, lambdaExecutions } from "../../adapters/aws/lambda-executions.ts";
import { secretReader } from "../../adapters/aws/secrets.ts";
import { ssmActuator } from "../../adapters/aws/ssm-actuator.ts";
import { readSurroundings, SURROUNDINGS } from "../../adapters/aws/surroundings.ts";
import { functionLogger } from "../../adapters/telemetry/logger.ts";
import { metered } from "../../adapters/telemetry/meter.ts";
import { readIncident } from "../../core/incident.ts";
import { dailyWith } from "../daily.ts";
import { reconcileWith } from "../reconcile.ts";
import { deployedConfiguration, expectPlace } from "./configuration.ts";
import { deployedGuardrails } from "./guardrails.ts";
import { pagerOf } from "./people.ts";
import { deployedStores } from "./stores.ts";

const configuration = deployedConfiguration();
const { settings, alarmNamePrefix } = configuration;
const told = readSurroundings(process.env, ...SURROUNDINGS.filter((name) => name !== "draftArn"));
const logger = functionLogger("reconcile");
const made = clientSettings(process.env);
const { ledger, records, audit } = deployedStores(told);
const lambda = new LambdaClient(made);
const cloudWatch = new CloudWatchClient(made);
const secrets = secretReader(new SecretsManagerClient(made), Date.now);
const clock = { nowMs: Date.now };

const reconcile = reconcileWith(
  {
    ...{ ledger, clock, catalogue, codeHash: told.codeHash, openIncidents: ledger.openIncidents },
    records: metered(records),
    executions: lambdaExecutions(lambda, told.respondArn),
    executionState: async (incidentId) => {
      const startedBy = (await readIncident(ledger, incidentId))?.startedBy ?? null;
      return executionState(lambda, told.respondArn, incidentId, startedBy);
    },
    pager: pagerOf(configuration, { sns: new SNSClient(made), topicArn: told.pageTopicArn, ledger, secrets }),
    actuator: ssmActuator(new SSMClient(made)),
    guardrails: deployedGuardrails(),
    ringing: () => alarmsRinging(cloudWatch, settings, alarmNamePrefix),
  },
  settings,
);
const daily = dailyWith({ audit, clock }, configuration);

export const handler = middy<{ kind?: string }, unknown>({ timeoutEarlyInMillis: 0 })
  .use(injectLambdaContext(logger))
  .handler(async (event, context) => {
    expectPlace(configuration, context);
    const done = event.kind === "daily" ? await daily() : await reconcile();
    logger.info("reconciled", { done });
    return done;
  });
