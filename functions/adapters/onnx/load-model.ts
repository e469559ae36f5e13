import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { FEATURES_HASH } from "../../core/features.ts";
import { sha256 } from "../../core/ids.ts";
import { type AbstainedCode, type Because, because } from "../../core/reasons.ts";
import { checkModelFile } from "./check-model.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { type ModelFile, readModelFile } from "./model-file.ts";

/** The names of the pair in a model's folder. */
export const MODEL_FILE = "model.onnx";
export const MANIFEST_FILE = "manifest.json";
/** A larger file is no model of ours, whatever is in it. */
export const MOST_MODEL_BYTES = 2_000_000;
const MOST_MANIFEST_BYTES = 1_000_000;
const OPSET = 18;

/** A model that may be served, and the very bytes that were checked. */
export type LoadedModel = Readonly<{ kind: "loaded"; manifest: Manifest; file: ModelFile; bytes: Uint8Array }>;
/** Why there is none: `no-model` where nothing is there, `model-mismatch` where what is there is not what it says. */
export type RefusedModel = Readonly<{ kind: "refused"; because: Because<AbstainedCode> }>;
export type Load = LoadedModel | RefusedModel;

/** What a model is read from: the contents of the two files. */
export type Pair = Readonly<{ model: Uint8Array; manifest: string }>;
type LoadOptions = Readonly<{
  /** Whether only a model that passed the gate is taken; the gate itself and its judges take any. */
  gated?: boolean;
  /** The manifests' hashes of the only models that are taken; left out, whatever its own manifest vouches for. */
  pinned?: readonly string[];
}>;

const noModel = (detail: string): RefusedModel => ({ kind: "refused", because: because("no-model", detail) });
const mismatch = (detail: string): RefusedModel => ({ kind: "refused", because: because("model-mismatch", detail) });

/** The content of a plain file of at most so many bytes, read once; a larger one gives one byte more than that. */
const contentOf = (path: string, most: number): Uint8Array => {
  const file = openSync(path, "r");
  try {
    if (!fstatSync(file).isFile()) throw new Error("no plain file");
    const bytes = new Uint8Array(Math.min(fstatSync(file).size, most + 1));
    let read = 0;
    for (let more = -1; more !== 0 && read < bytes.length; read += more)
      more = readSync(file, bytes, read, bytes.length - read, null);
    return bytes.subarray(0, read);
  } finally {
    closeSync(file);
  }
};

/** Reads both files of a folder, each once: whatever happens to the folder later, these are the bytes that count. */
export const readPair = (folder: string): Readonly<{ kind: "pair" } & Pair> | RefusedModel => {
  try {
    const model = contentOf(join(folder, MODEL_FILE), MOST_MODEL_BYTES);
    const manifest = contentOf(join(folder, MANIFEST_FILE), MOST_MANIFEST_BYTES);
    if (manifest.length > MOST_MANIFEST_BYTES) return mismatch(`${MANIFEST_FILE} is larger than any manifest`);
    return { kind: "pair", model, manifest: new TextDecoder().decode(manifest) };
  } catch (error) {
    // No path: the sentence goes to people and into records.
    const why = error instanceof Error && "code" in error ? String(error.code) : "no plain file";
    return noModel(`no ${MODEL_FILE} with its ${MANIFEST_FILE} can be read (${why})`);
  }
};

/**
 * Checks a pair before anything is run of it: bytes against the manifest's hash and count, the manifest against its own
 * hash, both against the features and shapes of this code, and the network step by step. Never throws.
 */
export const checkPair = ({ model, manifest: content }: Pair, { gated = true, pinned }: LoadOptions = {}): Load => {
  const read = readManifest(content);
  if (read.kind === "refused") return mismatch(read.detail);
  const { manifest } = read;
  if (pinned !== undefined && !pinned.includes(manifest.manifest_hash))
    return mismatch("the model is not one that was deployed");
  if (model.length > MOST_MODEL_BYTES) return mismatch(`the model is larger than ${MOST_MODEL_BYTES} bytes`);
  if (model.length !== manifest.model.bytes)
    return mismatch(`the model has ${model.length} bytes, its manifest says ${manifest.model.bytes}`);
  if (sha256(model) !== manifest.model.sha256)
    return mismatch("the model is not the one that its manifest was made for");
  if (manifest.features_hash !== FEATURES_HASH)
    return mismatch("the model was trained on other features than those that are computed here");
  if (gated && manifest.gate.verdict !== "passed")
    return mismatch(`the model has not passed its gate: the verdict is ${manifest.gate.verdict}`);
  const walked = readModelFile(model);
  if (walked.kind === "refused") return mismatch(walked.detail);
  const { file } = walked;
  if (file.opset !== OPSET || manifest.model.opset !== OPSET)
    return mismatch(
      `the model needs operators of set ${file.opset}, its manifest says ${manifest.model.opset}; it is ${OPSET}`,
    );
  const doubt = checkModelFile(file, manifest.shapes);
  return doubt === null ? { kind: "loaded", manifest, file, bytes: model } : mismatch(doubt);
};

/** Reads and checks the model of a folder. Never throws: why there is none is a value. */
export const loadModel = (folder: string, options: LoadOptions = {}): Load => {
  const pair = readPair(folder);
  return pair.kind === "refused" ? pair : checkPair(pair, options);
};
