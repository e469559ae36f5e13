import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { filesUnder } from "../functions/cli/code-hash.ts";
import { sha256 } from "../functions/core/ids.ts";

/** Everything that `cdk synth` leaves, with no credentials, as file and hash. */
const assembly = (): Readonly<Record<string, string>> => {
  const folder = mkdtempSync(join(tmpdir(), "quell-assembly-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const { context } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "cdk.json"), "utf8"));
  execFileSync(process.execPath, [join(import.meta.dirname, "app.ts")], {
    cwd: join(import.meta.dirname, ".."),
    env: { PATH: process.env.PATH ?? "", CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context) },
  });
  return Object.fromEntries(filesUnder(folder, ".").map((path) => [path, sha256(readFileSync(join(folder, path)))]));
};

test("the example at the root synthesizes without credentials, and twice to the same bytes", () => {
  const [one, other] = [assembly(), assembly()];

  const assets = Object.keys(one).filter((path) => path.startsWith("asset.") && path.endsWith("/quell.json"));
  assert.deepEqual(one, other);
  assert.ok(assets.length > 0);
});
