import type { ExitCode, Write } from "./errors.ts";
import { runPython } from "./python.ts";

/** `quell table`: the experiment of policies/qnet/protocol.json. The flags are `python -m qnet table`'s own. */
export const table = (flags: readonly string[], writeError: Write): Promise<ExitCode> =>
  runPython(["-m", "qnet", "table", ...flags], writeError);
