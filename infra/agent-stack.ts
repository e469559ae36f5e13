import { CfnOutput, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { Configuration } from "../functions/core/configuration.ts";
import { namesOf } from "./names.ts";
import { Quell } from "./quell.ts";

/** The agent: it reads, decides, asks and starts; what it may change is in the other stack. */
export class AgentStack extends Stack {
  constructor(scope: Construct, { configuration }: Readonly<{ configuration: Configuration }>) {
    const { stacks, account, region, tables, bucket } = namesOf(configuration);
    super(scope, stacks.agent, { env: { account, region }, description: "Quell: the agent" });
    const quell = new Quell(this, "Quell", { configuration });
    const outputs: Readonly<Record<string, string | undefined>> = {
      LedgerTable: tables.ledger,
      ApprovalsTable: tables.approvals,
      RecordsBucket: bucket,
      PageTopic: quell.pages.topicArn,
      Respond: quell.respond.functionArn,
      SlackUrl: quell.slackUrl,
    };
    for (const [name, value] of Object.entries(outputs)) if (value !== undefined) new CfnOutput(this, name, { value });
  }
}
