import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { refusal } from "../adapters/aws/loopback.fixture.ts";
import type { Operation } from "../adapters/aws/operations.fixture.ts";
import { type Emulator, startMoto } from "../adapters/emulators/emulators.fixture.ts";
import { configurationIn, listening, run, SHOP, speakTo, temporaryFolder } from "./account.fixture.ts";
import { accountClients, READS, WouldWrite } from "./account-clients.ts";
import { BadInput } from "./errors.ts";
import { shadow } from "./shadow.ts";
import type { ShadowFlags } from "./shadow-options.ts";
import type { Shadow } from "./shadow-report.ts";
import { openPast, type PastDay, pastDay } from "./shadow-world.fixture.ts";

const FLAGS: ShadowFlags = { since: "1d", approvalMinutes: "4", policy: "rules", region: "eu-west-1" };

describe("quell shadow, over the wire of a day that is over", () => {
  let day: PastDay;
  let moto: Emulator;
  before(async () => {
    day = pastDay("bad-ecs-deployment");
    process.env.MOTO_ACCOUNT_ID = day.world.account;
    moto = await startMoto();
  });
  after(() => moto.stop());

  const configured = (): string => configurationIn({ settings: { ...day.settings, mode: "observe" } });

  const shadowed = async (
    context: TestContext,
    flags: Partial<ShadowFlags>,
    scripted: Readonly<Record<string, Operation>> = {},
  ) => {
    const { loopback } = await openPast(context, day, { to: moto.endpoint }, scripted);
    speakTo(loopback.url);
    const { said, screen } = listening();
    const code = await shadow({ ...FLAGS, ...flags }, screen, day.nowMs);
    return { code, ...said, sent: loopback.sent };
  };

  it("asks AWS nothing but what reads, and leaves nothing behind", async (context) => {
    const { sent } = await shadowed(context, { config: configured(), json: true });

    const operations = sent.map(({ headers, body, method, path }) => {
      const named =
        headers["x-amz-target"]?.split(".").at(-1) ?? new URLSearchParams(body.toString("utf8")).get("Action");
      return named ?? `${method} ${path}`;
    });
    assert.ok(operations.length > 5);
    assert.deepEqual(
      operations.filter((one) => !READS.test(one) && !one.startsWith("GET ")),
      [],
    );
    for (const one of ["GetCallerIdentity", "DescribeAlarms", "DescribeAlarmHistory", "GetMetricData"])
      assert.ok(operations.includes(one), one);
  });

  it("is one JSON document: what rang, what would have been proposed, and what it could not see", async (context) => {
    const { code, out, err } = await shadowed(context, { config: configured(), json: true });

    const told: Shadow = JSON.parse(out);
    assert.deepEqual(
      [code, err, told.schema, told.account, told.region],
      [0, "", 1, day.world.account, day.world.region],
    );
    assert.equal(told.alarms, day.world.alarms.length);
    assert.ok(told.episodes.length >= 2 && told.incidents < told.episodes.length);
    assert.ok(told.episodes.some(({ joins }) => joins === day.rang.name));
    assert.deepEqual(
      told.episodes.map(({ minutes }) => minutes),
      told.episodes.map(({ minutes }) => minutes).toSorted((a, b) => b - a),
    );
    for (const sentence of [
      /rings still/,
      /logs in \d+ of \d+ episodes/,
      /as they are today/,
      /each episode is played by itself/,
      /changes come from CloudTrail and control planes alone, not from the agent's log quell-ledger: it is not there yet/,
    ])
      assert.ok(
        told.cannotSee.some((one) => sentence.test(one)),
        String(sentence),
      );
    assert.ok(told.metricsRead > 0 && told.savedMinutes.low <= told.savedMinutes.high);
  });

  it("is a table for people, the longest first, and says that it is an estimate and no evidence", async (context) => {
    const { out } = await shadowed(context, { config: configured() });

    const lines = out.split("\n");
    assert.match(lines[0] ?? "", /^minutes +alarm +service +opened +would have proposed +after +might have saved$/);
    assert.match(lines[1] ?? "", new RegExp(`^\\d+(\\.\\d)?\\+ +${day.rang.name} `));
    assert.match(out, /\n\d+ alarms rang \d+ times from \S+ to \S+: \d+ incidents?, [\d.]+ minutes\n/);
    assert.match(out, /might have saved .* min: an estimate and no evidence, for nothing was done\n/);
    assert.match(out, /\nnot seen: /);
  });

  it("writes the report as Markdown where it is asked to, and says what to do where it cannot", async (context) => {
    const file = join(temporaryFolder(), "shadow.md");

    await shadowed(context, { config: configured(), out: file });

    const text = readFileSync(file, "utf8");
    assert.match(text, /^# What Quell would have proposed in \d{12} \S+\n\n- /);
    assert.match(text, /\n\| minutes \| alarm \|/);
    await assert.rejects(shadowed(context, { config: configured(), out: "/dev/null/x.md" }), (error) => {
      return (
        error instanceof BadInput && /--out \/dev\/null\/x\.md: cannot be written .*; name a file/.test(error.message)
      );
    });
  });

  it("works without a configuration, and says that services are guessed", async (context) => {
    const folder = temporaryFolder();
    const home = process.cwd();
    process.chdir(folder);
    context.after(() => process.chdir(home));

    const { code, out } = await shadowed(context, { json: true, alarmPrefix: day.rang.name });

    const told: Shadow = JSON.parse(out);
    assert.deepEqual([code, told.alarms, told.episodes[0]?.service], [0, 1, null]);
    assert.ok(told.cannotSee.some((one) => /^no configuration: services are guessed/.test(one)));
    assert.deepEqual(readdirSync(folder), []);
  });

  it("a configuration that only lies there and is for another account is left out, which is said", async (context) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "quell.config.ts"), `export const config = ${JSON.stringify(SHOP)};`);
    const home = process.cwd();
    process.chdir(folder);
    context.after(() => process.chdir(home));

    const { code, err, out } = await shadowed(context, { json: true, alarmPrefix: day.rang.name });

    assert.equal(code, 0);
    assert.match(
      err,
      /^quell: quell\.config\.ts is for 123456789012 eu-west-1, not for \d{12} eu-west-1: it is left out\n$/,
    );
    assert.equal(JSON.parse(out).episodes[0].service, null);
  });

  it("an account in which nothing rang is no failure", async (context) => {
    const { code, out } = await shadowed(context, { config: configured(), alarmPrefix: "no-such-" });

    assert.equal(code, 0);
    assert.match(out, /\n0 alarms rang 0 times .*: 0 incidents, 0 minutes\n/);
  });

  it("what AWS denies is bad input that names the permission", async (context) => {
    const denied = () => refusal("json-1.0", 403, "AccessDeniedException", "not authorized");

    for (const action of ["DescribeAlarms", "DescribeAlarmHistory", "GetMetricData"]) {
      const running = shadowed(context, { config: configured() }, { [action]: denied });

      await assert.rejects(running, (error) => {
        return error instanceof BadInput && error.message.includes(`cloudwatch:${action}`);
      });
    }
  });

  it("an episode whose metrics cannot be read is counted as not played, and the others are", async (context) => {
    let calls = 0;
    const { out } = await shadowed(
      context,
      { config: configured(), json: true },
      {
        GetMetricData: () => {
          calls += 1;
          return refusal("json-1.0", 400, "ValidationError", "too many");
        },
      },
    );

    const told: Shadow = JSON.parse(out);
    assert.ok(calls > 0);
    assert.ok(
      told.cannotSee.some((one) => /^\d+ episodes could not be played: .*GetMetricData/.test(one)),
      told.cannotSee.join("\n"),
    );
  });

  it("credentials of another account are refused, and both are named", async (context) => {
    const file = configurationIn();

    await assert.rejects(shadowed(context, { config: file }), (error) => {
      return (
        error instanceof BadInput && error.message.includes(day.world.account) && error.message.includes("123456789012")
      );
    });
  });
});

it("a client that was made for reading refuses to write before anything is sent", async () => {
  speakTo("http://127.0.0.1:9");
  const { SendMessageCommand } = await import("@aws-sdk/client-sqs");
  const sqs = await accountClients("eu-west-1", "read").sqs();

  const sending = sqs.send(new SendMessageCommand({ QueueUrl: "http://127.0.0.1:9/q", MessageBody: "x" }));

  await assert.rejects(sending, WouldWrite);
});

const BAD: readonly (readonly [string, RegExp])[] = [
  ["shadow --since yesterday", /--since yesterday: cannot be used; give 14d, 36h, or a time/],
  ["shadow --since 2999-01-01T00:00Z", /--since 2999.*: cannot be used/],
  ["shadow --since 0d", /--since 0d: cannot be used/],
  ["shadow --mode loud", /--mode loud: cannot be used; give observe, approve, auto/],
  ["shadow --approval-minutes soon", /--approval-minutes soon: cannot be used; give how many minutes/],
  ["shadow --config /no/such/file.ts", /\/no\/such\/file\.ts: no such file; .*--config/],
];

for (const [args, says] of BAD)
  it(`\`quell ${args}\` is bad input: exit 2, nothing on stdout, one message that says what to do`, async () => {
    const { code, out, err } = await run(...args.split(" "));

    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, says);
  });

it("without credentials it says how to get some, exit 2", async () => {
  speakTo("http://127.0.0.1:9", null);

  const { code, err } = await run("shadow", "--config", configurationIn());

  assert.equal(code, 2);
  assert.match(
    err,
    /AWS credentials: none that AWS takes .*; run `aws sso login`, set AWS_PROFILE, or set AWS_ACCESS_KEY_ID/,
  );
});
