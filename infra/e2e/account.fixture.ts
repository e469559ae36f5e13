import { type ApiCalls, startApiCalls } from "../../functions/adapters/emulators/api-calls.fixture.ts";
import { type Cloud, startCloud } from "../../functions/adapters/emulators/cloud.fixture.ts";
import { durableService } from "../../functions/adapters/emulators/durable-service.fixture.ts";
import { REGION, surroundings } from "../../functions/adapters/emulators/emulators.fixture.ts";
import { startFront } from "../../functions/adapters/emulators/front.fixture.ts";

/** The account that is deployed to, and the whole environment of every process that speaks to it. */
export type Account = Readonly<{
  account: string;
  region: string;
  env: Readonly<Record<string, string | undefined>>;
  clientConfig: object;
  /** Any AWS API call by its names, past the agent and the CDK. */
  calls: ApiCalls;
  /** Whether it is an emulator on loopback, which has no metrics and rings no alarms of its own. */
  isEmulated: boolean;
  /** What it has to say about a failure. */
  told: () => string;
  stop: () => Promise<void>;
}>;

const ACCOUNT = "123456789012";
/** A machine under load drops a connection now and then. */
const TRIES = 5;

/** The account that AWS_ENDPOINT_URL names, or an emulated one that is started here. */
export const openAccount = async (): Promise<Account> =>
  process.env.AWS_ENDPOINT_URL === undefined ? emulated() : given();

const given = async (): Promise<Account> => {
  const region = process.env.AWS_REGION ?? REGION;
  const env = { ...process.env, AWS_REGION: region };
  const calls = await startApiCalls(env);
  return {
    ...{ account: process.env.QUELL_E2E_ACCOUNT ?? ACCOUNT, region, env, calls, isEmulated: false },
    clientConfig: { region },
    told: () => "",
    stop: () => calls.stop(),
  };
};

const emulated = async (): Promise<Account> => {
  let cloud: Cloud | undefined;
  const behind = (): string => {
    if (cloud === undefined) throw new Error("the emulator has not started yet");
    return cloud.endpoint;
  };
  const durable = durableService(behind);
  const front = await startFront(behind, [durable.answerer]);
  const stop = async (): Promise<void> => {
    durable.stop();
    await front.stop();
    await cloud?.stop();
  };
  try {
    // Functions call whom they find in the emulator's own environment: the front, which knows durable executions.
    const started = await startCloud({ env: { AWS_ENDPOINT_URL: front.endpoint } });
    cloud = started;
    return {
      ...{ account: ACCOUNT, region: REGION, calls: started.calls, isEmulated: true, stop },
      env: { ...surroundings(), ...started.env, AWS_ENDPOINT_URL: front.endpoint },
      clientConfig: { ...started.clientConfig, endpoint: front.endpoint, maxAttempts: TRIES },
      told: () =>
        [
          ...durable.executions().map((one) => JSON.stringify(one)),
          ...durable.troubles(),
          ...front.troubles(),
          started.said().slice(-3000),
        ].join("\n"),
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
