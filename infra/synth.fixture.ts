import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { App } from "aws-cdk-lib";
import { type ConfigurationInput, parseConfiguration } from "../functions/core/configuration.ts";
import { quellApp } from "./app.ts";
import { EXAMPLE } from "./example.fixture.ts";

export type Resource = Readonly<{
  Type: string;
  Properties: Readonly<Record<string, unknown>>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}>;
export type Template = Readonly<{
  Resources: Readonly<Record<string, Resource>>;
  Outputs?: Readonly<Record<string, unknown>>;
}>;
export type Synthesized = Readonly<{ agent: Template; runbooks: Template; folder: string }>;

/** The settings of cdk.json, which only the CDK's own command line reads. */
const context = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(import.meta.dirname, "..", "cdk.json"), "utf8")).context;

/** Both templates of a configuration, with every check that a synthesis makes. Throws where one of them fails. */
export const synthesized = (
  configuration: ConfigurationInput = EXAMPLE,
  more: Record<string, unknown> = {},
): Synthesized => {
  const folder = mkdtempSync(join(tmpdir(), "quell-synth-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const app = new App({ outdir: folder, context: { ...context(), ...more } });
  const parsed = parseConfiguration(configuration);
  quellApp(app, parsed).synth();
  const template = (name: string): Template =>
    JSON.parse(readFileSync(join(folder, `${parsed.name ?? "quell"}-${name}.template.json`), "utf8"));
  return { agent: template("agent"), runbooks: template("runbooks"), folder };
};

/** The resources of a type, with their logical ids. */
export const resourcesOf = ({ Resources }: Template, type: string): readonly (Resource & Readonly<{ id: string }>)[] =>
  Object.entries(Resources).flatMap(([id, resource]) => (resource.Type === type ? [{ ...resource, id }] : []));
