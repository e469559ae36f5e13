import type { Secret } from "../functions/core/secret.ts";
import type { Grant } from "./grants.ts";
import type { Names } from "./names.ts";

/**
 * Reading these secrets and no others, each where it lies. AWS's own keys, aws/secretsmanager and aws/ssm, let decrypt
 * whoever may read; a key of one's own must be granted as well, and only by way of its store
 * (docs.aws.amazon.com/systems-manager/latest/userguide/ps-restrict-decryption.html,
 * docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html).
 */
export const secretGrants = (
  { names }: Readonly<{ names: Names }>,
  ...secrets: readonly (Secret | undefined)[]
): readonly Grant[] => {
  const wanted = secrets.filter((secret) => secret !== undefined);
  return [
    {
      actions: ["secretsmanager:GetSecretValue"],
      // Secrets Manager ends a secret's ARN in six characters of its own.
      resources: wanted.flatMap((one) =>
        "secret" in one ? [names.arn("secretsmanager", `secret:${one.secret}-??????`)] : [],
      ),
    },
    {
      actions: ["ssm:GetParameter"],
      resources: wanted.flatMap((one) => ("parameter" in one ? [names.arn("ssm", parameterOf(one.parameter))] : [])),
    },
    ...wanted.flatMap((one) => {
      if (one.key === undefined) return [];
      const service = "parameter" in one ? "ssm" : "secretsmanager";
      // What follows the domain is .cn in China's Regions.
      const via = { StringLike: { "kms:ViaService": `${service}.${names.region}.amazonaws.com*` } };
      return [{ actions: ["kms:Decrypt"], resources: [one.key], conditions: via }];
    }),
  ];
};

/** In an ARN the slash that begins a name is the one that follows `parameter`. */
const parameterOf = (name: string): string => `parameter/${name.replace(/^\//, "")}`;
