import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import middy from "@middy/core";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { dynamoDbLedger } from "../../adapters/aws/dynamodb-ledger.ts";
import { readVotes, writeVote } from "../../adapters/aws/dynamodb-votes.ts";
import { lambdaExecutions } from "../../adapters/aws/lambda-executions.ts";
import { readSurroundings } from "../../adapters/aws/surroundings.ts";
import type { HttpAnswer } from "../../adapters/slack/http-event.ts";
import { slackTell } from "../../adapters/slack/tell.ts";
import { functionLogger } from "../../adapters/telemetry/logger.ts";
import { ringIncident } from "../../core/answer.ts";
import { slackWith } from "../slack.ts";
import { deployedConfiguration, expectPlace } from "./configuration.ts";
import { deployedSecrets } from "./secrets.ts";

const configuration = deployedConfiguration();
const { ledgerTable, approvalsTable, respondArn } = readSurroundings(
  process.env,
  ...(["ledgerTable", "approvalsTable", "respondArn"] as const),
);
const made = clientSettings(process.env);
const dynamo = new DynamoDBClient(made);
const ledger = dynamoDbLedger(dynamo, ledgerTable);
const executions = lambdaExecutions(new LambdaClient(made), respondArn);
const secrets = deployedSecrets();
const logger = functionLogger("slack");

const signingSecret = (): Promise<string> => {
  if (configuration.slack === undefined) throw new Error("quell.config.ts names no slack: nobody can answer here");
  return secrets(configuration.slack.signingSecret);
};

const take = slackWith(
  {
    ledger,
    vote: (decisionId, vote) => writeVote(dynamo, approvalsTable, decisionId, vote),
    votes: (decisionId) => readVotes(dynamo, approvalsTable, decisionId),
    ring: ringIncident({ ledger, executions }),
    tell: slackTell(),
    ...{ secret: signingSecret, nowMs: Date.now, say: (text) => logger.warn(text) },
  },
  configuration,
);

export const handler = middy<unknown, HttpAnswer>({ timeoutEarlyInMillis: 0 })
  .use(injectLambdaContext(logger))
  .handler((event, context) => {
    expectPlace(configuration, context);
    return take(event);
  });
