import { catalogue } from "../../../runbooks/catalogue.ts";
import type { Surroundings } from "../../adapters/aws/surroundings.ts";
import type { Note } from "../../adapters/telemetry/logger.ts";
import { heldTo, type Pinned, straysAmong, strayWords, tellOfStrays } from "../../core/pins.ts";
import type { Guardrails, Pager } from "../../core/ports.ts";
import { configurationHash } from "./configuration.ts";
import { deployedGuardrails } from "./guardrails.ts";

type Told = Pick<Surroundings, "catalogueHash" | "guardrailsHash" | "configurationHash">;

/**
 * The guardrails, held to what was deployed, and a page to people where something strays from it: one that fails is tried
 * again by the next invocation, and holds no incident up. The model is held to its own pin where it is read.
 */
export const pinnedGuardrails = (
  told: Told,
  note: Note,
): Readonly<{ guardrails: Guardrails; tellStrays: (pager: Pager) => Promise<void> }> => {
  const guardrails = deployedGuardrails();
  const parts: readonly Pinned[] = [
    { what: "the catalogue", deployed: told.catalogueHash, loaded: catalogue.hash },
    { what: "the guardrails", deployed: told.guardrailsHash, loaded: guardrails.hash },
    { what: "the configuration", deployed: told.configurationHash, loaded: configurationHash() },
  ];
  const strays = straysAmong(parts);
  if (strays.length > 0) note("error", strayWords(strays), { strays });
  const tellStrays = (pager: Pager): Promise<void> =>
    tellOfStrays(pager, strays).catch((error: unknown) => note("error", `people were not told of it: ${error}`));
  return { guardrails: heldTo(strays, guardrails), tellStrays };
};
