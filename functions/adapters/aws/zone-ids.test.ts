import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EC2Client } from "@aws-sdk/client-ec2";
import { type Emulator, startMoto } from "../emulators/emulators.fixture.ts";
import { AwsCallFailed } from "./call.ts";
import { failuresContract } from "./failures.contract.ts";
import { clientFor, openLoopback, type Reply, refusal } from "./loopback.fixture.ts";
import { zoneIds } from "./zone-ids.ts";

let moto: Emulator;
before(async () => {
  moto = await startMoto();
});
after(() => moto.stop());

const ZONES: Reply = {
  ...{ kind: "answer", status: 200, headers: { "content-type": "text/xml" } },
  body: `<DescribeAvailabilityZonesResponse><availabilityZoneInfo>
    <item><zoneName>eu-west-1a</zoneName><zoneId>euw1-az3</zoneId><zoneState>available</zoneState></item>
    <item><zoneName>eu-west-1b</zoneName></item>
  </availabilityZoneInfo></DescribeAvailabilityZonesResponse>`,
};

failuresContract("the reader of zones", {
  ...{ protocol: "ec2", action: "ec2:DescribeAvailabilityZones", what: "the zones of the Region" },
  call: (config) => zoneIds(new EC2Client(config))(),
});

test("every zone of the Region has its id, by its name", async () => {
  // The emulator loads EC2 when it is first asked.
  const ids = await zoneIds(new EC2Client(clientFor(moto.endpoint, 60_000)), 60_000)();

  assert.deepEqual(Object.keys(ids), ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
  for (const id of Object.values(ids)) assert.match(id, /^euw1-az[123]$/);
  assert.equal(new Set(Object.values(ids)).size, 3);
});

test("they are read once, by however many they are asked for; a zone that has none is left out", async (context) => {
  const { url, sent } = await openLoopback(context, () => ZONES);
  const read = zoneIds(new EC2Client(clientFor(url)));

  const answers = [...(await Promise.all([read(), read()])), await read()];

  assert.deepEqual(answers, Array(3).fill({ "eu-west-1a": "euw1-az3" }));
  assert.equal(sent.length, 1);
});

test("a failure is not kept: they are asked for again", async (context) => {
  const { url } = await openLoopback(context, (_, nth) =>
    nth === 0 ? refusal("ec2", 403, "UnauthorizedOperation") : ZONES,
  );
  const read = zoneIds(new EC2Client(clientFor(url)));

  await assert.rejects(read(), /^AwsCallFailed: the role may not call ec2:DescribeAvailabilityZones/);

  assert.deepEqual(await read(), { "eu-west-1a": "euw1-az3" });
});

test("nobody waits longer for them than is said, however patient and persistent the client is", async (context) => {
  const { url } = await openLoopback(context, () => ({ kind: "silence" }));
  const read = zoneIds(new EC2Client({ ...clientFor(url, 60_000), maxAttempts: 10 }), 40);

  await assert.rejects(read(), (error: unknown) => error instanceof AwsCallFailed && error.kind === "timed-out");
});
