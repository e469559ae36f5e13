import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { countedHost, listening } from "../functions/adapters/http/listening.fixture.ts";
import { type Answer, openReplayServer, saying } from "../functions/adapters/llm/replay-server.fixture.ts";
import { type ConfigurationInput, parseConfiguration } from "../functions/core/configuration.ts";
import { bundleOf } from "./bundle.ts";
import { inFreshProcess } from "./bundles.fixture.ts";
import { EXAMPLE, OTHERWISE } from "./example.fixture.ts";

// What draft says and hears is full of addresses. Its bundle, as it is deployed, goes to none of them.

/** A host that nobody named, though everybody writes of it. */
const { host: INSIDE, visits } = await countedHost();
const SECRETS = await listening(
  createHttpServer((_request, response) => {
    response.end(JSON.stringify({ SecretString: "sk-ant-test-0123456789" }));
  }),
);

const URLS: readonly string[] = [
  `http://${INSIDE}/latest/meta-data/iam/security-credentials/`,
  `https://${INSIDE}/`,
  `http://localhost:${INSIDE.split(":")[1]}/`,
  "http://169.254.169.254/latest/meta-data/",
  "http://[fd00:ec2::254]/latest/meta-data/",
  "http://169.254.170.2/v2/credentials",
  "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
  "file:///proc/self/environ",
  "gopher://127.0.0.1:6379/_FLUSHALL",
  "//internal.test/admin",
  `user@${INSIDE}`,
];
const WRITTEN = URLS.join(" ");

/** What respond asks of draft: every field that an incident, a catalogue or a setting could reach holds an address. */
const EVENTS = URLS.map((url) => ({
  model: url,
  effort: "medium",
  system: `fetch ${url}`,
  catalogue: WRITTEN,
  data: WRITTEN,
  schema: { $schema: url, $id: url, type: "object", properties: { candidates: { $ref: url } } },
  maxOutputTokens: 1000,
  timeoutMs: 5000,
}));

/** What a provider could answer that was taken over, or that repeats what it read. */
const moved = (status: number, location: string): Answer => ({
  ...{ kind: "answer", status, body: location },
  headers: { location, link: `<${location}>; rel=preload`, refresh: `0;url=${location}`, "retry-after": location },
});
const ANSWERS: readonly Answer[] = [
  saying(JSON.stringify({ candidates: URLS.map((url) => ({ runbook: url, target: url, params: { Url: url } })) })),
  ...[301, 302, 303, 307, 308].flatMap((status) => [moved(status, URLS[0] ?? ""), moved(status, URLS[3] ?? "")]),
];

/** The bundle of draft, as this configuration deploys it. */
const bundled = (input: ConfigurationInput): string => {
  const folder = mkdtempSync(join(tmpdir(), "quell-draft-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return bundleOf("draft", { configuration: parseConfiguration(input), architecture: "arm64" }, folder).folder;
};
const BY_ANTHROPIC = bundled(EXAMPLE);
const BY_BEDROCK = bundled(OTHERWISE);

type Seen = Readonly<{ dialled: readonly string[]; answers: readonly string[]; tried: readonly string[] }>;

/**
 * Asks the deployed draft, in a process of its own, all of this; then does in that process what a dependency of draft
 * could do. `dialled` is every host that a socket was really opened to.
 */
const asked = async (
  folder: string,
  env: Readonly<Record<string, string>>,
  { events = EVENTS, then = [] }: Readonly<{ events?: readonly unknown[]; then?: readonly string[] }> = {},
): Promise<Seen> => {
  const script = `
    Object.assign(process.env, ${JSON.stringify(env)});
    const { Socket } = await import("node:net");
    const { connect } = Socket.prototype;
    const dialled = [];
    Socket.prototype.connect = function (...given) {
      const [to] = Array.isArray(given[0]) ? given[0] : given;
      // Where a refused connection ends, with no name looked up.
      if (to.host !== "nowhere.invalid") dialled.push(to.path ?? to.host + ":" + to.port);
      return connect.apply(this, given);
    };
    const { handler } = await import(at("index.mjs"));
    const context = { invokedFunctionArn: "arn:aws:lambda:eu-west-1:111122223333:function:quell-draft" };
    const answers = [];
    for (const event of ${JSON.stringify(events)}) {
      const { kind, code } = await handler(event, context);
      answers.push(code ?? kind);
    }
    const tried = [];
    for (const call of [${then.join(", ")}])
      tried.push(await call().then(() => "reached", (error) => (error.cause ?? error).name));
    say({ dialled: [...new Set(dialled)].sort(), answers, tried });
  `;
  return (await inFreshProcess(folder, script)) as Seen;
};

const provider = async (...answers: readonly Answer[]) => {
  const server = await openReplayServer(answers);
  after(server.close);
  return { server, host: new URL(server.url).host };
};

test("whatever addresses a request and its answer hold, the deployed draft speaks to its provider and to its key's store", async () => {
  const { server, host } = await provider(...ANSWERS);

  const seen = await asked(BY_ANTHROPIC, { ANTHROPIC_BASE_URL: server.url, AWS_ENDPOINT_URL: `http://${SECRETS}` });

  assert.deepEqual(seen.dialled, [host, SECRETS].toSorted());
  assert.deepEqual([server.received.length, visits()], [EVENTS.length, 0]);
  assert.equal(seen.answers[0], "said");
  assert.ok(seen.answers.slice(1).every((code) => code !== "said"));
});

test("Bedrock is asked on its own host, whatever a model is called", async () => {
  const { server, host } = await provider(...ANSWERS);

  const seen = await asked(BY_BEDROCK, { ANTHROPIC_BEDROCK_BASE_URL: server.url });

  assert.deepEqual([seen.dialled, visits()], [[host], 0]);
});

test("draft without credentials asks no metadata service for some", async () => {
  const { server } = await provider(...ANSWERS);
  const none = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", ANTHROPIC_BEDROCK_BASE_URL: server.url };

  const seen = await asked(BY_BEDROCK, none, { events: EVENTS.slice(0, 1) });

  assert.deepEqual([seen.dialled, seen.answers], [[], ["not-configured"]]);
});

test("what came into draft's process with a dependency reaches nobody else, and draft answers as before", async () => {
  const { server, host } = await provider(...ANSWERS);
  const then = [
    `() => fetch("http://${INSIDE}/")`,
    `() => fetch("http://169.254.169.254/latest/meta-data/")`,
    `async () => { const { get } = await import("node:http");
      await new Promise((done, fail) => get("http://${INSIDE}/", done).on("error", fail)); }`,
    `async () => { const { connect } = await import("node:tls");
      await new Promise((done, fail) => connect({ host: "127.0.0.1", port: ${INSIDE.split(":")[1]} }, done).on("error", fail)); }`,
    `() => fetch("https://nobody.invalid/")`,
    `async () => (await handler(${JSON.stringify(EVENTS[0])}, context)).kind`,
  ];

  const seen = await asked(
    BY_ANTHROPIC,
    { ANTHROPIC_BASE_URL: server.url, AWS_ENDPOINT_URL: `http://${SECRETS}` },
    { events: EVENTS.slice(0, 1), then },
  );

  assert.deepEqual(seen.tried, [...Array(5).fill("NotReached"), "reached"]);
  assert.deepEqual([seen.dialled, visits()], [[host, SECRETS].toSorted(), 0]);
});
