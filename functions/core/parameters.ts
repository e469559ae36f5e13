import type { Context } from "./context.ts";
import type { Resource } from "./evidence.ts";
import { type Because, because } from "./reasons.ts";
import type { Params, Runbook } from "./runbook.ts";
import type { Settings } from "./settings.ts";

/**
 * What every runbook's parameters must be, whoever named them: one flat record of plain printable words and numbers
 * that its own schema takes as they are, about one resource of the incident's own graph and about nothing else.
 * Details name parameters and known resources only: what a drafter wrote is never repeated.
 */
export type Bad = Because<"bad-parameter" | "target-not-in-graph">;
export type Checked<T> = Readonly<{ kind: "ok"; value: T }> | Readonly<{ kind: "bad"; because: Bad }>;

const ok = <T>(value: T): Checked<T> => ({ kind: "ok", value });
const bad = (code: Bad["code"], detail: string): Checked<never> => ({ kind: "bad", because: because(code, detail) });

// The largest document of a catalogue has a handful; an ARN of AWS has at most 2048 characters, of ours at most 512.
const MOST_PARAMETERS = 16;
const LONGEST_VALUE = 512;

/**
 * A word: printable ASCII that begins with a letter, a digit, `/` or `_`. So it is no option (`-o`), list (`,`), pattern
 * (`*`, `?`), reference (`{{ssm:x}}`), substitution (`$(id)`), second line, markup or letter that only looks like ASCII.
 */
const WORD = /^[A-Za-z0-9/_][A-Za-z0-9/_.:@+=-]*$/;

// A role in a parameter would let a caller pick the rights that a document runs with: it is fixed in the document.
const IDENTITY_ARN = /^arn:[^:]*:(iam|sts):/;
const ROLE_NAME = /assumerole|rolearn/i;

/**
 * Parses the parameters of a runbook (typed as Params by a drafter's word only). The runbook's schema must take them
 * without changing, adding or dropping any: what is executed is what was read here.
 */
export const parseParams = (runbook: Runbook, raw: unknown): Checked<Params> => {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return bad("bad-parameter", "The parameters are not one flat record.");
  }
  const entries = Object.entries(raw);
  if (entries.length > MOST_PARAMETERS) {
    return bad("bad-parameter", `There are ${entries.length} parameters, more than ${MOST_PARAMETERS}.`);
  }
  for (const [name, value] of entries) {
    const fault = ROLE_NAME.test(name) ? "names a role" : faultOf(value);
    if (fault !== null) return bad("bad-parameter", `${labelOf(runbook, name)} ${fault}.`);
  }
  const parsed = runbook.parameters.safeParse(raw);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => labelOf(runbook, String(issue.path[0] ?? ""))));
    return bad("bad-parameter", `The runbook's schema refuses: ${[...names].join(", ")}.`);
  }
  const taken = Object.entries(parsed.data);
  const same = taken.length === entries.length && entries.every(([name, value]) => parsed.data[name] === value);
  return same ? ok(parsed.data) : bad("bad-parameter", "The runbook's schema would change the parameters.");
};

/** What is wrong with one value, as the end of a sentence, or null. */
const faultOf = (value: unknown): string | null => {
  if (typeof value === "number") return Number.isFinite(value) ? null : "is not a finite number";
  if (typeof value !== "string") return "is neither text nor a number";
  if (value.length > LONGEST_VALUE) return `has ${value.length} characters, more than ${LONGEST_VALUE}`;
  if (!WORD.test(value)) return "is not one plain word";
  return IDENTITY_ARN.test(value) ? "names an identity" : null;
};

const labelOf = (runbook: Runbook, name: string): string =>
  Object.hasOwn(runbook.documents?.automation.content.parameters ?? {}, name) ? name : "a parameter of no known name";

/** Finds the target by exact ARN in the incident's own graph; it must be of the runbook's type and of this account. */
export const findTarget = (
  runbook: Runbook,
  context: Pick<Context, "resources">,
  settings: Pick<Settings, "account">,
  target: unknown,
): Checked<Resource> => {
  const resource = context.resources.find((one) => one.arn === target);
  if (resource === undefined) {
    return bad("target-not-in-graph", `The target is none of the incident's ${context.resources.length} resources.`);
  }
  if (resource.type !== runbook.targetType) {
    return bad("target-not-in-graph", `The target is a ${resource.type}, the runbook acts on ${runbook.targetType}.`);
  }
  const account = resource.arn.split(":")[4] ?? "";
  // Some ARNs have no account (an S3 bucket's); another account's is never ours to change.
  if (account !== "" && account !== settings.account) {
    return bad("target-not-in-graph", "The target belongs to another account.");
  }
  return ok(resource);
};

/**
 * The parameters must name the target and nothing beyond it: each text is the target's ARN or a part of it, its name or
 * root, or a value that the control plane reports of it (an attribute, or the versions of its changes); at least one is
 * the ARN, the name, or the ARN's last part; the root, where the runbook acts on that. So a drafter can point, but cannot
 * bring a word of its own.
 */
export const namesTarget = (
  runbook: Runbook,
  context: Pick<Context, "changes">,
  target: Resource,
  params: Params,
): Checked<Params> => {
  const parts = partsOf(target.arn);
  const names = [target.arn, target.name, parts.at(-1)];
  const changes = context.changes.filter((change) => change.target === target.arn);
  const reported = [
    ...Object.values(target.attributes).map(String),
    ...changes.flatMap((change) => [change.from, change.to]),
  ];
  const own = new Set([...names, ...parts, target.root, ...partsOf(target.root), ...reported]);
  const texts = Object.entries(params).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  const foreign = texts.find(([, value]) => !own.has(value));
  if (foreign !== undefined) {
    const label = labelOf(runbook, foreign[0]);
    return bad("target-not-in-graph", `${label} is no word of the target ${target.name} or of what is known of it.`);
  }
  const pointed = runbook.actsOn === "root" ? [...names, target.root] : names;
  if (!texts.some(([, value]) => pointed.includes(value))) {
    return bad("target-not-in-graph", `No parameter names the target ${target.name}.`);
  }
  return ok(params);
};

/** The resource parts of an ARN (after partition, service, Region and account), for instance cluster and service. */
const partsOf = (arn: string): readonly string[] =>
  arn
    .split(":")
    .slice(5)
    .flatMap((part) => [part, ...part.split("/")]);
