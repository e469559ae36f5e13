import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../../../runbooks/catalogue.ts";
import type { Resource } from "../../../core/evidence.ts";
import { behaviourOf } from "../../../world/resources/resource-types.ts";
import { buildSystem } from "../../../world/system.ts";
import { drawTopology } from "../../../world/topology.ts";
import { WORLD_START_MS } from "../../../world/types.ts";
import { kindOf, RESOURCE_KINDS } from "./all-kinds.ts";

/** Types of the world that no kind reads, with the reason. */
const NOT_READ: Readonly<Record<string, string>> = {
  "AWS::CertificateManager::Certificate": "nothing that a runbook or a rule reads stands in it",
  "AWS::CloudFront::CachePolicy": "it has no attributes; the distribution leads to its origin itself",
  "AWS::Lambda::AccountSettings": "no graph of an incident holds it",
};

/** Types that real services have and the world does not build. */
const NOT_BUILT = ["AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::Lambda::Function", "AWS::RDS::DBCluster"];

const ZONE = /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/;

const described: readonly Resource[] = Array.from({ length: 40 }, (_, seed) => seed).flatMap((seed) =>
  buildSystem(drawTopology(`kinds-${seed}`, []), WORLD_START_MS, `kinds-${seed}`).states.map((state) => {
    const { arn, name, service, root } = state;
    return { arn, name, service, root, dependsOn: [], ...behaviourOf(state).describe(state) };
  }),
);
const byType = Map.groupBy(described, ({ type }) => type);
const readers = new Map(await Promise.all(RESOURCE_KINDS.map(async ({ type, load }) => [type, await load()] as const)));
const namesIn = (resources: readonly Resource[]): readonly string[] =>
  [...new Set(resources.flatMap(({ attributes }) => Object.keys(attributes)))].filter((name) => !ZONE.test(name));

test("every type of the simulated world is read by one kind, or is named with the reason why none does", () => {
  const types = [...byType.keys()];

  const unread = types.filter((type) => !readers.has(type));

  assert.deepEqual(unread.toSorted(), Object.keys(NOT_READ));
  assert.deepEqual(
    RESOURCE_KINDS.map(({ type }) => type)
      .filter((type) => !byType.has(type))
      .toSorted(),
    NOT_BUILT,
  );
});

test("the reader of a kind gives the attributes that the world gives under the same names, or says which it cannot read and why", () => {
  for (const [type, resources] of byType) {
    const reader = readers.get(type);
    if (reader === undefined) continue;

    const given = [...reader.attributes, ...Object.keys(reader.unreadable)].toSorted();

    assert.deepEqual(given, namesIn(resources).toSorted(), type);
    assert.deepEqual(
      reader.optional.filter((name) => !reader.attributes.includes(name)),
      [],
      type,
    );
  }
});

test("every attribute that a runbook reads of its target can be read in an account", () => {
  const read: string[] = [];
  for (const runbook of catalogue.runbooks)
    for (const target of described.filter(({ type }) => type === runbook.targetType)) {
      const attributes = new Proxy(target.attributes, {
        get: (all, name) => {
          if (typeof name === "string") read.push(`${target.type} ${name}`);
          return Reflect.get(all, name);
        },
      });
      const params = runbook.aim({ ...target, attributes });
      runbook.blastRadius({ ...target, attributes }, params ?? {});
    }

  const unknown = [...new Set(read)].filter((one) => {
    const [type = "", name = ""] = one.split(" ");
    return !ZONE.test(name) && readers.get(type)?.attributes.includes(name) !== true;
  });

  assert.ok(read.length > 1000);
  assert.deepEqual(unknown, []);
});

test("what the guard rests on is never optional", () => {
  const needed = ["deploymentInProgress", "desiredCount", "runningCount", "desiredCapacity", "inServiceInstances"];

  const optional = [...readers.values()].flatMap(({ optional }) => optional.filter((name) => needed.includes(name)));

  assert.deepEqual(optional, []);
});

test("every ARN of the world is owned by the kind of its type alone, and what is none by nobody", () => {
  for (const { arn, type } of described) {
    const owners = RESOURCE_KINDS.filter(({ owns }) => owns(arn)).map((kind) => kind.type);

    assert.deepEqual(owners, type in NOT_READ ? [] : [type], arn);
  }
  for (const arn of ["", "arn", "arn:aws:s3:::bucket", "arn:aws:lambda:eu-west-1:111122223333:function:f:7", "web"])
    assert.equal(kindOf(arn), null, arn);
});
