import { filesUnder, hashOfCode, hashOfFiles, SIMULATOR } from "./code-hash.ts";

/** What plays a day, and what counts and judges it. */
const JUDGING: readonly string[] = [...SIMULATOR, "functions/rollout", "functions/handlers", "functions/adapters/onnx"];

/** Identifies the code that played days follow from. */
export const evaluationHash = (): string => hashOfCode(JUDGING);

/** What training leaves beside a model, by the first word of its name: what is said of it, and where to go on from. */
const isAside = (path: string): boolean => /^(report|checkpoint)/.test(path);

/** Identifies a model by everything that it is loaded from. @param folder that training wrote */
export const modelHash = (folder: string): string =>
  hashOfFiles(
    folder,
    filesUnder(folder, "").filter((path) => !isAside(path)),
  );
