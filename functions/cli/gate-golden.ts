import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../core/ids.ts";
import { type GoldenScene, goldenFile } from "../rollout/golden.ts";
import { BadInput } from "./errors.ts";

/** Where golden scenes lie. */
export const GOLDEN: string = join(import.meta.dirname, "..", "..", "policies", "qnet", "golden");
const AGAIN = "record them again with `node policies/qnet/write-golden.ts`";

/** All golden scenes, in order of their files, and the hash of these. Throws BadInput where they cannot be used. */
export const readGolden = (folder = GOLDEN): Readonly<{ scenes: readonly GoldenScene[]; hash: string }> => {
  const names = namesIn(folder);
  const texts = names.map((name) => readFileSync(join(folder, name), "utf8"));
  const scenes = texts.flatMap((text, place) => scenesIn(join(folder, names[place] ?? ""), text));
  const twice = scenes.find(({ id }, place) => scenes.findIndex((one) => one.id === id) < place);
  if (twice !== undefined) throw new BadInput(`${folder}: two scenes are called ${twice.id}; ${AGAIN}`);
  return { scenes, hash: sha256(texts.map(sha256).join("\n")) };
};

const namesIn = (folder: string): readonly string[] => {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
    if (names.length > 0) return names.toSorted();
  } catch {
    // Said below: no folder, or not for this user to read.
  }
  throw new BadInput(`${folder}: there are no golden scenes; ${AGAIN}`);
};

const scenesIn = (path: string, text: string): readonly GoldenScene[] => {
  const parsed = goldenFile.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data.scenes;
  const [issue] = parsed.error.issues;
  throw new BadInput(`${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "it cannot be read"}; ${AGAIN}`);
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
