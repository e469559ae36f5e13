import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type PutObjectCommandInput,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { callAws } from "./call.ts";

/** One bucket, and the client that reaches it. */
export type Bucket = Readonly<{ client: S3Client; name: string }>;

/** Writes an object, in place of what lay there. Throws AwsCallFailed; it may then have been written. */
export const putObject = async (bucket: Bucket, key: string, text: string): Promise<void> => {
  await put(bucket, key, text, {});
};

/** S3 says 409 while another write under a condition is under way on the same key. */
const MOST_CONFLICTS = 3;

/**
 * Writes an object unless one lies there: that one stays. A write whose answer was lost finds itself there.
 * @returns false where one lay there already. Throws AwsCallFailed.
 */
export const putOnce = async (bucket: Bucket, key: string, text: string): Promise<boolean> => {
  for (let conflicts = 0; ; conflicts += 1) {
    try {
      await put(bucket, key, text, { IfNoneMatch: "*" });
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 412) return false;
      if (status !== 409 || conflicts === MOST_CONFLICTS) throw error;
    }
  }
};

const put = (bucket: Bucket, key: string, text: string, condition: Pick<PutObjectCommandInput, "IfNoneMatch">) =>
  callAws("s3:PutObject", `${key} in ${bucket.name}`, () =>
    bucket.client.send(
      new PutObjectCommand({
        ...{ Bucket: bucket.name, Key: key, Body: text, ContentType: "application/json", ...condition },
        // The SDK takes an empty text for a stream, and warns.
        ContentLength: Buffer.byteLength(text),
      }),
    ),
  );

const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && error.cause instanceof S3ServiceException
    ? error.cause.$metadata.httpStatusCode
    : undefined;

/** Reads an object's text; null where there is none. Throws AwsCallFailed. */
export const readObject = (bucket: Bucket, key: string): Promise<string | null> =>
  callAws("s3:GetObject", `${key} in ${bucket.name}`, async () => {
    try {
      const { Body } = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }));
      return (await Body?.transformToString("utf8")) ?? "";
    } catch (error) {
      if (error instanceof NoSuchKey) return null;
      throw error;
    }
  });

/** So many objects are read at once: S3 answers each in some tens of ms, and a connection each is cheap. */
const AT_ONCE = 16;

/** Reads these objects, in their order; one that is gone is null. Throws AwsCallFailed with the first that fails. */
export const readObjects = async (bucket: Bucket, keys: readonly string[]): Promise<readonly (string | null)[]> => {
  const texts: (string | null)[] = [];
  for (let from = 0; from < keys.length; from += AT_ONCE)
    texts.push(...(await Promise.all(keys.slice(from, from + AT_ONCE).map((key) => readObject(bucket, key)))));
  return texts;
};

/**
 * The keys that begin with a prefix, in the order of their bytes. Throws AwsCallFailed.
 * @param after only keys past this one; @param isPast true of the first key that is too late, where the list then ends
 */
export const listKeys = (
  bucket: Bucket,
  prefix: string,
  after?: string,
  isPast: (key: string) => boolean = () => false,
): Promise<readonly string[]> =>
  callAws("s3:ListBucket", `${prefix} in ${bucket.name}`, async () => {
    const found: string[] = [];
    const query = { Bucket: bucket.name, Prefix: prefix, StartAfter: after };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: bucket.client }, query))
      for (const { Key = "" } of Contents) {
        if (isPast(Key)) return found;
        found.push(Key);
      }
    return found;
  });

/** A part of a key: our ids, days and numbers, and nothing that leads elsewhere. Throws on anything else. */
export const keyPart = (text: string): string => {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(text)) throw new Error(`${JSON.stringify(text)} cannot be part of a key in S3`);
  return text;
};

/** The day of a time, UTC: `2026-01-05`. */
export const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);
