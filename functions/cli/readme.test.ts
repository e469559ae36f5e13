import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../..");

test("the README shows what a gameday of twelve ends with, to the byte", () => {
  const told = execFileSync(process.execPath, [join(import.meta.dirname, "quell.ts"), "gameday"], { encoding: "utf8" });
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");

  const [summary] = /^\d+ incidents, seed 1$[\s\S]*/m.exec(told) ?? [];

  assert.ok(summary !== undefined && summary.split("\n").length > 15);
  assert.ok(readme.includes(`\`\`\`\n${summary}\`\`\``), `the README does not show\n${summary}`);
});
