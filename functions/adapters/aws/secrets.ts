import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { AwsCallFailed, callAws } from "./call.ts";

/** A secret that was changed is used within this time. */
const KEPT_MS = 5 * 60_000;

/** There is no such secret, or nothing in it that could be used. */
export class NoSecret extends Error {
  override readonly name = "NoSecret";
}

/** Reads the value of a secret by its name. */
export type ReadSecret = (name: string) => Promise<string>;

/**
 * Reads secrets, each kept for 5 minutes, with one call under way for a name however many ask. A failure is not kept. A
 * secret that is a JSON object of one text counts as that text: so the console stores what is entered as key and value.
 *
 * @throws NoSecret, and AwsCallFailed where it may not be read or nobody answered; no message holds a value
 */
export const secretReader = (client: SecretsManagerClient, nowMs: () => number): ReadSecret => {
  const kept = new Map<string, Readonly<{ value: Promise<string>; untilMs: number }>>();
  return (name) => {
    const known = kept.get(name);
    if (known !== undefined && nowMs() < known.untilMs) return known.value;
    const value = readSecret(client, name);
    const entry = { value, untilMs: nowMs() + KEPT_MS };
    kept.set(name, entry);
    value.catch(() => {
      if (kept.get(name) === entry) kept.delete(name);
    });
    return value;
  };
};

const readSecret = async (client: SecretsManagerClient, name: string): Promise<string> => {
  const { SecretString } = await asked(client, name);
  if (SecretString === undefined) throw new NoSecret(`the secret ${name} holds bytes; store it again as text`);
  const value = valueIn(SecretString);
  if (value === null)
    throw new NoSecret(
      `the secret ${name} holds several values; store it again as plain text, or as one key and value`,
    );
  if (value.trim() === "") throw new NoSecret(`the secret ${name} is empty; store its value in Secrets Manager`);
  return value.trim();
};

const asked = async (client: SecretsManagerClient, name: string) => {
  try {
    return await callAws("secretsmanager:GetSecretValue", `the secret ${name}`, () =>
      client.send(new GetSecretValueCommand({ SecretId: name })),
    );
  } catch (error) {
    if (!(error instanceof AwsCallFailed) || error.kind !== "missing") throw error;
    throw new NoSecret(`there is no secret ${name}, or no value in it; make it in Secrets Manager of this Region`, {
      cause: error,
    });
  }
};

/** Null where an object does not say which of its values is meant. */
const valueIn = (text: string): string | null => {
  const raw = objectIn(text);
  if (raw === null) return text;
  const [value, ...others] = Object.values(raw);
  return typeof value === "string" && others.length === 0 ? value : null;
};

const objectIn = (text: string): object | null => {
  try {
    const raw: unknown = JSON.parse(text);
    return typeof raw === "object" && raw !== null && !Array.isArray(raw) ? raw : null;
  } catch {
    // A key or a token, as it usually is.
    return null;
  }
};
