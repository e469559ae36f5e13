import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  ElasticLoadBalancingV2Client,
  ModifyLoadBalancerAttributesCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { clientFor, openLoopback, refusal } from "../adapters/aws/loopback.fixture.ts";
import { operationOf, planesAt, settingsOf } from "../adapters/aws/resources/account.fixture.ts";
import { ACCOUNT, type Filled, fillAccount } from "../adapters/aws/resources/emulated-account.fixture.ts";
import { type Emulator, startMoto } from "../adapters/emulators/emulators.fixture.ts";
import { speakTo } from "./account.fixture.ts";
import { accountClients } from "./account-clients.ts";
import { sourcesOf } from "./shadow-sources.ts";

describe("what quell shadow knows of zones", () => {
  let moto: Emulator;
  let made: Filled;
  before(async () => {
    moto = await startMoto();
    const planes = planesAt(clientFor(moto.endpoint, 60_000));
    made = await fillAccount(moto, planes);
    await planes(ElasticLoadBalancingV2Client).send(
      new ModifyLoadBalancerAttributesCommand({
        LoadBalancerArn: made.balancer,
        Attributes: [{ Key: "zonal_shift.config.enabled", Value: "true" }],
      }),
    );
  });
  after(() => moto.stop());

  /** The ids that the graph shows of a target group's zones, and what was noted on the way. */
  const read = async (endpoint: string) => {
    speakTo(endpoint);
    const clients = accountClients("eu-west-1", "read");
    const place = { account: ACCOUNT, region: "eu-west-1" };
    const settings = settingsOf(place, { web: { resources: [made.targetGroup, made.balancer] } });
    const sources = sourcesOf(clients, await clients.cloudWatch(), { settings, table: "quell-ledger" }, Date.now());
    const resources = await sources.resources([made.targetGroup], Date.now());
    assert.ok(typeof resources !== "string", String(resources));
    const { attributes = {} } = resources.find(({ arn }) => arn === made.targetGroup) ?? {};
    const ids = ["a", "b", "c"].map((letter) => attributes[`eu-west-1${letter}`]);
    return { ids, notes: sources.notes().filter((note) => note.includes("zone")) };
  };

  it("each has its id, as a zonal shift wants it", async () => {
    const { ids, notes } = await read(moto.endpoint);

    assert.deepEqual([ids.toSorted(), notes], [["euw1-az1", "euw1-az2", "euw1-az3"], []]);
  });

  it("where they may not be read, that is among what it could not see", async (context) => {
    const { url } = await openLoopback(context, (sent) =>
      operationOf(sent) === "DescribeAvailabilityZones"
        ? refusal("ec2", 403, "UnauthorizedOperation")
        : { kind: "pass", to: moto.endpoint },
    );

    const { ids, notes } = await read(url);

    assert.deepEqual(ids, [null, null, null]);
    assert.deepEqual(notes.length, 1);
    assert.match(notes[0] ?? "", /^the ids of zones cannot be read, .*may not call ec2:DescribeAvailabilityZones/);
  });
});
