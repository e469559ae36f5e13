import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import fc from "fast-check";
import { compositeAlarmEvent, metricAlarmEvent } from "../adapters/aws/alarm-events.fixture.ts";
import { ingestCommand } from "./ingest.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "quell-ingest-"));
});
after(() => rmSync(folder, { recursive: true }));

/** Writes the texts as files and ingests them. */
const ingest = async (...texts: readonly string[]) => {
  const files = texts.map((text, index) => {
    const file = join(folder, `${index}.json`);
    writeFileSync(file, text);
    return file;
  });
  return ingestPaths(...files);
};

const ingestPaths = async (...files: readonly string[]) => {
  const out: string[] = [];
  const err: string[] = [];
  const code = await ingestCommand(files, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, lines: out.map((line) => JSON.parse(line)), err };
};

const incident = metricAlarmEvent();
const update = compositeAlarmEvent({ value: "OK" });

it("a single document is one record, with every key of the line present", async () => {
  const text = JSON.stringify(incident, null, 2);

  const { code, lines, err } = await ingest(text);

  assert.equal(code, 0);
  assert.deepEqual(err, []);
  assert.deepEqual(lines, [
    {
      file: join(folder, "0.json"),
      record: 0,
      kind: "incident",
      incident: {
        key: "123456789012/eu-west-1/checkout / 5xx too high",
        alarmName: "checkout / 5xx too high",
        account: "123456789012",
        region: "eu-west-1",
        state: "ALARM",
        changedAt: "2026-01-05T10:04:40.989Z",
      },
      reason: null,
    },
  ]);
});

it("an array and JSON lines of the same events give the same records", async () => {
  const array = JSON.stringify([incident, update, {}]);
  const jsonLines = `\uFEFF${JSON.stringify(incident)}\r\n\n${JSON.stringify(update)}\n{}\n`;

  const { code, lines } = await ingest(array, jsonLines);

  const answers = lines.map(({ record, kind, reason }) => [record, kind, reason?.split(":")[0] ?? null]);
  const expected = [
    [0, "incident", null],
    [1, "update", null],
    [2, "ignored", "not-an-alarm"],
  ];
  assert.equal(code, 0);
  assert.deepEqual(answers, [...expected, ...expected]);
});

it("a damaged line is invalid and named, and its neighbours are still answered", async () => {
  const text = `${JSON.stringify(incident)}\n{"detail-type":"CloudWatch Al\n${JSON.stringify(update)}\n`;

  const { code, lines } = await ingest(text);

  assert.equal(code, 2);
  assert.deepEqual(
    lines.map(({ kind }) => kind),
    ["incident", "invalid", "update"],
  );
  assert.match(lines[1].reason, /^unreadable JSON: line 2: /);
});

for (const [what, text] of [
  ["an empty file", ""],
  ["a document that was cut off", JSON.stringify(incident, null, 2).slice(0, 300)],
  ["an array that was cut off after an element", '[\n{"detail-type": "none"}\n'],
  ["text", "ALARM: checkout is down\nplease look"],
] as const) {
  it(`${what} is one invalid record`, async () => {
    const given = text;

    const { code, lines } = await ingest(given);

    assert.equal(code, 2);
    assert.equal(lines.length, 1);
    assert.deepEqual(
      { ...lines[0], reason: null },
      {
        file: join(folder, "0.json"),
        record: 0,
        kind: "invalid",
        incident: null,
        reason: null,
      },
    );
    assert.match(lines[0].reason, /^unreadable JSON: the file: /);
  });
}

it("an invalid alarm points at its culprit and makes the exit code 2", async () => {
  const text = JSON.stringify(metricAlarmEvent({ state: { value: "ALARM", timestamp: "yesterday" } }));

  const { code, lines } = await ingest(text);

  assert.equal(code, 2);
  assert.match(lines[0].reason, /^\/detail\/state\/timestamp: /);
});

it("a suppressed alarm is named though it is ignored", async () => {
  const text = JSON.stringify(compositeAlarmEvent({ value: "ALARM", actionsSuppressedBy: "Alarm" }));

  const { code, lines } = await ingest(text);

  assert.equal(code, 0);
  assert.equal(lines[0].kind, "ignored");
  assert.equal(lines[0].incident.alarmName, "checkout");
  assert.match(lines[0].reason, /^suppressed: /);
});

it("a file that cannot be read is said with what to do, and the other files are still answered", async () => {
  const missing = join(folder, "missing.json");
  const good = join(folder, "good.json");
  writeFileSync(good, JSON.stringify(incident));

  const { code, lines, err } = await ingestPaths(missing, folder, good);

  assert.equal(code, 2);
  assert.deepEqual(
    lines.map(({ file }) => file),
    [good],
  );
  assert.equal(err.length, 2);
  assert.match(err[0] ?? "", /cannot read .*missing\.json .*ENOENT.*give the path/);
});

it("no file at all is bad input", async () => {
  const files: string[] = [];

  const { code, err } = await ingestPaths(...files);

  assert.equal(code, 2);
  assert.match(err[0] ?? "", /name at least one file/);
});

it("any text gives one line a record and never a throw", async () => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(fc.json()).map((values) => values.join("\n")),
  );

  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const { lines } = await ingest(text);

      assert.deepEqual(
        lines.map(({ record }) => record),
        lines.map((_, index) => index),
      );
    }),
    { numRuns: 100 },
  );
});
