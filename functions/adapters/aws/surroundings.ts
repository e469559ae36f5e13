import { z } from "zod";

/**
 * What the stack tells its functions in their environment: names of what it made. Each function is told what it needs;
 * infra sets these, handlers/deployed reads them.
 */
const VARIABLES = {
  ledgerTable: "QUELL_LEDGER_TABLE",
  approvalsTable: "QUELL_APPROVALS_TABLE",
  bucket: "QUELL_BUCKET",
  pageTopicArn: "QUELL_PAGE_TOPIC_ARN",
  /** Of the alias `live` of respond: executions that run stay on the version that started them. */
  respondArn: "QUELL_RESPOND_ARN",
  /** Of draft; its own name, for only the newest version is ever asked. */
  draftArn: "QUELL_DRAFT_ARN",
  intakeQueueUrl: "QUELL_INTAKE_QUEUE_URL",
  /** Lower-case hex: identifies the running code in records. */
  codeHash: "QUELL_CODE_HASH",
} as const;

export type Surroundings = Readonly<Record<keyof typeof VARIABLES, string>>;
export type Surrounding = keyof typeof VARIABLES;

/** All of them, as respond needs them. */
export const SURROUNDINGS = Object.keys(VARIABLES) as readonly Surrounding[];

/** The environment variable under which infra tells one of them. */
export const variableOf = (name: Surrounding): string => VARIABLES[name];

/** A function was not told what it needs. */
export class MissingSurroundings extends Error {
  override readonly name = "MissingSurroundings";
}

/** Reads what was asked for. Throws MissingSurroundings, which names every variable that is not set. */
export const readSurroundings = <K extends Surrounding>(
  env: Readonly<Record<string, string | undefined>>,
  ...names: readonly K[]
): Readonly<Pick<Surroundings, K>> => {
  const value = z.string().min(1);
  const missing = names.filter((name) => !value.safeParse(env[VARIABLES[name]]).success).map(variableOf);
  if (missing.length > 0)
    throw new MissingSurroundings(`not set: ${missing.join(", ")}; the stack sets them, run cdk deploy again`);
  return Object.fromEntries(names.map((name) => [name, env[VARIABLES[name]] ?? ""])) as Pick<Surroundings, K>;
};
