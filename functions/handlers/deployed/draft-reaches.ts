import type { Configuration } from "../../core/configuration.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where draft may connect to, as its deployment says and nothing that it is sent: the provider of its model, where the key
 * for that lies, the runtime that calls it, and the owner's proxy, which knows where it lets whom. As in the SDKs, the
 * environment may name other addresses for the first two.
 */
export const draftReaches = ({ settings, anthropicKeySecret: key }: Configuration, env: Env): readonly URL[] => {
  const { drafter, region } = settings;
  const model: Readonly<Record<typeof drafter.name, readonly string[]>> = {
    offline: [],
    anthropic: [env.ANTHROPIC_BASE_URL || "https://api.anthropic.com"],
    bedrock: [env.ANTHROPIC_BEDROCK_BASE_URL || `https://bedrock-runtime.${region}.amazonaws.com`],
  };
  const isAsked = drafter.name === "anthropic" && key !== undefined;
  const store = isAsked ? [serviceUrl("parameter" in key ? "ssm" : "secretsmanager", region, env)] : [];
  const runtime = env.AWS_LAMBDA_RUNTIME_API === undefined ? [] : [`http://${env.AWS_LAMBDA_RUNTIME_API}`];
  const proxy = env.NODE_USE_ENV_PROXY === "1" && env.HTTPS_PROXY !== undefined ? [env.HTTPS_PROXY] : [];
  return [...model[drafter.name], ...store, ...runtime, ...proxy].flatMap((url) => URL.parse(url) ?? []);
};

/** As the environment of the SDK calls the services that keep a key. */
const VARIABLES = { secretsmanager: "AWS_ENDPOINT_URL_SECRETS_MANAGER", ssm: "AWS_ENDPOINT_URL_SSM" } as const;

/** Where the SDK of AWS sends a service's calls. */
const serviceUrl = (service: keyof typeof VARIABLES, region: string, env: Env): string => {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return env[VARIABLES[service]] || env.AWS_ENDPOINT_URL || `https://${service}.${region}.${suffix}`;
};
