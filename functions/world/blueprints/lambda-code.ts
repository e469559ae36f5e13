import { between, chance } from "../random.ts";
import { ACCOUNT_CONCURRENCY, LAMBDA_ACCOUNT, type LambdaAccount, lambdaAccount } from "../resources/lambda-account.ts";
import type { FunctionVersion, LambdaFunction } from "../resources/lambda-versions.ts";
import { MINUTE_MS } from "../state.ts";
import { ACCOUNT, REGION, type ServicePlan } from "../topology.ts";
import type { Site } from "./blueprint.ts";

/** Functions whose next version is being tried on a part of the calls, and works: a canary alone is no defect. */
const CANARY_SHARE = 0.05;
const CANARY_WEIGHTS = [0.1, 0.5] as const; // AdditionalVersionWeights; from CodeDeploy's usual tenth to a half
const ENVIRONMENTS_A_MINUTE = 6000; // Lambda starts a thousand in ten seconds

/** How a function is called: what it takes by itself, its limits, and the queue that feeds it. */
export type Handling = Readonly<{
  durationMs: number;
  timeoutMs: number;
  reservedConcurrency: number | null;
  source: string | null;
}>;

/** A function behind its alias `live`, last published 10 to 200 hours ago, and the account that it runs in. */
export const lambdaFor = (
  plan: ServicePlan,
  site: Site,
  { durationMs, timeoutMs, reservedConcurrency, source }: Handling,
): readonly [code: LambdaFunction, account: LambdaAccount] => {
  const name = `${site.system}-${plan.name}`;
  const functionArn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
  const version = (number: number): FunctionVersion => ({
    version: String(number),
    errorRate: 0.0004,
    durationMs,
    message: "Task failed: unexpected end of input",
  });
  const isTrying = chance(site.stream("canary"), 0, CANARY_SHARE);
  const weight = Math.round(between(site.stream("canary-weight"), 0, ...CANARY_WEIGHTS) * 100) / 100;
  const code: LambdaFunction = {
    kind: "lambda-function",
    arn: `${functionArn}:live`,
    name,
    service: plan.name,
    root: functionArn,
    logGroup: `/aws/lambda/${name}`,
    uses: [],
    functionArn,
    alias: "live",
    functionVersion: "7",
    previousFunctionVersion: "6",
    updatedAtMs: site.clockStartMs - Math.round(between(site.stream("deployed"), 0, 10, 200)) * 3_600_000,
    canary: isTrying ? { version: "8", weight } : null,
    routedAtMs: isTrying
      ? site.clockStartMs - Math.round(between(site.stream("canary-since"), 0, 10, 120)) * MINUTE_MS
      : null,
    revision: 7,
    versions: { "6": version(6), "7": version(7), ...(isTrying ? { "8": version(8) } : {}) },
    reservedConcurrency,
    pool: LAMBDA_ACCOUNT,
    drawn: 0,
    source,
    timeoutMs,
    addedMs: 0,
    environments: ACCOUNT_CONCURRENCY,
    environmentsPerMinute: ENVIRONMENTS_A_MINUTE,
    initMs: 600,
  };
  return [code, lambdaAccount(reservedConcurrency)];
};
