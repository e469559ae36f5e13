import { RemovalPolicy } from "aws-cdk-lib";
import type { Role } from "aws-cdk-lib/aws-iam";
import { CfnDocument } from "aws-cdk-lib/aws-ssm";
import { Construct } from "constructs";
import type { AutomationDocument } from "../functions/core/automation-document.ts";
import { type Configuration, type ConfigurationInput, parseConfiguration } from "../functions/core/configuration.ts";
import { catalogue } from "../runbooks/catalogue.ts";
import { boundaryFor } from "./boundary.ts";
import { automationIn, roleFor } from "./grants.ts";
import { namesOf, runbookRole } from "./names.ts";
import { runbookGrants } from "./runbook-permissions.ts";

/**
 * Every runbook of the catalogue: its documents, and the one role that may do what they do, to what the configuration
 * lists. IAM's roles belong to the whole account, so they are made once in it.
 */
export class Runbooks extends Construct {
  /** The role of each runbook by its id, to which you may grant what the keys of your queues need. */
  readonly roles: Readonly<Record<string, Role>>;

  constructor(scope: Construct, id: string, props: Readonly<{ configuration: ConfigurationInput | Configuration }>) {
    super(scope, id);
    const configuration = parseConfiguration(props.configuration);
    const names = namesOf(configuration);
    const boundary = boundaryFor(this, "Boundary", {
      names,
      name: names.policyName("runbook-boundary"),
      passesTo: "ecs-tasks.amazonaws.com",
    });
    const roles: Record<string, Role> = {};
    for (const runbook of catalogue.runbooks) {
      if (runbook.documents === null) continue;
      const its = new Construct(this, runbook.id);
      roles[runbook.id] = roleFor(its, "Role", {
        name: runbookRole(names, runbook.id),
        description: `${runbook.title}: what its documents may do`,
        trusts: automationIn(names.account, names.partition),
        grants: runbookGrants(runbook, configuration, names),
        boundary,
      });
      addDocument(its, "Automation", runbook.documents.automation);
      if (runbook.documents.undo !== null) addDocument(its, "Undo", runbook.documents.undo);
    }
    this.roles = roles;
  }
}

/**
 * A document under the name that its content's hash ends. Another content is another document: the old one stays, for
 * incidents that wait were promised it. To go back to a content that once stood, deploy with `--import-existing-resources`.
 */
const addDocument = (scope: Construct, id: string, { name, content }: AutomationDocument): void => {
  const document = new CfnDocument(scope, id, {
    name,
    content: {},
    documentType: "Automation",
    documentFormat: "JSON",
    updateMethod: "NewVersion",
  });
  // As text: CloudFormation makes texts of the numbers and booleans in an object, and then it is not what was hashed.
  document.addPropertyOverride("Content", JSON.stringify(content));
  document.applyRemovalPolicy(RemovalPolicy.RETAIN);
};
