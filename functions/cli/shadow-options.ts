import type { Mode } from "../core/stages.ts";
import { BadInput } from "./errors.ts";

/** The flags as commander hands them over. */
export type ShadowFlags = Readonly<{
  since: string;
  config?: string;
  alarmPrefix?: string;
  region?: string;
  mode?: string;
  policy?: string;
  approvalMinutes: string;
  json?: true;
  out?: string;
}>;

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** When it begins, ms: `14d`, `36h`, `90m` before now, or a time. Throws BadInput. */
export const sinceOf = (text: string, nowMs: number): number => {
  const [, count, unit] = /^([1-9][0-9]{0,4})([mhd])$/.exec(text) ?? [];
  const atMs = count === undefined ? Date.parse(text) : nowMs - Number(count) * (UNITS[unit ?? ""] ?? 0);
  if (Number.isNaN(atMs) || atMs >= nowMs || atMs < 0)
    throw new BadInput(
      `--since ${text}: cannot be used; give 14d, 36h, or a time that is past, such as 2026-01-05T10:00Z`,
    );
  return atMs;
};

const MODES: readonly Mode[] = ["observe", "approve", "auto"];

/** How every service is played; null: each as its configuration says. Throws BadInput. */
export const modeOf = (text: string | undefined): Mode | null => {
  if (text === undefined) return null;
  const mode = MODES.find((one) => one === text);
  if (mode === undefined) throw new BadInput(`--mode ${text}: cannot be used; give ${MODES.join(", ")}`);
  return mode;
};

/** Minutes until a person answers. Throws BadInput. */
export const approvalMinutesOf = (text: string): number => {
  if (!/^[0-9]{1,4}(\.[0-9]+)?$/.test(text))
    throw new BadInput(`--approval-minutes ${text}: cannot be used; give how many minutes an answer takes, such as 4`);
  return Number(text);
};
