import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { type ReadSecret, secretReader } from "../../adapters/aws/secrets.ts";
import { secretsManagerStore } from "../../adapters/aws/secrets-manager.ts";
import { once } from "../../core/once.ts";

/** Reads the secrets of the configuration, each where it lies; the client of Parameter Store is loaded where one lies there. */
export const deployedSecrets = (env: Readonly<Record<string, string | undefined>> = process.env): ReadSecret => {
  const parameters = once(async () => (await import("./parameters.ts")).deployedParameters(env));
  const secret = secretsManagerStore(new SecretsManagerClient(clientSettings(env)));
  return secretReader({ secret, parameter: async (name) => (await parameters())(name) }, Date.now);
};
