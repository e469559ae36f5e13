import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { type JudgedPolicy, judgedPolicy, POLICY_NAMES } from "../rollout/evaluation-policies.ts";
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
  models: z.array(z.strictObject({ name: z.string().regex(/^[^+]+$/, "a name has no +"), folder: z.string().min(1) })),
  policies: z.array(z.string()).min(1),
  /**
   * How many of each world's first days those have who look into the world: they are slow. Equal to daysPerWorld, they have
   * all; fewer serves a spec of their own, since they are compared with others on the same days alone.
   */
  seerDays: count,
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
    if (!existsSync(join(folder, "model.json")))
      throw bad(path, `models.${name}`, `${folder} holds no model.json; give the folder that training wrote`);
  const judged = spec.policies.map((name) => policyIn(path, name, models));
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

const policyIn = (path: string, name: string, models: readonly Readonly<{ name: string }>[]): JudgedPolicy => {
  const policy = judgedPolicy(name);
  if (policy === null)
    throw bad(path, `policies.${name}`, `there is no such policy; give one of ${POLICY_NAMES.join(", ")}, model:NAME`);
  if (policy.kind === "model" && !models.some((one) => one.name === policy.model))
    throw bad(path, `policies.${name}`, `no model is called ${policy.model}; add it to models`);
  return policy;
};
