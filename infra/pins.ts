import { join } from "node:path";
import type { Pin } from "../functions/adapters/aws/surroundings.ts";
import { cedarGuardrails } from "../functions/adapters/cedar/guardrails.ts";
import { loadModel } from "../functions/adapters/onnx/load-model.ts";
import { LAST_GOOD, RELEASED } from "../functions/cli/released-model.ts";
import type { Configuration } from "../functions/core/configuration.ts";
import { hashOf } from "../functions/core/ids.ts";
import { loadGuardrails } from "../policies/guardrails/load.ts";
import { catalogue } from "../runbooks/catalogue.ts";

/**
 * What decides what may be done, as it stands in the sources at hand: what was tested, where the tests ran on this copy.
 * The bundle is made of the same files by another way, so a bundle that holds anything else is found as well.
 */
export const pinsOf = (configuration: Configuration): Readonly<Record<Pin, string>> => {
  const { policies, schema } = loadGuardrails();
  const models = [RELEASED, join(RELEASED, LAST_GOOD)].map((folder) => loadModel(folder));
  const hashes = models.flatMap((load) => (load.kind === "loaded" ? [load.manifest.manifest_hash] : []));
  return {
    catalogueHash: catalogue.hash,
    guardrailsHash: cedarGuardrails(policies, schema).hash,
    configurationHash: hashOf(JSON.parse(JSON.stringify(configuration))),
    modelHashes: hashes.length === 0 ? "none" : hashes.join(","),
  };
};
