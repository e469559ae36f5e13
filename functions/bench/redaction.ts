import { parseArgs } from "node:util";
import { DETECTORS } from "../core/detectors.ts";
import { cleaned } from "../core/egress.ts";
import { templatesOf } from "../core/log-templates.ts";
import { redact, redactSure } from "../core/redact.ts";
import { negatives, positives, showsPartOf } from "../core/redaction-corpus.fixture.ts";
import { median } from "./measured.ts";

/**
 * One class of secrets on the corpus. A positive is recalled when no eight characters of its secret are left; a false
 * alarm is a harmless text that is called by the class.
 */
export type ClassRow = Readonly<{
  name: string;
  sure: boolean;
  positives: number;
  recall: number;
  /** At the way out alone, where only what is sure is looked for. */
  recallAtEgress: number;
  falseAlarms: number;
  precision: number;
}>;

const LONGEST = 4_000;

/** Recall and precision of every class, on the corpus of this repository: it was written beside the patterns. */
export const redactionTable = (): readonly ClassRow[] => {
  const seen = positives().map((one) => ({ ...one, full: redact(one.text, LONGEST), sure: redactSure(one.text) }));
  const alarms = negatives().map(({ text }) => redact(text, LONGEST).found);
  return [...new Set(DETECTORS.map(({ name }) => name))].map((name) => {
    const own = seen.filter((one) => one.name === name);
    const share = (count: number): number => count / own.length;
    const named = own.filter(({ full }) => full.found.includes(name)).length;
    const falseAlarms = alarms.filter((found) => found.includes(name)).length;
    return {
      name,
      sure: DETECTORS.some((one) => one.name === name && one.sure),
      positives: own.length,
      recall: share(own.filter(({ full, secret }) => !showsPartOf(full.text, secret)).length),
      recallAtEgress: share(own.filter(({ sure, secret }) => !showsPartOf(sure.text, secret)).length),
      falseAlarms,
      precision: named / Math.max(1, named + falseAlarms),
    };
  });
};

const WORDS = [
  "request",
  "completed",
  "status=200",
  "path=/items/42/detail?x=1",
  'user="bob"',
  "host=10.0.0.1",
  "jane@example.com",
];
const LINES = Array.from({ length: 5_000 }, (_, i) => ({
  atMs: i * 100,
  logGroup: "/api",
  message: Array.from({ length: 14 }, (_, j) => WORDS[(i * 5 + j * 3 + (i % 7)) % WORDS.length]).join(" "),
}));
const ROUNDS = 15;

const medianMs = (work: () => unknown): number => {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startMs = performance.now();
    work();
    times.push(performance.now() - startMs);
  }
  return median(times);
};

/** How fast 5,000 log lines become templates, in MB a second, and what the way out of a clean document costs, in ms. */
const speeds = (): Readonly<{
  templatesMegabytesPerSecond: number;
  cleanDocumentMs: number;
  cleanDocumentKilobytes: number;
}> => {
  const budget = { logLines: LINES.length, logBytes: 10_000_000, logTemplates: 20 };
  const megabytes = LINES.reduce((sum, { message }) => sum + message.length, 0) / 1e6;
  const document = LINES.slice(0, 400).map(({ message, atMs }) => ({
    message: redact(message).text,
    atMs,
    id: `line-${atMs}`,
  }));
  return {
    templatesMegabytesPerSecond: megabytes / (medianMs(() => templatesOf(LINES, budget)) / 1000),
    cleanDocumentMs: medianMs(() => cleaned(document)),
    cleanDocumentKilobytes: JSON.stringify(document).length / 1000,
  };
};

const lineOf = (cells: readonly (string | number)[]): string =>
  cells.map((cell, i) => (i === 0 ? String(cell).padEnd(18) : String(cell).padStart(11))).join(" ");

const print = (isJson: boolean): void => {
  const rows = redactionTable();
  const speed = speeds();
  if (isJson) {
    process.stdout.write(`${JSON.stringify({ classes: rows, harmless: negatives().length, speed })}\n`);
    return;
  }
  const head = lineOf(["class", "sure", "positives", "recall", "at egress", "false", "precision"]);
  const body = rows.map((row) =>
    lineOf([
      row.name,
      row.sure ? "yes" : "",
      row.positives,
      row.recall.toFixed(3),
      row.sure ? row.recallAtEgress.toFixed(3) : "-",
      row.falseAlarms,
      row.precision.toFixed(3),
    ]),
  );
  const told = [
    `${negatives().length} harmless texts; false: how many of them are called by the class`,
    `templates of 5,000 lines: ${speed.templatesMegabytesPerSecond.toFixed(1)} MB/s`,
    `way out of a clean document of ${speed.cleanDocumentKilobytes.toFixed(0)} kB: ${speed.cleanDocumentMs.toFixed(2)} ms`,
  ];
  process.stdout.write(`${[head, ...body, "", ...told].join("\n")}\n`);
};

if (import.meta.main) print(parseArgs({ options: { json: { type: "boolean", default: false } } }).values.json);
