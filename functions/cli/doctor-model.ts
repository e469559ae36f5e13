import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Finding, ok, problem, type Setup } from "./doctor-finding.ts";

/** Whether the released model may be served, by the checks that serving makes. None is no fault: the rules then decide. */
export const modelCheck = async ({ root }: Setup): Promise<Finding> => {
  const { loadModel, MANIFEST_FILE, MODEL_FILE } = await import("../adapters/onnx/load-model.ts");
  const folder = join(root, "policies", "qnet", "released");
  if (![MODEL_FILE, MANIFEST_FILE].some((name) => existsSync(join(folder, name))))
    return ok("none is released; the catalogue's rules decide");
  const restore = `restore ${folder} from where it was last whole, or make it again with npm run release`;
  const loaded = loadModel(folder);
  if (loaded.kind === "refused") return problem(`${folder}: ${loaded.because.detail}`, restore);
  const { model, gate, report } = loaded.manifest;
  if (!existsSync(join(folder, report))) return problem(`${folder}: ${report}, the gate's report, is missing`, restore);
  const consents = gate.approval.length === 0 ? "" : `, ${gate.approval.length} runbooks take a consent`;
  return ok(`${model.sha256.slice(0, 12)} of ${model.bytes} bytes, gate ${gate.verdict}${consents}`);
};
