import { CfnFunction, type Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Configuration } from "../functions/core/configuration.ts";
import type { Grant } from "./grants.ts";
import type { FunctionName, Names } from "./names.ts";

type Place = Readonly<{ subnetIds: readonly string[]; securityGroupIds: readonly string[] }>;

/** Where a function stands in the owner's VPC; null where it stands in none. */
const placeOf = (name: FunctionName, { network }: Configuration): Place | null => {
  if (network === undefined) return null;
  return name === "draft" ? (network.draft ?? network) : network;
};

/**
 * Puts a function into the owner's VPC, by ids alone: the CDK's own way asks for the VPC's id and zones, which say
 * nothing that Lambda does not know of the subnets.
 */
export const putInNetwork = (made: LambdaFunction, name: FunctionName, configuration: Configuration): void => {
  const place = placeOf(name, configuration);
  const { defaultChild } = made.node;
  if (place === null || !(defaultChild instanceof CfnFunction)) return;
  const { subnetIds, securityGroupIds } = place;
  defaultChild.vpcConfig = { subnetIds: [...subnetIds], securityGroupIds: [...securityGroupIds] };
};

/** AWS's own hosts go straight, to the VPC's endpoints: Bedrock's client would take them to the proxy. */
const NO_PROXY = [".amazonaws.com", ".amazonaws.com.cn", "127.0.0.1", "localhost"];

/**
 * What Node's own `fetch` needs to go through a proxy, with which Slack, GitHub, PagerDuty and Anthropic are spoken to
 * (nodejs.org/api/http.html#built-in-proxy-support).
 */
export const proxyEnvironment = ({ network }: Configuration): Readonly<Record<string, string>> =>
  network?.proxy === undefined
    ? {}
    : { NODE_USE_ENV_PROXY: "1", HTTPS_PROXY: network.proxy, NO_PROXY: NO_PROXY.join(",") };

/**
 * Holds for a call that a function's own code makes, and for none that Lambda makes as the function's role: Lambda puts
 * the key into the credentials that the code gets
 * (docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html).
 */
export const BY_ITS_CODE = { Null: { "lambda:SourceFunctionArn": "false" } } as const;

/** What Lambda does to the network interfaces through which functions reach a VPC. */
const CHANGES: readonly string[] = [
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
];

/**
 * What it takes to stand in a VPC: Lambda makes and takes away network interfaces there as the function's role, and looks
 * them up. The function's code may do none of that.
 * (docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html)
 */
export const networkGrants = (
  name: FunctionName,
  { configuration, names }: Readonly<{ configuration: Configuration; names: Names }>,
): readonly Grant[] =>
  placeOf(name, configuration) === null
    ? []
    : [
        { actions: ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"], resources: ["*"] },
        { actions: CHANGES, resources: [names.arn("ec2", "*")] },
        { deny: true, actions: CHANGES, resources: ["*"], conditions: BY_ITS_CODE },
      ];
