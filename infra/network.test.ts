import assert from "node:assert/strict";
import { test } from "node:test";
import { App, Stack } from "aws-cdk-lib";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { BadConfiguration, parseConfiguration } from "../functions/core/configuration.ts";
import { EXAMPLE, IN_VPC } from "./example.fixture.ts";
import { putInNetwork } from "./network.ts";
import { resourcesOf, synthesized, type Template } from "./synth.fixture.ts";

const APART = synthesized().agent;
const THERE = synthesized(IN_VPC).agent;

const placesIn = (template: Template) =>
  new Map(
    resourcesOf(template, "AWS::Lambda::Function").map(({ Properties }) => [
      Properties.FunctionName,
      Properties.VpcConfig,
    ]),
  );

test("every function stands in the subnets that are named, and draft where it is put alone", () => {
  const places = placesIn(THERE);

  const SubnetIds = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"];
  const shared = { SubnetIds, SecurityGroupIds: ["sg-0a1b2c3d"] };
  const own = { SubnetIds, SecurityGroupIds: ["sg-0d0d0d0d0d0d0d0d0"] };
  assert.equal(places.size, 6);
  for (const [name, place] of places) assert.deepEqual(place, name === "quell-draft" ? own : shared);
});

test("every function is told of the proxy", () => {
  const told = resourcesOf(THERE, "AWS::Lambda::Function").map(({ Properties: { Environment } }) => {
    const { Variables } = Environment as Readonly<{ Variables: Readonly<Record<string, unknown>> }>;
    return [Variables.NODE_USE_ENV_PROXY, Variables.HTTPS_PROXY];
  });

  assert.deepEqual(told, Array(6).fill(["1", "http://proxy.example.com:3128"]));
});

test("draft stands with the others where it is given no place of its own", () => {
  const { draft: _, ...network } = IN_VPC.network ?? { subnetIds: [], securityGroupIds: [] };
  const app = new App();
  const stack = new Stack(app, "Bare");
  const bare = { runtime: Runtime.NODEJS_24_X, handler: "index.handler", code: Code.fromInline("0") };

  for (const name of ["respond", "draft"] as const)
    putInNetwork(new LambdaFunction(stack, name, bare), name, parseConfiguration({ ...EXAMPLE, network }));

  const { Resources }: Template = app.synth().getStackArtifact(stack.artifactId).template;
  const places = resourcesOf({ Resources }, "AWS::Lambda::Function").map(({ Properties }) => Properties.VpcConfig);
  assert.equal(places.length, 2);
  assert.deepEqual(places[0], places[1]);
});

test("where no network is named functions stand in none, and where one is it is looked up nowhere and nothing is made", () => {
  const types = ({ Resources }: Template) => Object.values(Resources).map(({ Type }) => Type);

  assert.ok([...placesIn(APART).values()].every((place) => place === undefined));
  assert.deepEqual(types(THERE), types(APART));
});

const [subnet, group] = ["subnet-0123456789abcdef0", "sg-0a1b2c3d"];
const FAULTS: readonly (readonly [what: string, network: unknown, says: RegExp])[] = [
  ["no subnet", { subnetIds: [], securityGroupIds: [group] }, /: network\.subnetIds: one at least$/],
  ["no security group", { subnetIds: [subnet], securityGroupIds: [] }, /: network\.securityGroupIds: one at least$/],
  [
    "a name where an id belongs",
    { subnetIds: ["private-a"], securityGroupIds: [group] },
    /: network\.subnetIds\[0\]: the id of a subnet, such as subnet-0123456789abcdef0$/,
  ],
  [
    "an ARN where an id belongs",
    { subnetIds: [subnet], securityGroupIds: [`arn:aws:ec2:eu-west-1:111122223333:security-group/${group}`] },
    /: network\.securityGroupIds\[0\]: the id of a security group, such as sg-0123456789abcdef0$/,
  ],
  [
    "six security groups",
    { subnetIds: [subnet], securityGroupIds: Array(6).fill(group) },
    /: network\.securityGroupIds: 5 at most$/,
  ],
  [
    "a place for draft without subnets",
    { subnetIds: [subnet], securityGroupIds: [group], draft: { securityGroupIds: [group] } },
    /: network\.draft\.subnetIds: /,
  ],
];

for (const [what, network, says] of FAULTS)
  test(`a network with ${what} is refused, with what is allowed there`, () => {
    const parse = () => parseConfiguration({ ...EXAMPLE, network });

    assert.throws(parse, (error: unknown) => error instanceof BadConfiguration && says.test(error.message));
  });
