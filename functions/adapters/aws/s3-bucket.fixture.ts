import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { REGION } from "../emulators/emulators.fixture.ts";

let made = 0;

/** An empty bucket. @returns its name */
export const createBucket = async (client: S3Client): Promise<string> => {
  made += 1;
  const Bucket = `quell-bucket-${made}`;
  await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }));
  return Bucket;
};

/** Every object of a bucket with its text, read by other means than the adapters'. Up to 1,000. */
export const objectsIn = async (client: S3Client, Bucket: string): Promise<ReadonlyMap<string, string>> => {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  const found = new Map<string, string>();
  for (const { Key = "" } of Contents) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    found.set(Key, (await Body?.transformToString()) ?? "");
  }
  return found;
};
