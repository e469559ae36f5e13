import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FEATURES_HASH } from "../core/features.ts";
import { BadInput } from "./errors.ts";
import { evaluate } from "./evaluate.ts";

/** A server that gives each candidate a score by its place and the length of the model's name. */
const server = (featuresHash: string): string => `#!${process.execPath}
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { load, id, scenes, models } = JSON.parse(line);
  const scored = (model) => scenes[0].candidates.map((_, place) => Math.sin(place * model.length));
  const scores = () => models.map((model) => [model, [{ mean: scored(model), sd: scored(model).map(() => 0) }]]);
  const reply = load
    ? { loaded: load.map(({ name }) => name), features_hash: "${featuresHash}" }
    : { id, scores: Object.fromEntries(scores()) };
  console.log(JSON.stringify(reply));
});`;

const SPEC = {
  ...{ schema: 1, seed: "the judged", worlds: { first: 2, end: 4 }, daysPerWorld: 2, broken: 0, trackRecord: null },
  models: [
    { name: "short", folder: "models/a" },
    { name: "longer", folder: "models/b" },
  ],
  policies: ["page", "rules", "oncall-expert", "model:short", "model:longer+page:1"],
  seerDays: 1,
};

/** A folder with a spec, its models, and an interpreter that is none. */
const prepared = (changes: object = {}, featuresHash = FEATURES_HASH) => {
  const folder = mkdtempSync(join(tmpdir(), "quell-evaluate-"));
  for (const name of ["a", "b"]) {
    mkdirSync(join(folder, "models", name), { recursive: true });
    writeFileSync(join(folder, "models", name, "model.json"), JSON.stringify({ name }));
  }
  const python = join(folder, "python");
  writeFileSync(python, server(featuresHash), { mode: 0o755 });
  const place = { folder, spec: join(folder, "spec.json"), out: join(folder, "days.jsonl"), python };
  respecify(place, changes);
  return place;
};
type Place = Readonly<{ folder: string; spec: string; out: string; python: string }>;

const respecify = ({ spec }: Place, changes: object): void =>
  writeFileSync(spec, JSON.stringify({ ...SPEC, ...changes }));

const run = async ({ spec, out, python }: Place, json?: true): Promise<string> => {
  let said = "";
  const write = (text: string): void => {
    said += text;
  };
  const screen = { write, writeError: write, paint: (_: unknown, text: string) => text, isLive: false, canAsk: false };
  assert.equal(await evaluate({ spec, out, ...(json === undefined ? {} : { json }) }, screen, async () => python), 0);
  return said;
};

const linesOf = ({ out }: Place) =>
  readFileSync(out, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

const WHOLE = prepared();
const SAID = await run(WHOLE);
const TEXT = readFileSync(WHOLE.out, "utf8");

/** A place in which a run has left this much. */
const leftWith = (text: string, changes: object = {}): Place => {
  const place = prepared(changes);
  writeFileSync(place.out, text);
  copyFileSync(`${WHOLE.out}.spec.json`, `${place.out}.spec.json`);
  return place;
};

test("there is a line a day and policy in the spec's order; those who look into the world have the first days alone", () => {
  const blind = SPEC.policies.filter((name) => name !== "oncall-expert");
  const expected = [2, 3].flatMap((world) => [
    ...SPEC.policies.map((policy) => [world, 0, policy]),
    ...blind.map((policy) => [world, 1, policy]),
  ]);

  const lines = linesOf(WHOLE);

  assert.deepEqual(
    lines.map(({ world, day, policy }) => [world, day, policy]),
    expected,
  );
  assert.match(SAID, /^4 days under 5 policies are in .*days\.jsonl; \d+ plays\n$/);
});

test("a line says what the day was and what came of it", () => {
  const { world, day, policy, ...paged } = linesOf(WHOLE)[0];

  assert.deepEqual(
    Object.entries(paged).map(([name, value]) => `${name}: ${Array.isArray(value) ? "list" : typeof value}`),
    [
      ...["family: string", "families: list", "fault: string", "heldOut: boolean", "hours: number"],
      ...["costs: object", "impactMinutes: number", "minutesToRecover: list", "actions: number", "harmful: number"],
      ...["observedHarmful: number", "withoutUplift: number", "pages: number", "asks: number"],
      ...["refusedByPeople: number", "abstained: number", "excluded: number", "tooHarmful: number"],
      ...["doubts: object", "incidents: number", "choices: list"],
    ],
  );
  assert.deepEqual([paged.actions, paged.harmful, paged.choices], [0, 0, paged.choices.map(() => "page")]);
  assert.ok(paged.pages > 0 && paged.hours > 0);
});

test("the same spec gives the same bytes", async () => {
  const again = prepared();

  await run(again);

  assert.equal(readFileSync(again.out, "utf8"), TEXT);
});

for (const [what, cut] of [
  ["nothing", () => 0],
  ["half a line", () => 100],
  ["half a day", () => TEXT.indexOf("\n", 800) + 1],
  ["a day", () => TEXT.indexOf('{"world":2,"day":1')],
  ["all but the last byte", () => TEXT.length - 1],
  ["all of it", () => TEXT.length],
] as const)
  test(`a run that wrote ${what} goes on to the same bytes`, async () => {
    const place = leftWith(TEXT.slice(0, cut()));

    await run(place);

    assert.equal(readFileSync(place.out, "utf8"), TEXT);
  });

test("what was judged before is not played again, and more worlds come after it", async () => {
  const place = leftWith(TEXT);

  const again = await run(place, true);
  respecify(place, { worlds: { first: 2, end: 5 } });
  const more = await run(place, true);

  const { plays, ...report } = JSON.parse(more);
  assert.deepEqual(JSON.parse(again), { schema: 1, days: 4, judgedBefore: 4, policies: 5, plays: 0 });
  assert.deepEqual([report, plays > 0], [{ schema: 1, days: 6, judgedBefore: 4, policies: 5 }, true]);
  assert.ok(readFileSync(place.out, "utf8").startsWith(TEXT));
  assert.deepEqual([...new Set(linesOf(place).map(({ world }) => world))], [2, 3, 4]);
});

for (const [what, changes] of [
  ["another seed", { seed: "others" }],
  ["other policies", { policies: ["page"] }],
  ["fewer days", { daysPerWorld: 1 }],
] as const)
  test(`a file of ${what} is refused and stays as it is`, async () => {
    const place = leftWith(TEXT, changes);

    await assert.rejects(run(place), (error: Error) => error instanceof BadInput && /another spec/.test(error.message));
    assert.equal(readFileSync(place.out, "utf8"), TEXT);
  });

for (const file of ["model.json", "weights.pt"])
  test(`a file whose models were trained again, to another ${file}, is refused`, async () => {
    const place = leftWith(TEXT);
    writeFileSync(join(place.folder, "models", "a", file), "{}");

    await assert.rejects(run(place), /another spec or other models or other code \(models differ\); name another file/);
  });

test("a file that was played by other code is refused and stays as it is", async () => {
  const place = leftWith(TEXT);
  const kept = JSON.parse(readFileSync(`${place.out}.spec.json`, "utf8"));
  writeFileSync(`${place.out}.spec.json`, `${JSON.stringify({ ...kept, codeHash: "f00d" })}\n`);

  await assert.rejects(
    run(place),
    (error: Error) => error instanceof BadInput && /\(codeHash differ\)/.test(error.message),
  );
  assert.equal(readFileSync(place.out, "utf8"), TEXT);
});

for (const [what, text, message] of [
  ["other lines", `${TEXT}{}\n`, /line 19: the spec has no such day/],
  ["a line of something else", `{"a":1}\n${TEXT}`, /line 1: not day 0 of world 2 under page/],
] as const)
  test(`a file with ${what} is refused and stays as it is`, async () => {
    const place = leftWith(text);

    await assert.rejects(run(place), (error: Error) => error instanceof BadInput && message.test(error.message));
    assert.equal(readFileSync(place.out, "utf8"), text);
  });

for (const [what, changes, message] of [
  ["a day count of nothing", { daysPerWorld: 0 }, /daysPerWorld: /],
  ["worlds that end before they begin", { worlds: { first: 3, end: 3 } }, /worlds: end must be above first/],
  ["a key that is not known", { incidents: 4 }, /incidents/],
  ["a policy that does not exist", { policies: ["clever"] }, /policies.clever: .* give one of rules, .*model:NAME/],
  ["a model called onnx that is none", { policies: ["onnx:short"] }, /short has no model.onnx; call it model:short/],
  ["a policy named twice", { policies: ["page", "page"] }, /page: it is named twice/],
  ["a model that it does not name", { policies: ["model:c"] }, /policies.model:c: no model is called c/],
  ["a model without a folder", { models: [{ name: "short", folder: "models/c" }] }, /models.short: .* no model.json/],
  ["a track record that is not there", { trackRecord: "logs" }, /trackRecord .*logs: no such folder/],
  ["a track record without a list", { trackRecord: "models" }, /trackRecord .*models: it holds no simulation.json/],
] as const)
  test(`a spec with ${what} is bad input, and nothing is written`, async () => {
    const place = prepared(changes);

    await assert.rejects(run(place), (error: Error) => error instanceof BadInput && message.test(error.message));
    assert.equal(existsSync(place.out), false);
  });

test("a spec that is no JSON, or not there, is bad input", async () => {
  const place = prepared();
  writeFileSync(place.spec, "{");

  await assert.rejects(run(place), /cannot be read \(.*\); give a file of JSON/);
  await assert.rejects(run({ ...place, spec: join(place.folder, "none.json") }), /cannot be read \(ENOENT/);
});

test("models that were trained on other features are refused", async () => {
  const place = prepared({}, "f00d");

  await assert.rejects(run(place), (error: Error) => error instanceof BadInput && /features f00d/.test(error.message));
});

test("an interpreter that is not there is bad input", async () => {
  const place = { ...prepared(), python: "/nowhere/python" };

  await assert.rejects(
    run(place),
    (error: Error) => error instanceof BadInput && /cannot be started/.test(error.message),
  );
});

test("no interpreter is asked for where no policy needs a model", async () => {
  const place = { ...prepared({ policies: ["page"], worlds: { first: 0, end: 1 } }), python: "/nowhere/python" };

  await run(place);

  assert.equal(linesOf(place).length, 2);
});

test("an output file that cannot be written is bad input", async () => {
  const place = { ...prepared(), out: "/nowhere/days.jsonl" };

  await assert.rejects(
    run(place),
    (error: Error) => error instanceof BadInput && /--out .*nowhere/.test(error.message),
  );
});
