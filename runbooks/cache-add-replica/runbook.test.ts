import assert from "node:assert/strict";
import { test } from "node:test";
import { call } from "../../functions/world/aws-api.ts";
import { runOf, startAutomation } from "../../functions/world/runs.ts";
import { advance, configurationHash, fork } from "../../functions/world/world.ts";
import { runbookContract } from "../contract.ts";
import { healthyWorldFor, resourceOfType } from "../world.fixture.ts";
import { cacheAddReplica } from "./runbook.ts";

const world = healthyWorldFor("cache-hot-key");
const target = resourceOfType(world, "AWS::ElastiCache::ReplicationGroup");
const named = { ReplicationGroupId: target.name };

runbookContract(cacheAddReplica, {
  world,
  target: target.arn,
  params: { ...named, LastReplica: `${target.name}-002` },
  spoil: {
    service: "elasticache",
    api: "IncreaseReplicaCount",
    input: { ...named, NewReplicaCount: 3, ApplyImmediately: true },
  },
  shows: {
    call: { service: "elasticache", api: "DescribeReplicationGroups", input: named },
    selector: "$.ReplicationGroups[0].MemberClusters[2]",
    value: `${target.name}-003`,
  },
  meddle: {
    service: "elasticache",
    api: "IncreaseReplicaCount",
    input: { ...named, NewReplicaCount: 3, ApplyImmediately: true },
  },
  changes: ["elasticache:IncreaseReplicaCount"],
});

test("a node that somebody has added already ends the run before it changes anything", () => {
  const later = fork(world);
  const { automation } = cacheAddReplica.documents ?? {};
  assert.ok(automation !== undefined);
  const input = { ...named, NewReplicaCount: 2, ApplyImmediately: true };
  const added = { service: "elasticache", api: "IncreaseReplicaCount", input };
  assert.ok(call(later, { executionId: null, person: "somebody" }, added).ok);
  advance(later, later.nowMs + 1_800_000);
  const before = configurationHash(later);
  const parameters = { ...named, LastReplica: `${target.name}-002` };
  const request = { documentName: automation.name, documentHash: automation.hash, parameters };
  const documents = new Map([[automation.name, automation]]);

  const started = startAutomation(later, documents, { ...request, clientToken: "replica", tags: {} });
  advance(later, later.nowMs + 1_800_000);

  assert.ok(started.kind === "started");
  assert.equal(runOf(later, started.executionId)?.failedStep, "AssertNoThird");
  assert.equal(configurationHash(later), before);
});
