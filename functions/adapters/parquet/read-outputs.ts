import { readFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { z } from "zod";

const numbers = z.array(z.number());
const outputs = z.object({
  decision_id: z.string(),
  ...{ q: numbers, value: numbers, p_recover: numbers, p_harm: numbers, log_pi_b: numbers },
  ood: z.number(),
});
/** What torch says of one logged decision: [M][K] row-major for M members and K candidates, [K] for log_pi_b. */
export type TorchOutputs = Readonly<z.infer<typeof outputs>>;

/** A file that is none of `python -m qnet outputs`. */
export class BadOutputs extends Error {
  override readonly name = "BadOutputs";
}

/** The rows that `python -m qnet outputs` wrote, by their decisions. Throws BadOutputs. */
export const readOutputs = async (path: string): Promise<ReadonlyMap<string, TorchOutputs>> => {
  const file = new Uint8Array(readFileSync(path)).buffer;
  const compressors = { ZSTD: (page: Uint8Array) => new Uint8Array(zstdDecompressSync(page)) };
  const rows = await parquetReadObjects({ file, compressors });
  const read = z.array(outputs).safeParse(rows);
  if (!read.success) throw new BadOutputs(`${path}: ${read.error.issues[0]?.message ?? "it cannot be read"}`);
  return new Map(read.data.map((row) => [row.decision_id, row]));
};
