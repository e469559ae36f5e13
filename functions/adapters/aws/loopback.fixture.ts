import { createServer, type IncomingMessage, request as requestOf, type ServerResponse } from "node:http";

/** One request as it arrived. */
export type Sent = Readonly<{
  method: string;
  /** With the query. */
  path: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}>;

/** What the loopback does with a request. */
export type Reply =
  | Readonly<{ kind: "answer"; status: number; headers?: Readonly<Record<string, string>>; body?: string }>
  /** Takes the request and never answers. */
  | Readonly<{ kind: "silence" }>
  /** Tears the connection before a byte of an answer. */
  | Readonly<{ kind: "cut" }>
  /** Passes it on and answers as the other side does. */
  | Readonly<{ kind: "pass"; to: string }>
  /** Passes it on, waits until it is done there, and tears the connection: written, but the answer was lost. */
  | Readonly<{ kind: "lose"; to: string }>;

export type Loopback = Readonly<{ url: string; sent: readonly Sent[] }>;

/** Whatever says when a test, or a file of tests, is over. */
export type Closing = Readonly<{ after: (close: () => void) => void }>;

/** A server on the loopback that stands for a service, or between us and it. It closes with the test. */
export const openLoopback = async (
  context: Readonly<{ after: (close: () => void) => void }>,
  reply: (sent: Sent, nth: number) => Reply,
): Promise<Loopback> => {
  const received: Sent[] = [];
  const server = createServer((request, response) => {
    void whole(request).then((body) => {
      const { method = "", url: path = "", headers } = request;
      const sent: Sent = { method, path, headers: headers as Sent["headers"], body };
      received.push(sent);
      play(reply(sent, received.length - 1), sent, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the loopback has no port");
  return { url: `http://127.0.0.1:${address.port}`, sent: received };
};

const whole = async (stream: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const play = (reply: Reply, sent: Sent, response: ServerResponse): void => {
  if (reply.kind === "silence") return;
  if (reply.kind === "cut") return void response.destroy();
  if (reply.kind === "answer") {
    response.writeHead(reply.status, reply.headers);
    return void response.end(reply.body ?? "");
  }
  // The host is part of what was signed, and the emulators do not look at it.
  const onward = requestOf(reply.to + sent.path, { method: sent.method, headers: { ...sent.headers } }, (answer) => {
    void whole(answer).then((body) => {
      if (reply.kind === "lose") return response.destroy();
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.end(body);
    });
  });
  onward.on("error", () => response.destroy());
  onward.end(sent.body);
};

/** How each service says no: the shapes of its wire protocol. */
export type Protocol = "json-1.0" | "json-1.1" | "rest-json" | "rest-xml" | "query" | "ec2";

/** An error as the service would send it. @param code the error's own name */
export const refusal = (protocol: Protocol, status: number, code: string, message = `${code} as scripted`): Reply => {
  const requestId = "11111111-2222-3333-4444-555555555555";
  switch (protocol) {
    case "json-1.0":
    case "json-1.1":
      return {
        ...{ kind: "answer", status },
        headers: { "content-type": `application/x-amz-${protocol}`, "x-amzn-requestid": requestId },
        body: JSON.stringify({ __type: `com.amazonaws.service#${code}`, message }),
      };
    case "rest-json":
      return {
        ...{ kind: "answer", status },
        headers: { "content-type": "application/json", "x-amzn-errortype": code, "x-amzn-requestid": requestId },
        body: JSON.stringify({ Type: status < 500 ? "User" : "Service", message }),
      };
    case "rest-xml":
      return {
        ...{ kind: "answer", status },
        headers: { "content-type": "application/xml", "x-amz-request-id": requestId },
        body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message><RequestId>${requestId}</RequestId></Error>`,
      };
    case "query":
      return {
        ...{ kind: "answer", status },
        headers: { "content-type": "text/xml" },
        body: `<ErrorResponse><Error><Type>${status < 500 ? "Sender" : "Receiver"}</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
      };
    case "ec2":
      return {
        ...{ kind: "answer", status, headers: { "content-type": "text/xml" } },
        body: `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`,
      };
  }
};

/** What a client of the SDK takes to speak to the loopback: one try, which waits this long for an answer. */
export const clientFor = (url: string, requestTimeout = 5_000) => ({
  endpoint: url,
  region: "eu-west-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
  forcePathStyle: true,
  requestHandler: { requestTimeout, throwOnRequestTimeout: true },
});
