import type { ExitCode, Write } from "./errors.ts";
import { runPython } from "./python.ts";

/** `quell table`: the experiment of policies/qnet/protocol.json. The flags are `python -m qnet table`'s own. */
export const table = async (flags: readonly string[], writeError: Write): Promise<ExitCode> => {
  const code = await runPython(["-m", "qnet", "table", ...flags], writeError);
  return code === 0 || code === 1 || code === 2 ? code : 3;
};
