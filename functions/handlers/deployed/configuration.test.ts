import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { config } from "../../../quell.config.ts";
import { BadConfiguration, parseConfiguration } from "../../core/configuration.ts";
import { DRILL } from "../../core/drill.ts";
import { deployedConfiguration, expectPlace, WrongPlace } from "./configuration.ts";

const folderWith = (text: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "quell-deployed-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "quell.json"), text);
  return folder;
};
const whole = parseConfiguration(config);
const arnIn = (region: string, account: string) => ({
  invokedFunctionArn: `arn:aws:lambda:${region}:${account}:function:quell-intake`,
});

test("a function knows the configuration that was deployed with it, and the drill's service beside it", () => {
  const read = deployedConfiguration(folderWith(JSON.stringify(whole)));

  assert.deepEqual({ ...read, settings: null }, { ...whole, settings: null });
  assert.deepEqual(
    read.settings.services.map(({ name }) => name),
    [...whole.settings.services.map(({ name }) => name), DRILL],
  );
});

test("a configuration that was damaged on its way is refused, by its field", () => {
  const folder = folderWith(JSON.stringify({ ...whole, architecture: "sparc" }));

  assert.throws(() => deployedConfiguration(folder), BadConfiguration);
  assert.throws(() => deployedConfiguration(folder), /quell\.json: architecture/);
});

test("in its own account and Region a function runs; anywhere else it names both places and does nothing", () => {
  const { account, region } = whole.settings;

  assert.doesNotThrow(() => expectPlace(whole, arnIn(region, account)));
  for (const [there, whose] of [
    ["us-east-1", account],
    [region, "999999999999"],
  ] as const) {
    assert.throws(() => expectPlace(whole, arnIn(there, whose)), WrongPlace);
    assert.throws(() => expectPlace(whole, arnIn(there, whose)), new RegExp(`${whose}/${there}.*${account}/${region}`));
  }
});
