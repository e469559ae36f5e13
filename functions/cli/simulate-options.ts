import { z } from "zod";
import { SPLITS } from "../rollout/days/days.ts";
import { CONFOUNDINGS } from "../world/people/knowledge.ts";
import { HARM_SHARE_WANTED, harmShareFlag } from "./accepted-harm.ts";
import { BadInput } from "./errors.ts";
import { TARGET_NAMES } from "./score-policy.ts";

/** The flags as commander hands them over: text, or absent. */
export type SimulateFlags = Readonly<{
  incidents: string;
  seed: string;
  out: string;
  split: string;
  behaviour: string;
  confounding: string;
  epsilon: string;
  policy: string;
  broken: string;
  autonomy?: string;
  truth: boolean;
  json?: true;
}>;

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
/** From 0 to 1, in plain digits. */
const share = z
  .string()
  .regex(/^(0|1|0?\.\d+|1\.0+)$/)
  .transform(Number);

const schema = z.object({
  incidents: wholeNumber.pipe(z.number().min(1).max(1_000_000)),
  seed: wholeNumber,
  out: z.string().min(1),
  split: z.enum(SPLITS),
  behaviour: z.enum(["oncall", "agent"]),
  confounding: z.enum(CONFOUNDINGS),
  epsilon: share,
  policy: z.string().min(1),
  broken: share,
  autonomy: harmShareFlag.optional(),
});
type Asked = Readonly<z.infer<typeof schema>>;

/** What a log is made of. Shares are 0..1. */
export type SimulateOptions = Asked & Readonly<{ truth: boolean; json: boolean }>;

const WHAT_TO_DO: Readonly<Record<keyof Asked, string>> = {
  incidents: "give a whole number from 1 to 1000000, for instance --incidents 2000",
  seed: "give a whole number of 0 or more, for instance --seed 1",
  out: "give a folder, for instance --out episodes",
  split: `give ${SPLITS.join(", ")}`,
  behaviour: "give oncall or agent",
  confounding: `give ${CONFOUNDINGS.join(", ")}`,
  epsilon: "give a share from 0 to 1, for instance --epsilon 0.15",
  policy: `give one of ${TARGET_NAMES.join(", ")}, or a folder with a model`,
  broken: "give a share from 0 to 1, for instance --broken 0.3",
  autonomy: `${HARM_SHARE_WANTED}, for instance --autonomy 0.05`,
};

/** Reads the flags. Throws BadInput that names the flag, what it was given and what it takes. */
export const simulateOptions = (flags: SimulateFlags): SimulateOptions => {
  const parsed = schema.safeParse(flags);
  if (parsed.success && parsed.data.behaviour === "oncall" && parsed.data.autonomy !== undefined)
    throw new BadInput("--autonomy: people on call ask nobody; give --behaviour agent with it");
  if (parsed.success) return { ...parsed.data, truth: flags.truth, json: flags.json === true };
  const flag = String(parsed.error.issues[0]?.path[0]) as keyof Asked;
  throw new BadInput(`--${flag} ${flags[flag]}: cannot be used; ${WHAT_TO_DO[flag]}`);
};
