import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { ensurePython, NoPython, QNET_FOLDER } from "../adapters/python/environment.ts";
import { BadInput, type Write } from "./errors.ts";

/**
 * Runs the package's Python with these arguments, speaking as this process does, and returns its exit code; 1 and more
 * where a signal ended it. Makes the environment first where it is missing. Throws BadInput where there is no Python.
 */
export const runPython = async (args: readonly string[], writeError: Write): Promise<number> => {
  const python = await pythonFor(writeError);
  const paths = [QNET_FOLDER, process.env.PYTHONPATH ?? ""].filter((path) => path !== "");
  const env = { ...process.env, PYTHONPATH: paths.join(delimiter) };
  const child = spawn(python, args, { env, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(
        new BadInput(`${python}: cannot be started (${cause.message}); set QUELL_PYTHON to one that can`, { cause }),
      ),
    );
    child.once("close", (code, signal) => {
      if (code === null) writeError(`quell: Python was ended by ${signal}; if nobody did that, memory ran out\n`);
      resolve(code ?? 1);
    });
  });
};

const pythonFor = async (writeError: Write): Promise<string> => {
  try {
    return await ensurePython({ say: (line) => writeError(`quell: ${line}\n`) });
  } catch (error) {
    if (error instanceof NoPython) throw new BadInput(error.message, { cause: error });
    throw error;
  }
};

if (import.meta.main) {
  const { exitCodeFor } = await import("./errors.ts");
  const writeError = (text: string) => process.stderr.write(text);
  try {
    process.exitCode = await runPython(process.argv.slice(2), writeError);
  } catch (error) {
    process.exitCode = exitCodeFor(error, writeError);
  }
}
