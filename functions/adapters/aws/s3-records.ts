import type { S3Client } from "@aws-sdk/client-s3";
import type { Records } from "../../core/ports.ts";
import { keyPart, putObject } from "./s3-objects.ts";

/** Where an incident's record lies. */
export const recordKey = (incidentId: string): string => `records/${keyPart(incidentId)}.json`;

/** Records as objects of a bucket; the same incident again replaces its own. Throws AwsCallFailed. */
export const s3Records = (client: S3Client, bucket: string): Records => ({
  put: async (record) => putObject({ client, name: bucket }, recordKey(record.incident.id), JSON.stringify(record)),
});
