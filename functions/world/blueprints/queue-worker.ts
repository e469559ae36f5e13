import { uuidOf } from "../random.ts";
import type { EventSourceMapping } from "../resources/lambda-event-source.ts";
import { ACCOUNT, REGION } from "../topology.ts";
import type { Blueprint } from "./blueprint.ts";
import { lambdaFor } from "./lambda-code.ts";
import { alarmOn, metricsUnder, sli } from "./metric-plans.ts";
import { handledBy, MESSAGE_OBJECTIVE_MS, queueAlarms, queueSlis, queuesFor } from "./queue-parts.ts";

const DURATION_MS = 180;
const CALLS_MS = 20; // what its calls of a store add
const BUSY_SHARE = 0.4; // of the reservation at the hour at which the clock starts: what it calls stands twice as much
const LEAST_RESERVED = 5; // pollers start with five

/** A queue that a function empties; whoever sent a message waits for its effect. */
export const queueWorker: Blueprint = {
  id: "queue-worker",
  role: "worker",
  likelihood: 3,
  brings: ["sqs-queue", "event-source-mapping", "lambda-function"],
  build: (plan, site) => {
    const [queue, dead] = queuesFor(plan, site);
    const busy = (plan.perSecond * site.hourly * (DURATION_MS + CALLS_MS)) / 1000;
    const [worker, account] = lambdaFor(plan, site, {
      durationMs: DURATION_MS,
      timeoutMs: 30_000,
      reservedConcurrency: Math.max(LEAST_RESERVED, Math.ceil(busy / BUSY_SHARE)),
      source: queue.arn,
    });
    const uuid = uuidOf(`${worker.functionArn}|event-source`);
    const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:event-source-mapping:${uuid}`;
    const mapping: EventSourceMapping = {
      kind: "event-source-mapping",
      arn,
      name: `${worker.name}-poller`,
      service: plan.name,
      root: arn,
      logGroup: null,
      uses: [],
      uuid,
      functionArn: worker.arn,
      queue: queue.arn,
      enabled: true,
    };
    const metrics = metricsUnder("AWS/Lambda", { FunctionName: worker.name, Resource: `${worker.name}:live` });
    const errors = metrics("Errors", "Sum");
    const invocations = metrics("Invocations", "Sum");
    const failing = Math.max(5, Math.round(plan.perSecond * 60 * 0.05));
    const told = `Invocations of ${plan.name} fail`;
    return {
      states: [queue, dead, mapping, worker, account],
      edges: [
        handledBy(queue, mapping.arn),
        { from: mapping.arn, to: worker.arn, callsPerRequest: 1, retries: 0, timeoutMs: 900_000, isAsync: false },
      ],
      takes: queue.arn,
      calls: worker.arn,
      objectiveMs: MESSAGE_OBJECTIVE_MS,
      alarms: [
        alarmOn(`${worker.name}-errors`, told, errors, { above: failing }, site.stream("errors-rule")),
        ...queueAlarms(queue, dead, plan, site),
      ],
      slis: [
        sli("error rate", "errors", errors, { above: 0.05 }, invocations),
        ...queueSlis(queue, dead, plan),
        sli("traffic", "traffic", invocations, { below: 1 }),
      ],
    };
  },
};
