import {
  APIGatewayClient,
  GetResourcesCommand,
  GetRestApiCommand,
  GetStageCommand,
  type Resource as Path,
} from "@aws-sdk/client-api-gateway";
import { callAws } from "../call.ts";
import { arnOf } from "./arn.ts";
import { eachOf, ifReadable, known, orAbsent, pagesOf } from "./asking.ts";
import { type ResourceReader, type Seen, seen } from "./kind.ts";
import { apiStage } from "./shapes.ts";

const MOST_PATHS = 500; // a page's limit

/** Stages of REST APIs with their caches, and the functions behind them. CloudWatch knows a stage by its API's name. */
export const reader: ResourceReader = {
  attributes: ["restApiId", "stageName", "cacheClusterEnabled", "cacheClusterStatus"],
  optional: ["cacheClusterStatus"],
  unreadable: {},
  read: async (clientOf, arns) => {
    const apiGateway = clientOf(APIGatewayClient);
    const found = await eachOf(arns, (arn) =>
      orAbsent(["NotFoundException"], async () => {
        const stage = apiStage.nameIn(arn);
        return stage === null ? null : seenStage(apiGateway, arn, stage);
      }),
    );
    return found.filter((one) => one !== null);
  },
};

const seenStage = async (
  client: APIGatewayClient,
  arn: string,
  { restApiId, stageName }: Readonly<{ restApiId: string; stageName: string }>,
): Promise<Seen> => {
  const [stage, api, functions] = await Promise.all([
    callAws("apigateway:GET", arn, () => client.send(new GetStageCommand({ restApiId, stageName }))),
    callAws("apigateway:GET", `REST API ${restApiId}`, () => client.send(new GetRestApiCommand({ restApiId }))),
    ifReadable(() => functionsBehind(client, restApiId)),
  ]);
  const variables = stage.variables ?? {};
  return seen({
    ...{ arn, type: apiStage.type, name: api.name ?? restApiId, part: "door", tags: stage.tags ?? {} },
    uses: [...new Set((functions ?? []).flatMap((uri) => withVariables(uri, variables) ?? []))],
    answersAs: [`${restApiId}.execute-api.${arnOf(arn).region}.amazonaws.com`],
    attributes: known({
      restApiId,
      stageName,
      cacheClusterEnabled: stage.cacheClusterEnabled ?? false,
      cacheClusterStatus: stage.cacheClusterStatus,
    }),
  });
};

const FUNCTION = /\/functions\/(arn:[^/]+)\/invocations$/;

/** ARNs of functions in the integrations of an API, with the stage variables that they may hold. */
const functionsBehind = async (client: APIGatewayClient, restApiId: string): Promise<readonly string[]> => {
  const paths = await pagesOf<Path>(async (position) => {
    const { items: rows, position: next } = await callAws("apigateway:GET", `resources of ${restApiId}`, () =>
      client.send(new GetResourcesCommand({ restApiId, position, limit: MOST_PATHS, embed: ["methods"] })),
    );
    return { rows, next };
  });
  return paths.flatMap(({ resourceMethods = {} }) =>
    Object.values(resourceMethods).flatMap(
      ({ methodIntegration }) => FUNCTION.exec(methodIntegration?.uri ?? "")?.[1] ?? [],
    ),
  );
};

/** Null where a variable is not set. */
const withVariables = (arn: string, variables: Readonly<Record<string, string>>): string | null => {
  const filled = arn.replace(/\$\{stageVariables\.([^}]+)\}/g, (whole, name: string) => variables[name] ?? whole);
  return filled.includes("${") ? null : filled;
};
