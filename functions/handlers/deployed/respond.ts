import type { DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import { PINS, readSurroundings, SURROUNDINGS } from "../../adapters/aws/surroundings.ts";
import { functionLogger, namingIncident, noteThrough } from "../../adapters/telemetry/logger.ts";
import { championOf, withOverrides } from "../../core/overrides.ts";
import { respondWith } from "../respond.ts";
import { deployedConfiguration, expectPlace } from "./configuration.ts";
import { deployedPorts } from "./ports.ts";
import { deployedStores } from "./stores.ts";

const configuration = deployedConfiguration();
const told = readSurroundings(process.env, ...SURROUNDINGS, ...PINS);
const logger = functionLogger("respond");
const stores = deployedStores(told);
const portsWith = deployedPorts(configuration, stores, told, noteThrough(logger));
const middleware = [namingIncident(logger)];

/**
 * Each invocation goes by the modes and the champion that stand in the ledger when it begins. What was decided before it
 * is journalled, so a replay finds it as it was.
 */
export const handler: DurableLambdaHandler = async (event, context) => {
  expectPlace(configuration, context);
  const [settings, champion] = await Promise.all([
    withOverrides(stores.ledger, configuration.settings),
    championOf(stores.ledger, configuration.policy),
  ]);
  return respondWith(await portsWith(settings, champion), settings, { middleware })(event, context);
};
