import { spawn } from "node:child_process";
import { ensurePython, NoPython, pythonEnvironment } from "../adapters/python/environment.ts";
import { BadInput, type ExitCode, type Write } from "./errors.ts";

/**
 * Runs the package's Python with these arguments, speaking as this process does. Its exit codes 0, 1 and 2 are passed on; any
 * other, and a signal that ended it, is a fault. Throws BadInput where there is no Python.
 * @param stdout where what it says goes: nowhere, for work that is a part of something else
 */
export const runPython = async (
  args: readonly string[],
  writeError: Write,
  stdout: "inherit" | "ignore" = "inherit",
): Promise<ExitCode> => {
  const python = await pythonFor(writeError);
  const child = spawn(python, args, { env: pythonEnvironment(), stdio: ["inherit", stdout, "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(
        new BadInput(`${python}: cannot be started (${cause.message}); set QUELL_PYTHON to one that can`, { cause }),
      ),
    );
    child.once("close", (code, signal) => {
      if (signal !== null) writeError(`quell: Python was ended by ${signal}; if nobody did that, memory ran out\n`);
      resolve(code === 0 || code === 1 || code === 2 ? code : 3);
    });
  });
};

/** The package's interpreter; its environment is made where it is missing, which is said. Throws BadInput where it cannot be. */
export const pythonFor = async (writeError: Write): Promise<string> => {
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
