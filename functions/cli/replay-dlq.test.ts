import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { refusal } from "../adapters/aws/loopback.fixture.ts";
import { answer, openOperations } from "../adapters/aws/operations.fixture.ts";
import { type Emulator, startMoto } from "../adapters/emulators/emulators.fixture.ts";
import { configurationIn, run, SHOP, speakTo } from "./account.fixture.ts";

describe("quell replay-dlq", () => {
  let moto: Emulator;
  let sqs: SQSClient;
  before(async () => {
    moto = await startMoto();
    sqs = new SQSClient(moto.clientConfig);
  });
  after(() => moto.stop());

  let made = 0;
  /** Two queues of an agent of its own, with these deliveries given up. */
  const deployed = async (bodies: readonly string[]) => {
    made += 1;
    const name = `quell-${made}`;
    const url = async (QueueName: string) => (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? "";
    const [alarms, dead] = [await url(`${name}-alarms`), await url(`${name}-alarms-dead`)];
    for (const MessageBody of bodies) await sqs.send(new SendMessageCommand({ QueueUrl: dead, MessageBody }));
    return { alarms, dead, config: configurationIn({ ...SHOP, name }) };
  };
  const count = async (QueueUrl: string) =>
    Number(
      (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] })))
        .Attributes?.ApproximateNumberOfMessages,
    );

  it("puts every delivery back as it was, by hand where SQS cannot move them itself, and says how many", async (context) => {
    const bodies = Array.from({ length: 23 }, (_, i) => JSON.stringify({ i, said: 'a "quoted" word' }));
    const { alarms, dead, config } = await deployed(bodies);
    const unsupported = () => refusal("json-1.0", 400, "AWS.SimpleQueueService.UnsupportedOperation");
    const { clientConfig } = await openOperations(
      context,
      { StartMessageMoveTask: unsupported },
      { to: moto.endpoint },
    );
    speakTo(clientConfig.endpoint);

    const { code, out, err } = await run("replay-dlq", "--config", config);

    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^23 of 23 deliveries went back to quell-\d+-alarms\n$/);
    assert.deepEqual([await count(dead), await count(alarms)], [0, 23]);
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: alarms, MaxNumberOfMessages: 10 }));
    assert.ok(Messages.length > 0 && Messages.every(({ Body }) => bodies.includes(Body ?? "")));
    await sqs.send(new PurgeQueueCommand({ QueueUrl: alarms }));
  });

  it("nothing to put back is no failure", async () => {
    const { config } = await deployed([]);
    speakTo(moto.endpoint);

    const { code, out } = await run("replay-dlq", "--json", "--config", config);

    const { schema, waiting, moved, left } = JSON.parse(out);
    assert.deepEqual([code, schema, waiting, moved, left], [0, 1, 0, 0, 0]);
  });

  it("lets SQS move them where it can, and follows it to its end", async (context) => {
    const { dead, config } = await deployed(["one", "two"]);
    const { clientConfig, asked } = await openOperations(
      context,
      {
        StartMessageMoveTask: () => answer({ TaskHandle: "task" }),
        ListMessageMoveTasks: (_, nth) =>
          answer({
            Results: [{ Status: nth === 0 ? "RUNNING" : "COMPLETED", ApproximateNumberOfMessagesMoved: nth + 1 }],
          }),
      },
      { to: moto.endpoint },
    );
    speakTo(clientConfig.endpoint);

    const { code, out } = await run("replay-dlq", "--json", "--config", config);

    const { moved, left } = JSON.parse(out);
    assert.deepEqual([code, moved, left], [1, 2, 2]);
    assert.deepEqual(
      asked.map(({ operation }) => operation),
      ["StartMessageMoveTask", "ListMessageMoveTasks", "ListMessageMoveTasks"],
    );
    assert.match(String(asked[0]?.request.SourceArn), /:quell-\d+-alarms-dead$/);
    assert.equal(await count(dead), 2);
  });

  it("what SQS denies is bad input that names what has to be allowed, and moves nothing", async (context) => {
    const { dead, alarms, config } = await deployed(["one"]);
    const denied = () =>
      refusal("json-1.0", 403, "AccessDeniedException", "not authorized to perform sqs:StartMessageMoveTask");
    const { clientConfig } = await openOperations(context, { StartMessageMoveTask: denied }, { to: moto.endpoint });
    speakTo(clientConfig.endpoint);

    const { code, out, err } = await run("replay-dlq", "--config", config);

    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /allow sqs:StartMessageMoveTask/);
    assert.deepEqual([await count(dead), await count(alarms)], [1, 0]);
  });

  it("where the agent is not deployed it says so", async () => {
    speakTo(moto.endpoint);

    const { code, err } = await run("replay-dlq", "--config", configurationIn({ ...SHOP, name: "nobody" }));

    assert.equal(code, 2);
    assert.match(err, /no queue nobody-alarms-dead is there .*; deploy with `npx cdk deploy --all`/);
  });
});
