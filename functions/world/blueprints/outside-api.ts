import { between, uuidOf } from "../random.ts";
import type { ExternalApi } from "../resources/external-api.ts";
import { ACCOUNT, REGION } from "../topology.ts";
import type { AlarmPlan, Blueprint } from "./blueprint.ts";
import { alarmOn, metricsUnder, sli } from "./metric-plans.ts";

const FAILING_SHARE = 0.08; // of the usual requests: a provider that breaks its promise many times over
const SLOW_TIMES = 4; // of the usual latency, far beyond its noise
const QUOTA_TIMES = 4; // of the mean demand: a busy hour (1.2 times) with two retries of everything

/** A provider's API that some service calls over the internet: payments, messages, maps. */
export const outsideApi: Blueprint = {
  id: "outside-api",
  role: "outside",
  likelihood: 3,
  brings: ["external-api"],
  build: (plan, site) => {
    const name = `${site.system}-${plan.name}`;
    const arn = `arn:aws:events:${REGION}:${ACCOUNT}:api-destination/${name}/${uuidOf(site.stream("arn"))}`;
    const latencyMs = Math.round(between(site.stream("latency"), 0, 40, 110));
    const quotaPerSecond = Math.ceil(plan.perSecond * QUOTA_TIMES);
    const provider: ExternalApi = {
      kind: "external-api",
      arn,
      name,
      service: plan.name,
      root: arn,
      logGroup: null,
      uses: [],
      latencyMs,
      contractedPerSecond: quotaPerSecond,
      quotaPerSecond,
      client: null,
      pollsPerTask: 0,
      mostSessions: null,
      refusedKeys: null,
      isReporting: true,
    };
    const metric = metricsUnder("Custom/Upstream", { Provider: name });
    const [requests, errors] = [metric("Requests", "Sum"), metric("Errors", "Sum")];
    // Missing means breaching here, so a lone lost datapoint must not ring: three of three, always.
    const unheard: AlarmPlan = {
      kind: "metric",
      name: `${name}-upstream-latency`,
      description: `Calls to ${plan.name} are slow, or nobody reports them`,
      metric: metric("Latency", "Average"),
      comparison: "above",
      threshold: latencyMs * SLOW_TIMES,
      band: null,
      evaluationPeriods: 3,
      datapointsToAlarm: 3,
      missingData: "breaching",
    };
    return {
      states: [provider],
      edges: [],
      takes: arn,
      calls: null,
      objectiveMs: null,
      alarms: [
        alarmOn(
          `${name}-upstream-errors`,
          `Calls to ${plan.name} fail`,
          errors,
          { above: Math.max(6, Math.round(plan.perSecond * 60 * FAILING_SHARE)) },
          site.stream("errors-rule"),
          "notBreaching",
        ),
        unheard,
      ],
      slis: [
        sli("error rate", "errors", errors, { above: FAILING_SHARE }, requests),
        sli("latency", "latency", metric("Latency", "Average"), { above: latencyMs * SLOW_TIMES }),
      ],
    };
  },
};
