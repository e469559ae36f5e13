import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** Clients of the SDK whose calls IAM knows by another prefix than the package's name. */
const PREFIX: Readonly<Record<string, string>> = {
  "api-gateway": "apigateway",
  "auto-scaling": "autoscaling",
  "cloudwatch-logs": "logs",
  "elastic-load-balancing-v2": "elasticloadbalancing",
  eventbridge: "events",
  "secrets-manager": "secretsmanager",
  "service-quotas": "servicequotas",
};
const ACTION: Readonly<Record<string, string>> = {
  "lambda:Invoke": "lambda:InvokeFunction",
  "s3:HeadObject": "s3:GetObject",
  "s3:ListObjectsV2": "s3:ListBucket",
};

const IMPORT = /import\s*\{([^}]*)\}\s*from\s*"@aws-sdk\/client-([a-z0-9-]+)"/g;
const CALL = /\b(?:([A-Z]\w+)Command|paginate([A-Z]\w+))\b/g;
const BUNDLED = /@aws-sdk\/client-([a-z0-9-]+)\/dist-es\/commands\/(\w+)Command\.js$/;

/** The IAM action of a call of the SDK. */
const actionOf = (client: string, command: string): string => {
  const prefix = PREFIX[client] ?? client;
  // IAM knows API Gateway by the verbs of HTTP; nothing here writes there.
  const call = prefix === "apigateway" ? "apigateway:GET" : `${prefix}:${command}`;
  return ACTION[call] ?? call;
};

/** The IAM actions of the calls that a source of ours names. */
const namedIn = (path: string): readonly string[] =>
  [...readFileSync(join(ROOT, path), "utf8").matchAll(IMPORT)].flatMap(([, names = "", client = ""]) =>
    [...names.matchAll(CALL)].map(([, command, paginated]) => actionOf(client, command ?? paginated ?? "")),
  );

/**
 * The IAM actions of the calls of AWS's SDK that a bundle makes: those that sources of ours name and that came into it
 * with what uses them. In the order of their names.
 * @param sources of the bundle, relative to the project's root
 */
export const callsIn = (sources: readonly string[]): readonly string[] => {
  const named = new Set(sources.filter((path) => path.startsWith("functions/")).flatMap(namedIn));
  const bundled = sources.flatMap((path) => {
    const [, client, command] = BUNDLED.exec(path) ?? [];
    return client === undefined || command === undefined ? [] : [actionOf(client, command)];
  });
  return [...new Set(bundled.filter((action) => named.has(action)))].toSorted();
};
