import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { ConfigurationInput } from "../../functions/core/configuration.ts";
import type { Account } from "./account.fixture.ts";

/** The workspace, and the one person in it who may consent. */
export const TEAM = "T0E2E0000";
export const ANN = "U0E2E0001";

/** What Slack signs with, and by what name it is known. */
export const SIGNING_SECRET = "e2e-signing-secret";
const SECRETS = { "e2e/slack-token": "xoxb-e2e", "e2e/slack-signing": SIGNING_SECRET };

/** Puts the secrets there that the configuration names. */
export const putSecrets = async ({ clientConfig }: Account): Promise<void> => {
  const secrets = new SecretsManagerClient(clientConfig);
  for (const [Name, SecretString] of Object.entries(SECRETS))
    await secrets.send(new CreateSecretCommand({ Name, SecretString }));
};

const metric = (name: string, metricName: string, stat: string) => ({
  ...{ namespace: "AWS/Lambda", metricName, dimensions: { FunctionName: name }, stat },
});

const serviceOf = ({ account, region }: Account, name: string): ConfigurationInput["settings"]["services"][number] => ({
  ...{ name, mode: "approve", resources: [`arn:aws:lambda:${region}:${account}:function:${name}:live`] },
  slis: [
    {
      ...{ name: "errors", metric: metric(name, "Errors", "Sum"), per: metric(name, "Invocations", "Sum") },
      ...{ bad: "above", limit: 0.02, role: "errors" },
    },
    { name: "duration", metric: metric(name, "Duration", "Average"), bad: "above", limit: 1000, role: "latency" },
  ],
});

/** Services that act only with a consent, and that are soaked for seconds where others are for minutes. */
export const configurationOf = (
  account: Account,
  services: readonly string[],
  { apiUrl, policy }: Readonly<{ apiUrl: string; policy: ConfigurationInput["policy"] }>,
): ConfigurationInput => ({
  settings: {
    ...{ account: account.account, region: account.region, soakSeconds: 15, verifySeconds: 600 },
    services: services.map((name) => serviceOf(account, name)),
  },
  alarmNamePrefix: "e2e-",
  approvers: [{ group: "oncall", people: [{ slackUser: ANN, person: "ann" }] }],
  slack: {
    ...{ teamId: TEAM, channelId: "C0E2E0000", botTokenSecret: "e2e/slack-token", signingSecret: "e2e/slack-signing" },
    apiUrl,
  },
  policy,
  drill: false,
});
