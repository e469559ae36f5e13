import {
  type EventSourceMappingConfiguration,
  GetAliasCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from "@aws-sdk/client-lambda";
import { callAws } from "../call.ts";
import { parseTimestamp } from "../timestamp.ts";
import { besideArn, functionArnOf } from "./arn.ts";
import { eachOf, known, orAbsent, pagesOf } from "./asking.ts";
import { type Aside, type ResourceReader, type Seen, seen } from "./kind.ts";
import { lambdaAlias } from "./shapes.ts";
import { whatRan } from "./what-ran.ts";

const GONE = ["ResourceNotFoundException"];

type Named = NonNullable<ReturnType<typeof lambdaAlias.nameIn>>;

/**
 * Aliases with the version that they point at. Lambda keeps no history of an alias: what it pointed at before, and since
 * when, is known from what was told when it moved; else it counts as moved when its version was published.
 */
export const reader: ResourceReader = {
  attributes: [
    ...["functionName", "aliasName", "functionVersion", "previousFunctionVersion", "updatedAtMs", "additionalVersion"],
    ...["additionalVersionWeight", "routingUpdatedAtMs", "revisionId", "reservedConcurrentExecutions", "timeout"],
  ],
  optional: ["updatedAtMs", "timeout"],
  unreadable: {},
  read: async (clientOf, arns, aside) => {
    const lambda = clientOf(LambdaClient);
    const found = await eachOf(arns, async (arn) => {
      const alias = lambdaAlias.nameIn(arn);
      return alias === null ? null : orAbsent(GONE, () => seenAlias(lambda, alias, aside));
    });
    return found.filter((one) => one !== null);
  },
};

const seenAlias = async (lambda: LambdaClient, named: Named, { recorded }: Aside): Promise<Seen> => {
  const { arn, name, qualifier } = named;
  const [alias, configuration, concurrency, sources] = await Promise.all([
    callAws("lambda:GetAlias", arn, () => lambda.send(new GetAliasCommand({ FunctionName: name, Name: qualifier }))),
    configurationOf(lambda, name, qualifier),
    reservedOf(lambda, name),
    sourcesOf(lambda, arn),
  ]);
  const { FunctionVersion: version = "", RoutingConfig: routing, RevisionId: revisionId } = alias;
  const [canary] = Object.entries(routing?.AdditionalVersionWeights ?? {});
  const ran = whatRan(recorded(arn), version);
  return seen({
    ...{ arn, type: lambdaAlias.type, name, root: functionArnOf(arn), part: "code", usedBy: sources },
    attributes: known({
      functionName: name,
      aliasName: qualifier,
      functionVersion: version,
      previousFunctionVersion: ran.before,
      updatedAtMs: ran.sinceMs ?? configuration.modifiedAtMs,
      additionalVersion: canary?.[0] ?? null,
      additionalVersionWeight: canary?.[1] ?? null,
      routingUpdatedAtMs: canary === undefined ? null : await routedAtMs(lambda, named, canary[0], recorded(arn)),
      revisionId,
      reservedConcurrentExecutions: concurrency,
      timeout: configuration.timeout,
    }),
  });
};

/** Of a version or an alias's version: its limit in seconds, and when it was published. */
export const configurationOf = async (
  lambda: LambdaClient,
  name: string,
  qualifier: string | undefined,
): Promise<Readonly<{ timeout: number | undefined; modifiedAtMs: number | undefined }>> => {
  const on = qualifier === undefined ? name : `${name}:${qualifier}`;
  const { Timeout, LastModified } = await callAws("lambda:GetFunctionConfiguration", on, () =>
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier: qualifier })),
  );
  return { timeout: Timeout, modifiedAtMs: parseTimestamp(LastModified ?? "") ?? undefined };
};

/** Null where nothing is reserved: the function shares the account's pool. */
export const reservedOf = async (lambda: LambdaClient, name: string): Promise<number | null> => {
  const { ReservedConcurrentExecutions: reserved } = await callAws("lambda:GetFunctionConcurrency", name, () =>
    lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: name })),
  );
  return reserved ?? null;
};

/** ARNs of the mappings that poll a source for a function. */
export const sourcesOf = async (lambda: LambdaClient, functionName: string): Promise<readonly string[]> => {
  const mappings = await pagesOf<EventSourceMappingConfiguration>(async (Marker) => {
    const { EventSourceMappings: rows, NextMarker: next } = await callAws(
      "lambda:ListEventSourceMappings",
      functionName,
      () => lambda.send(new ListEventSourceMappingsCommand({ FunctionName: functionName, Marker })),
    );
    return { rows, next };
  });
  return (
    mappings
      // Listed by the function's name, those of its aliases come too.
      .filter(({ FunctionArn }) => FunctionArn === undefined || FunctionArn === functionName)
      .flatMap(({ UUID }) =>
        UUID === undefined ? [] : [besideArn(functionName, "lambda", `event-source-mapping:${UUID}`)],
      )
  );
};

/** When the additional version began to get its share: since it was routed to, else since it was published. */
const routedAtMs = async (
  lambda: LambdaClient,
  { name }: Named,
  canary: string,
  recorded: ReturnType<Aside["recorded"]>,
): Promise<number | null> => {
  const told = recorded.findLast(({ title }) => title.includes(`version ${canary} gets`));
  return told?.atMs ?? (await configurationOf(lambda, name, canary)).modifiedAtMs ?? null;
};
