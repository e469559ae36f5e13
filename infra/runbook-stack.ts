import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { Configuration } from "../functions/core/configuration.ts";
import { namesOf } from "./names.ts";
import { Runbooks } from "./runbooks.ts";

/** What may be done: the documents, and the roles that do it. It stands apart, so that it can be reviewed apart. */
export class RunbookStack extends Stack {
  constructor(scope: Construct, { configuration }: Readonly<{ configuration: Configuration }>) {
    const { stacks, account, region } = namesOf(configuration);
    super(scope, stacks.runbooks, { env: { account, region }, description: "Quell: its runbooks and their roles" });
    new Runbooks(this, "Runbooks", { configuration });
  }
}
