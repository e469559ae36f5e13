import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { dynamoDbLedger } from "../adapters/aws/dynamodb-ledger.ts";
import { createLedgerTable } from "../adapters/aws/dynamodb-tables.fixture.ts";
import { type Emulator, startMoto } from "../adapters/emulators/emulators.fixture.ts";
import { configurationIn, run, SHOP, speakTo } from "./account.fixture.ts";

const APPROVERS = [{ group: "oncall", people: [{ slackUser: "U012AB3CD", person: "Ada" }] }];
const SLACK = { teamId: "T012AB3CD", channelId: "C012AB3CD", botTokenSecret: "slack/bot", signingSecret: "slack/sign" };

describe("what people set in a deployed agent", () => {
  let moto: Emulator;
  let client: DynamoDBClient;
  before(async () => {
    moto = await startMoto();
    client = new DynamoDBClient(moto.clientConfig);
    speakTo(moto.endpoint);
  });
  after(() => moto.stop());

  const deployed = async (changes = {}) => {
    const table = await createLedgerTable(client);
    const flags = ["--table", table, "--config", configurationIn({ ...SHOP, ...changes })];
    return { flags, ledger: dynamoDbLedger(client, table) };
  };

  it("the switch is written with the reason, the time and whoever the credentials are of", async () => {
    const { flags, ledger } = await deployed();
    const startedMs = Date.now();

    const { code, out } = await run("switch", "on", "--because", "the rehearsal went well", ...flags);

    assert.equal(code, 0);
    assert.match(out, /^switch: on, by arn:aws:\S+; it was off: never set\n$/);
    const item = (await ledger.read("switch#agent"))?.item as unknown as Record<string, unknown>;
    assert.deepEqual(Object.keys(item).sort(), ["atMs", "because", "by", "position"]);
    assert.deepEqual([item.position, item.because], ["on", "the rehearsal went well"]);
    assert.match(String(item.by), /^arn:aws:/);
    assert.ok(Number(item.atMs) >= startedMs && Number(item.atMs) <= Date.now());
  });

  it("off over on says what it was, as one JSON document where that is asked for", async () => {
    const { flags, ledger } = await deployed();
    await run("switch", "on", "--because", "first", ...flags);

    const { out } = await run("switch", "off", "--because", "it woke us twice", "--json", ...flags);

    const { schema, what, was, value, done, because } = JSON.parse(out);
    assert.deepEqual(
      [schema, what, was, value, done, because],
      [1, "switch", "on", "off", "changed", "it woke us twice"],
    );
    assert.equal((await ledger.read("switch#agent"))?.version, 2);
  });

  it("people on call are told by the stack's topic, once; where nobody can be told, it is set and said all the same", async () => {
    const name = "told";
    const { flags, ledger } = await deployed({ name });
    const untold = await run("switch", "on", "--because", "no topic yet", ...flags);
    const sns = new SNSClient(moto.clientConfig);
    const sqs = new SQSClient(moto.clientConfig);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: `${name}-pages` }));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "listens" }));
    await sns.send(
      new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: "arn:aws:sqs:eu-west-1:123456789012:listens" }),
    );

    const told = [
      await run("switch", "off", "--because", "it woke us", ...flags),
      await run("switch", "off", "--because", "again", ...flags),
    ];

    assert.match(
      untold.err,
      /^quell: it is set, but people could not be told \(.*sns:Publish.*\); tell them yourself\n$/,
    );
    assert.deepEqual(
      told.map(({ code, err }) => [code, err]),
      [
        [0, ""],
        [0, ""],
      ],
    );
    assert.match(told[1]?.out ?? "", /it stood so already: off/);
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    assert.equal(Messages.length, 1);
    assert.match(Messages[0]?.Body ?? "", /the switch is off since \S+, by arn:\S+: it woke us/);
    assert.equal((await ledger.read("switch#agent"))?.version, 2);
  });

  it("a position that nobody can read is written over: off is what it stood for", async () => {
    const { flags, ledger } = await deployed();
    await ledger.write("switch#agent", "on, I think", null);

    const { code } = await run("switch", "off", "--because", "clean up", ...flags);

    const item = (await ledger.read("switch#agent"))?.item as unknown as Record<string, unknown>;
    assert.deepEqual([code, item.position], [0, "off"]);
  });

  it("status tells every position that was set by hand, and what holds where none was", async () => {
    const { flags } = await deployed({ slack: SLACK, approvers: APPROVERS });
    await run("mode", "checkout", "approve", "--because", "two quiet weeks", ...flags);

    const [words, json] = [await run("switch", "status", ...flags), await run("switch", "status", "--json", ...flags)];

    assert.match(words.out, /^switch +off: never set\n/);
    assert.match(words.out, /\npolicy +qnet: as configured\n/);
    assert.match(words.out, /\nmode checkout +approve since 20\S+Z, by arn:\S+: two quiet weeks\n$/);
    const { schema, positions } = JSON.parse(json.out);
    assert.equal(schema, 1);
    assert.deepEqual(
      positions.map(({ what, standing }: { what: string; standing: { value: string } | null }) => [
        what,
        standing?.value ?? null,
      ]),
      [
        ["switch", null],
        ["policy", null],
        ["mode checkout", "approve"],
      ],
    );
  });

  it("the policy is set under the champion's name", async () => {
    const { flags, ledger } = await deployed();

    const { code, out } = await run("policy", "rules", "--because", "the model drifts", ...flags);

    assert.deepEqual([code, /it was qnet: as configured/.test(out)], [0, true]);
    const item = (await ledger.read("champion#policy"))?.item as unknown as Record<string, unknown>;
    assert.equal(item.policy, "rules");
  });

  const BAD: readonly (readonly [readonly string[], RegExp])[] = [
    [["switch", "on"], /--because: missing; say why/],
    [["switch", "on", "--because", "  "], /--because: missing/],
    [["switch", "maybe", "--because", "x"], /quell switch maybe: cannot be used; give on, off or status/],
    [["mode", "stock", "observe", "--because", "x"], /stock: no service of .*; give one of checkout/],
    [
      ["mode", "checkout", "loud", "--because", "x"],
      /quell mode checkout loud: cannot be used; give observe, approve, auto/,
    ],
    [["mode", "checkout", "auto", "--because", "x"], /nobody could be asked; name slack and approvers/],
    [["policy", "page", "--because", "x"], /quell policy page: cannot be used; give qnet or rules/],
  ];
  for (const [args, says] of BAD)
    it(`\`quell ${args.join(" ")}\` is bad input, and writes nothing`, async () => {
      const { flags, ledger } = await deployed();

      const { code, out, err } = await run(...args, ...flags);

      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, says);
      for (const key of ["switch#agent", "mode#checkout", "champion#policy"])
        assert.equal(await ledger.read(key), null);
    });

  it("a ledger that is not there is bad input that says what to do", async () => {
    const { code, err } = await run("switch", "on", "--because", "x", "--config", configurationIn());

    assert.equal(code, 2);
    assert.match(
      err,
      /the ledger quell-ledger does not answer .*; deploy the agent with .* or name its ledger with --table/,
    );
  });

  it("in another account than the configuration's nothing is written, and both are named", async () => {
    const { ledger, flags } = await deployed({ settings: { ...SHOP.settings, account: "999999999999" } });

    const { code, err } = await run("switch", "on", "--because", "x", ...flags);

    assert.equal(code, 2);
    assert.match(err, /these credentials are of account 123456789012 .* is for 999999999999; set AWS_PROFILE/);
    assert.equal(await ledger.read("switch#agent"), null);
  });
});
