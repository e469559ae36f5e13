import assert from "node:assert/strict";
import { it } from "node:test";
import { pairFolder } from "../adapters/onnx/model.fixture.ts";
import { openModel } from "../adapters/onnx/open-model.ts";
import { outsideCheck, outsideLines, recordedIncidents } from "./outside-check.fixture.ts";
import { defaultPolicy, RELEASED, servedModel } from "./released-model.ts";

const testData = process.env.QUELL_TEST_DATA;
if (testData === undefined) {
  const how = "set QUELL_TEST_DATA to the folder of recorded inputs";
  process.stdout.write(`a model's answers to recorded incidents are skipped: ${how}\n`);
  it("a model answers recorded incidents", { skip: how }, () => {});
} else {
  const incidents = recordedIncidents(testData);

  const modelIn = async (folder: string) => {
    const opened = await openModel(folder, { isolation: "none" });
    assert.ok(opened.kind === "open");
    return opened.scorer;
  };
  const policies = [
    { name: "a model that learnt nothing", make: () => modelIn(pairFolder()) },
    {
      name: "a model that cannot be served",
      make: async () => (await servedModel("qnet", () => {}, {}, "/nowhere")).scorer,
    },
    ...(defaultPolicy() === "qnet" ? [{ name: "the released model", make: () => modelIn(RELEASED) }] : []),
  ];

  for (const { name, make } of policies)
    it(`${name} resolves no recording, and whatever it does to one is written down and not done`, async () => {
      const checked = await outsideCheck(incidents, await make());

      for (const line of outsideLines(name, checked)) process.stdout.write(`${line}\n`);
      assert.equal(checked.length, 29);
      for (const { record, recorded } of checked) {
        assert.match(record.terminal, /^(SELF_RECOVERED|ESCALATED|REJECTED|EXPIRED)$/, recorded.name);
        assert.ok(record.effects.every(({ dryRun }) => dryRun));
        for (const { candidates, choice, abstention } of record.decisions) {
          assert.notEqual(choice === null, abstention === null);
          for (const { verdict, probability } of candidates) if (verdict !== "allowed") assert.equal(probability, 0);
        }
      }
    });
}
