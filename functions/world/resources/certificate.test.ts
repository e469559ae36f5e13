import assert from "node:assert/strict";
import { test } from "node:test";
import { call } from "../aws-api.ts";
import { resourcesOf } from "../graph.ts";
import type { World } from "../state.ts";
import { isCertificate } from "./certificate.ts";
import { edgeWorld } from "./edge-topology.fixture.ts";
import { isTargetGroup } from "./load-balancer-zones.ts";

const certificateOf = (world: World) => {
  const found = Object.values(world.resources).find(isCertificate);
  if (found === undefined) throw new Error("this world has a certificate");
  return found;
};

const describe = (world: World, CertificateArn: string) => {
  const asked = { service: "acm", api: "DescribeCertificate", input: { CertificateArn } };
  const reply = call(world, { executionId: null, person: "tester" }, asked);
  return reply.ok ? JSON.parse(JSON.stringify(reply.output)).Certificate : reply.code;
};

test("a certificate is issued until it expires, and ACM does not renew an imported one", () => {
  const world = edgeWorld();
  const certificate = certificateOf(world);
  const before = describe(world, certificate.arn);

  certificate.notAfterMs = world.nowMs;

  const after = describe(world, certificate.arn);
  assert.deepEqual([before.Status, after.Status], ["ISSUED", "EXPIRED"]);
  assert.deepEqual([after.Type, after.RenewalEligibility], ["IMPORTED", "INELIGIBLE"]);
  assert.equal(describe(world, "arn:aws:acm:eu-west-1:111122223333:certificate/none"), "ResourceNotFoundException");
});

test("the graph shows which load balancer speaks TLS with it, and until when", () => {
  const world = edgeWorld();
  const { arn, notAfterMs } = certificateOf(world);

  const group = Object.values(world.resources)
    .filter(isTargetGroup)
    .find(({ uses }) => uses.includes(arn));
  const [, ...below] = resourcesOf(world, [group?.arn ?? ""]);

  assert.equal(below.find((resource) => resource.arn === arn)?.attributes.notAfterMs, notAfterMs);
});
