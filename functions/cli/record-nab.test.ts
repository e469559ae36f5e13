import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { temporaryFolder } from "../adapters/recorded/recording.fixture.ts";
import { readRecording, rowsOf } from "../adapters/recorded/recording.ts";
import { isoTime } from "../core/ids.ts";
import { BadInput } from "./errors.ts";
import { quell } from "./quell.ts";
import { recordNab } from "./record-nab.ts";

const START_MS = Date.UTC(2014, 3, 10, 0, 4);
const csv = (values: readonly number[]): string =>
  [
    "timestamp,value",
    ...values.map(
      (value, i) =>
        `${isoTime(START_MS + i * 300_000)
          .slice(0, 19)
          .replace("T", " ")},${value}`,
    ),
  ]
    .join("\n")
    .concat("\n");
const NEVER_TWICE = [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 99, 1, 2, 1, 2, 1];
const THRICE = [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 50, 60, 70, 80, 1, 2, 1, 2, 1, 2];

const seriesIn = (files: Readonly<Record<string, string>>): string => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "inside"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "inside", name), text);
  return folder;
};

/** Every file of a folder tree with its text. */
const contents = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length), readFileSync(path, "utf8")]),
  );

it("a series gives an incident where it is unusual and one at its peak, and it is said where one is not", () => {
  const from = seriesIn({
    "ec2_cpu_utilization_aaaaaa.csv": csv(NEVER_TWICE),
    "rds_cpu_utilization_bbbbbb.csv": csv(THRICE),
    "weather.csv": csv(THRICE),
  });
  const out = temporaryFolder();

  const { folders, notes } = recordNab(from, out);

  assert.deepEqual(
    folders.map((name) => name.replace(/-[0-9a-f]{6}$/, "")),
    [
      "db-bbbbbb-CPUUtilization-peak-20140410T010900Z",
      "db-bbbbbb-CPUUtilization-unusual-20140410T010400Z",
      "i-00aaaaaa-CPUUtilization-peak-20140410T011400Z",
    ],
  );
  assert.match(notes.join("\n"), /weather\.csv: not a CloudWatch series.*\n.*aaaaaa\.csv: never unusual three times/);
  const recordings = folders.map((name) => readRecording(join(out, name)));
  assert.ok(recordings.every(({ damaged, resources }) => damaged.length === 0 && rowsOf(resources).length === 1));
});

it("the same series give the same bytes, whatever stands beside them", () => {
  const files = { "elb_request_count_cccccc.csv": csv(THRICE) };
  const [once, again] = [temporaryFolder(), temporaryFolder()];

  recordNab(seriesIn(files), once);
  recordNab(seriesIn({ ...files, "windows.json": "{}", "weather.csv": "" }), again);

  assert.deepEqual(contents(again), contents(once));
});

it("nothing usable in a series, no series and no folder are bad input", () => {
  const series = { "ec2_cpu_utilization_aaaaaa.csv": csv(THRICE) };
  const folders = [
    seriesIn({ ...series, "ec2_network_in_bbbbbb.csv": "timestamp,value\nsoon,much\n" }),
    seriesIn({ "weather.csv": csv(THRICE) }),
    join(temporaryFolder(), "none"),
  ];

  for (const from of folders) assert.throws(() => recordNab(from, temporaryFolder()), BadInput);
});

it("the command names what it wrote on stdout and what it left out, by file and line, on stderr", async () => {
  const from = seriesIn({ "ec2_network_in_dddddd.csv": `${csv(THRICE)}nonsense\n` });
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    write: (text: string) => void out.push(text),
    writeError: (text: string) => void err.push(text),
    paint: (text: string) => text,
    isLive: false,
    canAsk: false,
  };

  const codes = [
    await quell(["record-nab", from, temporaryFolder()], terminal),
    await quell(["record-nab", temporaryFolder(), temporaryFolder()], terminal),
  ];

  assert.deepEqual(codes, [0, 2]);
  assert.match(out.join(""), /^i-00dddddd-NetworkIn-peak-\S+\ni-00dddddd-NetworkIn-unusual-\S+\n$/);
  assert.match(err.join(""), /ec2_network_in_dddddd\.csv:22: not a time and a number: left out\n/);
});
