import { SSMClient } from "@aws-sdk/client-ssm";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { parameterStore } from "../../adapters/aws/parameter-store.ts";
import type { FetchStored } from "../../adapters/aws/secrets.ts";

/**
 * Parameter Store answers an account 40 reads a second (docs.aws.amazon.com/general/latest/gr/ssm.html), and a storm asks
 * from hundreds of sandboxes at once: this many tries, each after a longer wait, spread them over half a minute.
 */
const MOST_TRIES = 7;

/** Parameter Store of this account and Region. */
export const deployedParameters = (env: Readonly<Record<string, string | undefined>>): FetchStored =>
  parameterStore(new SSMClient({ ...clientSettings(env), maxAttempts: MOST_TRIES }));
