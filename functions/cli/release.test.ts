import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BadInput, type ExitCode } from "./errors.ts";
import { hearing, newFolder } from "./gate.fixture.ts";
import type { GateFlags } from "./gate-options.ts";
import { type ReleaseFlags, release } from "./release.ts";
import type { SimulateFlags } from "./simulate-options.ts";

const simulationOf = (incidents: number) => ({
  ...{ schema: 1, asked: {}, world_hash: "w", features_hash: "f", incidents, rows: 0, data_hash: `d${incidents}` },
  parts: [],
});

/** Commands that leave what others ask for, and remember what they were asked. */
const workThat = (gated: ExitCode = 0, trained: ExitCode = 0) => {
  const simulated: SimulateFlags[] = [];
  const trainings: string[][] = [];
  const gates: GateFlags[] = [];
  const work = {
    simulate: async (flags: SimulateFlags): Promise<ExitCode> => {
      simulated.push(flags);
      mkdirSync(flags.out, { recursive: true });
      writeFileSync(join(flags.out, "simulation.json"), JSON.stringify(simulationOf(Number(flags.incidents))));
      return 0;
    },
    python: async (args: readonly string[]): Promise<ExitCode> => {
      trainings.push([...args]);
      const out = args.find((one) => one.startsWith("--out="))?.slice(6) ?? assert.fail();
      mkdirSync(out, { recursive: true });
      writeFileSync(join(out, "manifest.json"), `model ${trainings.length}`);
      return trained;
    },
    gate: async (flags: GateFlags): Promise<ExitCode> => {
      gates.push(flags);
      return gated;
    },
  };
  return { work, simulated, trainings, gates };
};

const run = async (flags: ReleaseFlags, told = workThat()) => {
  const { heard, screen } = hearing();
  return { code: await release(flags, screen, told.work), ...heard, ...told };
};
const RELEASED = "policies/qnet/released";

test("people's days and an agent's are learnt from, others are judged by, and the gate knows all of them", async () => {
  const out = newFolder();

  const { code, simulated, trainings, gates } = await run({ out, release: RELEASED });

  assert.equal(code, 0);
  assert.deepEqual(
    simulated.map(({ incidents, behaviour, epsilon, policy }) => [incidents, behaviour, epsilon, policy]),
    [
      ["20000", "oncall", "0.15", "rules"],
      ["20000", "agent", "0.15", "rules"],
      ["20000", "agent", "0.15", "rules"],
    ],
  );
  assert.equal(new Set(simulated.map(({ seed }) => seed)).size, 3, "no stream is another one again");
  const [people = "", agent = "", judged] = simulated.map((flags) => flags.out);
  const [model, shuffled] = ["model", "shuffled"].map((name) => join(out, name));
  const learner = '--learner={"epochs": 16, "heads_weight": 0.5}';
  assert.deepEqual(trainings, [
    ["-m", "qnet", "release", `--episodes=${people}`, `--episodes=${agent}`, `--out=${model}`, learner],
    [
      "-m",
      "qnet",
      "release",
      `--episodes=${people}`,
      `--episodes=${agent}`,
      `--out=${shuffled}`,
      learner,
      "--shuffled",
    ],
  ]);
  assert.deepEqual(gates, [
    {
      ...{ challenger: model, champion: "rules", episodes: judged, learnt: [people, agent], shuffled },
      ...{ out: join(out, "gate"), days: "1500" },
      release: RELEASED,
    },
  ]);
});

test("a quick release is of toy sizes and is never put where models are served from", async () => {
  const { gates, simulated } = await run({ out: newFolder(), release: RELEASED, quick: true });

  assert.deepEqual([gates[0]?.quick, gates[0]?.release], [true, undefined]);
  assert.ok(simulated.every(({ incidents }) => Number(incidents) <= 200));
});

test("a model is trained once for a log and a code, and again where its folder holds another one", async () => {
  const told = workThat(1);
  const flags = { out: newFolder(), release: RELEASED, quick: true } as const;
  await run(flags, told);
  await run(flags, told);
  assert.equal(told.trainings.length, 2, "a model, and the one of shuffled outcomes");

  appendFileSync(join(flags.out, "model", "manifest.json"), "changed");
  const { code } = await run(flags, told);

  assert.equal(told.trainings.length, 3);
  assert.equal(readFileSync(join(flags.out, "model", "manifest.json"), "utf8"), "model 3");
  assert.equal(code, 1);
});

test("where no model comes of a log there is nothing to judge", async () => {
  const told = workThat(0, 2);

  await assert.rejects(
    run({ out: newFolder(), release: RELEASED }, told),
    (error: unknown) => error instanceof BadInput && /no model came of it; what Python said above/.test(error.message),
  );
  assert.deepEqual(told.gates, []);
});
