import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { InterfaceVpcEndpointAwsService } from "aws-cdk-lib/aws-ec2";
import { type ConfigurationInput, parseConfiguration } from "../functions/core/configuration.ts";
import { bundleOf } from "./bundle.ts";
import { EXAMPLE, IN_PARAMETERS, IN_VPC, OTHERWISE } from "./example.fixture.ts";
import { FUNCTIONS, type FunctionName } from "./names.ts";
import { type Reached, reachedBy, reachedTable } from "./reachable.ts";

const SOURCES = new Map(
  FUNCTIONS.map((name) => [
    name,
    bundleOf(name, { configuration: parseConfiguration(EXAMPLE), architecture: "arm64" }).sources,
  ]),
);
const sourcesOf = (name: FunctionName): readonly string[] => SOURCES.get(name) ?? [];
const reached = (input: ConfigurationInput) => reachedBy(parseConfiguration(input), sourcesOf);
const CASES = [EXAMPLE, IN_PARAMETERS, OTHERWISE];
const ALL = CASES.flatMap(reached);

const namesOf = (all: readonly Reached[], kind: Reached["kind"], by?: FunctionName): readonly string[] =>
  all.filter((one) => one.kind === kind && (by === undefined || one.by.includes(by))).map(({ name }) => name);

/** Packages of the SDK whose service has an endpoint of another name. */
const ENDPOINT_OF: Readonly<Record<string, string>> = {
  "api-gateway": "apigateway",
  "auto-scaling": "autoscaling",
  cloudfront: "cloudfront.amazonaws.com",
  cloudwatch: "monitoring",
  "cloudwatch-logs": "logs",
  "elastic-load-balancing-v2": "elasticloadbalancing",
  "secrets-manager": "secretsmanager",
};

for (const by of FUNCTIONS)
  test(`every client of AWS's SDK that came into the bundle of ${by} has its endpoint among what ${by} reaches`, () => {
    const clients = new Set(sourcesOf(by).flatMap((path) => /@aws-sdk\/client-([a-z0-9-]+)\//.exec(path)?.[1] ?? []));

    const endpoints = ALL.filter((one) => one.by.includes(by)).map(({ name }) => name);

    assert.deepEqual(
      [...clients].filter((client) => !endpoints.includes(ENDPOINT_OF[client] ?? client)),
      [],
    );
  });

test("an endpoint is one that AWS has", () => {
  const known = Object.values(InterfaceVpcEndpointAwsService).flatMap((one) =>
    one instanceof InterfaceVpcEndpointAwsService ? [one.shortName] : [],
  );
  // Newer than the list of the CDK (docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html).
  const newer = ["apigateway"];

  const unknown = namesOf(ALL, "interface").filter((name) => ![...known, ...newer].includes(name));

  assert.deepEqual(unknown, []);
  assert.deepEqual([...new Set(namesOf(ALL, "gateway"))], ["dynamodb", "s3"]);
});

/** A source without what only says where something is written. */
const code = (path: string): string =>
  readFileSync(join(import.meta.dirname, "..", path), "utf8").replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, "");

test("a host that a source of ours names is among those that are reached", () => {
  const known = [...namesOf(ALL, "internet"), ...namesOf(ALL, "interface").map((name) => `${name}.`)];
  // Patterns of addresses that AWS makes; they are read and compared, and nobody connects to them.
  const patterns = ["sqs.", "console.aws.amazon.com"];

  const named = FUNCTIONS.flatMap(sourcesOf)
    .filter((path) => path.startsWith("functions/"))
    .flatMap((path) => [...code(path).matchAll(/https:\/\/([a-z0-9.-]+)/g)].map(([, host = ""]) => host));

  const hosts = [...new Set(named)];
  assert.ok(hosts.includes("events.pagerduty.com") && hosts.includes("api.anthropic.com"));
  assert.deepEqual(
    hosts.filter((host) => ![...known, ...patterns].some((one) => host.startsWith(one))),
    [],
  );
});

test("what is not configured is not reached", () => {
  const hosts = CASES.map((one) => namesOf(reached(one), "internet"));
  const draft = CASES.map((one) => namesOf(reached(one), "interface", "draft"));

  const shared = ["api.github.com", "cloudfront.amazonaws.com", "monitoring.us-east-1.amazonaws.com"];
  const asking = [...shared, "api.anthropic.com", "hooks.slack.com", "slack.com"];
  assert.deepEqual(hosts, [
    [...asking, "events.pagerduty.com"].toSorted(),
    [...asking, "events.eu.pagerduty.com"].toSorted(),
    shared,
  ]);
  assert.deepEqual(draft, [["secretsmanager"], ["ssm"], ["bedrock-runtime"]]);
});

test("behind a proxy only what AWS keeps in one Region for all still takes a way out of one's own", () => {
  const straight = namesOf(reached(EXAMPLE), "internet");

  const [proxied, out] = (["proxy", "internet"] as const).map((kind) => namesOf(reached(IN_VPC), kind));

  assert.deepEqual(out, ["cloudfront.amazonaws.com", "monitoring.us-east-1.amazonaws.com"]);
  assert.deepEqual([...(proxied ?? []), ...(out ?? [])].toSorted(), straight.toSorted());
});

test("the table gives whole names, and who reaches each", () => {
  const lines = reachedTable(reached(EXAMPLE), "eu-west-1").split("\n");

  assert.match(
    lines[0] ?? "",
    /^gateway +com\.amazonaws\.eu-west-1\.dynamodb +intake, respond, slack, reconcile, changes$/,
  );
  assert.ok(lines.some((line) => /^internet +api\.anthropic\.com +draft$/.test(line)));
  assert.equal(lines.length, reached(EXAMPLE).length);
});
