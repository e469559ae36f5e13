import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before as beforehand } from "node:test";
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { RELEASED } from "../../functions/cli/released-model.ts";
import type { ConfigurationInput } from "../../functions/core/configuration.ts";
import { hashOf, incidentId } from "../../functions/core/ids.ts";
import { type Account, openAccount } from "./account.fixture.ts";
import { eventually, inActs } from "./act.fixture.ts";
import { configurationOf, putSecrets } from "./configuration.fixture.ts";
import { bootstrap, deploy, destroy, type Outputs } from "./deploy.fixture.ts";
import { type Card, incidentsIn } from "./incidents.fixture.ts";
import { holdings, lost } from "./inventory.fixture.ts";
import { keepBreathing, openShop, type Shop } from "./shop.fixture.ts";
import { approveCard, type Slack, startSlack } from "./slack.fixture.ts";
import { hearPages, keeping, quell, whatHappened } from "./stage.fixture.ts";

/**
 * The agent, deployed by the CDK's own command line, answers alarms that come through EventBridge, is taken away and put
 * back. By default it stands in an emulator on loopback; AWS_ENDPOINT_URL names another account.
 */
const MODEL = JSON.parse(readFileSync(join(RELEASED, "manifest.json"), "utf8"));
const SHOPS = ["checkout", "search", "basket", "prices"] as const;
const STACKS = ["quell-agent", "quell-runbooks"];
const TABLES = { ledger: "quell-ledger", approvals: "quell-approvals" };
/** As README.md has it: what an earlier deployment left is taken on. */
const TAKING_ON = ["--import-existing-resources"];
/** What the agent and the CDK leave to their owner, by type. */
const KEPT = /^AWS::(DynamoDB::Table|S3::Bucket|SSM::Document) /;

let account: Account;
let slack: Slack;
let folder: string;
let outputs: Outputs;
let pages: () => Promise<readonly string[]>;
const shops = new Map<string, Shop>();
/** Undone in the end, the newest first. */
const opened: (() => Promise<void>)[] = [];

const configuration = (policy: ConfigurationInput["policy"]): ConfigurationInput =>
  configurationOf(account, SHOPS, { apiUrl: slack.url, policy });
const bucket = (): string => `quell-${account.account}-${account.region}`;
const kept = () => keeping(account, { ledger: TABLES.ledger, bucket: bucket() });
const held = () => holdings(account, { agent: "quell", stacks: STACKS, bucket: bucket(), ...TABLES });
const incidents = () => incidentsIn(account, kept(), slack);
const shop = (name: string): Shop => {
  const found = shops.get(name);
  if (found === undefined) throw new Error(`no shop is called ${name}`);
  return found;
};
const incidentOf = (name: string) => incidents().of(shop(name).alarmName);
const command = (...args: readonly string[]) => quell(account, ...args, "--config", join(folder, "quell.config.ts"));

const approve = (card: Card): Promise<number> => approveCard(account, outputs["quell-agent"]?.SlackUrl ?? "", card);

const act = inActs(async () =>
  [await whatHappened(account, STACKS, ["intake", "respond", "slack", "changes"]), account.told()].join("\n"),
);

beforehand(async () => {
  folder = mkdtempSync(join(tmpdir(), "quell-e2e-"));
  opened.push(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
  account = await openAccount();
  opened.push(account.stop);
  slack = await startSlack();
  opened.push(slack.stop);
  await putSecrets(account);
});

after(async () => {
  for (const close of opened.toReversed())
    await close().catch((error: unknown) => process.stderr.write(`not closed: ${error}\n`));
});

act("the CDK's own command line deploys both stacks into an account that it bootstrapped", async () => {
  await bootstrap(account, folder);

  outputs = await deploy(account, configuration("rules"), folder, TAKING_ON);

  assert.match(outputs["quell-agent"]?.SlackUrl ?? "", /^https:/);
  pages = await hearPages(account, outputs["quell-agent"]?.PageTopic ?? "");
});

act("nothing is done before somebody has turned the switch on", async () => {
  const status = await command("switch", "status");

  const turned = await command("switch", "on", "--because", "end to end");

  assert.match(status.out, /off/);
  assert.equal(turned.code, 0, turned.error);
  assert.equal((await kept().item("switch#agent")).position, "on");
});

act("300 deliveries of one alarm are one incident and one execution", async () => {
  for (const name of SHOPS) shops.set(name, await openShop(account, name));
  for (const one of shops.values()) await one.breathe();
  for (const one of shops.values())
    await eventually(`the releases of ${one.name}`, async () => (await kept().item(`change#${one.aliasArn}`)) !== null);
  opened.push(keepBreathing([...shops.values()]));

  await shop("checkout").ring("ALARM", 300);

  const { id, key, openedAtMs } = await incidentOf("checkout");
  await incidents().card(id);
  assert.equal(id, incidentId(key, openedAtMs));
  assert.equal((await kept().group(`decision#${id}`)).length, 1);
  assert.equal(slack.posted().filter(({ method }) => method === "chat.postMessage").length, 1);
});

act("a person approves in Slack, and the runbook puts the version before back", async () => {
  const { id } = await incidentOf("checkout");
  assert.equal(await shop("checkout").pointsAt(), "2");

  assert.equal(await approve(await incidents().card(id)), 200);

  await eventually("the alias points at the version before", async () => (await shop("checkout").pointsAt()) === "1");
  await shop("checkout").ring("OK");
});

act("an incident for which nothing may be done is escalated, and a person is paged", async () => {
  await command("switch", "off", "--because", "nothing may be done");

  await shop("prices").ring("ALARM");

  const { id } = await incidentOf("prices");
  const record = await incidents().record(id);
  await command("switch", "on", "--because", "go on");
  assert.equal(record.terminal, "ESCALATED", JSON.stringify(record.because));
  assert.deepEqual(record.effects, []);
  await eventually("a page of it", async () => (await pages()).some((text) => text.includes(id)));
  assert.equal(await shop("prices").pointsAt(), "2");
});

act("a redeploy while an approval waits changes neither the switch nor the plan that is then carried out", async () => {
  await shop("search").ring("ALARM");
  const { id } = await incidentOf("search");
  const card = await incidents().card(id);
  const switchBefore = await kept().item("switch#agent");

  await deploy(account, configuration("qnet"), folder);

  assert.deepEqual(await kept().item("switch#agent"), switchBefore);
  assert.equal(await approve(card), 200);
  await eventually("the alias points at the version before", async () => (await shop("search").pointsAt()) === "1");
  await shop("search").ring("OK");
});

act("what lies in the dead-letter queue is put back, and is answered as if it had come at first", async () => {
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

  const replayed = await command("replay-dlq");

  assert.equal(replayed.code, 0, replayed.error);
  assert.match(replayed.out, /1/);
  assert.match((await incidentOf("basket")).id, /^quell-/);
});

act("after the redeploy the released model decides, in the deployed function", async () => {
  const { id } = await incidentOf("basket");

  const [decision] = await incidents().decisions(id);

  assert.deepEqual([decision.policy, decision.modelHash], ["qnet", MODEL.model.sha256]);
});

act("what was approved is resolved once recovery has held, by one effect each", async () => {
  for (const name of ["checkout", "search"]) {
    const { id } = await incidentOf(name);

    const record = await incidents().record(id);

    assert.equal(record.terminal, "RESOLVED", JSON.stringify(record.because));
    assert.deepEqual(record.decisions[0].consent.people, ["ann"]);
    assert.equal(record.effects.length, 1);
  }
});

act("the audit trail of everything that happened here is whole", async () => {
  const verified = await quell(account, "audit", "verify", `s3://${bucket()}`, "--json");

  assert.equal(verified.code, 0, verified.out + verified.error);
});

/** What there was right before it was taken away. */
let before: Readonly<{ things: readonly string[]; contents: ReadonlyMap<string, string> }>;

act("cdk destroy leaves the tables, the bucket and the documents, whole, and nothing else", async () => {
  before = { things: await held().things(), contents: await held().contents() };
  assert.deepEqual(await held().unseen(), []);
  assert.ok((await held().waiting()).includes((await incidentOf("prices")).id));

  await destroy(account, configuration("qnet"), folder);

  assert.deepEqual(
    await held().things(),
    before.things.filter((thing) => KEPT.test(thing)),
  );
  assert.deepEqual(lost(before.contents, await held().contents()), []);
});

act("a deployment that does not say that it takes on what was kept is refused, and leaves it alone", async () => {
  const left = await held().contents();

  const plain = deploy(account, configuration("qnet"), folder, ["--app", join(folder, "cdk.out")]);
  await assert.rejects(plain, /exist/i);

  assert.deepEqual(await held().contents(), left);
});

act("a deployment that says so stands as the one before it, on what was kept, and answers alarms", async () => {
  const last = await incidentOf("search");

  outputs = await deploy(account, configuration("qnet"), folder, TAKING_ON);

  await hearPages(account, outputs["quell-agent"]?.PageTopic ?? "");
  assert.deepEqual(await held().things(), before.things);
  assert.deepEqual(lost(before.contents, await held().contents()), []);
  await shop("search").ring("ALARM");
  const { id } = await incidents().of(shop("search").alarmName, last);
  await incidents().decisions(id);
  const verified = await quell(account, "audit", "verify", `s3://${bucket()}`, "--json");
  assert.equal(verified.code, 0, verified.out + verified.error);
});
