import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { Configuration } from "../functions/core/configuration.ts";
import { AgentStack } from "./agent-stack.ts";
import { configurationFor } from "./configuration.ts";
import { RunbookStack } from "./runbook-stack.ts";

/**
 * Both stacks of a configuration, with the checks that a synthesis must pass. The agent comes after its runbooks and goes
 * before them: while it runs, what it starts can end, and be taken back.
 */
export const quellApp = (app: App, configuration: Configuration): App => {
  const runbooks = new RunbookStack(app, { configuration });
  new AgentStack(app, { configuration }).addStackDependency(runbooks);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
};

if (import.meta.main) {
  const app = new App();
  const configuration = await configurationFor(app.node.tryGetContext("config"), process.env, (lines) =>
    process.stderr.write(lines),
  );
  if (configuration === null) process.exit(2);
  quellApp(app, configuration).synth();
}
