import { createHmac } from "node:crypto";

export const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
export const TEAM = "T00000001";
export const CHANNEL = "C00000001";

/** One click as Slack sends it; the skeleton is that of docs.slack.dev's block_actions payload. */
export type Clicked = Readonly<{
  user: string;
  opaqueId: string;
  messageTs: string;
  action?: string;
  team?: string;
  userTeam?: string;
  channel?: string;
  reason?: string;
  responseUrl?: string;
  name?: string;
}>;

export const clickPayload = ({ user, opaqueId, messageTs, ...given }: Clicked) => ({
  type: "block_actions",
  team: { id: given.team ?? TEAM, domain: "example" },
  user: {
    id: user,
    username: given.name ?? "somebody",
    name: given.name ?? "somebody",
    team_id: given.userTeam ?? TEAM,
  },
  api_app_id: "A00000001",
  token: "",
  container: { type: "message", message_ts: messageTs, channel_id: given.channel ?? CHANNEL, is_ephemeral: false },
  trigger_id: "1.2.3",
  channel: { id: given.channel ?? CHANNEL, name: "oncall" },
  state: { values: { reason: { reason: { type: "plain_text_input", value: given.reason ?? null } } } },
  ...(given.responseUrl === undefined ? {} : { response_url: given.responseUrl }),
  actions: [
    { type: "button", block_id: "answer", action_id: given.action ?? "approve", value: opaqueId, action_ts: "1.2" },
  ],
});

/** The body of an interaction's request. */
export const bodyOf = (payload: unknown): string => `payload=${encodeURIComponent(JSON.stringify(payload))}`;

export const signatureOf = (body: string, timestamp: number, secret = SECRET, version = "v0"): string =>
  `${version}=${createHmac("sha256", secret).update(`${version}:${timestamp}:${body}`).digest("hex")}`;

/** The event of an HTTP API for a body that Slack signed at `signedMs`. */
export const signedEvent = (body: string, signedMs: number, headers: Readonly<Record<string, string>> = {}) => {
  const timestamp = Math.floor(signedMs / 1000);
  return {
    version: "2.0",
    routeKey: "POST /slack",
    rawPath: "/slack",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": String(timestamp),
      "x-slack-signature": signatureOf(body, timestamp),
      ...headers,
    },
    requestContext: { http: { method: "POST", path: "/slack" } },
    body,
    isBase64Encoded: false,
  };
};
