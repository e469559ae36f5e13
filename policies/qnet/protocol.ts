import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What of the protocol decides which worlds are drawn; the rest of it is for whoever trains and counts. */
const protocolSchema = z.object({
  logs: z.object({ drafterRecall: z.number(), heldOutFamilies: z.array(z.string()) }),
  evaluation: z.object({ drafterRecall: z.tuple([z.number(), z.number()]) }),
});

/** The protocol of the comparison, as it was written down before anything was learnt. */
export const protocol: Readonly<z.infer<typeof protocolSchema>> = protocolSchema.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, "protocol.json"), "utf8")),
);
