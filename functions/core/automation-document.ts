import { z } from "zod";
import { hashOf } from "./ids.ts";

/**
 * The subset of SSM Automation (schema 0.3) that Quell runs, and that its interpreter understands.
 * Anything outside it is refused when the catalogue loads, so nothing untested can be deployed.
 */
const output = z.strictObject({
  Name: z.string().regex(/^[A-Za-z0-9_]{1,64}$/),
  Selector: z.string().regex(/^\$\.[^\s]+$/),
  Type: z.enum(["String", "Integer", "Boolean", "StringList", "StringMap"]),
});

const common = {
  name: z.string().regex(/^[A-Za-z0-9_]{3,128}$/),
  description: z.string().optional(),
  nextStep: z.string().optional(),
  isEnd: z.boolean().optional(),
  isCritical: z.boolean().optional(),
  /** `Abort` (default), `Continue`, or `step:NAME`. */
  onFailure: z
    .string()
    .regex(/^(Abort|Continue|step:[A-Za-z0-9_]+)$/)
    .optional(),
  timeoutSeconds: z.int().positive().max(3600).optional(),
  maxAttempts: z.int().min(1).max(10).optional(),
};

/** Service and Api, then the API's own input members. */
const apiInputs = z.object({ Service: z.string(), Api: z.string() }).catchall(z.json());

export const automationStep = z.discriminatedUnion("action", [
  z.strictObject({
    ...common,
    action: z.literal("aws:executeAwsApi"),
    inputs: apiInputs,
    outputs: z.array(output).optional(),
  }),
  z.strictObject({
    ...common,
    action: z.literal("aws:waitForAwsResourceProperty"),
    inputs: apiInputs.extend({ PropertySelector: z.string(), DesiredValues: z.array(z.string()).min(1) }),
  }),
  z.strictObject({
    ...common,
    action: z.literal("aws:assertAwsResourceProperty"),
    inputs: apiInputs.extend({ PropertySelector: z.string(), DesiredValues: z.array(z.string()).min(1) }),
  }),
  z.strictObject({
    ...common,
    action: z.literal("aws:branch"),
    inputs: z.strictObject({
      Choices: z.array(z.object({ NextStep: z.string() }).catchall(z.json())).min(1),
      Default: z.string().optional(),
    }),
  }),
  z.strictObject({
    ...common,
    action: z.literal("aws:sleep"),
    inputs: z.strictObject({ Duration: z.string().regex(/^PT(\d+H)?(\d+M)?(\d+S)?$/) }),
  }),
]);

export const automationContent = z.strictObject({
  schemaVersion: z.literal("0.3"),
  description: z.string().min(1),
  assumeRole: z.string(),
  parameters: z.record(
    z.string().regex(/^[A-Za-z0-9_]+$/),
    z.strictObject({
      type: z.enum(["String", "Integer", "Boolean", "StringMap"]),
      description: z.string().min(1),
      allowedPattern: z.string().optional(),
      default: z.union([z.string(), z.number(), z.boolean()]).optional(),
    }),
  ),
  outputs: z.array(z.string()).optional(),
  mainSteps: z.array(automationStep).min(1),
});

export type AutomationStep = z.infer<typeof automationStep>;
export type AutomationContent = z.infer<typeof automationContent>;

/** A parsed document with the hash of its content; the deployed name ends in the hash's first 12 digits. */
export type AutomationDocument = Readonly<{ name: string; hash: string; content: AutomationContent }>;

/** A parser that zod compiles costs more than all documents there are take without. */
const FEW = { jitless: true };

/** Parses a document. Throws a ZodError that names the member at fault. @param name without the hash, e.g. `Quell-ecs-rollback` */
export const automationDocument = (name: string, raw: unknown): AutomationDocument => {
  const content = automationContent.parse(raw, FEW);
  const hash = hashOf(content);
  return { name: `${name}-${hash.slice(0, 12)}`, hash, content };
};

/**
 * Parameters of an undo: the outputs of the run that it reverses, each found by its name without the step's.
 * Null where the run captured too little for it; the lint proves that such a run has not come to its first change.
 */
export const undoParameters = (
  undo: AutomationDocument,
  outputs: Readonly<Record<string, string>>,
): Readonly<Record<string, string | number>> | null => {
  const captured = new Map(Object.entries(outputs).map(([name, value]) => [name.split(".")[1] ?? "", value]));
  const parameters: Record<string, string | number> = {};
  for (const [name, { type, default: standard }] of Object.entries(undo.content.parameters)) {
    const value = captured.get(name);
    if (value !== undefined) parameters[name] = type === "Integer" ? Number(value) : value;
    else if (standard === undefined) return null;
  }
  return parameters;
};
