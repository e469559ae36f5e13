import { App } from "aws-cdk-lib";
import { AgentStack } from "./agent-stack.ts";
import { configurationFor } from "./configuration.ts";
import { allowedIn, permissionsTable, type TemplateWithRoles, writesOf } from "./permissions.ts";
import { RunbookStack } from "./runbook-stack.ts";

// Prints every write that a deployment of the configuration would allow; with --all what it may read too.
const app = new App();
const configuration = await configurationFor(undefined, process.env, (lines) => process.stderr.write(lines));
if (configuration === null) process.exit(2);
const stacks = [new AgentStack(app, { configuration }), new RunbookStack(app, { configuration })];
const assembly = app.synth();
const templates = stacks.map(({ artifactId }): TemplateWithRoles => assembly.getStackArtifact(artifactId).template);
const allowed = templates.flatMap(allowedIn);
process.stdout.write(`${permissionsTable(process.argv.includes("--all") ? allowed : writesOf(allowed))}\n`);
