import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { config } from "../quell.config.ts";
import { configurationFile } from "./configuration.ts";
import { EXAMPLE } from "./example.fixture.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "quell-config-"));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

type Ended = Readonly<{ code: number; stderr: string }>;

/** Runs the app as the CDK does, with this configuration. */
const app = (configuration: unknown, env: Readonly<Record<string, string>> = {}): Promise<Ended> => {
  const file = join(FOLDER, "wrong.config.ts");
  writeFileSync(file, `export const config = ${JSON.stringify(configuration)};\n`);
  const own = { PATH: process.env.PATH ?? "", QUELL_CONFIG: file, CDK_OUTDIR: join(FOLDER, "out"), ...env };
  return new Promise((resolve) =>
    execFile(process.execPath, [join(import.meta.dirname, "app.ts")], { env: own }, (error, _, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stderr }),
    ),
  );
};

const FAULTS: readonly (readonly [what: string, configuration: unknown, says: RegExp])[] = [
  ["a value that is none", { ...EXAMPLE, architecture: "mips" }, /wrong\.config\.ts: architecture: .*"arm64"/],
  [
    "a Region that is none",
    { ...EXAMPLE, settings: { ...EXAMPLE.settings, region: "Dublin" } },
    /wrong\.config\.ts: settings\.region: an AWS Region, such as eu-west-1/,
  ],
  ["a field that nobody knows", { ...EXAMPLE, alarmPrefix: "shop-" }, /wrong\.config\.ts: .*alarmPrefix/],
];

for (const [what, configuration, says] of FAULTS)
  test(`a configuration with ${what} ends the synthesis with what is allowed there, and no stack`, async () => {
    const { code, stderr } = await app(configuration);

    assert.equal(code, 2);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });

test("a configuration that is not there is said to be not there", async () => {
  const { code, stderr } = await app(EXAMPLE, { QUELL_CONFIG: join(FOLDER, "none.config.ts") });

  assert.equal(code, 2);
  assert.match(stderr, /none\.config\.ts: no such file/);
  assert.doesNotMatch(stderr, /\n\s+at /);
});

test("the context names the file before the environment, and the project's own is read where neither does", () => {
  const own = configurationFile(undefined, {});

  assert.equal(configurationFile("mine.config.ts", { QUELL_CONFIG: "other.config.ts" }), "mine.config.ts");
  assert.equal(configurationFile(undefined, { QUELL_CONFIG: "other.config.ts" }), "other.config.ts");
  assert.match(own, /(^|\/)quell\.config\.ts$/);
});

test("the example at the root observes, and needs no secret for it", () => {
  const example = parseConfiguration(config);

  assert.equal(example.settings.mode, "observe");
  assert.doesNotMatch(JSON.stringify(example), /Secret/);
});
