import middy from "@middy/core";
import { reachOnly } from "../../adapters/http/reach-only.ts";
import { modelFor } from "../../adapters/llm/drafter.ts";
import { functionLogger } from "../../adapters/telemetry/logger.ts";
import type { ModelAnswer } from "../../core/language-model.ts";
import { madeFrom } from "../../core/made-from.ts";
import { draftWith } from "../draft.ts";
import { deployedConfiguration, expectPlace } from "./configuration.ts";
import { draftReaches } from "./draft-reaches.ts";
import { deployedSecrets } from "./secrets.ts";

const configuration = deployedConfiguration();
const { settings, anthropicKeySecret } = configuration;
const logger = functionLogger("draft");
const secrets = deployedSecrets();
reachOnly(draftReaches(configuration, process.env), (sentence) => logger.error(sentence));

/** The key of the provider that the configuration names, null where it takes none; read when a model is asked. */
const readKey = async (): Promise<string | null> => {
  if (settings.drafter.name === "bedrock") return null;
  if (anthropicKeySecret !== undefined) return secrets(anthropicKeySecret);
  throw new Error("no model drafts here: settings.drafter.name in quell.config.ts says offline");
};

const model = madeFrom(readKey, (apiKey) =>
  modelFor(apiKey === null ? { name: "bedrock", region: settings.region } : { name: "anthropic", apiKey })(settings),
);
const draft = draftWith(model);

export const handler = middy<unknown, ModelAnswer>({ timeoutEarlyInMillis: 0 }).handler((event, context) => {
  expectPlace(configuration, context);
  return draft(event);
});
