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

/**
 * Hashes of what was at hand when the stack was made, in lower-case hex, for respond to hold against what it loads: they
 * lie in the stack and not in the bundle, so whoever changes the one has not changed the other.
 */
const PINNED = {
  catalogueHash: "QUELL_CATALOGUE_HASH",
  guardrailsHash: "QUELL_GUARDRAILS_HASH",
  configurationHash: "QUELL_CONFIGURATION_HASH",
  /** Of the manifests of the models that may decide, commas between; `none`. */
  modelHashes: "QUELL_MODEL_HASHES",
} as const;
const EVERY = { ...VARIABLES, ...PINNED };

export type Pin = keyof typeof PINNED;
export type Surroundings = Readonly<Record<keyof typeof EVERY, string>>;
export type Surrounding = keyof typeof EVERY;

/** All but the pins. */
export const SURROUNDINGS = Object.keys(VARIABLES) as readonly (keyof typeof VARIABLES)[];
/** What respond alone is told beside. */
export const PINS = Object.keys(PINNED) as readonly Pin[];

/** The environment variable under which infra tells one of them. */
export const variableOf = (name: Surrounding): string => EVERY[name];

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
  const missing = names.filter((name) => !value.safeParse(env[EVERY[name]]).success).map(variableOf);
  if (missing.length > 0)
    throw new MissingSurroundings(`not set: ${missing.join(", ")}; the stack sets them, run cdk deploy again`);
  return Object.fromEntries(names.map((name) => [name, env[EVERY[name]] ?? ""])) as Pick<Surroundings, K>;
};
