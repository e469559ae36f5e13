import type { Context } from "../functions/core/context.ts";
import type { Resource, Series } from "../functions/core/evidence.ts";
import { serviceSettings } from "../functions/core/settings.ts";

/** Contexts for tests: an hour of minutes that ends at `NOW_MS`, about resources that call each other. */
export const NOW_MS = Date.UTC(2026, 2, 26, 12);
export const MINUTE_MS = 60_000;

const ACCOUNT = "eu-west-1:111122223333";
export const ARN = {
  group: `arn:aws:elasticloadbalancing:${ACCOUNT}:targetgroup/shop-web/73e2d6bc24d8a067`,
  web: `arn:aws:ecs:${ACCOUNT}:service/shop/web`,
  api: `arn:aws:ecs:${ACCOUNT}:service/shop/api`,
  worker: `arn:aws:lambda:${ACCOUNT}:function:orders:live`,
  database: `arn:aws:rds:${ACCOUNT}:db:shop-db`,
} as const;

export const resource = (arn: string, type: string, more: Partial<Resource> = {}): Resource => ({
  arn,
  type,
  name: arn.split(/[:/]/).at(-1) ?? "",
  service: "web",
  root: arn,
  zones: 3,
  tags: {},
  dependsOn: [],
  attributes: {},
  ...more,
});

/** Minutes that end now; `value` gets the minutes before now (60 .. 1). */
export const minutes = (count: number, value: (minutesAgo: number) => number | null): readonly (number | null)[] =>
  Array.from({ length: count }, (_, i) => value(count - i));

export const series = (
  arn: string,
  metricName: string,
  values: readonly (number | null)[],
  more: Partial<Series["metric"]> = {},
): Series => ({
  id: `${arn.split(/[:/]/).at(-1)}-${metricName}`,
  metric: { namespace: "AWS/Test", metricName, dimensions: { Arn: arn }, stat: "Average", periodSeconds: 60, ...more },
  arn,
  fromMs: NOW_MS - values.length * MINUTE_MS,
  periodSeconds: 60,
  values,
});

export const service = serviceSettings.parse({
  name: "web",
  severity: 2,
  resources: [ARN.group, ARN.web],
  slis: [
    {
      name: "failures",
      metric: { namespace: "AWS/Test", metricName: "HTTPCode_Target_5XX_Count", dimensions: { Arn: ARN.group } },
      per: { namespace: "AWS/Test", metricName: "RequestCount", dimensions: { Arn: ARN.group } },
      bad: "above",
      limit: 0.02,
      role: "errors",
    },
    {
      name: "latency",
      metric: { namespace: "AWS/Test", metricName: "TargetResponseTime", dimensions: { Arn: ARN.group } },
      bad: "above",
      limit: 0.6,
      role: "latency",
    },
  ],
});

/** A context in which nothing was read, with what a test says of it. The alarm rang four minutes ago. */
export const contextWith = (more: Partial<Context>): Context => ({
  incidentId: "quell-test",
  step: 0,
  nowMs: NOW_MS,
  openedAtMs: NOW_MS - 4 * MINUTE_MS,
  alarms: [],
  alarmMetrics: [],
  service,
  series: [],
  logs: [],
  changes: [],
  resources: [],
  history: [],
  tried: [],
  missing: [],
  redactions: {},
  cut: [],
  words: [],
  flaps: 0,
  restraint: null,
  ...more,
});
