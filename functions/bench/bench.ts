import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { OpenModel } from "../adapters/onnx/open-model.ts";
import { bundles } from "./bundle.ts";
import { alarmToDecision } from "./decision.ts";
import { wholeIncident } from "./incident.ts";
import { isWithin, type Measured } from "./measured.ts";
import { modelFigures, releasedModel } from "./model.ts";
import { rollouts } from "./rollout.ts";
import { storm } from "./storm.ts";
import { type Figure, tableLines } from "./table.ts";
import { YARDSTICK, yardstickMs } from "./yardstick.ts";

type Measurement = Readonly<{ name: string; measure: () => Promise<readonly Measured[]> }>;

/** Each measures its figures; none is a test, and none says whether a machine is fast enough. */
const measurementsWith = (model: OpenModel | null): readonly Measurement[] => [
  ...(model === null ? [] : [{ name: "model", measure: () => modelFigures(model) }]),
  { name: "alarm to decision", measure: () => alarmToDecision(model) },
  { name: "storm", measure: storm },
  { name: "rollouts", measure: rollouts },
  { name: "one incident", measure: wholeIncident },
  { name: "bundles", measure: bundles },
];

/** The figures of one measurement against the yardstick as it was just before and just after it. */
const figuresOf = async ({ name, measure }: Measurement): Promise<Readonly<{ unitMs: number; figures: Figure[] }>> => {
  process.stderr.write(`measuring: ${name}\n`);
  const beforeMs = yardstickMs();
  const measured = await measure();
  const unitMs = (beforeMs + yardstickMs()) / 2;
  return {
    unitMs,
    figures: measured.map((one) => ({ ...one, ratio: one.costMs === null ? null : one.costMs / unitMs })),
  };
};

/** Measures the budgets of the design. Exit 0 whatever the figures are; it throws where the measured work went wrong. */
const bench = async (isJson: boolean): Promise<void> => {
  const done = [];
  const model = await releasedModel();
  for (const measurement of measurementsWith(model)) done.push(await figuresOf(measurement));
  await model?.inference.close();
  const figures = done.flatMap((one) => one.figures);
  const unitMs = done.reduce((sum, one) => sum + one.unitMs, 0) / done.length;
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length };
  if (isJson) {
    const told = { ...machine, yardstick: YARDSTICK, yardstickMs: unitMs };
    const judged = figures.map((figure) => ({ ...figure, within: isWithin(figure) }));
    process.stdout.write(`${JSON.stringify({ ...told, figures: judged })}\n`);
    return;
  }
  const header = [
    `node ${machine.node}, ${machine.cores} x ${machine.cpu}`,
    `yardstick ${unitMs.toFixed(2)} ms: ${YARDSTICK}`,
    "",
  ];
  process.stdout.write(`${[...header, ...tableLines(figures)].join("\n")}\n`);
};

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
await bench(values.json);
