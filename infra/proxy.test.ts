import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { EXAMPLE, IN_VPC } from "./example.fixture.ts";
import { proxyEnvironment } from "./network.ts";

/** A proxy that lets nobody through, and writes down where they wanted to go. */
const wanted: string[] = [];
const proxy = createServer((request, response) => {
  wanted.push(`unencrypted: ${request.url}`);
  response.end();
});
proxy.on("connect", ({ url = "" }, socket) => {
  wanted.push(url);
  socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
});
proxy.listen(0, "127.0.0.1");
await once(proxy, "listening");
after(() => proxy.close());
const PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

const at = (path: string): string =>
  JSON.stringify(pathToFileURL(join(import.meta.dirname, "..", "functions", path)).href);

/** Everything that speaks to somebody, by what the functions are made of; whatever does not go to the proxy goes nowhere. */
const SCRIPT = `
  const { reachOnly } = await import(${at("adapters/http/reach-only.ts")});
  const { slackClient } = await import(${at("adapters/slack/client.ts")});
  const { slackTell } = await import(${at("adapters/slack/tell.ts")});
  const { githubClient } = await import(${at("adapters/github/client.ts")});
  const { pagerDutyPager } = await import(${at("adapters/pager/pagerduty.ts")});
  const { simulatedLedger } = await import(${at("adapters/simulated/ledger.ts")});
  const { modelFor } = await import(${at("adapters/llm/drafter.ts")});
  const { settingsWith } = await import(${at("core/example.fixture.ts")});
  const { DynamoDBClient, ListTablesCommand } = await import("@aws-sdk/client-dynamodb");
  const straight = [];
  reachOnly([new URL(process.env.HTTPS_PROXY)], (sentence) => straight.push(sentence.split(" ")[0]));
  const request = { model: "m", effort: "low", system: "s", catalogue: "c", data: "d", schema: {}, maxOutputTokens: 9, timeoutMs: 9000 };
  const calls = [
    () => slackClient("token").auth.test(),
    () => slackTell()("https://hooks.slack.com/actions/x", "text"),
    () => githubClient("token").request("GET /rate_limit"),
    () => pagerDutyPager({ routingKey: async () => "key", ledger: simulatedLedger() }).page({ incidentId: "i", severity: 1, summary: "s", details: [] }),
    () => modelFor({ name: "anthropic", apiKey: "key" })(settingsWith()).ask(request),
    () => modelFor({ name: "bedrock", region: "eu-west-1" })(settingsWith()).ask(request),
    () => new DynamoDBClient({ maxAttempts: 1 }).send(new ListTablesCommand({})),
  ];
  for (const call of calls) await call().catch(() => {});
  process.stdout.write(JSON.stringify(straight));
  process.exit(0);`;

test("behind a proxy hosts beyond AWS are asked for of it, and AWS is spoken to straight", async () => {
  const network = { subnetIds: ["subnet-0123456789abcdef0"], securityGroupIds: ["sg-0123456789abcdef0"], proxy: PROXY };
  const told = proxyEnvironment(parseConfiguration({ ...EXAMPLE, network }));
  const credentials = { AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "none", AWS_SECRET_ACCESS_KEY: "none" };
  const options = { cwd: join(import.meta.dirname, ".."), env: { ...credentials, ...told }, timeout: 60_000 };

  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", SCRIPT], options);

  assert.deepEqual(wanted.toSorted(), [
    "api.anthropic.com:443",
    "api.github.com:443",
    "events.pagerduty.com:443",
    "hooks.slack.com:443",
    "slack.com:443",
  ]);
  assert.deepEqual(JSON.parse(stdout), [
    "bedrock-runtime.eu-west-1.amazonaws.com:443",
    "dynamodb.eu-west-1.amazonaws.com:443",
  ]);
});

test("a proxy with a user in it is refused, for it stands in the functions' environment, and none is told of where there is none", () => {
  const withUser = { ...IN_VPC.network, proxy: "http://quell:secret@proxy.example.com:3128" };

  assert.throws(
    () => parseConfiguration({ ...EXAMPLE, network: withUser }),
    /network\.proxy: a proxy's URL, such as http:\/\/proxy\.example\.com:3128, with no user in it$/,
  );
  assert.deepEqual(proxyEnvironment(parseConfiguration(EXAMPLE)), {});
});
