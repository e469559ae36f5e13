import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import middy from "@middy/core";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { secretReader } from "../../adapters/aws/secrets.ts";
import { modelFor, type Provider } from "../../adapters/llm/drafter.ts";
import type { Configuration } from "../../core/configuration.ts";
import type { ModelAnswer } from "../../core/language-model.ts";
import { once } from "../../core/once.ts";
import { draftWith } from "../draft.ts";
import { deployedConfiguration, expectPlace } from "./configuration.ts";

const configuration = deployedConfiguration();
const secrets = secretReader(new SecretsManagerClient(clientSettings(process.env)), Date.now);

/** The provider that the configuration names; its key is read when a model is first asked. */
const providerOf = async ({ settings, anthropicKeySecret }: Configuration): Promise<Provider> => {
  if (settings.drafter.name === "bedrock") return { name: "bedrock", region: settings.region };
  if (anthropicKeySecret !== undefined) return { name: "anthropic", apiKey: await secrets(anthropicKeySecret) };
  throw new Error("no model drafts here: settings.drafter.name in quell.config.ts says offline");
};

const model = once(async () => modelFor(await providerOf(configuration))(configuration.settings));
const draft = draftWith(model);

export const handler = middy<unknown, ModelAnswer>({ timeoutEarlyInMillis: 0 }).handler((event, context) => {
  expectPlace(configuration, context);
  return draft(event);
});
