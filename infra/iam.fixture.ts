import { runSimulation } from "@cloud-copilot/iam-simulate";
import { ACCOUNT } from "./example.fixture.ts";
import { resourcesOf, type Synthesized, type Template } from "./synth.fixture.ts";

type Policy = Readonly<{ name: string; policy: unknown }>;

/** A role as the template makes it: what it may do, and the boundary that holds it. */
export type SynthesizedRole = Readonly<{ name: string; policies: readonly Policy[]; boundaries: readonly Policy[] }>;

/** Every role of both stacks. Throws where one has no boundary, or a policy that is not written out in it. */
export const rolesOf = ({ agent, runbooks }: Synthesized): readonly SynthesizedRole[] =>
  [agent, runbooks].flatMap((template) =>
    resourcesOf(template, "AWS::IAM::Role").map(({ Properties }) => {
      const name = String(Properties.RoleName);
      if (Properties.ManagedPolicyArns !== undefined) throw new Error(`${name} has a managed policy`);
      const its = (Properties.Policies ?? []) as { PolicyName: string; PolicyDocument: unknown }[];
      return {
        name,
        policies: its.map(({ PolicyName, PolicyDocument }) => ({ name: PolicyName, policy: PolicyDocument })),
        boundaries: [boundaryOf(template, Properties.PermissionsBoundary, name)],
      };
    }),
  );

const boundaryOf = (template: Template, reference: unknown, role: string): Policy => {
  const { Ref = "" } = (reference ?? {}) as { Ref?: string };
  const found = template.Resources[Ref];
  if (found === undefined) throw new Error(`${role} has no boundary`);
  return { name: "boundary", policy: found.Properties.PolicyDocument };
};

/** The role of that name. Throws where there is none. */
export const roleNamed = (roles: readonly SynthesizedRole[], name: string): SynthesizedRole => {
  const found = roles.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no role ${name}: ${roles.map((one) => one.name).join(", ")}`);
  return found;
};

/**
 * Whether IAM would let a role do this, its boundary and the conditions included. Throws where the question is none.
 * @param resourcePolicy of what it is about; a KMS key that has none trusts nobody
 */
export const mayDo = async (
  { name, policies, boundaries }: SynthesizedRole,
  action: string,
  resource: string,
  context: Record<string, string | string[]> = {},
  resourcePolicy?: unknown,
): Promise<boolean> => {
  const said = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/${name}`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: context,
      },
      identityPolicies: [...policies],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      permissionBoundaryPolicies: [...boundaries],
      ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
    },
    {},
  );
  if (said.resultType === "error") throw new Error(`${action} on ${resource}: ${JSON.stringify(said.errors)}`);
  return said.overallResult === "Allowed";
};
