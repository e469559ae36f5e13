import { between, chance, pick, uniform, wholeBetween } from "./random.ts";
import type { CallEdge, Entry } from "./state.ts";

/** What is drawn of a system's shape: names, sizes, and which optional parts it has. */
export type Topology = Readonly<{
  system: string;
  front: string;
  back: string;
  /** A second service behind the front, or null. */
  side: string | null;
  worker: string;
  hasReplica: boolean;
  workerUsesDatabase: boolean;
  requestsPerSecond: number;
  messagesPerSecond: number;
  peakHour: number;
  frontTasks: number;
  backTasks: number;
}>;

export const ACCOUNT = "111122223333"; // the account id that AWS's own documentation uses
export const REGION = "eu-west-1";

/** Draws a topology; every fact has a stream of its own, so one more fact changes no other. */
export const drawTopology = (streams: string): Topology => {
  const stream = (fact: string): string => `${streams}|topology|${fact}`;
  return {
    system: pick(stream("system"), 0, ["shop", "media", "booking", "ledger", "fleet", "clinic"]),
    front: pick(stream("front"), 0, ["web", "storefront", "gateway"]),
    back: pick(stream("back"), 0, ["api", "catalog", "accounts"]),
    side: chance(stream("has-side"), 0, 0.4) ? pick(stream("side"), 0, ["search", "pricing", "profile"]) : null,
    worker: pick(stream("worker"), 0, ["orders", "invoices", "mailer"]),
    hasReplica: chance(stream("has-replica"), 0, 0.6),
    workerUsesDatabase: chance(stream("worker-database"), 0, 0.5),
    requestsPerSecond: Math.round(between(stream("requests"), 0, 120, 600)),
    messagesPerSecond: Math.round(between(stream("messages"), 0, 8, 40)),
    peakHour: Math.round(24 * uniform(stream("peak"), 0)) % 24,
    frontTasks: wholeBetween(stream("front-tasks"), 0, 4, 12),
    backTasks: wholeBetween(stream("back-tasks"), 0, 3, 9),
  };
};

/** ARNs of the parts of a system. `replica` and `side` exist where the topology has them. */
export const arnsOf = (topology: Topology) => {
  const arn = (service: string, resource: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
  const { system, front, back, side, worker } = topology;
  const cluster = `${system}-prod`;
  return {
    balancer: arn("elasticloadbalancing", `targetgroup/${system}-${front}/73e2d6bc24d8a067`),
    cluster: arn("ecs", `cluster/${cluster}`),
    front: arn("ecs", `service/${cluster}/${system}-${front}`),
    back: arn("ecs", `service/${cluster}/${system}-${back}`),
    side: side === null ? null : arn("ecs", `service/${cluster}/${system}-${side}`),
    worker: arn("lambda", `function:${system}-${worker}:live`),
    queue: arn("sqs", `${system}-${worker}`),
    database: arn("rds", `db:${system}-db`),
    replica: topology.hasReplica ? arn("rds", `db:${system}-db-replica`) : null,
  };
};

/** The entries: the front's load balancer, and the worker's queue. */
export const entriesOf = (topology: Topology): readonly Entry[] => {
  const arns = arnsOf(topology);
  const { requestsPerSecond, messagesPerSecond, peakHour } = topology;
  return [
    { arn: arns.balancer, meanPerSecond: requestsPerSecond, peakHour, objectiveMs: 1000 },
    { arn: arns.queue, meanPerSecond: messagesPerSecond, peakHour, objectiveMs: 60_000 },
  ];
};

/** Who calls whom, how often for a request, with how many retries and how much patience. */
export const edgesOf = (topology: Topology): readonly CallEdge[] => {
  const arns = arnsOf(topology);
  const toFront = { from: arns.balancer, to: arns.front, callsPerRequest: 1, retries: 0, timeoutMs: 30_000 };
  const toBack = { from: arns.front, to: arns.back, callsPerRequest: 1, retries: 1, timeoutMs: 2000 };
  const toDatabase = { from: arns.back, to: arns.database, callsPerRequest: 2, retries: 1, timeoutMs: 1000 };
  const toWorker = { from: arns.queue, to: arns.worker, callsPerRequest: 1, retries: 2, timeoutMs: 30_000 };
  const edges: CallEdge[] = [toFront, toBack];
  if (arns.side !== null) edges.push({ ...toBack, to: arns.side, callsPerRequest: 0.5 });
  edges.push(toDatabase);
  if (arns.replica !== null) edges.push({ ...toDatabase, to: arns.replica });
  edges.push(toWorker);
  if (topology.workerUsesDatabase) edges.push({ ...toDatabase, from: arns.worker, callsPerRequest: 1 });
  return edges;
};

/** Callers before callees. */
export const orderOf = (topology: Topology): readonly string[] => {
  const arns = arnsOf(topology);
  const all = [arns.balancer, arns.front, arns.side, arns.back, arns.queue, arns.worker, arns.replica, arns.database];
  return all.filter((arn) => arn !== null);
};
