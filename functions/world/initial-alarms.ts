import type { MetricRef } from "../core/alarm.ts";
import { pick } from "./random.ts";
import type { AlarmRuntime } from "./state.ts";
import { arnsOf, type Topology } from "./topology.ts";

/** Names of a system's alarms: one symptom a service, and the worker's queue. */
export const alarmNames = (topology: Topology) => {
  const { system, front, back, side, worker } = topology;
  return {
    targetErrors: `${system}-${front}-target-5xx`,
    backCpu: `${system}-${back}-cpu`,
    sideCpu: side === null ? null : `${system}-${side}-cpu`,
    workerErrors: `${system}-${worker}-errors`,
    queueAge: `${system}-${worker}-queue-age`,
    connections: `${system}-db-connections`,
  };
};

/** The metrics that alarms and SLIs are made of; all have a period of 60 s. */
export const metricsOf = (topology: Topology) => {
  const { system, front, worker } = topology;
  const { balancer } = arnsOf(topology);
  const metric =
    (namespace: string, dimensions: Record<string, string>) =>
    (metricName: string, stat: string): MetricRef => ({
      namespace,
      metricName,
      dimensions,
      stat,
      periodSeconds: 60,
    });
  const lambda = { FunctionName: `${system}-${worker}`, Resource: `${system}-${worker}:live` };
  return {
    balancer: metric("AWS/ApplicationELB", {
      LoadBalancer: `app/${system}-${front}/50dc6c495c0c9188`,
      TargetGroup: balancer.slice(balancer.indexOf("targetgroup/")),
    }),
    worker: metric("AWS/Lambda", lambda),
    queue: metric("AWS/SQS", { QueueName: `${system}-${worker}` }),
    database: metric("AWS/RDS", { DBInstanceIdentifier: `${system}-db` }),
    service: (owner: string) => metric("AWS/ECS", { ClusterName: `${system}-prod`, ServiceName: `${system}-${owner}` }),
  };
};

/** The alarms of a system, all OK since the clock's start. Thresholds keep clear of a healthy day's noise. */
export const initialAlarms = (topology: Topology, clockStartMs: number, streams: string): AlarmRuntime[] => {
  const names = alarmNames(topology);
  const metrics = metricsOf(topology);
  const { front, back, side, worker, requestsPerSecond, messagesPerSecond } = topology;
  const alarm = (
    name: string,
    service: string,
    metric: MetricRef,
    threshold: number,
    description: string,
  ): AlarmRuntime => {
    const [datapointsToAlarm, evaluationPeriods] = pick(`${streams}|${name}|rule`, 0, RULES);
    return {
      name,
      service,
      description,
      metric,
      comparison: "above",
      threshold,
      evaluationPeriods,
      datapointsToAlarm,
      missingData: name === names.targetErrors ? "notBreaching" : "missing",
      state: "OK",
      changedAtMs: clockStartMs,
      reason: "Unchecked: Initial alarm creation",
      reasonData: JSON.stringify({ version: "1.0" }),
    };
  };
  const cpu = (owner: string): MetricRef => metrics.service(owner)("CPUUtilization", "Average");
  const errors = Math.round(requestsPerSecond * 60 * 0.02);
  const failures = Math.round(messagesPerSecond * 60 * 0.05);
  const alarms = [
    alarm(
      names.targetErrors,
      front,
      metrics.balancer("HTTPCode_Target_5XX_Count", "Sum"),
      errors,
      "Users get 5xx from the targets",
    ),
    alarm(names.backCpu, back, cpu(back), 88, `CPU of ${back} is nearly used up`),
    alarm(names.workerErrors, worker, metrics.worker("Errors", "Sum"), failures, `Invocations of ${worker} fail`),
    alarm(
      names.queueAge,
      worker,
      metrics.queue("ApproximateAgeOfOldestMessage", "Maximum"),
      300,
      "Messages wait too long",
    ),
    alarm(
      names.connections,
      "database",
      metrics.database("DatabaseConnections", "Average"),
      320,
      "Connections are running out",
    ),
  ];
  if (names.sideCpu !== null && side !== null)
    alarms.push(alarm(names.sideCpu, side, cpu(side), 88, `CPU of ${side} is nearly used up`));
  return alarms;
};

/** M of N. */
const RULES = [
  [3, 3],
  [3, 5],
  [2, 3],
] as const;
