import { z } from "zod";

/** Where a secret lies. Its value is read when it is needed, and never stands in a file. */
export type Secret =
  | Readonly<{ secret: string; key?: string | undefined }>
  | Readonly<{ parameter: string; key?: string | undefined }>;

const FORMS =
  'the name of a secret in Secrets Manager, such as "quell/slack", or { parameter: "/quell/slack" } for a SecureString ' +
  'in Parameter Store; under a KMS key of your own, { secret: "quell/slack", key: "arn:aws:kms:..." }, or key beside parameter';

const secretName = z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,256}$/, "the name of a secret in Secrets Manager");
/** docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html: 1011 characters with the ARN before it. */
const parameterName = z
  .string()
  .max(900, "the name of a parameter, 900 characters at most")
  .regex(
    /^(?!\/?(?:aws|ssm))(?:[\w.-]+|(?:\/[\w.-]+){1,15})$/i,
    "the name of a parameter in Parameter Store, such as /quell/slack: letters, digits and _.- between slashes; " +
      "names that begin with aws or ssm are AWS's own",
  );
/** Of a key of one's own: AWS's own keys let decrypt whoever may read. IAM knows a key by its ARN, and by no alias. */
const keyArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]+$/,
    "the ARN of a KMS key, such as arn:aws:kms:eu-west-1:123456789012:key/0f5a6e3d-2c1b-4a59-8d7e-9f8a7b6c5d4e; no alias",
  );

/** A secret as the configuration names it; what was parsed before says the same again. */
export const secretSchema = z.union(
  [
    secretName.transform((secret): Secret => ({ secret })),
    z.strictObject({ secret: secretName, key: keyArn.optional() }, FORMS),
    z.strictObject({ parameter: parameterName, key: keyArn.optional() }, FORMS),
  ],
  { error: FORMS },
);

/** As messages name it. */
export const secretText = (secret: Secret): string =>
  "parameter" in secret ? `the parameter ${secret.parameter}` : `the secret ${secret.secret}`;
