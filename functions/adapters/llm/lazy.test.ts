import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Every file and package that is loaded as soon as this file is: what waits for an `import()` is not. */
const loadedBy = async (entry: string): Promise<ReadonlySet<string>> => {
  const { metafile } = await build({
    ...{ entryPoints: [entry], absWorkingDir: ROOT, bundle: true, write: false, metafile: true, logLevel: "error" },
    ...{ platform: "node", format: "esm", packages: "external", outdir: "unwritten" },
  });
  const loaded = new Set<string>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    const imports = metafile.inputs[path]?.imports ?? [];
    for (const one of imports) if (one.kind === "import-statement") load(one.path);
  };
  load(entry);
  return loaded;
};

const ofModels = (loaded: ReadonlySet<string>): readonly string[] =>
  [...loaded].filter((path) => /@anthropic-ai|@secretlint|adapters\/llm\//.test(path));

test("what is deployed as respond, and a gameday without a hosted model, load no SDK of one", async () => {
  const [respond, gameday, drafter] = await Promise.all(
    ["functions/handlers/respond.ts", "functions/cli/gameday.ts", "functions/adapters/llm/drafter.ts"].map(loadedBy),
  );

  assert.ok(respond !== undefined && gameday !== undefined && drafter !== undefined);
  assert.deepEqual([ofModels(respond), ofModels(gameday)], [[], []]);
  assert.ok(gameday.has("functions/core/draft.ts"));
  assert.ok(drafter.has("@anthropic-ai/sdk") && drafter.has("@anthropic-ai/bedrock-sdk"));
});
