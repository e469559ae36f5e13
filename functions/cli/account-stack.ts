import type { Names } from "../../infra/names.ts";
import type { Configuration } from "../core/configuration.ts";
import type { AccountClients } from "./account-clients.ts";
import { awsFault } from "./account-errors.ts";

/** A stack as CloudFormation knows it. */
export type AccountStack = Readonly<{
  name: string;
  status: string;
  /** When it was last changed, ms; null where CloudFormation does not say. */
  changedAtMs: number | null;
}>;

/** The names of all that is deployed for a configuration, as infra makes them. */
export const deployedNames = async (configuration: Configuration): Promise<Names> => {
  const { namesOf } = await import("../../infra/names.ts");
  return namesOf(configuration);
};

/** Reads a stack; null where there is none of that name. Throws what the SDK throws. */
export const readStack = async (clients: AccountClients, name: string): Promise<AccountStack | null> => {
  const { DescribeStacksCommand } = await import("@aws-sdk/client-cloudformation");
  const cloudFormation = await clients.cloudFormation();
  const described = await cloudFormation
    .send(new DescribeStacksCommand({ StackName: name }))
    .catch((error: unknown) => {
      // CloudFormation says of an unknown stack only that the name is not valid.
      if (/does not exist/i.test(awsFault(error).message)) return null;
      throw error;
    });
  const stack = described?.Stacks?.[0];
  if (stack === undefined || stack.StackStatus === "DELETE_COMPLETE") return null;
  return {
    name,
    status: stack.StackStatus ?? "unknown",
    changedAtMs: (stack.LastUpdatedTime ?? stack.CreationTime)?.getTime() ?? null,
  };
};
