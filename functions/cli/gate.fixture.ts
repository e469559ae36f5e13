import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { manifestFor, modelBytes, pairFolder } from "../adapters/onnx/model.fixture.ts";
import { readEpisodes } from "../adapters/parquet/read-episodes.ts";
import { rawSceneOf } from "../rollout/model-properties.ts";
import type { ExitCode } from "./errors.ts";
import type { GateWork } from "./gate.ts";
import { openModel } from "./gate-model.ts";
import { simulateCommand } from "./simulate.ts";

/** A screen that remembers; nobody watches it. */
export const hearing = () => {
  const heard = { out: "", err: "" };
  const screen = {
    write: (text: string) => {
      heard.out += text;
    },
    writeError: (text: string) => {
      heard.err += text;
    },
    paint: (_: unknown, text: string) => text,
    isLive: false,
    canAsk: false,
  };
  return { heard, screen };
};

export const newFolder = (): string => mkdtempSync(join(tmpdir(), "quell-gate-"));

/** A log of so many simulated days. */
export const logOf = async (incidents: number, behaviour: "agent" | "oncall", seed = "11"): Promise<string> => {
  const out = newFolder();
  await simulateCommand(
    {
      ...{ incidents: `${incidents}`, seed, out, behaviour, split: "train", confounding: "mild", epsilon: "0.15" },
      ...{ policy: "rules", broken: "0", truth: false },
    },
    hearing().screen,
  );
  return out;
};

/** A model that no gate has judged, with what `qnet release` says of how its log was cut. */
export const releasedModel = (changes: Readonly<Record<string, unknown>> = {}): string => {
  const bytes = modelBytes();
  const gate = { verdict: "none", reasons: [], undecided: [], approval: [] };
  const folder = pairFolder(bytes, manifestFor(bytes, { gate, ...changes }));
  const slice = (first_cluster: number, clusters: number) => ({
    ...{ first_cluster, clusters, incidents: 1, decisions: 1 },
    ...{ first_decided_at: first_cluster, last_decided_at: first_cluster + clusters - 1 },
  });
  const slices = { schema: 1, train: slice(0, 4), tune: slice(4, 1), calibrate: slice(5, 1), test: slice(6, 2) };
  writeFileSync(join(folder, "slices.json"), JSON.stringify(slices));
  return folder;
};

const flagOf = (args: readonly string[], name: string): string =>
  args.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3) ?? "";

type Outputs = Readonly<Record<"q" | "value" | "p_recover" | "p_harm" | "log_pi_b" | "ood", ArrayLike<number>>>;

/** What `python -m qnet outputs` leaves, computed by ONNX Runtime: torch would say the same but for rounding. */
const writeOutputs = async (args: readonly string[], change: (outputs: Outputs) => Outputs): Promise<void> => {
  const { inference, close } = await openModel(flagOf(args, "model"));
  const rows = await readEpisodes(join(flagOf(args, "episodes"), "part-00000.parquet"));
  const asked = rows.slice(0, Number(flagOf(args, "rows")));
  const outputs: Outputs[] = [];
  for (const row of asked) outputs.push(change(await inference.run(rawSceneOf(row))));
  await close();
  const names = ["q", "value", "p_recover", "p_harm", "log_pi_b"] as const;
  const list = (name: string) => [
    { name, repetition_type: "REQUIRED" as const, converted_type: "LIST" as const, num_children: 1 },
    { name: "list", repetition_type: "REPEATED" as const, num_children: 1 },
    { name: "element", repetition_type: "OPTIONAL" as const, type: "FLOAT" as const },
  ];
  const columnData: ColumnSource[] = [
    { name: "decision_id", data: asked.map(({ decision_id }) => decision_id) },
    ...names.map((name) => ({ name, data: outputs.map((one) => Array.from(one[name])) })),
    { name: "ood", data: outputs.map((one) => one.ood[0] ?? 0) },
  ];
  const schema = [
    { name: "outputs", num_children: columnData.length },
    {
      name: "decision_id",
      repetition_type: "REQUIRED" as const,
      type: "BYTE_ARRAY" as const,
      converted_type: "UTF8" as const,
    },
    ...names.flatMap(list),
    { name: "ood", repetition_type: "REQUIRED" as const, type: "FLOAT" as const },
  ];
  writeFileSync(flagOf(args, "out"), new Uint8Array(parquetWriteBuffer({ columnData, schema })));
};

type Said = Readonly<{ verdict: string; code: ExitCode }>;

/** A Python and a simulator that do as they are told, and remember what they were asked. */
export const workThat = (
  { verdict, code }: Said = { verdict: "passed", code: 0 },
  change: (outputs: Outputs) => Outputs = (outputs) => outputs,
  torch: ExitCode = 0,
) => {
  const asked: string[][] = [];
  const played: string[] = [];
  const work: GateWork = {
    open: openModel,
    play: async ({ spec, out }) => {
      played.push(spec);
      writeFileSync(out, "");
      return 0;
    },
    python: async (args) => {
      asked.push([...args]);
      if (args[2] === "outputs") {
        if (torch === 0) await writeOutputs(args, change);
        return torch;
      }
      const out = flagOf(args, "out");
      const said = { verdict, reasons: ["G1: because"], promotion: "no evidence of more harm", undecided: ["auth"] };
      writeFileSync(join(out, "verdict.json"), JSON.stringify({ schema: 1, ...said, approval: ["ecs-rollback"] }));
      writeFileSync(join(out, "report.html"), "<title>gate</title>");
      return code;
    },
  };
  return { work, asked, played };
};
