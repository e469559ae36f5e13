import { z } from "zod";
import { isWildcard, wildcardReason } from "./wildcards.ts";

/** What CloudFormation is given for a role, as far as it says what the role may do. */
const list = z.union([z.string(), z.array(z.string())]).transform((one) => (typeof one === "string" ? [one] : one));
const statement = z.object({
  Effect: z.enum(["Allow", "Deny"]),
  Action: list,
  Resource: list,
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
const role = z.object({
  Type: z.literal("AWS::IAM::Role"),
  Properties: z.object({
    RoleName: z.string(),
    Policies: z.array(z.object({ PolicyDocument: z.object({ Statement: z.array(statement) }) })).default([]),
  }),
});

/** A template, of which only the roles are read. */
export type TemplateWithRoles = Readonly<{ Resources: Readonly<Record<string, Readonly<{ Type: string }>>> }>;

/** One action that a role may do to one resource; `under` the keys of the conditions under which it may. */
export type Allowed = Readonly<{ role: string; action: string; resource: string; under: readonly string[] }>;

/** Names that begin so look and change nothing; with them those whose names do not say so. */
const LOOKS = /:(Get|List|Describe|Query$|StartQuery$|StopQuery$|ReceiveMessage$|GET$)/;
const LOOKS_AS_WELL = ["bedrock:InvokeModel"];

/**
 * Whether an action only looks. By its name, so that one that nobody thought of counts as a change; a test holds this
 * against what AWS says of each.
 */
export const isLook = (action: string): boolean => LOOKS.test(action) || LOOKS_AS_WELL.includes(action);

/** Everything that the roles of a template allow, one line for each action and resource. Throws a ZodError. */
export const allowedIn = ({ Resources }: TemplateWithRoles): readonly Allowed[] =>
  Object.values(Resources)
    .filter(({ Type }) => Type === "AWS::IAM::Role")
    .flatMap((resource) => {
      const { RoleName, Policies } = role.parse(resource).Properties;
      return Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
        .filter(({ Effect }) => Effect === "Allow")
        .flatMap(({ Action, Resource, Condition = {} }) =>
          Action.flatMap((action) =>
            Resource.map((one) => ({
              role: RoleName,
              action,
              resource: one,
              under: Object.values(Condition).flatMap((keys) => Object.keys(keys)),
            })),
          ),
        );
    });

/** What of it changes something. */
export const writesOf = (allowed: readonly Allowed[]): readonly Allowed[] =>
  allowed.filter(({ action }) => !isLook(action));

/** What names no single thing and is in no line of the closed list. */
export const unexplained = (allowed: readonly Allowed[]): readonly Allowed[] =>
  allowed.filter(({ action, resource }) => isWildcard(resource) && wildcardReason(action, resource) === null);

/** The table of what is allowed, for people: one line each, in columns, and why it is no narrower where it is not. */
export const permissionsTable = (allowed: readonly Allowed[]): string => {
  const rows = allowed.map(({ role: who, action, resource, under }) => [
    who,
    action,
    resource,
    [
      ...(under.length > 0 ? [`only as ${under.join(", ")} says`] : []),
      ...(isWildcard(resource) ? [wildcardReason(action, resource) ?? "NOT IN THE CLOSED LIST"] : []),
    ].join("; "),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};
