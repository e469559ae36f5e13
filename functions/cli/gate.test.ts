import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadModel } from "../adapters/onnx/load-model.ts";
import { readScored } from "../adapters/parquet/read-episodes.ts";
import { FAMILIES } from "../world/faults/fault.ts";
import { BadInput } from "./errors.ts";
import { hearing, logOf, newFolder, releasedModel, workThat } from "./gate.fixture.ts";
import { type GateWork, gate } from "./gate.ts";
import type { GateFlags } from "./gate-options.ts";

const LOG = await logOf(16, "agent");
const LEARNT = await logOf(12, "oncall", "12");
const MODEL = releasedModel();

const flagsWith = (changes: Partial<GateFlags> = {}): GateFlags => ({
  ...{ challenger: MODEL, champion: "rules", episodes: LOG, learnt: [LEARNT], out: newFolder(), days: "900" },
  ...{ quick: true, ...changes },
});

const run = async (flags: GateFlags, told = workThat()) => {
  const { heard, screen } = hearing();
  const code = await gate(flags, screen, told.work);
  return { code, ...heard, ...told };
};

const jsonIn = (...path: readonly string[]) => JSON.parse(readFileSync(join(...path), "utf8"));

test("the spec says who is judged, by which files, and what they are cut into; each file that it names is there", async () => {
  const flags = flagsWith();

  const { code, asked, played, err } = await run(flags);

  const spec = jsonIn(flags.out, "spec.json");
  assert.equal(code, 0);
  assert.deepEqual(asked.at(-1), [
    "-m",
    "qnet",
    "gate",
    `--spec=${join(flags.out, "spec.json")}`,
    `--out=${flags.out}`,
  ]);
  assert.deepEqual([spec.schema, spec.challenger, spec.champion, spec.model], [1, "onnx:challenger", "rules", MODEL]);
  assert.deepEqual([spec.episodes, spec.openings], [[LOG], join(LOG, "openings.jsonl")]);
  assert.deepEqual(spec.slices, { train: 0, tune: 0.2, calibrate: 0, test: 0.8 });
  assert.equal(spec.trainedOn.length, 4);
  assert.ok(spec.trainedOn.every((name: string) => name.startsWith("day-train-mild-12-")));
  assert.deepEqual(Object.keys(spec.familyShares).sort(), [...FAMILIES].sort());
  assert.deepEqual([spec.shuffled, spec.challengers.map(({ name }: { name: string }) => name)], [null, ["clone"]]);
  for (const path of [spec.reward, spec.features, spec.days, spec.checks, spec.model])
    assert.ok(existsSync(path), path);
  for (const folder of [spec.scored.challenger, spec.scored.champion, spec.challengers[0].scored])
    assert.ok((await readScored(join(folder, "part-00000.parquet"))).every(({ target_prob }) => target_prob !== null));
  assert.equal(played.length, 1);
  assert.match(err, /a quick gate: its verdict is of a toy/);
});

test("a model of shuffled outcomes is scored on the same log, beside what people would do", async () => {
  const flags = flagsWith({ shuffled: releasedModel({ rank: { q: 0, value: 1, support: 0 } }) });

  await run(flags);

  const { shuffled, scored, challengers } = jsonIn(flags.out, "spec.json");
  assert.equal(shuffled.cloning, challengers[0].scored);
  assert.ok(![scored.challenger, scored.champion, shuffled.cloning].includes(shuffled.shuffled));
  const rows = await readScored(join(shuffled.shuffled, "part-00000.parquet"));
  assert.ok(rows.length > 0 && rows.every(({ target_prob }) => target_prob !== null));
});

test("the days are of sealed worlds, all families in turn, both on the same, people on call answering", async () => {
  const flags = flagsWith();

  const { played } = await run(flags);

  const { seed, ...asked } = jsonIn(played[0] ?? "");
  assert.match(seed, /^[0-9a-f]{64}$/);
  assert.deepEqual(asked, {
    ...{ schema: 1, worlds: { first: 0, end: 1 }, broken: 0, confounding: "mild", daysPerWorld: FAMILIES.length },
    ...{ trackRecord: null, models: [{ name: "challenger", folder: MODEL }], policies: ["onnx:challenger", "rules"] },
    ...{ seerDays: 0, answers: "oncall", stratified: true },
  });
});

test("the checks are made of the model itself: parity, golden scenes, properties and histories", async () => {
  const flags = flagsWith();

  await run(flags);

  const { parity, golden, permutation, mask, leaks, model } = jsonIn(flags.out, "checks.json");
  assert.ok(parity.rows === 20 && parity.worst > 0 && parity.worst <= parity.limit && parity.limit === 1e-4);
  assert.ok(golden.scenes >= 60 && golden.ids.length >= 60 && golden.forbiddenAutos === golden.examples.length);
  assert.deepEqual([permutation.failures, mask.failures, leaks.differing, model.refused], [0, 0, 0, null]);
  assert.ok(permutation.scenes > golden.scenes && mask.scenes === permutation.scenes && leaks.rows > 0);
});

test("a stopped gate does no step again that was whole, and judges once more", async () => {
  const flags = flagsWith();
  await run(flags);

  const again = await run(flags);

  assert.deepEqual(
    again.asked.map(([, , command]) => command),
    ["gate"],
  );
  for (const step of ["leaks", "golden", "properties", "parity"])
    assert.match(again.err, new RegExp(`quell: ${step}: as it was found before`));
});

test("a step whose result was damaged, and one of another challenger, is done again", async () => {
  const flags = flagsWith();
  await run(flags);
  writeFileSync(join(flags.out, "steps", "parity.json"), "{");

  const damaged = await run(flags);
  const other = await run({ ...flags, challenger: releasedModel({ rank: { q: 1, value: 0, support: 0 } }) });

  assert.match(damaged.err, /quell: parity \.\.\./);
  assert.match(damaged.err, /quell: golden: as it was found before/);
  assert.match(other.err, /quell: golden \.\.\./);
  assert.match(other.err, /quell: leaks: as it was found before/);
});

test("what torch says otherwise is measured, however little of it", async () => {
  const flags = flagsWith();
  const worse = workThat({ verdict: "refused", code: 1 }, (outputs) => ({
    ...outputs,
    p_harm: Array.from(outputs.p_harm, (one, place) => (place === 0 ? one + 0.001 : one)),
  }));

  const { code } = await run(flags, worse);

  const { parity } = jsonIn(flags.out, "checks.json");
  assert.equal(code, 1);
  assert.ok(parity.worst > 9e-4 && parity.worst < 1.1e-3);
  assert.equal(parity.output, "p_harm");
});

test("a model that passed is released with its verdict and its report, and is served from there", async () => {
  const released = newFolder();
  const flags: GateFlags = { ...flagsWith({ release: released }), days: "1" };
  const { quick: _, ...whole } = flags;

  const { code, err } = await run(whole);

  assert.equal(code, 0);
  assert.match(err, /released in/);
  const loaded = loadModel(released);
  assert.ok(loaded.kind === "loaded", JSON.stringify(loaded));
  assert.deepEqual(loaded.manifest.gate, {
    ...{ verdict: "passed", reasons: ["no evidence of more harm", "G1: because"], undecided: ["auth"] },
    approval: ["ecs-rollback"],
  });
  assert.equal(readFileSync(join(released, loaded.manifest.report), "utf8"), "<title>gate</title>");
  assert.deepEqual(readdirSync(released).sort(), ["manifest.json", "model.onnx", "report.html"]);
});

test("the model that was served before is kept beside the next one; one that nobody would serve is not", async () => {
  const release = newFolder();
  const released = async (changes: Readonly<Record<string, unknown>> = {}) => {
    const { quick: _, ...whole } = { ...flagsWith({ release, challenger: releasedModel(changes) }), days: "1" };
    assert.equal((await run(whole)).code, 0);
    return readFileSync(join(release, "manifest.json"), "utf8");
  };
  const first = await released();
  const second = await released({ rank: { q: 2, value: 0, support: 0 } });
  assert.equal(readFileSync(join(release, "last-good", "manifest.json"), "utf8"), first);
  assert.equal(loadModel(join(release, "last-good")).kind, "loaded");

  appendFileSync(join(release, "model.onnx"), "x");
  const third = await released({ rank: { q: 3, value: 0, support: 0 } });

  assert.equal(new Set([first, second, third]).size, 3);
  assert.equal(readFileSync(join(release, "last-good", "manifest.json"), "utf8"), first);
});

test("what is released is what was judged: a model that was changed meanwhile is not", async () => {
  const [release, challenger] = [newFolder(), releasedModel()];
  const { quick: _, ...whole } = { ...flagsWith({ release, challenger }), days: "1" };
  const told = workThat();
  const python: GateWork["python"] = async (args, stdout) => {
    const other = releasedModel({ rank: { q: 2, value: 0, support: 0 } });
    if (args[2] === "gate") copyFileSync(join(other, "manifest.json"), join(challenger, "manifest.json"));
    return told.work.python(args, stdout);
  };

  await assert.rejects(
    run(whole, { ...told, work: { ...told.work, python } }),
    (error) => error instanceof BadInput && /is not the model that was judged; gate it again/.test(error.message),
  );
  assert.deepEqual(readdirSync(release), []);
});

test("a policy with other thresholds meets other worlds than the same weights did; one that is only named anew does not", async () => {
  const { thresholds } = jsonIn(MODEL, "manifest.json");
  const seedOf = async (changes: Readonly<Record<string, unknown>>): Promise<string> => {
    const { played } = await run(flagsWith({ challenger: releasedModel(changes) }));
    return jsonIn(played[0] ?? "").seed;
  };

  const [same, anew, other] = [
    await seedOf({}),
    await seedOf({ createdAt: "2026-11-22T00:00:00Z", report: "other.html" }),
    await seedOf({ thresholds: { ...thresholds, m: thresholds.m + 1 } }),
  ];

  assert.equal(anew, same);
  assert.notEqual(other, same);
});

test("what did not pass is released by nobody, and the exit code is the judge's", async () => {
  for (const [verdict, judged] of [
    ["refused", 1],
    ["NOT EVALUABLE", 1],
    ["passed", 2],
  ] as const) {
    const release = newFolder();
    const { quick: _, ...whole } = flagsWith({ release, days: "1" });

    const { code } = await run(whole, workThat({ verdict, code: judged }));

    assert.equal(code, judged);
    assert.deepEqual(readdirSync(release), []);
  }
});

test("a model whose bytes are not what its manifest says is refused before anything is run of it", async () => {
  const tampered = releasedModel();
  appendFileSync(join(tampered, "model.onnx"), "x");
  const flags = flagsWith({ challenger: tampered, json: true });

  const { code, out, asked, played } = await run(flags);

  assert.equal(code, 1);
  assert.deepEqual([asked, played], [[], []]);
  assert.equal(JSON.parse(out).verdict, "refused");
  assert.match(jsonIn(flags.out, "verdict.json").reasons[0], /^G2: the model is refused: the model has \d+ bytes/);
});

test("a policy without a model is judged as well: there is no parity to measure and nothing that was trained on", async () => {
  const flags = flagsWith({ challenger: "drafter" });

  const { code, asked } = await run(flags);

  const spec = jsonIn(flags.out, "spec.json");
  assert.equal(code, 0);
  assert.deepEqual([spec.challenger, spec.model, spec.trainedOn, spec.challengers], ["drafter", null, null, []]);
  assert.equal(jsonIn(flags.out, "checks.json").parity, null);
  assert.equal(asked.length, 1);
});

test("where the champion cannot be opened, the challenger that was open is closed", async () => {
  const told = workThat();
  const [opened, closed]: [string[], string[]] = [[], []];
  const champion = releasedModel();
  const open: typeof told.work.open = async (folder) => {
    if (folder === champion) throw new BadInput("it cannot be opened");
    opened.push(folder);
    const model = await told.work.open(folder);
    const close = async () => {
      closed.push(folder);
      await model.close();
    };
    return { ...model, close };
  };

  const judging = run(flagsWith({ champion }), { ...told, work: { ...told.work, open } });

  await assert.rejects(judging, /it cannot be opened/);
  assert.deepEqual([opened, closed], [[MODEL], [MODEL]]);
});

test("what cannot be judged is bad input that names the flag and says what to do", async () => {
  const cases: readonly (readonly [Partial<GateFlags>, RegExp])[] = [
    [{ days: "0" }, /--days 0: cannot be used; give whole days for each family/],
    [{ episodes: "/nowhere" }, /--episodes \/nowhere: is not there; name a log that an agent wrote/],
    [{ training: "/nowhere" }, /--training \/nowhere: is not there; name the folder/],
    [{ learnt: [LEARNT, "/nowhere"] }, /--learnt \/nowhere: is not there; name every log/],
    [{ shuffled: newFolder() }, /has no model\.onnx; name a folder of `qnet release --shuffled`/],
    [{ challenger: "cleverest" }, /--challenger cleverest: no such policy, and no folder with model\.onnx/],
    [{ champion: MODEL }, /is the challenger itself; name what is deployed/],
    [{ release: newFolder() }, /a quick gate judges a toy and releases nothing; leave out --quick/],
    [{ episodes: LEARNT }, /have no probabilities: no policy of ours drew them; write a log with quell simulate --beh/],
    [{ training: newFolder() }, /slices\.json: it does not say how the log was cut; give --training/],
  ];

  for (const [changes, told] of cases)
    await assert.rejects(run(flagsWith(changes)), (error: unknown) => {
      assert.ok(error instanceof BadInput, String(error));
      assert.match(error.message, told);
      return true;
    });
  await assert.rejects(run(flagsWith(), workThat(undefined, undefined, 2)), /torch cannot say what it would answer/);
});
