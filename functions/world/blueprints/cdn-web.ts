import { sha256 } from "../../core/ids.ts";
import { between, uuidOf } from "../random.ts";
import { fullCache } from "../resources/cdn-cache.ts";
import type { CachePolicy } from "../resources/cdn-cache-policy.ts";
import type { Distribution } from "../resources/cdn-distribution.ts";
import { ACCOUNT } from "../topology.ts";
import { targetErrorsAlarm, targetGroupFor } from "./balancer.ts";
import type { Blueprint } from "./blueprint.ts";
import { ecsTasks } from "./ecs-tasks.ts";
import { alarmOn, anomalyOn, metricsUnder, sli } from "./metric-plans.ts";

const OBJECTIVE_MS = 1000;
const SLOW_MS = 700;

/** Users come in through a distribution; what it does not hold, tasks behind a load balancer answer. */
export const cdnWeb: Blueprint = {
  id: "cdn-web",
  role: "front",
  likelihood: 2,
  brings: ["cdn-distribution", "target-group", "ecs-service"],
  build: (plan, site) => {
    // Files and images that one page brings with it.
    const cacheable = between(site.stream("cacheable"), 0, 2, 4);
    const group = targetGroupFor(plan, site, []);
    const [service, cluster, instances] = ecsTasks(plan, site, 25, group.arn);
    const distributionId = `E${sha256(group.name).slice(0, 13).toUpperCase()}`;
    const arn = `arn:aws:cloudfront::${ACCOUNT}:distribution/${distributionId}`;
    const policyId = uuidOf(`${group.name}|cache-policy`);
    const policyArn = `arn:aws:cloudfront::${ACCOUNT}:cache-policy/${policyId}`;
    const policy: CachePolicy = {
      kind: "cdn-cache-policy",
      arn: policyArn,
      name: `${group.name}-files`,
      service: plan.name,
      root: policyArn,
      logGroup: null,
      uses: [],
      cache: fullCache(cacheable),
    };
    const distribution: Distribution = {
      kind: "cdn-distribution",
      arn,
      name: `${group.name}-cdn`,
      service: plan.name,
      root: arn,
      logGroup: null,
      uses: [],
      distributionId,
      cachePolicy: policy.arn,
      // The last release of its pages ended with one.
      invalidations: [
        {
          id: "I0000000000001",
          reference: "release",
          paths: ["/*"],
          createdAtMs: service.deployedAtMs,
          status: "Completed",
        },
      ],
    };
    const metric = metricsUnder("AWS/CloudFront", { DistributionId: distributionId, Region: "Global" });
    const [errors, requests] = [metric("5xxErrorRate", "Average"), metric("Requests", "Sum")];
    const waits = metric("OriginLatency", "Average");
    const cpu = metricsUnder("AWS/ECS", { ClusterName: cluster.name, ServiceName: service.name });
    const oneHop = { callsPerRequest: 1, retries: 0, timeoutMs: 30_000, isAsync: false };
    return {
      states: [distribution, policy, group, service, cluster, instances],
      edges: [
        { from: arn, to: policy.arn, ...oneHop },
        { from: policy.arn, to: group.arn, ...oneHop },
        { from: group.arn, to: service.arn, ...oneHop },
      ],
      takes: arn,
      // What no page needs its own tasks for has a path of its own.
      calls: arn,
      objectiveMs: OBJECTIVE_MS,
      alarms: [
        alarmOn(
          `${distribution.name}-5xx`,
          `Users of ${plan.name} get errors`,
          errors,
          { above: 2 },
          site.stream("edge-rule"),
        ),
        alarmOn(
          `${distribution.name}-origin-slow`,
          "The origin is slow",
          waits,
          { above: SLOW_MS },
          site.stream("slow-rule"),
        ),
        targetErrorsAlarm(group, plan, site),
        alarmOn(
          `${service.name}-cpu`,
          `CPU of ${plan.name} is nearly used up`,
          cpu("CPUUtilization", "Average"),
          { above: 88 },
          site.stream("cpu-rule"),
        ),
        anomalyOn(`${distribution.name}-traffic`, `${plan.name} has lost its visitors`, requests, {
          level: plan.perSecond * 60 * (1 + cacheable),
          width: 0.5,
          comparison: "below",
        }),
      ],
      slis: [
        sli("error rate", "errors", errors, { above: 2 }),
        sli("origin latency", "latency", waits, { above: SLOW_MS }),
        sli("traffic", "traffic", requests, { below: 1 }),
      ],
    };
  },
};
