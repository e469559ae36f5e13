import { z } from "zod";
import type { Json } from "./json.ts";
import type { Scorer } from "./ports.ts";

/** Who chooses: a policy by its name, and the model that speaks through it; "" where it has none. */
export type Actor = Pick<Scorer, "policy" | "modelHash">;

const autonomyItem = z.strictObject({
  earned: z.boolean(),
  changedAtMs: z.number(),
  /** `evidence` where the counts said so; else who did. */
  by: z.string().min(1),
  /** Under whose choices it was earned; left out where its owner grants it to whoever acts. */
  earnedBy: z.strictObject({ policy: z.string(), modelHash: z.string() }).nullable().default(null),
  /** The harm that ended it: no evidence brings it back, only a person. */
  suspendedBecause: z.string().min(1).nullable().default(null),
  /** When a person last lifted a suspension. */
  reinstatedAtMs: z.number().nullable().default(null),
});

/** Whether one runbook may act alone in one environment, as the ledger keeps it under `autonomyKey`. */
export type AutonomyItem = Readonly<z.infer<typeof autonomyItem>>;

/** Reads an item of the ledger; null where there is none. Throws a ZodError on a damaged one. */
export const autonomyItemIn = (item: Json | null): AutonomyItem | null =>
  item === null ? null : autonomyItem.parse(item);

/** Whether it was earned under this very policy and model. What nobody knows of who acts speaks against it. */
export const isEarnedBy = ({ earnedBy }: Pick<AutonomyItem, "earnedBy">, acting: Actor | null): boolean =>
  earnedBy === null || (acting?.policy === earnedBy.policy && acting.modelHash === earnedBy.modelHash);
