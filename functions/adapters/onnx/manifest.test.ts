import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPair } from "./load-model.ts";
import { manifestHash, readManifest } from "./manifest.ts";
import { manifestFor, modelBytes } from "./model.fixture.ts";

const GOOD = modelBytes();
const MANIFEST = manifestFor(GOOD);

type Path = readonly (string | number)[];

/** Every place of a JSON value where something stands that is no list and no object. */
const leaves = (value: unknown, path: Path = []): readonly Path[] => {
  if (Array.isArray(value)) return value.flatMap((one, i) => leaves(one, [...path, i]));
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, one]) => leaves(one, [...path, key]));
};

const at = (value: unknown, path: Path): unknown =>
  path.reduce((held, key) => (typeof held === "object" && held !== null ? Reflect.get(held, key) : undefined), value);

const altered = (value: unknown): unknown => {
  if (typeof value === "number") return value + 1e-3;
  return typeof value === "string" ? `${value.slice(0, -1)}${value.endsWith("0") ? "1" : "0"}` : !value;
};

/** The manifest with another value at a place. */
const withAt = (path: Path, value: unknown): Record<string, unknown> => {
  const copy: Record<string, unknown> = structuredClone({ ...MANIFEST });
  const holder = at(copy, path.slice(0, -1));
  assert.ok(typeof holder === "object" && holder !== null);
  Reflect.set(holder, path.at(-1) ?? "", value);
  return copy;
};

const check = (manifest: Readonly<Record<string, unknown>>) =>
  checkPair({ model: GOOD, manifest: JSON.stringify(manifest) });
const rehashed = (manifest: Readonly<Record<string, unknown>>) => ({
  ...manifest,
  manifest_hash: manifestHash(manifest),
});

const LEAVES = leaves(MANIFEST);

test("every altered field of the manifest is refused", () => {
  for (const path of LEAVES) {
    const load = check(withAt(path, altered(at(MANIFEST, path))));

    assert.equal(load.kind === "refused" && load.because.code, "model-mismatch", path.join("."));
  }
  assert.ok(LEAVES.length > 60, `${LEAVES.length} fields`);
});

/** What nothing but the manifest's own hash can contradict: where the model comes from, and how far it is believed. */
const ONLY_HASHED =
  /^(reward_hash|catalogue_hash|simulator_hash|data_hash|code_revision|rank\..*|thresholds\.(m|delta|support|distance|tie|tiers\.\d\.maxHarm)|calibration\..*|gate\.(reasons|undecided|approval)\.\d|report|createdAt)$/;

test("what the file or this code can contradict is refused though the manifest's hash was made again", () => {
  const others = LEAVES.filter((path) => path[0] !== "manifest_hash");
  const believed = others.filter(
    (path) => check(rehashed(withAt(path, altered(at(MANIFEST, path))))).kind === "loaded",
  );

  const names = believed.map((path) => path.join("."));
  assert.deepEqual(
    names.filter((name) => !ONLY_HASHED.test(name)),
    [],
  );
  const bound = others.map((path) => path.join(".")).filter((name) => !names.includes(name));
  for (const name of [
    ...["schema", "model.sha256", "model.bytes", "model.opset", "features_hash", "gate.verdict"],
    ...["shapes.S", "shapes.A", "shapes.members", "evidence.source", "evidence.incidents", "thresholds.tiers.0.tier"],
  ])
    assert.ok(bound.includes(name), name);
});

test("a manifest lacks nothing and has nothing more, at every level", () => {
  const objects = ["", "model", "shapes", "rank", "evidence", "thresholds", "calibration", "calibration.harm", "gate"];

  for (const name of objects) {
    const path = name === "" ? [] : name.split(".");
    assert.equal(check(rehashed(withAt([...path, "more"], 1))).kind, "refused", `${name}.more`);
  }
  for (const key of Object.keys(MANIFEST)) {
    const { [key]: _, ...rest } = MANIFEST;
    assert.equal(check(key === "manifest_hash" ? rest : rehashed(rest)).kind, "refused", key);
  }
});

const knots = { raw: [0, 1], mean: [0.2, 0.4], low: [0.1, 0.3], high: [0.3, 0.5] };
const calibration = { horizonMinutes: 30, recover: knots, harm: knots, value: knots };
const limits = [0, 1, 2, 3].map((tier) => ({ tier, maxHarm: 0.1 }));
const thresholds = { m: 1, delta: 0, support: 0.05, distance: 9, tie: 0.1, tiers: limits };
const WRONG: readonly (readonly [what: string, change: Readonly<Record<string, unknown>>])[] = [
  ["knots that do not rise", { calibration: { ...calibration, harm: { ...knots, raw: [1, 1] } } }],
  ["no knots", { calibration: { ...calibration, harm: { raw: [], mean: [], low: [], high: [] } } }],
  ["one number too few", { calibration: { ...calibration, harm: { ...knots, high: [0.3] } } }],
  ["a range that its mean is outside of", { calibration: { ...calibration, harm: { ...knots, high: [0.1, 0.5] } } }],
  ["a probability above 1", { calibration: { ...calibration, harm: { ...knots, high: [0.3, 1.5] } } }],
  ["a tier without a limit", { thresholds: { ...thresholds, tiers: limits.slice(1) } }],
  ["a tier with two limits", { thresholds: { ...thresholds, tiers: [...limits.slice(1), limits[1]] } }],
  [
    "a limit that limits nothing",
    { thresholds: { ...thresholds, tiers: limits.map((one) => ({ ...one, maxHarm: 2 })) } },
  ],
  ["a margin below 0", { thresholds: { ...thresholds, delta: -1 } }],
  ["a rank of nothing", { rank: { q: 0, value: 0, support: 0 } }],
  ["a report in another folder", { report: "../report.html" }],
  ["a verdict that no gate gives", { gate: { verdict: "fine", reasons: [], undecided: [], approval: [] } }],
];

for (const [what, change] of WRONG)
  test(`a manifest with ${what} is refused, well hashed or not`, () => {
    assert.equal(check(manifestFor(GOOD, change)).kind, "refused");
  });

test("what is no manifest is said in a sentence: not JSON, no object, a number that is none", () => {
  for (const text of ["", "{", "[]", "null", '"x"', JSON.stringify(MANIFEST).replace('"m":1', '"m":1e999')])
    assert.match(readManifest(text).kind === "refused" ? "refused" : "manifest", /refused/, text.slice(0, 20));
});
