import type { Configuration } from "../core/configuration.ts";
import type { AccountClients } from "./account-clients.ts";
import { awsFault } from "./account-errors.ts";
import { BadInput } from "./errors.ts";

/** Whose credentials a command runs under. */
export type Caller = Readonly<{ account: string; arn: string }>;

/** Asks AWS who is calling. Throws BadInput where nobody can be, or AWS does not answer. */
export const callerOf = async (clients: AccountClients): Promise<Caller> => {
  const { GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
  try {
    const { Account, Arn } = await (await clients.sts()).send(new GetCallerIdentityCommand({}));
    return { account: Account ?? "", arn: Arn ?? "" };
  } catch (cause) {
    throw new BadInput(wordsFor(cause), { cause });
  }
};

const wordsFor = (error: unknown): string => {
  const { kind, code, message } = awsFault(error);
  if (kind === "credentials")
    return (
      `AWS credentials: none that AWS takes (${code}: ${message}); ` +
      "run `aws sso login`, set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    );
  const advice = "check the network, AWS_ENDPOINT_URL and the Region, and try again";
  return `AWS cannot be asked who is calling (sts:GetCallerIdentity, ${code}: ${message}); ${advice}`;
};

/** The caller, in the account that the configuration names. Throws BadInput, which names both, where it is another. */
export const callerIn = async ({ settings }: Configuration, file: string, clients: AccountClients): Promise<Caller> => {
  const caller = await callerOf(clients);
  if (caller.account === settings.account) return caller;
  throw new BadInput(
    `these credentials are of account ${caller.account} (${caller.arn}) and ${file} is for ${settings.account}; ` +
      "set AWS_PROFILE to one of that account, or correct settings.account",
  );
};
