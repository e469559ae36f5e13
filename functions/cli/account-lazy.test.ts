import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..", "..");

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
    for (const one of metafile.inputs[path]?.imports ?? []) if (one.kind === "import-statement") load(one.path);
  };
  load(entry);
  return loaded;
};

const cli = (name: string): string => `functions/cli/${name}.ts`;
const heavy = (loaded: ReadonlySet<string>): readonly string[] =>
  [...loaded].filter((path) => /@aws-sdk|aws-cdk-lib|^infra\//.test(path));

for (const name of [
  "quell",
  "doctor",
  "replay",
  "gameday",
  "ingest",
  "runbooks",
  "configuration-file",
  "account-clients",
])
  test(`${name}.ts loads nothing of AWS's SDK, and nothing of the stack`, async () => {
    const loaded = await loadedBy(cli(name));

    assert.deepEqual(heavy(loaded), []);
  });

test("quell itself loads no command, and neither zod nor a parser of settings", async () => {
  const loaded = await loadedBy(cli("quell"));

  assert.deepEqual(
    [...loaded].filter((path) => /zod|core\/settings|shadow\.ts|doctor/.test(path)),
    [],
  );
  assert.ok(loaded.has(cli("account-commands")));
});
