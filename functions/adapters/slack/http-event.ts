import { z } from "zod";
import type { SignedRequest } from "./signature.ts";

/** What an HTTP API takes as an answer. */
export type HttpAnswer = Readonly<{ statusCode: number; body: string }>;

// docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, payload format 2.0:
// header names are in lower case.
const httpEvent = z.object({
  version: z.literal("2.0"),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
  isBase64Encoded: z.boolean(),
});

/** An event of an HTTP API as the request that it carries, its body as the bytes that were sent; null where it is none. */
export const readHttpEvent = (event: unknown): SignedRequest | null => {
  const parsed = httpEvent.safeParse(event);
  if (!parsed.success) return null;
  const { headers, body = "", isBase64Encoded } = parsed.data;
  return { headers, rawBody: Buffer.from(body, isBase64Encoded ? "base64" : "utf8") };
};
