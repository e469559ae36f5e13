import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** One request, as it came. */
export type Asked = Readonly<{ method: string; url: URL; headers: IncomingMessage["headers"]; body: Buffer }>;
export type Answer = Readonly<{ status: number; body: unknown; headers?: Readonly<Record<string, string>> }>;
/** Answers what it knows; null is for somebody else. */
export type Answerer = (asked: Asked) => Promise<Answer | null>;

/** A server on loopback that answers a part of AWS's API itself and passes everything else on. */
export type Front = Readonly<{
  endpoint: string;
  /** What it could neither answer nor pass on. */
  troubles: () => readonly string[];
  stop: () => Promise<void>;
}>;

/** @param forward who answers the rest @param port to listen on; 0 takes a free one */
export const startFront = async (forward: () => string, answerers: readonly Answerer[], port = 0): Promise<Front> => {
  const troubles: string[] = [];
  const server = createServer(async (request, response) => {
    try {
      await serve(request, response, forward, answerers);
    } catch (error) {
      troubles.push(`${request.method} ${request.url}: ${String(error)}`);
      if (!response.headersSent) response.writeHead(502);
      response.end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    endpoint: endpointOf(server),
    troubles: () => troubles,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** How AWS's JSON protocols say no. */
export const failure = (status: number, type: string, message: string): Answer => ({
  status,
  body: { Type: "User", __type: type, Message: message, message },
  headers: { "x-amzn-errortype": type },
});

const endpointOf = (server: Server): string => {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
};

const serve = async (
  request: IncomingMessage,
  response: ServerResponse,
  forward: () => string,
  answerers: readonly Answerer[],
): Promise<void> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const asked = { method: request.method ?? "GET", url, headers: request.headers, body };
  for (const answerer of answerers) {
    const own = await answerer(asked);
    if (own === null) continue;
    response.writeHead(own.status, { "content-type": "application/json", ...own.headers });
    response.end(own.body === "" ? "" : JSON.stringify(own.body));
    return;
  }
  await passOn(asked, request, response, forward());
};

const HOP_BY_HOP = ["host", "connection", "content-length", "transfer-encoding", "expect", "keep-alive"];

/** The request as it came, to whoever stands behind; and its answer. */
const passOn = async (
  { method, body }: Asked,
  request: IncomingMessage,
  response: ServerResponse,
  forward: string,
): Promise<void> => {
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    HOP_BY_HOP.includes(name) || value === undefined
      ? []
      : [[name, Array.isArray(value) ? value.join(",") : value] as const],
  );
  const reply = await fetch(forward + (request.url ?? "/"), {
    method,
    headers: Object.fromEntries(headers),
    redirect: "manual",
    ...(method === "GET" || method === "HEAD" ? {} : { body: new Uint8Array(body) }),
  });
  const answered = Buffer.from(await reply.arrayBuffer());
  const kept = [...reply.headers].filter(([name]) => !HOP_BY_HOP.includes(name) && name !== "content-encoding");
  const length = method === "HEAD" ? {} : { "content-length": answered.length };
  response.writeHead(reply.status, { ...Object.fromEntries(kept), ...length });
  response.end(answered);
};
