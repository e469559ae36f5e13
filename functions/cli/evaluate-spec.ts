import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { DRAFTER_NAMES } from "../rollout/days/days.ts";
import {
  chooserOf,
  type JudgedPolicy,
  judgedPolicy,
  POLICY_FORMS,
  POLICY_NAMES,
} from "../rollout/evaluation-policies.ts";
import { CONFOUNDINGS } from "../world/people/knowledge.ts";
import { BadInput } from "./errors.ts";

const count = z.int().min(0);

/** What is judged on which days: the same spec and models give the same lines, to the byte. */
const evaluationSpec = z.strictObject({
  schema: z.literal(1),
  /** Hash of what is judged: no world exists before it. */
  seed: z.string().min(1),
  /** Worlds from `first` up to and without `end`. */
  worlds: z
    .strictObject({ first: count, end: count })
    .refine(({ first, end }) => first < end, "end must be above first"),
  daysPerWorld: count.min(1),
  /** Share of the runbooks whose rules speak for the wrong evidence. */
  broken: z.number().min(0).max(1),
  confounding: z.enum(CONFOUNDINGS).default("mild"),
  /** A folder of episodes: what its first days have of runs is every policy's past. Null: none has a past. */
  trackRecord: z.string().min(1).nullable(),
  models: z.array(
    z.strictObject({
      name: z
        .string()
        .regex(/^[^+]+$/, "a name has no +")
        .regex(/^(?!onnx:|clone:)/, "a name does not begin with onnx: or clone:"),
      folder: z.string().min(1),
    }),
  ),
  policies: z.array(z.string()).min(1),
  /**
   * How many of each world's first days those have who look into the world: they are slow. Equal to daysPerWorld, they have
   * all; fewer serves a spec of their own, since they are compared with others on the same days alone.
   */
  seerDays: count,
  /** Who answers cards: somebody who says yes after four minutes, or whoever is on call, by what they know. */
  answers: z.enum(["yes", "oncall"]).default("yes"),
  /** Whether the families of faults take turns day by day, in place of their published shares. */
  stratified: z.boolean().default(false),
  /** Who drafts in place of the model that the world has: nobody, one that recalls so much, or another model. */
  drafter: z
    .union([
      z.literal("none"),
      z.strictObject({ recall: z.number().min(0).max(1) }),
      z.strictObject({ name: z.enum(DRAFTER_NAMES) }),
    ])
    .nullable()
    .default(null),
  /** The model whose expectations of each action are written beside what came of it; null: none. */
  outlook: z.string().nullable().default(null),
});

/** A spec whose folders are whole paths, and the policies that it names. */
export type EvaluationSpec = Readonly<z.infer<typeof evaluationSpec>> & Readonly<{ judged: readonly JudgedPolicy[] }>;

/** Reads the spec; its folders are relative to it. Throws BadInput that says what is wrong, where, and what to do. */
export const readSpec = (path: string): EvaluationSpec => {
  const parsed = evaluationSpec.safeParse(jsonIn(path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw bad(path, issue?.path.join(".") ?? "", issue?.message ?? "it cannot be read");
  }
  const spec = parsed.data;
  const twice = firstTwice(spec.policies) ?? firstTwice(spec.models.map(({ name }) => name));
  if (twice !== null) throw bad(path, twice, "it is named twice; name it once");
  const inside = (folder: string): string => resolve(dirname(path), folder);
  const models = spec.models.map(({ name, folder }) => ({ name, folder: inside(folder) }));
  for (const { name, folder } of models)
    if (!isOnnx(folder) && !isForPython(folder))
      throw bad(
        path,
        `models.${name}`,
        `${folder} holds no model.json, and no model.onnx with its manifest.json; give the folder that training or ` +
          "releasing wrote",
      );
  const judged = spec.policies.map((name) => policyIn(path, name, models));
  if (spec.outlook !== null && !models.some(({ name, folder }) => name === spec.outlook && isOnnx(folder)))
    throw bad(path, "outlook", `no model with a model.onnx is called ${spec.outlook}; add it to models`);
  return { ...spec, models, judged, trackRecord: spec.trackRecord === null ? null : inside(spec.trackRecord) };
};

const bad = (path: string, where: string, what: string): BadInput => new BadInput(`--spec ${path}: ${where}: ${what}`);

const jsonIn = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`--spec ${path}: cannot be read (${why}); give a file of JSON`, { cause });
  }
};

const firstTwice = (names: readonly string[]): string | null =>
  names.find((name, index) => names.indexOf(name) < index) ?? null;

type Model = Readonly<{ name: string; folder: string }>;

/** Whether a model lies there with its limits beside it. */
const isOnnx = (folder: string): boolean =>
  existsSync(join(folder, "model.onnx")) && existsSync(join(folder, "manifest.json"));
const isForPython = (folder: string): boolean => existsSync(join(folder, "model.json"));

const policyIn = (path: string, name: string, models: readonly Model[]): JudgedPolicy => {
  const policy = judgedPolicy(name);
  const known = [...POLICY_NAMES, ...POLICY_FORMS].join(", ");
  if (policy === null) throw bad(path, `policies.${name}`, `there is no such policy; give one of ${known}`);
  const chooser = chooserOf(policy);
  if (chooser.kind !== "model" && chooser.kind !== "learnt") return policy;
  const model = models.find((one) => one.name === chooser.model);
  if (model === undefined) throw bad(path, `policies.${name}`, `no model is called ${chooser.model}; add it to models`);
  if (chooser.kind === "model" && !isForPython(model.folder))
    throw bad(path, `policies.${name}`, `${chooser.model} has no model.json; call it onnx:${chooser.model}`);
  if (chooser.kind === "learnt" && !isOnnx(model.folder))
    throw bad(path, `policies.${name}`, `${chooser.model} has no model.onnx; call it model:${chooser.model}`);
  return policy;
};
