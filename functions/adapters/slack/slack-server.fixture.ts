import { createServer, type ServerResponse } from "node:http";
import type { KnownBlock } from "@slack/types";

/** One call of Slack's Web API, or of an address that an interaction gave. */
export type SlackCall = Readonly<{
  path: string;
  token: string;
  channel: string;
  ts: string;
  text: string;
  blocks: readonly KnownBlock[];
}>;

/** What Slack does with one call; without a script it takes everything. */
export type SlackAnswer =
  | Readonly<{ kind: "refused"; error: string }>
  | Readonly<{ kind: "status"; status: number; headers?: Readonly<Record<string, string>> }>
  | Readonly<{ kind: "silence" }>
  | Readonly<{ kind: "reset" }>
  | Readonly<{ kind: "taken" }>;

export type SlackServer = Readonly<{
  apiUrl: string;
  /** As interactions name where they are answered. */
  responseUrl: string;
  host: string;
  calls: readonly SlackCall[];
  /** What becomes of the next calls, one each. */
  answers: SlackAnswer[];
}>;

/** Slack on the loopback, closed when the test ends: each message that it takes gets a `ts` of its own. */
export const slackServer = async (
  t: Readonly<{ after: (close: () => Promise<void>) => void }>,
): Promise<SlackServer> => {
  const calls: SlackCall[] = [];
  const answers: SlackAnswer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const call = readCall(request.url ?? "", request.headers.authorization ?? "", Buffer.concat(chunks).toString());
      calls.push(call);
      play(answers.shift() ?? { kind: "taken" }, call, calls.length, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const host = `127.0.0.1:${address.port}`;
  return { apiUrl: `http://${host}/api/`, responseUrl: `http://${host}/actions/T0000001`, host, calls, answers };
};

const readCall = (path: string, token: string, body: string): SlackCall => {
  if (body.startsWith("{")) {
    const { text } = JSON.parse(body) as { text: string };
    return { path, token, channel: "", ts: "", text, blocks: [] };
  }
  const form = new URLSearchParams(body);
  const field = (name: string): string => form.get(name) ?? "";
  const blocks = JSON.parse(form.get("blocks") ?? "[]") as KnownBlock[];
  return { path, token, channel: field("channel"), ts: field("ts"), text: field("text"), blocks };
};

const play = (answer: SlackAnswer, call: SlackCall, number: number, response: ServerResponse): void => {
  const json = (body: unknown): void => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  switch (answer.kind) {
    case "taken":
      json({ ok: true, channel: call.channel, ts: call.ts === "" ? `1700000000.00000${number}` : call.ts });
      return;
    case "refused":
      json({ ok: false, error: answer.error });
      return;
    case "status":
      response.writeHead(answer.status, answer.headers);
      response.end("");
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "silence":
      return;
  }
};
