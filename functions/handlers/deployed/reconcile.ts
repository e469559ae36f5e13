import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import { readSurroundings, SURROUNDINGS } from "../../adapters/aws/surroundings.ts";
import { functionLogger, noteThrough } from "../../adapters/telemetry/logger.ts";
import { emit } from "../../adapters/telemetry/meter.ts";
import { withOverrides } from "../../core/overrides.ts";
import { dailyWith, drillDue } from "../daily.ts";
import { reconcileWith } from "../reconcile.ts";
import { deployedConfiguration, expectPlace } from "./configuration.ts";
import { reconcilePorts } from "./reconcile-ports.ts";
import { deployedStores } from "./stores.ts";

const configuration = deployedConfiguration();
const told = readSurroundings(process.env, ...SURROUNDINGS.filter((name) => name !== "draftArn"));
const logger = functionLogger("reconcile");
const stores = deployedStores(told);
const ports = reconcilePorts(configuration, stores, told, noteThrough(logger));
const daily = dailyWith({ audit: stores.audit, clock: ports.clock }, configuration);

const everyFewMinutes = async () => {
  if (configuration.drill) emit([drillDue(0)]);
  return reconcileWith(ports, await withOverrides(stores.ledger, configuration.settings))();
};

export const handler = middy<{ kind?: string }, unknown>({ timeoutEarlyInMillis: 0 })
  .use(injectLambdaContext(logger))
  .handler(async (event, context) => {
    expectPlace(configuration, context);
    const done = event.kind === "daily" ? await daily() : await everyFewMinutes();
    logger.info("reconciled", { done });
    return done;
  });
