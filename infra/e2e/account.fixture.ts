import { startCloud } from "../../functions/adapters/emulators/cloud.fixture.ts";
import { durableService } from "../../functions/adapters/emulators/durable-service.fixture.ts";
import { freePort, REGION } from "../../functions/adapters/emulators/emulators.fixture.ts";
import { startFront } from "../../functions/adapters/emulators/front.fixture.ts";

/** The account that is deployed to, and what every process that speaks to it has in its environment. */
export type Account = Readonly<{
  account: string;
  region: string;
  env: Readonly<Record<string, string>>;
  clientConfig: object;
  /** Whether it is an emulator on loopback, which has no metrics and rings no alarms of its own. */
  isEmulated: boolean;
  /** What it has to say about a failure. */
  told: () => string;
  stop: () => Promise<void>;
}>;

const ACCOUNT = "123456789012";

/** The account that AWS_ENDPOINT_URL names, or an emulated one that is started here. */
export const openAccount = async (): Promise<Account> => {
  const given = process.env.AWS_ENDPOINT_URL;
  if (given !== undefined) {
    const region = process.env.AWS_REGION ?? REGION;
    return {
      ...{ account: process.env.QUELL_E2E_ACCOUNT ?? ACCOUNT, region, env: { AWS_REGION: region }, isEmulated: false },
      clientConfig: { region },
      told: () => "",
      stop: async () => {},
    };
  }
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  // Functions call whom they find in the emulator's own environment: the front, which knows durable executions.
  const cloud = await startCloud({ env: { AWS_ENDPOINT_URL: endpoint } });
  const durable = durableService(() => cloud.endpoint);
  const front = await startFront(() => cloud.endpoint, [durable.answerer], port);
  return {
    account: ACCOUNT,
    region: REGION,
    env: { ...cloud.env, AWS_ENDPOINT_URL: endpoint },
    clientConfig: { ...cloud.clientConfig, endpoint },
    isEmulated: true,
    told: () =>
      [
        ...durable.executions().map((one) => JSON.stringify(one)),
        ...durable.troubles(),
        ...front.troubles(),
        cloud.said().slice(-3000),
      ].join("\n"),
    stop: async () => {
      durable.stop();
      await front.stop();
      await cloud.stop();
    },
  };
};
