import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { RELEASED } from "../../functions/cli/released-model.ts";
import type { ConfigurationInput } from "../../functions/core/configuration.ts";
import { alarmKey, hashOf, incidentId } from "../../functions/core/ids.ts";
import { type Account, openAccount } from "./account.fixture.ts";
import { ANN, configurationOf, TEAM } from "./configuration.fixture.ts";
import { bootstrap, deploy, type Outputs } from "./deploy.fixture.ts";
import { openShop, type Shop } from "./shop.fixture.ts";
import { click, type Slack, startSlack } from "./slack.fixture.ts";
import { eventually, hearPages, keeping, lastLogs, quell } from "./stage.fixture.ts";

/**
 * The agent, deployed by the CDK's own command line, answers alarms that come through EventBridge. By default it stands in
 * an emulator on loopback; AWS_ENDPOINT_URL names another account.
 */
const SIGNING_SECRET = "e2e-signing-secret";
const MODEL = JSON.parse(readFileSync(join(RELEASED, "manifest.json"), "utf8"));
const SHOPS = ["checkout", "search", "basket", "prices"] as const;

let account: Account;
let slack: Slack;
let folder: string;
let outputs: Outputs;
let pages: () => Promise<readonly string[]>;
const shops = new Map<string, Shop>();
let breathing: NodeJS.Timeout;

const configuration = (policy: ConfigurationInput["policy"]): ConfigurationInput =>
  configurationOf(account, SHOPS, { apiUrl: slack.url, policy });

const kept = () => keeping(account, { ledger: "quell-ledger", bucket: `quell-${account.account}-${account.region}` });
const shop = (name: string): Shop => {
  const found = shops.get(name);
  if (found === undefined) throw new Error(`no shop is called ${name}`);
  return found;
};

/** The incident that an alarm of a shop has opened. */
const incidentOf = async (name: string, seconds = 60) => {
  const key = alarmKey({
    account: account.account,
    region: account.region,
    alarmName: shop(name).alarmName,
    contributorId: null,
  });
  const group = `open#${key.split("/").slice(0, 3).join("/")}`;
  const lock = await eventually(`an incident of ${name}`, () => kept().item(`open#${key}`, group), seconds);
  return { id: String(lock.incidentId), openedAtMs: Number(lock.openedAtMs), key };
};

/** The card of an incident, once it is posted: the opaque id that its buttons carry, and the message that it is. */
const cardOf = (id: string): Promise<Readonly<{ opaqueId: string; ts: string }>> =>
  eventually(`a card of ${id}`, async () => {
    const card = slack.posted().find(({ body }) => JSON.stringify(body).includes(id));
    const opaqueId = /"value":\s*"([0-9a-f]{32})"/.exec(JSON.stringify(card?.body ?? "").replaceAll("\\", ""))?.[1];
    return card === undefined || opaqueId === undefined ? null : { opaqueId, ts: card.ts };
  });

const approve = async (card: Readonly<{ opaqueId: string; ts: string }>): Promise<number> => {
  const { body, headers } = click(SIGNING_SECRET, { ...card, actionId: "approve", userId: ANN, teamId: TEAM });
  const url = new URL(outputs["quell-agent"]?.SlackUrl ?? "");
  const asked = account.isEmulated
    ? `${account.env.AWS_ENDPOINT_URL}/_aws/execute-api/${url.hostname.split(".")[0]}/$default${url.pathname}`
    : url;
  return (await fetch(asked, { method: "POST", headers, body })).status;
};

const recordOf = (id: string, seconds = 100) =>
  eventually(`the record of ${id}`, () => kept().object(`records/${id}.json`), seconds);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "quell-e2e-"));
  account = await openAccount();
  slack = await startSlack();
  const secrets = new SecretsManagerClient(account.clientConfig);
  for (const [Name, SecretString] of [
    ["e2e/slack-token", "xoxb-e2e"],
    ["e2e/slack-signing", SIGNING_SECRET],
  ])
    await secrets.send(new CreateSecretCommand({ Name, SecretString }));
});

after(async () => {
  clearInterval(breathing);
  await slack.stop();
  await account.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async (context) => {
  if ("passed" in context && context.passed === true) return;
  process.stderr.write(`${await lastLogs(account, ["intake", "respond", "slack", "changes"])}\n${account.told()}\n`);
});

test("the CDK's own command line deploys both stacks into an account that it bootstrapped", async () => {
  await bootstrap(account, folder);

  outputs = await deploy(account, configuration("rules"), folder);

  assert.match(outputs["quell-agent"]?.SlackUrl ?? "", /^https:/);
  pages = await hearPages(account, outputs["quell-agent"]?.PageTopic ?? "");
});

test("nothing is done before somebody has turned the switch on", async () => {
  const before = await quell(account, "switch", "status", "--config", join(folder, "quell.config.ts"));

  const turned = await quell(
    account,
    "switch",
    "on",
    "--because",
    "end to end",
    "--config",
    join(folder, "quell.config.ts"),
  );

  assert.match(before.out, /off/);
  assert.equal(turned.code, 0, turned.error);
  assert.equal((await kept().item("switch#agent")).position, "on");
});

test("300 deliveries of one alarm are one incident and one execution", async () => {
  for (const name of SHOPS) shops.set(name, await openShop(account, name));
  for (const one of shops.values()) await one.breathe();
  for (const one of shops.values())
    await eventually(`the releases of ${one.name}`, async () => (await kept().item(`change#${one.aliasArn}`)) !== null);
  breathing = setInterval(
    () => void Promise.all([...shops.values()].map((one) => one.breathe())).catch(() => {}),
    5000,
  );

  await shop("checkout").ring("ALARM", 300);

  const { id, key, openedAtMs } = await incidentOf("checkout");
  await cardOf(id);
  assert.equal(id, incidentId(key, openedAtMs));
  assert.equal((await kept().group(`decision#${id}`)).length, 1);
  assert.equal(slack.posted().filter(({ method }) => method === "chat.postMessage").length, 1);
});

test("a person approves in Slack, and the runbook puts the version before back", async () => {
  const { id } = await incidentOf("checkout");
  assert.equal(await shop("checkout").pointsAt(), "2");

  assert.equal(await approve(await cardOf(id)), 200);

  await eventually("the alias points at the version before", async () => (await shop("checkout").pointsAt()) === "1");
  await shop("checkout").ring("OK");
});

test("an incident for which nothing may be done is escalated, and a person is paged", async () => {
  const file = join(folder, "quell.config.ts");
  await quell(account, "switch", "off", "--because", "nothing may be done", "--config", file);

  await shop("prices").ring("ALARM");

  const { id } = await incidentOf("prices");
  const record = await recordOf(id);
  await quell(account, "switch", "on", "--because", "go on", "--config", file);
  assert.equal(record.terminal, "ESCALATED", JSON.stringify(record.because));
  assert.deepEqual(record.effects, []);
  await eventually("a page of it", async () => (await pages()).some((text) => text.includes(id)));
  assert.equal(await shop("prices").pointsAt(), "2");
});

test("a redeploy while an approval waits changes neither the switch nor the plan that is then carried out", async () => {
  await shop("search").ring("ALARM");
  const { id } = await incidentOf("search");
  const card = await cardOf(id);
  const switchBefore = await kept().item("switch#agent");

  await deploy(account, configuration("qnet"), folder);

  assert.deepEqual(await kept().item("switch#agent"), switchBefore);
  assert.equal(await approve(card), 200);
  await eventually("the alias points at the version before", async () => (await shop("search").pointsAt()) === "1");
  await shop("search").ring("OK");
});

test("what lies in the dead-letter queue is put back, and is answered as if it had come at first", async () => {
  const sqs = new SQSClient(account.clientConfig);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "quell-alarms-dead" }));
  const at = new Date().toISOString().replace("Z", "+0000");
  const event = {
    ...{
      version: "0",
      id: hashOf(at).slice(0, 32),
      "detail-type": "CloudWatch Alarm State Change",
      source: "aws.cloudwatch",
    },
    ...{ account: account.account, region: account.region, time: at, resources: [] },
    detail: {
      alarmName: shop("basket").alarmName,
      state: { value: "ALARM", reason: "Threshold Crossed", timestamp: at },
      configuration: { metrics: [] },
    },
  };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(event) }));

  const replayed = await quell(account, "replay-dlq", "--config", join(folder, "quell.config.ts"));

  assert.equal(replayed.code, 0, replayed.error);
  assert.match(replayed.out, /1/);
  assert.match((await incidentOf("basket")).id, /^quell-/);
});

test("after the redeploy the released model decides, in the deployed function", async () => {
  const { id } = await incidentOf("basket");

  const [decision] = await eventually("a decision", async () => {
    const decisions = await kept().group(`decision#${id}`);
    return decisions.length > 0 ? decisions : null;
  });

  assert.deepEqual([decision.policy, decision.modelHash], ["qnet", MODEL.model.sha256]);
});

test("what was approved is resolved once recovery has held, by one effect each", async () => {
  for (const name of ["checkout", "search"]) {
    const { id } = await incidentOf(name);

    const record = await recordOf(id, 300);

    assert.equal(record.terminal, "RESOLVED", JSON.stringify(record.because));
    assert.deepEqual(record.decisions[0].consent.people, ["ann"]);
    assert.equal(record.effects.length, 1);
  }
});

test("the audit trail of everything that happened here is whole", async () => {
  const verified = await quell(account, "audit", "verify", `s3://quell-${account.account}-${account.region}`, "--json");

  assert.equal(verified.code, 0, verified.out + verified.error);
});
