import { PAGERDUTY_ENDPOINTS } from "../functions/adapters/pager/pagerduty.ts";
import type { Configuration } from "../functions/core/configuration.ts";
import { catalogue } from "../runbooks/catalogue.ts";
import { bundleOf } from "./bundle.ts";
import { callsIn } from "./calls.ts";
import { functionGrants } from "./function-permissions.ts";
import { FUNCTIONS, type FunctionName, namesOf } from "./names.ts";

/**
 * `gateway` and `interface` are VPC endpoints, by the ends of their names; `internet` is a host that has none, and `proxy`
 * one that is reached through the proxy of the configuration.
 */
type Where = Readonly<{ kind: "gateway" | "interface" | "proxy" | "internet"; name: string }>;
/** Something that functions connect to, and which of them do. */
export type Reached = Where & Readonly<{ by: readonly FunctionName[] }>;

const KINDS: readonly Where["kind"][] = ["gateway", "interface", "proxy", "internet"];

/** The sources that came into the bundle of a function. */
type SourcesOf = (name: FunctionName) => readonly string[];

/**
 * What the functions of a configuration connect to, and so what must be reachable from the subnets of its `network`; by
 * kind and name.
 * @param sourcesOf what each calls is seen there; where it is left out, the bundles are made
 */
export const reachedBy = (
  configuration: Configuration,
  sourcesOf: SourcesOf = (name) => bundleOf(name, { configuration, architecture: configuration.architecture }).sources,
): readonly Reached[] => {
  const functions = FUNCTIONS.filter((name) => name !== "slack" || configuration.slack !== undefined);
  const each = functions.flatMap((by) =>
    [...ofAws(by, configuration, sourcesOf(by)), ...elsewhere(by, configuration)].map((where) => ({ ...where, by })),
  );
  const names = [...new Set(each.map(({ name }) => name))].sort();
  return KINDS.flatMap((kind) =>
    names.flatMap((name): readonly Reached[] => {
      const by = each.filter((one) => one.kind === kind && one.name === name).map((one) => one.by);
      return by.length === 0 ? [] : [{ kind, name, by }];
    }),
  );
};

/** In the subnets' route tables, at no cost; all others have an address in a subnet. */
const GATEWAYS: readonly string[] = ["dynamodb", "s3"];
/**
 * VPC endpoints that are named otherwise than IAM's prefix of the service; null where there is none.
 * (docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html)
 */
const ENDPOINTS: Readonly<Record<string, string | null>> = {
  bedrock: "bedrock-runtime",
  cloudfront: null,
  cloudwatch: "monitoring",
};
/** Bedrock is asked by the model's own client, and not by the SDK of AWS. */
const MODEL = "bedrock:InvokeModel";

/** Of the calls in its bundle those that its role allows: what is not configured is not called. */
const ofAws = (name: FunctionName, configuration: Configuration, sources: readonly string[]): readonly Where[] => {
  const granted = functionGrants(name, { configuration, names: namesOf(configuration), catalogue })
    .filter(({ deny, resources }) => deny !== true && resources.length > 0)
    .flatMap(({ actions }) => actions);
  const called = [...callsIn(sources), MODEL].filter((action) => granted.includes(action));
  const services = [...new Set(called.map((action) => action.replace(/:.*$/, "")))];
  return services.flatMap((service): readonly Where[] => {
    const { [service]: endpoint = service } = ENDPOINTS;
    return endpoint === null ? [] : [{ kind: GATEWAYS.includes(endpoint) ? "gateway" : "interface", name: endpoint }];
  });
};

/** What has no VPC endpoint of the Region: other people's hosts, and what AWS keeps in one Region for all. */
const elsewhere = (name: FunctionName, configuration: Configuration): readonly Where[] => {
  const { slack, github, pager, settings, network } = configuration;
  const ofSlack = slack === undefined ? [] : [new URL(slack.apiUrl).host];
  const pages = pager.kind === "pagerduty" ? [new URL(PAGERDUTY_ENDPOINTS[pager.region]).host] : [];
  const hosts: Readonly<Partial<Record<FunctionName, readonly string[]>>> = {
    respond: [...ofSlack, ...pages, ...(github === undefined ? [] : ["api.github.com"])],
    draft: settings.drafter.name === "anthropic" ? ["api.anthropic.com"] : [],
    slack: ofSlack.map((host) => `hooks.${host}`),
    reconcile: pages,
  };
  const kind = network?.proxy === undefined ? "internet" : "proxy";
  return [
    ...(hosts[name] ?? []).map((host) => ({ kind, name: host }) as const),
    ...(name === "respond" ? global(configuration) : []),
  ];
};

/** CloudFront has its API and its metrics there, wherever the agent stands; Route 53 its metrics. */
const GLOBAL_REGION = "us-east-1";

const global = ({ settings }: Configuration): readonly Where[] => {
  const services = JSON.stringify(settings.services);
  const hosts = [
    ...(/:cloudfront:/.test(services) ? ["cloudfront.amazonaws.com"] : []),
    ...(/:cloudfront:|AWS\/(CloudFront|Route53)/.test(services) && settings.region !== GLOBAL_REGION
      ? [`monitoring.${GLOBAL_REGION}.amazonaws.com`]
      : []),
  ];
  return hosts.map((name) => ({ kind: "internet", name }));
};

/** The table, for people: one line each, in columns. @param region of the endpoints, whose whole names it gives */
export const reachedTable = (reached: readonly Reached[], region: string): string => {
  const rows = reached.map(({ kind, name, by }) => [
    kind,
    kind === "gateway" || kind === "interface" ? `com.amazonaws.${region}.${name}` : name,
    by.join(", "),
  ]);
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")).join("\n");
};
