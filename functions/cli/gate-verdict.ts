import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../adapters/files/write-whole.ts";
import { checkPair, MANIFEST_FILE, MODEL_FILE, readPair } from "../adapters/onnx/load-model.ts";
import { manifestHash, readManifest } from "../adapters/onnx/manifest.ts";
import { BadInput } from "./errors.ts";
import { LAST_GOOD } from "./released-model.ts";

/** What the gate leaves in its folder. */
export const VERDICT_FILE = "verdict.json";
export const REPORT_FILE = "report.html";
const LONGEST_REASON = 1000;

const verdict = z.object({
  verdict: z.enum(["passed", "refused", "NOT EVALUABLE"]),
  reasons: z.array(z.string()),
  promotion: z.string().nullable().default(null),
  undecided: z.array(z.string()).default([]),
  approval: z.array(z.string()).default([]),
});
export type Verdict = Readonly<z.infer<typeof verdict>>;

/** What the gate said last in this folder. Throws where it holds no verdict: then the gate did not end. */
export const readVerdict = (folder: string): Verdict =>
  verdict.parse(JSON.parse(readFileSync(join(folder, VERDICT_FILE), "utf8")));

/** A model whose files are not what they say is refused before anything is run of it. */
export const writeRefusal = (folder: string, challenger: string, champion: string, why: string): string => {
  const refusal = {
    ...{ schema: 1, challenger, champion, verdict: "refused", reasons: [`G2: the model is refused: ${why}`] },
    ...{ promotion: null, stages: {}, families: [], undecided: [], approval: [] },
  };
  const text = JSON.stringify(refusal, null, 2);
  writeWhole(join(folder, VERDICT_FILE), [text]);
  return text;
};

/**
 * Puts a model that passed where it is served from: its bytes, its manifest with the verdict, and the report. The manifest
 * comes last: after a crash in between the model before it serves, which is kept beside it. Throws BadInput where the model
 * is none that would be served.
 * @param from the model's folder @param gated the folder in which the gate left its verdict and report
 * @param judged manifest_hash of what the gate read when it began
 */
export const releaseInto = (folder: string, from: string, gated: string, judged: string): void => {
  const pair = readPair(from);
  if (pair.kind === "refused") throw new BadInput(`${from}: ${pair.because.detail}; gate it again`);
  const read = readManifest(pair.manifest);
  if (read.kind === "refused") throw new BadInput(`${from}: ${read.detail}; gate it again`);
  if (read.manifest.manifest_hash !== judged)
    throw new BadInput(`${from}: is not the model that was judged; gate it again`);
  const { verdict: said, reasons, promotion, undecided, approval } = readVerdict(gated);
  const why = [...(promotion === null ? [] : [promotion]), ...reasons].map((one) => one.slice(0, LONGEST_REASON));
  const { manifest_hash: _before, ...rest } = read.manifest;
  const gate = { verdict: said, reasons: why, undecided, approval };
  const manifest = { ...rest, gate, report: REPORT_FILE };
  const text = JSON.stringify({ ...manifest, manifest_hash: manifestHash(manifest) }, null, 2);
  const loaded = checkPair({ model: pair.model, manifest: text });
  if (loaded.kind === "refused") throw new BadInput(`${from}: ${loaded.because.detail}; nothing was released`);
  keepServed(folder);
  writeRelease(folder, pair.model, text, readFileSync(join(gated, REPORT_FILE)));
};

/** What was served until now is what serves where the new model cannot be; a model that would be refused is not kept. */
const keepServed = (folder: string): void => {
  const before = readPair(folder);
  if (before.kind === "refused" || checkPair(before).kind === "refused") return;
  const report = join(folder, REPORT_FILE);
  const text = existsSync(report) ? readFileSync(report) : new Uint8Array();
  writeRelease(join(folder, LAST_GOOD), before.model, before.manifest, text);
};

const writeRelease = (folder: string, model: Uint8Array, manifest: string, report: Uint8Array): void => {
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, MANIFEST_FILE), { force: true });
  writeWhole(join(folder, MODEL_FILE), model);
  writeWhole(join(folder, REPORT_FILE), new Uint8Array(report));
  writeWhole(join(folder, MANIFEST_FILE), [manifest.trimEnd()]);
};
