import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import middy from "@middy/core";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { dynamoDbLedger } from "../../adapters/aws/dynamodb-ledger.ts";
import { lambdaExecutions } from "../../adapters/aws/lambda-executions.ts";
import type { BatchAnswer } from "../../adapters/aws/sqs-batch.ts";
import { readSurroundings } from "../../adapters/aws/surroundings.ts";
import { functionLogger } from "../../adapters/telemetry/logger.ts";
import { intakeBatchWith } from "../intake.ts";
import { deployedConfiguration, expectPlace } from "./configuration.ts";

const configuration = deployedConfiguration();
const { ledgerTable, respondArn } = readSurroundings(process.env, "ledgerTable", "respondArn");
const logger = functionLogger("intake");
const ports = {
  ledger: dynamoDbLedger(new DynamoDBClient(clientSettings(process.env)), ledgerTable),
  executions: lambdaExecutions(new LambdaClient(clientSettings(process.env)), respondArn),
  clock: { nowMs: Date.now },
};
const take = intakeBatchWith(ports, configuration.settings, (messageId, because) => {
  logger.error("a message was not taken and comes again", { messageId, error: because });
});

export const handler = middy<unknown, BatchAnswer>({ timeoutEarlyInMillis: 0 })
  .use(injectLambdaContext(logger))
  .handler((event, context) => {
    expectPlace(configuration, context);
    return take(event);
  });
