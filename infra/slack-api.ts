import { Stack } from "aws-cdk-lib";
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { Configuration } from "../functions/core/configuration.ts";
import { acknowledge } from "./acknowledgements.ts";
import { logGroupFor } from "./functions.ts";
import type { Names } from "./names.ts";

const PATH = "/slack";
/** People press buttons; whoever sends more is not one of them. */
const THROTTLE = { rateLimit: 10, burstLimit: 20 };

/** Where Slack brings what people press: one path, throttled. Who sent it is proved by its signature, in the function. */
export class SlackApi extends Construct {
  /** The Request URL of the Slack app's interactivity. */
  readonly url: string;

  constructor(
    scope: Construct,
    id: string,
    parts: Readonly<{ names: Names; configuration: Configuration; slack: IFunction }>,
  ) {
    super(scope, id);
    const { names, configuration, slack } = parts;
    const api = new HttpApi(this, "Api", { apiName: `${names.name}-slack`, createDefaultStage: false });
    api.addRoutes({ path: PATH, methods: [HttpMethod.POST], integration: new HttpLambdaIntegration("Slack", slack) });
    const logGroup = logGroupFor(this, names.accessLogGroup, configuration);
    const stage = new HttpStage(this, "Stage", {
      httpApi: api,
      stageName: "$default",
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: { destination: new LogGroupLogDestination(logGroup) },
    });
    acknowledge(
      api,
      "AwsSolutions-APIG4",
      "Slack signs each request, and the function proves the signature before it parses a byte",
    );
    this.url = `https://${api.apiId}.execute-api.${names.region}.${Stack.of(this).urlSuffix}${PATH}`;
    stage.node.addDependency(logGroup);
  }
}
