import assert from "node:assert/strict";
import { test } from "node:test";
import { AnthropicBedrock } from "@anthropic-ai/bedrock-sdk";
import { Anthropic } from "@anthropic-ai/sdk";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SSMClient } from "@aws-sdk/client-ssm";
import { type ConfigurationInput, parseConfiguration } from "../../core/configuration.ts";
import { draftReaches } from "./draft-reaches.ts";

type Drafting = Pick<ConfigurationInput, "anthropicKeySecret"> &
  Readonly<{ name: "offline" | "anthropic" | "bedrock" }>;

const reachedBy = (
  { name, ...key }: Drafting,
  region = "eu-west-1",
  env: Readonly<Record<string, string>> = {},
): readonly string[] => {
  const settings = { account: "111122223333", region, services: [], drafter: { name } };
  return draftReaches(parseConfiguration({ ...key, settings }), env).map(({ origin }) => origin);
};
const SECRET: Drafting = { name: "anthropic", anthropicKeySecret: "quell/anthropic" };
const PARAMETER: Drafting = { name: "anthropic", anthropicKeySecret: { parameter: "/quell/anthropic" } };
const BEDROCK: Drafting = { name: "bedrock" };

/** Where the client of a store goes by itself. */
const goesTo = ({ config }: SecretsManagerClient | SSMClient, Region: string): string =>
  config.endpointProvider({ Region, UseDualStack: false, UseFIPS: false }).url.origin;

for (const region of ["eu-west-1", "us-gov-west-1", "cn-north-1", "us-east-1"])
  test(`in ${region} draft may go where the clients of its model and of its key go, and nowhere else`, () => {
    const provider = new URL(new Anthropic({ apiKey: "none" }).baseURL).origin;
    const bedrock = new URL(new AnthropicBedrock({ awsRegion: region, apiKey: null }).baseURL).origin;
    const [secrets, parameters] = [new SecretsManagerClient({}), new SSMClient({})].map((one) => goesTo(one, region));

    assert.deepEqual(reachedBy(SECRET, region), [provider, secrets]);
    assert.deepEqual(reachedBy(PARAMETER, region), [provider, parameters]);
    assert.deepEqual(reachedBy(BEDROCK, region), [bedrock]);
  });

test("a deployment that names other addresses names those that draft may go to, and Lambda's runtime is always one", () => {
  const env = {
    ...{ ANTHROPIC_BASE_URL: "https://models.example.com/v1", ANTHROPIC_BEDROCK_BASE_URL: "https://vpce.example.com" },
    ...{ AWS_ENDPOINT_URL: "http://127.0.0.1:4566", AWS_ENDPOINT_URL_SSM: "http://127.0.0.1:4577" },
    AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9001",
  };

  const [bySecret, byParameter, byBedrock] = [SECRET, PARAMETER, BEDROCK].map((one) => reachedBy(one, undefined, env));

  assert.deepEqual(bySecret, ["https://models.example.com", "http://127.0.0.1:4566", "http://127.0.0.1:9001"]);
  assert.deepEqual(byParameter, ["https://models.example.com", "http://127.0.0.1:4577", "http://127.0.0.1:9001"]);
  assert.deepEqual(byBedrock, ["https://vpce.example.com", "http://127.0.0.1:9001"]);
});

test("behind the owner's proxy draft may go to it", () => {
  const told = { NODE_USE_ENV_PROXY: "1", HTTPS_PROXY: "http://proxy.example.com:3128" };

  assert.ok(reachedBy(SECRET, undefined, told).includes("http://proxy.example.com:3128"));
  assert.deepEqual(reachedBy(BEDROCK, undefined, { HTTPS_PROXY: told.HTTPS_PROXY }), reachedBy(BEDROCK));
});

test("where no model drafts, draft goes nowhere", () => {
  assert.deepEqual(reachedBy({ name: "offline" }), []);
});
