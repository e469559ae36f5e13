import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { Account } from "./account.fixture.ts";
import { ANN, SIGNING_SECRET, TEAM } from "./configuration.fixture.ts";
import type { Card } from "./incidents.fixture.ts";

/** What the agent posted or replaced, oldest first. */
export type Posted = Readonly<{ method: string; ts: string; body: Readonly<Record<string, unknown>> }>;

/** Slack's Web API on loopback, as far as cards need it. */
export type Slack = Readonly<{ url: string; posted: () => readonly Posted[]; stop: () => Promise<void> }>;

const CHANNEL = "C0E2E0000";

export const startSlack = async (): Promise<Slack> => {
  const posted: Posted[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const method = (request.url ?? "").split("/").at(-1) ?? "";
    const isJson = (request.headers["content-type"] ?? "").includes("json");
    const ts = `1700000000.${String(posted.length).padStart(6, "0")}`;
    posted.push({ method, ts, body: isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text)) });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ok: true, channel: CHANNEL, ts }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/api/`,
    posted: () => posted,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const ANSWER_MS = 60_000;

/** Ann approves a card. @returns the status of the answer */
export const approveCard = async (account: Account, slackUrl: string, card: Card): Promise<number> => {
  const { body, headers } = click(SIGNING_SECRET, { ...card, actionId: "approve", userId: ANN, teamId: TEAM });
  const url = new URL(slackUrl);
  const asked = account.isEmulated
    ? `${account.env.AWS_ENDPOINT_URL}/_aws/execute-api/${url.hostname.split(".")[0]}/$default${url.pathname}`
    : url;
  const answer = await fetch(asked, { method: "POST", headers, body, signal: AbortSignal.timeout(ANSWER_MS) });
  return answer.status;
};

/** The body and the headers of a click on a card's button, signed as Slack signs. */
const click = (
  secret: string,
  on: Readonly<{ opaqueId: string; ts: string; actionId: string; userId: string; teamId: string }>,
): Readonly<{ body: string; headers: Readonly<Record<string, string>> }> => {
  const payload = {
    type: "block_actions",
    team: { id: on.teamId, domain: "e2e" },
    user: { id: on.userId, username: "somebody", name: "somebody", team_id: on.teamId },
    api_app_id: "A0E2E0000",
    token: "unused",
    trigger_id: "1.2.3",
    container: { type: "message", message_ts: on.ts, channel_id: CHANNEL, is_ephemeral: false },
    channel: { id: CHANNEL, name: "incidents" },
    message: { ts: on.ts, text: "card" },
    response_url: "https://hooks.slack.com/actions/T0E2E0000/1/x",
    actions: [
      {
        type: "button",
        action_id: on.actionId,
        block_id: "answer",
        value: on.opaqueId,
        action_ts: String(Date.now() / 1000),
        text: { type: "plain_text", text: "Approve" },
      },
    ],
  };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
  return {
    body,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": signature,
    },
  };
};
