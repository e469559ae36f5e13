import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigurationInput } from "../core/configuration.ts";
import { quell } from "./quell.ts";
import type { Screen } from "./screen.ts";

/** A screen that keeps what was said. */
export const listening = (isErrorLive = false) => {
  const said = { out: "", err: "" };
  const screen: Screen = {
    write: (text) => {
      said.out += text;
    },
    writeError: (text) => {
      said.err += text;
    },
    paint: (_format, text) => text,
    isLive: false,
    isErrorLive,
    canAsk: false,
  };
  return { said, screen };
};

/** Runs `quell` with these arguments in this process. */
export const run = async (...args: readonly string[]) => {
  const { said, screen } = listening();
  const code = await quell(args, screen);
  return { code, ...said };
};

/**
 * Lets the SDK in this process speak to an endpoint as somebody, and to nothing else; null takes the credentials away. The
 * machine's own files name nobody.
 */
export const speakTo = (
  endpoint: string,
  credentials: Readonly<{ id: string; secret: string }> | null = ANYBODY,
): void => {
  const env: Readonly<Record<string, string | undefined>> = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: "eu-west-1",
    AWS_DEFAULT_REGION: undefined,
    AWS_PROFILE: undefined,
    AWS_ACCESS_KEY_ID: credentials?.id,
    AWS_SECRET_ACCESS_KEY: credentials?.secret,
    AWS_SESSION_TOKEN: undefined,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
  for (const [name, value] of Object.entries(env))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
};

const ANYBODY = { id: "test", secret: "test" };

const made: string[] = [];
process.once("exit", () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A new empty folder, which is gone when the test's process ends. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "quell-account-"));
  made.push(folder);
  return folder;
};

const METRIC = {
  namespace: "AWS/ApplicationELB",
  dimensions: { LoadBalancer: "app/shop/50dc6c495c0c9188", TargetGroup: "targetgroup/checkout/0f5a6e3d2c1b4a59" },
};

/** A small shop: checkout behind a balancer, and nothing that needs a secret. */
export const SHOP = {
  name: "quell",
  alarmNamePrefix: "shop-",
  pager: { kind: "sns", emails: ["on-call@example.com"] },
  settings: {
    account: "123456789012",
    region: "eu-west-1",
    mode: "observe",
    services: [
      {
        name: "checkout",
        resources: ["arn:aws:ecs:eu-west-1:123456789012:service/shop/checkout"],
        slis: [
          {
            name: "errors",
            role: "errors",
            bad: "above",
            limit: 5,
            metric: { ...METRIC, metricName: "HTTPCode_Target_5XX_Count", stat: "Sum" },
          },
          {
            name: "traffic",
            role: "traffic",
            bad: "below",
            limit: 1,
            metric: { ...METRIC, metricName: "RequestCount", stat: "Sum" },
          },
        ],
      },
    ],
  },
} satisfies ConfigurationInput;

/** Writes a configuration as JSON and returns the file's name. */
export const configurationIn = (configuration: unknown = SHOP, folder = temporaryFolder()): string => {
  const file = join(folder, "quell.json");
  writeFileSync(file, JSON.stringify(configuration));
  return file;
};
