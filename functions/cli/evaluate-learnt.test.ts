import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { learntScore, limitsWith } from "../core/example.fixture.ts";
import { BadInput } from "./errors.ts";
import { evaluate } from "./evaluate.ts";
import { learntLoader } from "./evaluate-learnt.ts";
import type { LoadLearnt } from "./evaluate-models.ts";

const SPEC = {
  ...{ schema: 1, seed: "the released", worlds: { first: 0, end: 1 }, daysPerWorld: 2, broken: 0, trackRecord: null },
  ...{ models: [{ name: "r", folder: "r" }], seerDays: 0, policies: ["page", "onnx:r"] },
};

const prepared = (changes: object = {}) => {
  const folder = mkdtempSync(join(tmpdir(), "quell-learnt-"));
  mkdirSync(join(folder, "r"));
  for (const file of ["model.onnx", "manifest.json"]) writeFileSync(join(folder, "r", file), "{}");
  const place = { folder, spec: join(folder, "spec.json"), out: join(folder, "days.jsonl") };
  writeFileSync(place.spec, JSON.stringify({ ...SPEC, ...changes }));
  return place;
};
type Place = ReturnType<typeof prepared>;

/** A model that takes the last effect, is sure of it, and remembers what it was loaded as. */
const loading = (loaded: string[] = []): LoadLearnt => {
  return async (folder, rank) => {
    loaded.push(`${folder.split("/").at(-1)} ${JSON.stringify(rank)}`);
    return {
      ...{ policy: "qnet", modelHash: "", draw: "best", limits: limitsWith() },
      score: async (_state, candidates) => candidates.map((_, place) => learntScore(place)),
    };
  };
};

const run = async ({ spec, out }: Place, load: LoadLearnt = loading()): Promise<void> => {
  const write = (): void => {};
  const screen = { write, writeError: write, paint: (_: unknown, text: string) => text, isLive: false, canAsk: false };
  const nobody = () => Promise.reject(new Error("no interpreter is needed"));
  assert.equal(await evaluate({ spec, out }, screen, nobody, load), 0);
};

const linesOf = ({ out }: Place) =>
  readFileSync(out, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

test("a folder with a model and its limits is loaded once for each way to rank by it, and needs no interpreter", async () => {
  const loaded: string[] = [];
  const policies = [
    "onnx:r",
    "onnx:r+m:3+noask",
    "clone:r",
    "random-paging:0.5:clone:r",
    "onnx:r+rank:1,0,0.5",
    "rules",
  ];
  const place = prepared({ policies });

  await run(place, loading(loaded));

  assert.deepEqual(loaded.toSorted(), ['r "clone"', "r null", 'r {"q":1,"value":0,"support":0.5}']);
  assert.deepEqual(
    linesOf(place).map(({ policy }) => policy),
    [...policies, ...policies],
  );
});

test("with an outlook every line says what that model expected of its actions, whoever took them", async () => {
  const place = prepared({ policies: ["rules", "page"], outlook: "r", daysPerWorld: 4 });

  await run(place);

  for (const { expected, actions } of linesOf(place)) assert.equal(expected.length, actions);
});

test("who answers, which families come and who drafts are part of what the lines follow from", async () => {
  const place = prepared();
  await run(place);

  for (const changes of [{ answers: "oncall" }, { stratified: true }, { drafter: "none" }, { outlook: "r" }]) {
    writeFileSync(place.spec, JSON.stringify({ ...SPEC, ...changes }));
    await assert.rejects(run(place), new RegExp(`\\(${Object.keys(changes)[0]} differ\\)`));
  }
});

test("a file whose model has another manifest is refused: its limits may be others", async () => {
  const place = prepared();
  await run(place);
  writeFileSync(join(place.folder, "r", "manifest.json"), '{"thresholds":{}}');

  await assert.rejects(run(place), /models differ/);
});

for (const [what, changes, message] of [
  [
    "a model with limits called as one without",
    { policies: ["model:r"] },
    /model:r: r has no model.json; call it onnx:r/,
  ],
  ["a model that it does not name", { policies: ["random-paging:0.5:onnx:s"] }, /no model is called s; add it/],
  ["an outlook by none that has one", { outlook: "s" }, /outlook: no model with a model.onnx is called s/],
  [
    "a name that begins as a policy's does",
    { models: [{ name: "onnx:r", folder: "r" }] },
    /models.0.name: a name does/,
  ],
  ["a part that no policy has", { policies: ["onnx:r+n:1"] }, /there is no such policy; give one of .*\+harm:X/],
  ["somebody else who answers", { answers: "nobody" }, /answers/],
  ["a drafter that nobody knows", { drafter: { name: "clever" } }, /drafter/],
  ["a recall beyond 1", { drafter: { recall: 1.5 } }, /drafter/],
] as const)
  test(`a spec with ${what} is bad input, and nothing is written`, async () => {
    const place = prepared(changes);

    await assert.rejects(run(place), (error: Error) => error instanceof BadInput && message.test(error.message));
    assert.equal(existsSync(place.out), false);
  });

test("a model that is none is bad input that says what to do", async () => {
  const place = prepared();

  await assert.rejects(
    run(place, learntLoader()),
    (error: Error) => error instanceof BadInput && /r: .*; release the model again/.test(error.message),
  );
});
