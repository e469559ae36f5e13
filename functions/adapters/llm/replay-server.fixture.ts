import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { crc32 } from "node:zlib";
import { z } from "zod";

/** One request as the server received it. */
export type Received = Readonly<{
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  body: ReturnType<typeof sentBody.parse>;
  /** Whether the client waited for the whole answer, told once the connection is done with it. */
  waitedForAll: Promise<boolean>;
}>;

const textBlock = z.looseObject({
  type: z.string(),
  text: z.string(),
  cache_control: z.looseObject({ type: z.string(), ttl: z.string() }).optional(),
});
/** What is asserted on of a request's body; `model` and `stream` are absent where the path says them, as Bedrock's does. */
const sentBody = z.looseObject({
  model: z.string().optional(),
  max_tokens: z.number().optional(),
  stream: z.boolean().optional(),
  system: z.array(textBlock).default([]),
  messages: z.array(z.strictObject({ role: z.string(), content: z.string() })).default([]),
  output_config: z
    .strictObject({
      format: z.strictObject({ type: z.string(), schema: z.record(z.string(), z.unknown()) }),
      effort: z.string(),
    })
    .optional(),
});

/** What the server does with one request. */
export type Answer =
  | Readonly<{
      kind: "answer";
      status: number;
      headers?: Readonly<Record<string, string>>;
      body: string | Buffer;
      /** Tears the connection after this many bytes of the body. */
      cutAfterBytes?: number;
      /** Sends this many bytes, then waits this long, until the body is sent. */
      drip?: Readonly<{ bytes: number; everyMs: number }>;
    }>
  /** Takes the request and never answers. */
  | Readonly<{ kind: "silence" }>
  /** Tears the connection before a byte of an answer. */
  | Readonly<{ kind: "reset" }>;

export type ReplayServer = Readonly<{
  url: string;
  received: readonly Received[];
  close: () => Promise<void>;
}>;

/** A provider on the loopback that answers from a script, one answer a request; its last one stands for all others. */
export const openReplayServer = async (script: readonly Answer[]): Promise<ReplayServer> => {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const answer = script[received.length] ?? script.at(-1) ?? { kind: "reset" };
      const text = Buffer.concat(chunks).toString("utf8");
      received.push({
        ...{ method: request.method ?? "", path: request.url ?? "", headers: request.headers, text },
        body: sentBody.parse(JSON.parse(text === "" ? "{}" : text)),
        waitedForAll: new Promise((resolve) => response.on("close", () => resolve(response.writableFinished))),
      });
      play(answer, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the replay server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** The same, closed when the test ends. */
export const replayServer = async (t: TestContext, ...script: readonly Answer[]): Promise<ReplayServer> => {
  const server = await openReplayServer(script);
  t.after(server.close);
  return server;
};

const play = (answer: Answer, response: ServerResponse): void => {
  if (answer.kind === "silence") return;
  if (answer.kind === "reset") {
    response.socket?.resetAndDestroy();
    return;
  }
  const body = Buffer.from(answer.body);
  const isCut = answer.cutAfterBytes !== undefined;
  response.writeHead(answer.status, answer.headers);
  response.flushHeaders();
  const kept = body.subarray(0, answer.cutAfterBytes ?? body.length);
  if (answer.drip !== undefined) drip(kept, answer.drip, response);
  // Torn only once the bytes have left, so that the client has them before the tear.
  else if (isCut) response.write(kept, () => response.socket?.destroy());
  else response.end(kept);
};

const drip = (body: Buffer, { bytes, everyMs }: Readonly<{ bytes: number; everyMs: number }>, to: ServerResponse) => {
  let at = 0;
  const timer = setInterval(() => {
    to.write(body.subarray(at, at + bytes));
    at += bytes;
    if (at < body.length) return;
    clearInterval(timer);
    to.end();
  }, everyMs);
  to.on("close", () => clearInterval(timer));
};

type Event = Readonly<{ type: string }> & Readonly<Record<string, unknown>>;

/** Events as server-sent ones, each named by its type. */
export const sse = (events: readonly Event[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");

export const streamed = (body: string, changes: Partial<Extract<Answer, { kind: "answer" }>> = {}): Answer => ({
  kind: "answer",
  status: 200,
  headers: { "content-type": "text/event-stream", "request-id": "req_test" },
  body,
  ...changes,
});

export const refusedWith = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  kind: "answer",
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

export const errorBody = (type: string, message: string) => ({ type: "error", error: { type, message } });

const message = z.looseObject({
  model: z.string().default("claude-test"),
  content: z.array(z.looseObject({ type: z.string() })),
  stop_reason: z.string().nullable().default(null),
  usage: z.looseObject({ output_tokens: z.number().default(0) }),
});

/** A whole message, as JSON, told as a stream tells it: each block begun empty of text, then its text in two halves. */
export const eventsOf = (json: unknown): readonly Event[] => {
  const { content, stop_reason, usage, ...rest } = message.parse(json);
  return [
    {
      type: "message_start",
      message: { ...rest, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
    },
    ...content.flatMap((block, index) => eventsOfBlock(block, index)),
    { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage },
    { type: "message_stop" },
  ];
};

const eventsOfBlock = (
  block: Readonly<{ type: string }> & Readonly<Record<string, unknown>>,
  index: number,
): readonly Event[] => {
  const text = block.type === "text" && typeof block.text === "string" ? block.text : null;
  const begun = text === null ? block : { ...block, text: "" };
  const half = Math.ceil((text?.length ?? 0) / 2);
  const deltas = text === null ? [] : [text.slice(0, half), text.slice(half)];
  return [
    { type: "content_block_start", index, content_block: begun },
    ...deltas.map((one) => ({ type: "content_block_delta", index, delta: { type: "text_delta", text: one } })),
    { type: "content_block_stop", index },
  ];
};

export const USAGE = {
  ...{ input_tokens: 100, cache_creation_input_tokens: 20, cache_read_input_tokens: 3_000, output_tokens: 40 },
} as const;

/** A message of one text, which ended its turn unless told otherwise. */
export const messageOf = (text: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  ...{ id: "msg_test", type: "message", role: "assistant", model: "claude-test", stop_reason: "end_turn" },
  ...{ content: [{ type: "text", text }], usage: USAGE },
  ...changes,
});
export const saying = (text: string, changes: Readonly<Record<string, unknown>> = {}): Answer =>
  streamed(sse(eventsOf(messageOf(text, changes))));

/**
 * Events as Bedrock sends them, in AWS's binary event stream: the length of the frame and of its headers, their CRC-32,
 * the headers, the payload, and the CRC-32 of all that (docs.aws.amazon.com/transcribe/latest/dg/event-stream.html).
 * An exception is a frame of its own kind, named by its first header.
 */
export const eventStream = (events: readonly Event[], exception: string | null = null): Buffer => {
  const chunks = events.map((event) => {
    const bytes = Buffer.from(JSON.stringify(event)).toString("base64");
    return frame({ ":message-type": "event", ":event-type": "chunk" }, { bytes });
  });
  const last =
    exception === null
      ? []
      : [frame({ ":message-type": "exception", ":exception-type": exception }, { message: "an AWS sentence" })];
  return Buffer.concat([...chunks, ...last]);
};

const STRING = 7; // the event stream's number for a header whose value is a string

const frame = (headers: Readonly<Record<string, string>>, payload: unknown): Buffer => {
  const named = Object.entries({ ...headers, ":content-type": "application/json" }).map(([name, value]) =>
    Buffer.concat([
      Buffer.from([name.length]),
      Buffer.from(name),
      Buffer.from([STRING, 0, value.length]),
      Buffer.from(value),
    ]),
  );
  const head = Buffer.concat(named);
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(8 + 4 + head.length + body.length + 4, 0);
  prelude.writeUInt32BE(head.length, 4);
  const unsealed = Buffer.concat([prelude, sealOf(prelude), head, body]);
  return Buffer.concat([unsealed, sealOf(unsealed)]);
};

const sealOf = (bytes: Buffer): Buffer => {
  const seal = Buffer.alloc(4);
  seal.writeUInt32BE(crc32(bytes), 0);
  return seal;
};
