import assert from "node:assert/strict";
import { test } from "node:test";
import { behaviourOf } from "../../../world/resources/resource-types.ts";
import { buildSystem, type System } from "../../../world/system.ts";
import { drawTopology, type Topology } from "../../../world/topology.ts";
import { WORLD_START_MS } from "../../../world/types.ts";
import { DEPENDS_ON_TAG, edgesOf, type Owned } from "./edges.ts";
import { type Part, type Seen, seen } from "./kind.ts";

/** The part of each type that the world builds, as its kind declares it; `null`: no kind reads it. */
const PARTS: Readonly<Record<string, Part | null>> = {
  "AWS::ApiGateway::Stage": "door",
  "AWS::AppConfig::Environment": "setting",
  "AWS::AutoScaling::AutoScalingGroup": "code",
  "AWS::CertificateManager::Certificate": null,
  "AWS::CloudFront::CachePolicy": null,
  "AWS::CloudFront::Distribution": "door",
  "AWS::DynamoDB::Table": "store",
  "AWS::ECS::Cluster": "room",
  "AWS::ECS::Service": "code",
  "AWS::ElastiCache::ReplicationGroup": "store",
  "AWS::ElasticLoadBalancingV2::TargetGroup": "door",
  "AWS::Events::ApiDestination": "store",
  "AWS::Lambda::AccountSettings": null,
  "AWS::Lambda::Alias": "code",
  "AWS::Lambda::EventSourceMapping": "poller",
  "AWS::RDS::DBInstance": "store",
  "AWS::RDS::DBProxy": "store",
  "AWS::SQS::Queue": "queue",
};

/** The world's resources as control planes would show them: they tell of the calls inside of a service, and no others. */
const ownedOf = (system: System): readonly Owned[] => {
  const services = new Map(system.states.map(({ arn, service }) => [arn, service]));
  const inside = system.edges.filter(({ from, to }) => services.get(from) === services.get(to));
  // A cache policy stands between a distribution and its origin, and no control plane is asked of it.
  const past = (arn: string): readonly string[] =>
    arn.includes(":cache-policy/") ? inside.filter(({ from }) => from === arn).map(({ to }) => to) : [arn];
  return system.states.flatMap((state): readonly Owned[] => {
    const { type, attributes } = behaviourOf(state).describe(state);
    const part = PARTS[type];
    assert.notEqual(part, undefined, `${type} is new in the world`);
    if (part === null || part === undefined) return [];
    const isRoom = "ecsCluster" in attributes && attributes.ecsCluster !== null;
    const told = type === "AWS::AppConfig::Environment" ? [] : state.uses.filter((arn) => !arn.includes("appconfig"));
    const calls = inside.filter(({ from }) => from === state.arn).flatMap(({ to }) => past(to));
    const one = seen({
      ...{ arn: state.arn, type, name: state.name, attributes },
      part: isRoom ? "room" : part,
      uses: [...told, ...calls],
      usedBy:
        type === "AWS::SQS::Queue" && attributes.deadLetterSourceQueue !== null
          ? [String(attributes.deadLetterSourceQueue)]
          : [],
    });
    return [{ seen: one, service: state.service }];
  });
};

const reached = (edges: (arn: string) => Iterable<string>, start: string): ReadonlySet<string> => {
  const found = new Set([start]);
  for (const arn of found) for (const next of edges(arn)) found.add(next);
  return found;
};

const servicesIn = (topology: Topology, owned: readonly Owned[]) =>
  topology.services.map(({ name, calls }) => ({
    name,
    dependsOn: calls.map(({ to }) => to),
    resources: owned.filter(({ service }) => service === name).map(({ seen: { arn } }) => arn),
  }));

test("what a service's way in reaches is what it reaches in the simulated world, for every system that is drawn", () => {
  for (let seed = 0; seed < 60; seed += 1) {
    const topology = drawTopology(`edges-${seed}`, []);
    const system = buildSystem(topology, WORLD_START_MS, `edges-${seed}`);
    const owned = ownedOf(system);
    const known = new Set(owned.map(({ seen: { arn } }) => arn));
    const inWorld = (arn: string): readonly string[] => [
      ...system.edges.filter(({ from }) => from === arn).map(({ to }) => to),
      ...(system.states.find((state) => state.arn === arn)?.uses ?? []),
    ];

    const edges = edgesOf(servicesIn(topology, owned), owned);

    for (const { name } of topology.services) {
      const takes = system.parts[name]?.takes ?? "";
      const expected = [...reached(inWorld, takes)].filter((arn) => known.has(arn)).toSorted();
      assert.deepEqual([...reached((arn) => edges.get(arn) ?? [], takes)].toSorted(), expected, `${seed}: ${name}`);
    }
  }
});

const arnOf = (name: string): string => `arn:aws:${name}`;
const one = (part: Part, name: string, of: Partial<Seen> = {}): Seen =>
  seen({ arn: arnOf(name), type: "", name, part, attributes: {}, ...of });
/** Edges by name, of services that each have a few resources. */
const namesOf = (
  services: Readonly<Record<string, Readonly<{ dependsOn?: readonly string[]; own: readonly Seen[] }>>>,
): Readonly<Record<string, readonly string[]>> => {
  const owned = Object.entries(services).flatMap(([service, { own }]) => own.map((each) => ({ seen: each, service })));
  const settings = Object.entries(services).map(([name, { dependsOn = [], own }]) => ({
    name,
    dependsOn: [...dependsOn],
    resources: own.map(({ arn }) => arn),
  }));
  const edges = edgesOf(settings, owned);
  return Object.fromEntries(
    owned.flatMap(({ seen: { arn, name } }) => {
      const to = [...(edges.get(arn) ?? [])].map((each) => each.slice("arn:aws:".length)).toSorted();
      return to.length === 0 ? [] : [[name, to]];
    }),
  );
};

test("in a service of many parts doors lead to code, code to stores, settings and queues that it alone can use", () => {
  const own = [
    one("door", "balancer"),
    one("code", "tasks", { usedBy: [arnOf("balancer")], uses: [arnOf("cluster")] }),
    one("room", "cluster"),
    one("store", "proxy", { uses: [arnOf("database")] }),
    one("store", "database", { uses: [arnOf("copy")] }),
    one("store", "copy", { uses: [arnOf("database")], attributes: { isReplica: true } }),
    one("queue", "orders", { uses: [arnOf("dead")] }),
    one("queue", "dead", { usedBy: [arnOf("orders")] }),
    one("setting", "flags"),
  ];

  const edges = namesOf({ web: { own } });

  assert.deepEqual(edges, {
    balancer: ["tasks"],
    tasks: ["cluster", "flags", "orders", "proxy"],
    proxy: ["database"],
    database: ["copy"],
    copy: ["database"],
    orders: ["dead"],
  });
});

test("a queue with nothing but code beside it leads to that code, and one that is polled to its poller", () => {
  const edges = namesOf({
    plain: { own: [one("queue", "jobs"), one("code", "worker")] },
    polled: {
      own: [
        one("queue", "mail"),
        one("poller", "mapping", { uses: [arnOf("mailer")], usedBy: [arnOf("mail")] }),
        one("code", "mailer", { usedBy: [arnOf("mapping")] }),
      ],
    },
  });

  assert.deepEqual(edges, { jobs: ["worker"], mail: ["mapping"], mapping: ["mailer"] });
});

test("a distribution leads to the balancer whose host name is its origin, in any spelling", () => {
  const edges = namesOf({
    web: {
      own: [
        one("door", "cdn", { asks: ["WEB-1.eu-west-1.elb.amazonaws.com"] }),
        one("door", "balancer", { answersAs: ["web-1.eu-west-1.elb.amazonaws.com"] }),
        one("code", "tasks", { usedBy: [arnOf("balancer")] }),
      ],
    },
  });

  assert.deepEqual(edges, { cdn: ["balancer"], balancer: ["tasks"] });
});

test("the tag adds edges to services and resources of the settings, and to nothing else", () => {
  const edges = namesOf({
    web: {
      own: [one("code", "tasks", { tags: { [DEPENDS_ON_TAG]: `pay ${arnOf("table")} ${arnOf("stranger")} no-such` } })],
    },
    pay: { own: [one("door", "api"), one("code", "pay-code", { usedBy: [arnOf("api")] })] },
    data: { own: [one("store", "table")] },
    "": { own: [] },
  });

  assert.deepEqual(edges, { tasks: ["api", "table"], api: ["pay-code"] });
});

test("the code of a service calls what lets the calls of another in, and its doors do not", () => {
  const web = [one("door", "balancer"), one("code", "tasks", { usedBy: [arnOf("balancer")] })];
  const edges = namesOf({
    web: { own: web, dependsOn: ["worker", "near"] },
    // Its dead letters are another team's queue: nobody sends to it.
    worker: { own: [one("queue", "dead", { usedBy: [arnOf("elsewhere")] }), one("code", "worker-code")] },
    near: { own: [one("store", "cache")], dependsOn: ["store"] },
    store: {
      own: [
        one("store", "primary", { uses: [arnOf("copy")] }),
        one("store", "copy", { attributes: { isReplica: true } }),
      ],
    },
  });

  assert.deepEqual(edges, {
    balancer: ["tasks"],
    tasks: ["cache", "worker-code"],
    cache: ["primary"],
    primary: ["copy"],
  });
});
