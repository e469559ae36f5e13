import { sha256 } from "../../core/ids.ts";
import { between } from "../random.ts";
import type { ApiStage } from "../resources/api-gateway-stage.ts";
import { fullCache } from "../resources/cdn-cache.ts";
import { REGION } from "../topology.ts";
import type { AlarmPlan, Blueprint } from "./blueprint.ts";
import { lambdaFor } from "./lambda-code.ts";
import { alarmOn, metricsUnder, sli } from "./metric-plans.ts";

const OBJECTIVE_MS = 1500;
const SLOW_MS = 600;
const TIMEOUT_MS = 29_000; // the most that API Gateway waits for an integration by default

/** Users come in through a stage of a REST API with a cache, behind which a function answers. */
export const apiLambda: Blueprint = {
  id: "api-lambda",
  role: "front",
  likelihood: 2,
  brings: ["api-stage", "lambda-function"],
  build: (plan, site) => {
    const [code, account] = lambdaFor(plan, site, {
      durationMs: 60,
      timeoutMs: TIMEOUT_MS,
      reservedConcurrency: null,
      source: null,
    });
    const cacheable = between(site.stream("cacheable"), 0, 0.6, 1.3);
    const restApiId = sha256(code.name).slice(0, 10);
    const arn = `arn:aws:apigateway:${REGION}::/restapis/${restApiId}/stages/prod`;
    const stage: ApiStage = {
      kind: "api-stage",
      arn,
      name: `${code.name}-api`,
      service: plan.name,
      root: arn,
      logGroup: null,
      uses: [],
      restApiId,
      stageName: "prod",
      cache: fullCache(cacheable),
      isFlushing: false,
      flushes: 0,
      probesPerSecond: 0,
    };
    const metric = metricsUnder("AWS/ApiGateway", { ApiName: stage.name, Stage: stage.stageName });
    const perMinute = plan.perSecond * 60 * (1 + cacheable);
    const few = Math.max(12, Math.round(perMinute * 0.02));
    const alarm = (name: string, told: string, metricName: string, stat: string, above: number): AlarmPlan =>
      alarmOn(`${stage.name}-${name}`, told, metric(metricName, stat), { above }, site.stream(`${name}-rule`));
    const [errors, slow] = [`${stage.name}-5xx`, `${stage.name}-slow`];
    const quiet = `${stage.name}-quiet`;
    return {
      states: [stage, code, account],
      edges: [{ from: arn, to: code.arn, callsPerRequest: 1, retries: 0, timeoutMs: TIMEOUT_MS, isAsync: false }],
      takes: arn,
      calls: code.arn,
      objectiveMs: OBJECTIVE_MS,
      alarms: [
        alarm("5xx", `${plan.name} answers with server errors`, "5XXError", "Sum", few),
        alarm("slow", `${plan.name} answers slowly`, "Latency", "Average", SLOW_MS),
        alarm(
          "4xx",
          `${plan.name} refuses many requests`,
          "4XXError",
          "Sum",
          Math.max(20, Math.round(perMinute * 0.05)),
        ),
        alarmOn(
          quiet,
          `So few requests reach ${plan.name} that their errors say nothing`,
          metric("Count", "Sum"),
          { below: Math.round(perMinute * 0.1) },
          site.stream("quiet-rule"),
        ),
        {
          kind: "composite",
          name: `${stage.name}-users`,
          description: `Users of ${plan.name} get errors or wait`,
          children: [errors, slow],
          suppressor: quiet,
        },
      ],
      slis: [
        sli("error rate", "errors", metric("5XXError", "Sum"), { above: 0.02 }, metric("Count", "Sum")),
        sli("refused", "errors", metric("4XXError", "Sum"), { above: 0.05 }, metric("Count", "Sum")),
        sli("latency", "latency", metric("Latency", "Average"), { above: SLOW_MS }),
        sli("traffic", "traffic", metric("Count", "Sum"), { below: 1 }),
      ],
    };
  },
};
