import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import middy from "@middy/core";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { dynamoDbLedger } from "../../adapters/aws/dynamodb-ledger.ts";
import { lambdaExecutions } from "../../adapters/aws/lambda-executions.ts";
import { readSurroundings } from "../../adapters/aws/surroundings.ts";
import { functionLogger } from "../../adapters/telemetry/logger.ts";
import { reopenWhereOverwritten } from "../../core/overwritten.ts";
import { changesWith, type Noted } from "../changes.ts";
import { deployedConfiguration, expectPlace } from "./configuration.ts";

const configuration = deployedConfiguration();
const { ledgerTable, respondArn } = readSurroundings(process.env, "ledgerTable", "respondArn");
const logger = functionLogger("changes");
const made = clientSettings(process.env);
const ports = {
  ledger: dynamoDbLedger(new DynamoDBClient(made), ledgerTable),
  executions: lambdaExecutions(new LambdaClient(made), respondArn),
  clock: { nowMs: Date.now },
};
const take = changesWith(ports, configuration.settings, async (change) => {
  const reopened = await reopenWhereOverwritten(ports, configuration.settings, change);
  if (reopened.kind === "reopened")
    logger.warn("a change has overwritten what Quell did", { incident: reopened.incidentId, target: change.target });
});

export const handler = middy<unknown, Noted>({ timeoutEarlyInMillis: 0 })
  .use(injectLambdaContext(logger))
  .handler((event, context) => {
    expectPlace(configuration, context);
    return take(event);
  });
