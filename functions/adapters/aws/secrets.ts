import { type Secret, secretText } from "../../core/secret.ts";
import { AwsCallFailed, callAws } from "./call.ts";

/** A secret that was changed is used within this time. */
const KEPT_MS = 5 * 60_000;

/** There is no such secret, or nothing in it that could be used. */
export class NoSecret extends Error {
  override readonly name = "NoSecret";
}

/** Reads the value of a secret, wherever it lies. */
export type ReadSecret = (secret: Secret) => Promise<string>;

/** Fetches what is stored under a name. Throws as askedStore says. */
export type FetchStored = (name: string) => Promise<string>;

/**
 * Reads secrets, each kept for 5 minutes, with one call under way for each however many ask. A failure is not kept. A
 * secret that is a JSON object of one text counts as that text: so the console stores what is entered as key and value.
 *
 * @param stores Secrets Manager and Parameter Store
 * @throws NoSecret, and AwsCallFailed where it may not be read or nobody answered; no message holds a value
 */
export const secretReader = (
  stores: Readonly<{ secret: FetchStored; parameter: FetchStored }>,
  nowMs: () => number,
): ReadSecret => {
  const kept = new Map<string, Readonly<{ value: Promise<string>; untilMs: number }>>();
  return (secret) => {
    const what = secretText(secret);
    const known = kept.get(what);
    if (known !== undefined && nowMs() < known.untilMs) return known.value;
    const stored = "parameter" in secret ? stores.parameter(secret.parameter) : stores.secret(secret.secret);
    const value = stored.then((text) => usable(what, text));
    const entry = { value, untilMs: nowMs() + KEPT_MS };
    kept.set(what, entry);
    value.catch(() => {
      if (kept.get(what) === entry) kept.delete(what);
    });
    return value;
  };
};

const usable = (what: string, text: string): string => {
  const value = valueIn(text);
  if (value === null)
    throw new NoSecret(`${what} holds several values; store it again as plain text, or as one key and value`);
  if (value.trim() === "") throw new NoSecret(`${what} is empty; store its value`);
  return value.trim();
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

/**
 * KMS says no through the store, as AccessDeniedException like the store itself: only the words tell whose permission
 * is missing. "Access to KMS is not allowed" is Secrets Manager's; Parameter Store passes on what KMS said.
 */
const KMS_DENIES = /Access to KMS|kms:Decrypt|Service: (AWS)?KMS|customer master key/i;
/** A key that is disabled or waits for its deletion: Parameter Store's name of it, and Secrets Manager's. */
const KEY_IS_OUT = /^(InvalidKeyId|DecryptionFailure)$/;

/**
 * Asks a store for one secret.
 * @param action as IAM names it
 * @param missing what there is not, and where to make it
 * @throws NoSecret where there is none; AwsCallFailed, which says whether the store or the secret's KMS key refused
 */
export const askedStore = async <T>(
  action: string,
  { secret, missing }: Readonly<{ secret: Secret; missing: string }>,
  ask: () => Promise<T>,
): Promise<T> => {
  const what = secretText(secret);
  try {
    return await callAws(action, what, ask);
  } catch (cause) {
    if (!(cause instanceof AwsCallFailed) || !(cause.cause instanceof Error)) throw cause;
    const { name, message } = cause.cause;
    if (KEY_IS_OUT.test(name))
      throw new AwsCallFailed(
        "failed",
        `${action} of ${what}: its KMS key cannot be used (${name}); enable the key, or store it anew under another`,
        { cause },
      );
    if (cause.kind === "denied" && KMS_DENIES.test(message))
      throw new AwsCallFailed(
        "denied",
        `the role may not call kms:Decrypt (${name}) with the key of ${what}; name the key beside it in quell.config.ts as ` +
          "`key`, deploy again, and let the key's own policy allow it",
        { cause },
      );
    if (cause.kind === "missing") throw new NoSecret(missing, { cause });
    throw cause;
  }
};
