import { z } from "zod";
import { harmShare, settingsSchema } from "../core/settings.ts";
import { BadInput } from "./errors.ts";

/** The share of harm that an owner accepts who has not said anything. */
export const DEFAULT_HARM: number = settingsSchema.shape.autonomy.parse({}).maxHarmShare.tier1;

/** In plain digits. */
export const harmShareFlag = z
  .string()
  .regex(/^0?\.\d+$/)
  .transform(Number)
  .pipe(harmShare);

/** What to give where it cannot be used. */
export const HARM_SHARE_WANTED = "give the share of runs that may do harm, from 0.001 to 0.5";

/** Reads a share of harm. Throws BadInput that names the flag. */
export const acceptedHarm = (flag: string, value: string): number => {
  const parsed = harmShareFlag.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BadInput(`${flag} ${value}: cannot be used; ${HARM_SHARE_WANTED}, for instance ${flag} 0.05`);
};
