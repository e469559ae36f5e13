import type { Names } from "../../infra/names.ts";
import type { Configuration } from "../core/configuration.ts";
import type { Caller } from "./account-caller.ts";
import type { AccountClients } from "./account-clients.ts";
import { awsFault } from "./account-errors.ts";
import type { AccountStack } from "./account-stack.ts";
import { type Check, type Finding, problem, warning } from "./doctor-finding.ts";

/** The account that is examined, and what it is held against. Every client of it only reads. */
export type Account = Readonly<{
  configuration: Configuration;
  /** As messages name the configuration. */
  file: string;
  names: Names;
  clients: AccountClients;
  caller: Caller;
  /** The agent's stack, read once; null where it is not deployed. */
  stack: () => Promise<AccountStack | null>;
  /** The Region that the environment names, null where it names none. */
  ownRegion: string | null;
  nowMs: number;
}>;

/** Looks at one thing of an account. */
export type Look = (account: Account) => Promise<Finding>;

/**
 * A check that asks AWS. What the caller may not ask is a warning with the permission that is missing: nobody knows then
 * whether it is well.
 * @param permission the action that it needs, where AWS does not name it
 */
export const asking = (name: string, permission: string, account: Account, look: Look): Check => ({
  name,
  run: async () => {
    try {
      return await look(account);
    } catch (error) {
      return unanswered(error, permission, account);
    }
  },
});

/** The same for what stands on the deployed stack: without one there is nothing to look at. */
export const askingDeployed = (name: string, permission: string, account: Account, look: Look): Check =>
  asking(name, permission, account, async () =>
    (await account.stack()) === null
      ? warning(
          "not looked at: the agent is not deployed here",
          "deploy it with `npx cdk deploy --all`, then ask again",
        )
      : look(account),
  );

const unanswered = (error: unknown, permission: string, { caller, clients }: Account): Finding => {
  const { kind, code, message } = awsFault(error);
  if (kind === "denied") {
    const missing = /is not authorized to perform: ([\w-]+:\w+)/.exec(message)?.[1] ?? permission;
    return warning(
      `could not be checked: ${missing} is denied`,
      `allow ${missing} to ${caller.arn}, or ask somebody who may`,
    );
  }
  if (kind === "unreachable" || kind === "throttled")
    return warning(`could not be checked: AWS does not answer in ${clients.region} (${code})`, "try again in a minute");
  if (kind === "absent")
    return problem(`not there (${permission} says ${code}: ${message})`, "deploy again with `npx cdk deploy --all`");
  return warning(
    `could not be checked: ${permission} says ${code}: ${message}`,
    "try again; if it stays, look it up in the console",
  );
};
