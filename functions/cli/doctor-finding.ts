/** The machine that is examined. A parameter, so that a test can show a check a broken one. */
export type Setup = Readonly<{
  /** The folder that holds package.json. */
  root: string;
  env: Readonly<Record<string, string | undefined>>;
  nowMs: number;
  /** Where temporary files go. */
  temporary: string;
  node: Readonly<{ version: string; stripsTypes: boolean; knowsMain: boolean }>;
}>;

/** What one check found; what is not well comes with what to do about it. */
export type Finding =
  | Readonly<{ status: "ok"; found: string; advice: null }>
  | Readonly<{ status: "warning" | "problem"; found: string; advice: string }>;

/**
 * One thing that is looked at. It reads and leaves nothing behind; a throw is a problem. Those of this machine ask no network,
 * those of an account ask AWS.
 */
export type Check = Readonly<{ name: string; run: (setup: Setup) => Finding | Promise<Finding> }>;

export const ok = (found: string): Finding => ({ status: "ok", found, advice: null });
export const warning = (found: string, advice: string): Finding => ({ status: "warning", found, advice });
export const problem = (found: string, advice: string): Finding => ({ status: "problem", found, advice });

/** The first three, and how many more there are. */
export const few = (texts: readonly string[]): string =>
  `${texts.slice(0, 3).join("; ")}${texts.length > 3 ? `; and ${texts.length - 3} more` : ""}`;
