import { z } from "zod";
import { BadInput } from "./errors.ts";
import { GAMEDAY_NAMES } from "./gameday-policies.ts";
import { defaultPolicy } from "./released-model.ts";

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

const DRAFTERS = ["offline", "anthropic", "bedrock"] as const;

/** What decides a gameday's course: the same parameters give the same report, unless a hosted model drafts. Stored beside its state. */
const gamedayParameters = z.strictObject({
  incidents: wholeNumber.pipe(z.number().min(1).max(10_000)),
  seed: wholeNumber,
  mode: z.enum(["observe", "approve", "auto"]),
  policy: z.string().refine((name) => GAMEDAY_NAMES.includes(name)),
  drafter: z.enum(DRAFTERS),
  /** `oncall`: the people of each world answer, each by what they know. */
  approve: z.enum(["ask", "yes", "no", "oncall"]),
  /** Hash of what had earned to act alone before it began; left out where nothing was named. */
  autonomy: z.string().optional(),
  /** manifest_hash of the model that decides; left out where none does. */
  model: z.string().optional(),
});
/** What a gameday was started with. A store that holds one with others is refused. */
export type GamedayParameters = Readonly<z.infer<typeof gamedayParameters>>;

/** How it is shown and kept, which changes nothing of what happens. */
export type GamedayOptions = Readonly<{
  parameters: GamedayParameters;
  /** Simulated minutes pass in 0.3 s divided by this, on a terminal. */
  speed: number;
  json: boolean;
  store: string | null;
  episodes: string | null;
  /** Where the evidence lies by which runbooks act alone; null: none does. */
  autonomy: string | null;
}>;

/** The flags as commander hands them over: text, or absent. */
export type GamedayFlags = Readonly<{
  incidents: string;
  seed: string;
  mode: string;
  /** The released model where it is left out, or the rules where none is released. */
  policy?: string;
  drafter: string;
  approve?: string;
  speed: string;
  json?: true;
  store?: string;
  episodes?: string;
  autonomy?: string;
}>;

const WHAT_TO_DO: Readonly<Record<string, string>> = {
  incidents: "give a whole number from 1 to 10000, for instance --incidents 12",
  seed: "give a whole number of 0 or more, for instance --seed 1",
  mode: "give observe, approve or auto",
  policy: `give one that is built: ${GAMEDAY_NAMES.join(", ")}`,
  drafter: `give ${DRAFTERS.join(", ")}`,
  approve: "give ask, yes, no or oncall",
  speed: "give a number above 0, for instance --speed 10",
};

/**
 * Reads the flags. Throws BadInput that names the flag, what it was given and what it takes.
 * @param canAsk whether a person can be asked: stdin and stdout are a terminal
 */
export const gamedayOptions = (flags: GamedayFlags, canAsk: boolean): GamedayOptions => {
  const approve = flags.approve ?? (canAsk && flags.json !== true ? "ask" : "yes");
  const { incidents, seed, mode, drafter, policy = defaultPolicy() } = flags;
  const given = { incidents, seed, mode, policy, drafter, approve };
  const parsed = gamedayParameters.safeParse(given);
  if (!parsed.success) {
    const flag = String(parsed.error.issues[0]?.path[0] ?? "incidents");
    throw new BadInput(badFlag(flag, String(new Map(Object.entries(given)).get(flag))));
  }
  const speed = Number(flags.speed);
  if (!Number.isFinite(speed) || speed <= 0) throw new BadInput(badFlag("speed", flags.speed));
  if (approve === "ask" && !canAsk)
    throw new BadInput(
      "--approve ask: there is no terminal to ask on; run it on one, or give --approve yes, no or oncall",
    );
  if (approve === "ask" && flags.json === true)
    throw new BadInput(
      "--approve ask: --json leaves nobody to ask; give --approve yes, no or oncall, or leave out --json",
    );
  return {
    parameters: parsed.data,
    speed,
    json: flags.json === true,
    store: flags.store ?? null,
    episodes: flags.episodes ?? null,
    autonomy: flags.autonomy ?? null,
  };
};

const badFlag = (flag: string, value: string): string =>
  `--${flag} ${value}: cannot be used; ${WHAT_TO_DO[flag] ?? "see --help"}`;
