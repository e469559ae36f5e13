import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { askedStore, type FetchStored, NoSecret } from "./secrets.ts";

/** Secrets Manager, of the client's Region. It needs secretsmanager:GetSecretValue on each secret. */
export const secretsManagerStore =
  (client: SecretsManagerClient): FetchStored =>
  async (name) => {
    const missing = `there is no secret ${name}, or no value in it; make it in Secrets Manager of this Region, or name it { parameter: ... } where it is a parameter`;
    const { SecretString } = await askedStore(
      "secretsmanager:GetSecretValue",
      { secret: { secret: name }, missing },
      () => client.send(new GetSecretValueCommand({ SecretId: name })),
    );
    if (SecretString === undefined) throw new NoSecret(`the secret ${name} holds bytes; store it again as text`);
    return SecretString;
  };
