import { writeFileSync } from "node:fs";
import { catalogue } from "../../runbooks/catalogue.ts";
import { docsPage } from "./docs-page.ts";
import { BadInput, type ExitCode, type Write } from "./errors.ts";
import { shippedNeeds } from "./runbooks.ts";

/** `quell docs`: the catalogue as one HTML page, to stdout or to a file. Throws BadInput where the file cannot be written. */
export const docs = async (
  { out }: Readonly<{ out?: string }>,
  { write, writeError }: Readonly<{ write: Write; writeError: Write }>,
): Promise<ExitCode> => {
  const page = docsPage(catalogue, await shippedNeeds());
  if (out === undefined) {
    write(page);
    return 0;
  }
  try {
    writeFileSync(out, page);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`--out ${out}: cannot be written (${detail}); name a file in a folder that exists`, { cause });
  }
  writeError(`quell: wrote ${out}: ${catalogue.runbooks.length} runbooks\n`);
  return 0;
};
