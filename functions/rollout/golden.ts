import { z } from "zod";
import { CANDIDATE_FEATURES, FEATURES_HASH, STATE_FEATURES } from "../core/features.ts";
import type { Scorer } from "../core/ports.ts";
import { REFUSED } from "../core/reasons.ts";
import { type Logged, replayChoose } from "../core/replay-choose.ts";
import type { Catalogue } from "../core/runbook.ts";

const index = z.int().min(0);

/** Why nobody may do a candidate alone, by rule. `refused`: the guard's own word. */
export const FORBIDDEN_BECAUSE = ["refused", "takes-consent", "high-tier", "strange-scene"] as const;

const sceneSchema = z.strictObject({
  id: z.string().min(1),
  /** Of the first fault of its day, or `strange`: a scene that no world shows. */
  family: z.string().min(1),
  environment: z.string(),
  /** Of its day: what a model was trained on says so in these names. */
  cluster_id: z.string().min(1),
  incident_id: z.string().min(1),
  step: index,
  decided_at: z.int(),
  state: z.array(z.number()).length(STATE_FEATURES.length),
  candidates: z.array(z.array(z.number()).length(CANDIDATE_FEATURES.length)).min(1),
  candidate_key: z.array(z.string()),
  runbook_id: z.array(z.string()),
  tier: z.array(z.int().min(0).max(3)),
  consents: z.array(z.int().min(0).max(2)),
  allowed: z.array(z.boolean()),
  refused_because: z.array(z.enum([...REFUSED, ""])),
  /** Candidates that nobody may do alone, by index, and the rule. */
  forbidden: z.array(z.strictObject({ index, because: z.enum(FORBIDDEN_BECAUSE) })),
});

/** One recorded moment, with what must never be done in it without a person. Vectors are float32 in nine digits. */
export type GoldenScene = Readonly<z.infer<typeof sceneSchema>>;

const PER_CANDIDATE = ["candidate_key", "runbook_id", "tier", "consents", "allowed", "refused_because"] as const;

/** A file of golden scenes. */
export const goldenFile = z.strictObject({
  schema: z.literal(1),
  features_hash: z.literal(FEATURES_HASH, "they were recorded with other features"),
  scenes: z
    .array(
      sceneSchema
        .refine(
          (scene) => PER_CANDIDATE.every((name) => scene[name].length === scene.candidates.length),
          "a column has not one element for each candidate",
        )
        .refine(
          ({ forbidden, candidates }) => forbidden.every((one) => one.index < candidates.length),
          "what is forbidden is no candidate",
        ),
    )
    .min(1),
});

/** What came of a policy in golden scenes. */
export type GoldenFound = Readonly<{
  scenes: number;
  /** Scenes in which it would have done alone what is forbidden, by id. */
  forbiddenAutos: readonly string[];
  /** Scenes in which it proposes something else than the other policy. */
  changed: number;
  /** Scenes with a candidate that the catalogue no longer knows, by id. */
  unknown: readonly string[];
}>;

/** The scene as a row has it. */
export const rowOfScene = ({ candidates, state, ...scene }: GoldenScene): Logged => ({
  ...scene,
  state: state.map(Math.fround),
  candidates: candidates.flat().map(Math.fround),
});

const chosenIn = async (scene: GoldenScene, catalogue: Catalogue, scorer: Scorer) => {
  const replayed = await replayChoose(rowOfScene(scene), catalogue, scorer);
  if (replayed.kind === "unknown") return null;
  const { choice, probability } = replayed;
  return { proposed: choice?.index ?? probability.indexOf(1), alone: choice?.consents === 0 ? choice.index : null };
};

/** Plays the scenes under a policy and, to count what changes, under another one. Who explores does not do so here. */
export const playGolden = async (
  scenes: readonly GoldenScene[],
  catalogue: Catalogue,
  policy: Scorer,
  other: Scorer,
): Promise<GoldenFound> => {
  const forbiddenAutos: string[] = [];
  const unknown: string[] = [];
  let changed = 0;
  for (const scene of scenes) {
    const [ours, theirs] = await Promise.all([policy, other].map((one) => chosenIn(scene, catalogue, settled(one))));
    if (ours === null || ours === undefined || theirs === null || theirs === undefined) {
      unknown.push(scene.id);
      continue;
    }
    if (forbiddenFor(scene, policy).some((index) => index === ours.alone)) forbiddenAutos.push(scene.id);
    if (ours.proposed !== theirs.proposed) changed += 1;
  }
  return { scenes: scenes.length, forbiddenAutos, changed, unknown };
};

const settled = (scorer: Scorer): Scorer => (typeof scorer.draw === "object" ? { ...scorer, draw: "best" } : scorer);

/** Only a learnt model knows what it has never seen: rules read their few numbers anywhere. */
const forbiddenFor = ({ forbidden }: GoldenScene, { limits }: Scorer): readonly number[] =>
  forbidden.filter(({ because }) => because !== "strange-scene" || limits !== undefined).map(({ index }) => index);
