import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  ElasticLoadBalancingV2Client,
  ModifyLoadBalancerAttributesCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { clientFor, openLoopback, refusal } from "../adapters/aws/loopback.fixture.ts";
import { operationOf, planesAt } from "../adapters/aws/resources/account.fixture.ts";
import { type Filled, fillAccount } from "../adapters/aws/resources/emulated-account.fixture.ts";
import { type Emulator, startMoto } from "../adapters/emulators/emulators.fixture.ts";
import { parseConfiguration } from "../core/configuration.ts";
import { SHOP, speakTo } from "./account.fixture.ts";
import { accountClients } from "./account-clients.ts";
import type { Account } from "./doctor-account-setup.ts";
import { asking } from "./doctor-account-setup.ts";
import { zonesFinding } from "./doctor-account-zones.ts";
import type { Finding, Setup } from "./doctor-finding.ts";

describe("quell doctor --account, of zones", () => {
  let moto: Emulator;
  let made: Filled;
  before(async () => {
    moto = await startMoto();
    made = await fillAccount(moto, planesAt(clientFor(moto.endpoint, 60_000)));
  });
  after(() => moto.stop());

  const found = (endpoint: string, ...resources: readonly string[]): Finding | Promise<Finding> => {
    speakTo(endpoint);
    const services = SHOP.settings.services.map((service) => ({ ...service, resources: [...resources] }));
    const configuration = parseConfiguration({ ...SHOP, settings: { ...SHOP.settings, services } });
    const clients = accountClients("eu-west-1", "read");
    const account = { clients, configuration, caller: { arn: "arn:aws:iam::123456789012:user/ada" } };
    return asking("zones", "elasticloadbalancing:DescribeTargetGroups", account as Account, zonesFinding).run(
      {} as Setup,
    );
  };
  const switchOn = (Value: "true" | "false"): Promise<unknown> =>
    planesAt(clientFor(moto.endpoint))(ElasticLoadBalancingV2Client).send(
      new ModifyLoadBalancerAttributesCommand({
        LoadBalancerArn: made.balancer,
        Attributes: [{ Key: "zonal_shift.config.enabled", Value }],
      }),
    );

  it("asks nothing where no target group is configured", async (context) => {
    const { url, sent } = await openLoopback(context, () => ({ kind: "cut" }));

    const { status, found: told } = await found(url, made.service);

    assert.deepEqual([status, told, sent.length], ["ok", "no target group is configured", 0]);
  });

  it("a load balancer that the configuration does not name, and one whose owner has it off, are told with what to do", async () => {
    await switchOn("false");

    const [unnamed, off] = [
      await found(moto.endpoint, made.targetGroup),
      await found(moto.endpoint, made.targetGroup, made.balancer),
    ];

    assert.match(
      unnamed.found,
      /^a zonal shift can be proposed for 0 of 1 load balancers; shop-web: no service names it/,
    );
    assert.match(off.found, /; shop-web: its ARC zonal shift integration is off$/);
    for (const { status, advice } of [unnamed, off]) {
      assert.equal(status, "warning");
      assert.match(advice ?? "", /zonal_shift\.config\.enabled/);
    }
  });

  it("all is well where one can be proposed", async () => {
    await switchOn("true");

    const { status, found: told } = await found(moto.endpoint, made.targetGroup, made.balancer);

    assert.deepEqual([status, told], ["ok", "a zonal shift can be proposed for 1 of 1 load balancers"]);
  });

  it("zones that the caller may not read are a warning that names the permission", async (context) => {
    await switchOn("true");
    const says = "User: ada is not authorized to perform: ec2:DescribeAvailabilityZones because of nothing";
    const front = await openLoopback(context, (sent) =>
      operationOf(sent) === "DescribeAvailabilityZones"
        ? refusal("ec2", 403, "UnauthorizedOperation", says)
        : { kind: "pass", to: moto.endpoint },
    );

    const finding = await found(front.url, made.targetGroup, made.balancer);

    assert.deepEqual(
      [finding.status, finding.found],
      ["warning", "could not be checked: ec2:DescribeAvailabilityZones is denied"],
    );
    assert.match(finding.advice ?? "", /^allow ec2:DescribeAvailabilityZones to arn:aws:iam::/);
  });
});
