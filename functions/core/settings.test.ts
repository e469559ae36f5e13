import assert from "node:assert/strict";
import { test } from "node:test";
import { settingsWith } from "./example.fixture.ts";
import type { SettingsInput } from "./settings.ts";

const refused = (changes: Partial<SettingsInput>): boolean => {
  try {
    settingsWith(changes);
    return false;
  } catch {
    return true;
  }
};

test("one try may not take longer than all tries together", () => {
  const cases = [{ trySeconds: 61 }, { deadlineSeconds: 39 }, { trySeconds: 60 }, { deadlineSeconds: 40 }];

  const answers = cases.map((drafter) => refused({ drafter }));

  assert.deepEqual(answers, [true, true, false, false]);
});

test("a prompt is not allowed to be larger than the second redaction reads", () => {
  const answers = [150_000, 150_001, 0].map((promptBytes) => refused({ context: { promptBytes } }));

  assert.deepEqual(answers, [false, true, true]);
});

test("an inference profile ends with a dot: without it the model's name would be another", () => {
  const profiles = ["global.anthropic.", "eu.anthropic.", "anthropic.", "eu.anthropic", "", "arn:aws:x."];

  const answers = profiles.map((bedrockInferenceProfile) => refused({ drafter: { bedrockInferenceProfile } }));

  assert.deepEqual(answers, [false, false, false, true, true, true]);
});

test("exploring is off unless its owner switches it on, and never for more than half of the proposals", () => {
  const answers = [0, 0.2, 0.5, 0.51, -0.1].map((epsilon) => refused({ exploration: { epsilon } }));

  assert.equal(settingsWith().exploration.epsilon, 0);
  assert.deepEqual(answers, [false, false, false, true, true]);
});
