import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Score, Verdict } from "../../core/stages.ts";
import { pythonEnvironment } from "./environment.ts";

/** A trained model in a folder, under the name by which its scores are asked for. */
export type ModelFolder = Readonly<{ name: string; folder: string }>;
/** What a model scores: numbers, and which of the candidates are allowed. */
type ScoredScene = Readonly<{
  state: readonly number[];
  candidates: readonly (readonly number[])[];
  verdicts: readonly Pick<Verdict, "kind">[];
}>;

/** Trained models behind one process. */
export type ScoringServer = Readonly<{
  /** Hash of the feature schema that all its models were trained on. */
  featuresHash: string;
  /** One scene under each of these models, by name; null where a number of the scene is not finite. Throws ScoringServerFailed. */
  score: (scene: ScoredScene, models: readonly string[]) => Promise<ReadonlyMap<string, readonly Score[] | null>>;
  /** Comes back when the process has ended. */
  close: () => Promise<void>;
}>;

/** The process did not start, died, or answered something else. The message says what, and the last that it said itself. */
export class ScoringServerFailed extends Error {
  override readonly name = "ScoringServerFailed";
}

type ScoringServerOptions = Readonly<{
  /** The interpreter that has what the package needs. */
  python: string;
  /** What it runs. */
  args?: readonly string[];
  models: readonly ModelFolder[];
}>;

const LAST_LINES = 5;
const LONGEST_QUOTE = 200;
/** A process whose input was closed has nothing left to do. */
const PATIENCE_MS = 10_000;

const loaded = z.union([
  z.object({ loaded: z.array(z.string()), features_hash: z.string() }),
  z.object({ error: z.string() }),
]);
const numbers = z.array(z.number());
const scored = z.object({
  id: z.number(),
  scores: z.record(z.string(), z.tuple([z.object({ mean: numbers, sd: numbers }).nullable()])),
});
type Scored = z.infer<typeof scored>;
const answered = z.union([scored, z.object({ error: z.string() })]);

/** Starts the process and has it load these models. Throws ScoringServerFailed where it cannot. */
export const openScoringServer = async (options: ScoringServerOptions): Promise<ScoringServer> => {
  const lines = lineProcess(options);
  try {
    const reply = read(loaded, await lines.ask({ load: options.models }), lines);
    if ("error" in reply) throw new ScoringServerFailed(`the models cannot be loaded: ${reply.error}`);
    const { loaded: names, features_hash: featuresHash } = reply;
    const missing = options.models.find(({ name }) => !names.includes(name));
    if (missing !== undefined) throw lines.failed(`it has not loaded ${missing.name} from ${missing.folder}`);
    return { featuresHash, score: scoringBy(lines), close: lines.close };
  } catch (error) {
    await lines.close();
    throw error;
  }
};

const scoringBy = (lines: LineProcess): ScoringServer["score"] => {
  let asked = 0;
  return async ({ state, candidates, verdicts }, models) => {
    // JSON has no such numbers, and no model a value for them.
    if (![state, ...candidates].every((vector) => vector.every(Number.isFinite)))
      return new Map(models.map((model) => [model, null]));
    asked += 1;
    const id = asked;
    const allowed = verdicts.map(({ kind }) => kind === "allowed");
    const line = await lines.ask({ id, scenes: [{ state, candidates, allowed }], models });
    const reply = read(answered, line, lines);
    if ("error" in reply) throw lines.failed(`it cannot score a scene: ${reply.error}`);
    if (reply.id !== id) throw lines.failed(`it answered question ${reply.id} instead of ${id}`);
    return new Map(models.map((model) => [model, scoresOf(lines, reply, model, candidates.length)]));
  };
};

const read = <T>(shape: z.ZodType<T>, line: string, { failed }: LineProcess): T => {
  const reply = shape.safeParse(jsonIn(line));
  if (reply.success) return reply.data;
  throw failed(`it answered ${line.slice(0, LONGEST_QUOTE)}`);
};

const jsonIn = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
};

const scoresOf = (lines: LineProcess, { scores }: Scored, model: string, count: number): readonly Score[] | null => {
  const own = scores[model]?.[0];
  if (own === null) return null;
  if (own?.mean.length !== count || own.sd.length !== count)
    throw lines.failed(`it has no ${count} scores of ${model}`);
  return own.mean.map((mean, index) => ({ q: { mean, sd: own.sd[index] ?? 0 } }));
};

/** A process that answers each line with a line, in the order in which it was asked. */
type LineProcess = Readonly<{
  ask: (question: unknown) => Promise<string>;
  failed: (what: string) => ScoringServerFailed;
  close: () => Promise<void>;
}>;

type Waiting = Readonly<{ resolve: (line: string) => void; reject: (why: ScoringServerFailed) => void }>;

const lineProcess = ({ python, args = ["-m", "qnet", "serve"] }: ScoringServerOptions): LineProcess => {
  const env = { ...pythonEnvironment(), PYTHONUNBUFFERED: "1" };
  const child = spawn(python, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  const waiting: Waiting[] = [];
  const said: string[] = [];
  let death: string | null = null;
  const failed = (what: string): ScoringServerFailed =>
    new ScoringServerFailed(
      `the scoring server of ${python}: ${what}${said.length === 0 ? "" : `; the last it said:\n${said.join("\n")}`}`,
    );
  const dies = (how: string): void => {
    death ??= how;
    for (const { reject } of waiting.splice(0)) reject(failed(death));
  };
  const closed = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      dies(`it cannot be started (${error.message}); give the path of a Python that has what policies/qnet needs`);
      resolve();
    });
    // Both streams are read to their ends by then: what it said last is part of why it died.
    child.once("close", (code, signal) => {
      dies(signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`);
      resolve();
    });
  });
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(line));
  createInterface({ input: child.stderr }).on("line", (line) => {
    said.push(line);
    if (said.length > LAST_LINES) said.shift();
  });
  // A write to a process that died fails as well; why it died is what is worth saying.
  child.stdin.on("error", () => {});
  return {
    failed,
    ask: (question) =>
      new Promise((resolve, reject) => {
        if (death !== null) return reject(failed(death));
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(question)}\n`);
      }),
    close: async () => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      await closed;
      clearTimeout(timer);
    },
  };
};
