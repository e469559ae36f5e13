import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readRecording, rowsOf } from "../adapters/recorded/recording.ts";
import { settingsForRecording } from "../adapters/recorded/settings.ts";
import { settingsSchema } from "../core/settings.ts";
import { BadInput } from "./errors.ts";
import { parseDocument, readIncident } from "./opensre-documents.ts";
import { alarmingSeries } from "./opensre-recording.ts";
import { recordOpensre } from "./record-opensre.ts";

const scratch = mkdtempSync(join(tmpdir(), "quell-opensre-"));
after(() => rmSync(scratch, { recursive: true }));
const newFolder = (): string => mkdtempSync(join(scratch, "f-"));

const series = (metric_name: string, instance: string, values: readonly number[]) => ({
  metric_name,
  dimensions: [{ Name: "DBInstanceIdentifier", Value: instance }],
  stat: "Maximum",
  timestamps: values.map((_, minute) => `2026-01-05T10:0${minute}:00Z`),
  values,
});
const alert = (annotations: Readonly<Record<string, string>> = {}, alertname = "StandbyBehind") => ({
  title: "Cause: the moon",
  commonLabels: { alertname },
  commonAnnotations: {
    summary: "The replica lag on shop-replica keeps growing.",
    error: "Lag over 900 s.",
    db_instance_identifier: "shop",
    read_replica: "shop-replica",
    cloudwatch_region: "eu-west-1",
    rds_failure_mode: "moon",
    ...annotations,
  },
});
const DOCUMENTS = {
  "alert.json": alert(),
  "aws_cloudwatch_metrics.json": {
    namespace: "AWS/RDS",
    period: 60,
    metric_data_results: [
      series("ReplicaLag", "shop-replica", [1, 90, 950]),
      series("WriteIOPS", "shop", [10, 20, 30]),
      series("WriteLatency", "elsewhere", [1, 1, 1]),
    ],
  },
  "aws_rds_events.json": {
    events: [
      {
        date: "2026-01-05T10:01:00Z",
        message: "Backup done.",
        source_identifier: "shop",
        event_categories: ["backup", "notification"],
      },
    ],
  },
  "aws_performance_insights.json": {
    db_load: { timestamps: ["2026-01-05T10:00:00Z", "2026-01-05T10:02:00Z"], values: [0.5, 9] },
    top_sql: [{ statement: "UPDATE carts", failure_mode: "moon" }],
  },
};

/** Writes one incident's documents, the cause's files included, and returns the folder that holds its folder. */
const incidents = (documents: Readonly<Record<string, unknown>> = {}): string => {
  const folder = newFolder();
  const incident = join(folder, "001-moon");
  mkdirSync(incident);
  for (const [file, value] of Object.entries({ ...DOCUMENTS, ...documents })) {
    writeFileSync(join(incident, file), JSON.stringify(value));
  }
  writeFileSync(join(incident, "answer.yml"), "root_cause_category: moon");
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

const recordOne = (documents: Readonly<Record<string, unknown>> = {}) => {
  const out = newFolder();
  const [name = ""] = recordOpensre(incidents(documents), out);
  return { name, recording: readRecording(join(out, name)) };
};

const PRIMARY = "arn:aws:rds:eu-west-1:123456789012:db:shop";
const REPLICA = "arn:aws:rds:eu-west-1:123456789012:db:shop-replica";

it("an incident becomes a recording that reads back without damage", () => {
  const documents = {};

  const { name, recording } = recordOne(documents);

  assert.match(name, /^StandbyBehind-20260105T100200Z-[0-9a-f]{6}$/);
  assert.deepEqual(recording.damaged, []);
  const { alarmName, region, state, changedAtMs, metrics, reason } = recording.alarm;
  assert.deepEqual(
    { alarmName, region, state, changedAtMs, reason },
    {
      alarmName: "StandbyBehind",
      region: "eu-west-1",
      state: "ALARM",
      changedAtMs: Date.UTC(2026, 0, 5, 10, 2),
      reason: "Lag over 900 s.",
    },
  );
  assert.deepEqual(metrics, [
    {
      namespace: "AWS/RDS",
      metricName: "ReplicaLag",
      dimensions: { DBInstanceIdentifier: "shop-replica" },
      stat: "Maximum",
      periodSeconds: 60,
    },
  ]);
  assert.deepEqual(
    rowsOf(recording.metrics).map(({ metric, points }) => [metric.metricName, points.map(({ value }) => value)]),
    [
      ["ReplicaLag", [1, 90, 950]],
      ["WriteIOPS", [10, 20, 30]],
      ["WriteLatency", [1, 1, 1]],
    ],
  );
});

it("RDS events become changes of the instance, Performance Insights becomes log lines", () => {
  const { recording } = recordOne();

  const [changes, logs] = [rowsOf(recording.changes), rowsOf(recording.logs)];

  assert.deepEqual(
    changes.map(({ kind, target, title }) => [kind, target, title]),
    [["config", PRIMARY, "Backup done."]],
  );
  assert.deepEqual(
    logs.map(({ message }) => message),
    ["db_load 0.5", "db_load 9", 'top_sql {"statement":"UPDATE carts"}'],
  );
});

it("a replica depends on its instance, and an instance of somebody else on nothing", () => {
  const { recording } = recordOne();

  const resources = rowsOf(recording.resources).map(({ arn, dependsOn }) => [arn, dependsOn]);

  assert.deepEqual(resources, [
    [REPLICA, [PRIMARY]],
    [PRIMARY, []],
    ["arn:aws:rds:eu-west-1:123456789012:db:elsewhere", []],
  ]);
  assert.deepEqual(settingsForRecording(recording, "observe").services[0]?.resources, [REPLICA, PRIMARY]);
});

it("metrics in a file each, with what they share in an envelope, give the same alarm and metrics", () => {
  const { metric_data_results: results, ...envelope } = DOCUMENTS["aws_cloudwatch_metrics.json"];
  const split = Object.fromEntries(results.map((one, index) => [`aws_cloudwatch_metrics_${index}.json`, one]));

  const whole = recordOne().recording;
  const parts = recordOne({
    ...split,
    "aws_cloudwatch_metrics.json": {},
    "aws_cloudwatch_metrics_envelope.json": envelope,
  }).recording;

  assert.deepEqual(parts.alarm, whole.alarm);
  assert.deepEqual(parts.metrics, whole.metrics);
});

for (const [summary, alertname, metricName] of [
  ["WriteIOPS on shop rose before ReplicaLag did.", "ReplicaLagHigh", "WriteIOPS"],
  ["Writes stall.", "RDSReplicaLagHigh", "ReplicaLag"],
  ["All is well.", "HealthCheck", "WriteIOPS"],
  ["Write latency is up.", "HealthCheck", "WriteIOPS"],
] as const) {
  it(`"${summary}" of ${alertname} is about ${metricName}`, () => {
    const documents = { ...DOCUMENTS, "alert.json": alert({ summary }, alertname) };
    const incident = readIncident(
      Object.entries(documents).map(([name, value]) => ({ name, value: parseDocument(JSON.stringify(value)) })),
    );
    assert.ok(incident !== null);

    const chosen = alarmingSeries(incident);

    assert.equal(chosen.metric.metricName, metricName);
  });
}

it("a folder without an alert or metrics is bad input that names the folder", () => {
  const folder = incidents({ "alert.json": {} });

  const record = () => recordOpensre(folder, newFolder());

  assert.throws(record, (error) => error instanceof BadInput && error.message.includes("001-moon"));
});

it("a folder that is not there, or empty, is bad input", () => {
  const folders = [join(scratch, "none"), newFolder()];

  for (const folder of folders) assert.throws(() => recordOpensre(folder, newFolder()), BadInput);
});

/** The same incidents with other folder names in another order, and another cause wherever one is given away. */
const disguise = (folder: string): string => {
  const disguised = newFolder();
  for (const [index, name] of readdirSync(folder).sort().reverse().entries()) {
    const target = join(disguised, `case-${index}`);
    cpSync(join(folder, name), target, { recursive: true });
    writeFileSync(join(target, "answer.yml"), "root_cause_category: the sun");
    writeFileSync(join(target, "scenario.yml"), "failure_mode: the_sun");
    const path = join(target, "alert.json");
    const told = JSON.parse(readFileSync(path, "utf8"));
    told.title = "Cause: the sun";
    told.commonAnnotations.rds_failure_mode = "the_sun";
    writeFileSync(path, JSON.stringify(told));
  }
  return disguised;
};

it("folder names, titles, answers and labels of the cause change no byte", () => {
  const folder = incidents();
  const [plain, disguised] = [newFolder(), newFolder()];

  recordOpensre(folder, plain);
  recordOpensre(disguise(folder), disguised);

  assert.deepEqual(contents(disguised), contents(plain));
  assert.doesNotMatch(JSON.stringify(contents(plain)), /moon/);
});

const testData = process.env.QUELL_TEST_DATA;
if (testData === undefined) {
  const how = "set QUELL_TEST_DATA to the folder of recorded inputs";
  process.stdout.write(`opensre's incidents are skipped: ${how}\n`);
  it("opensre's incidents become recordings", { skip: how }, () => {});
} else {
  describe("opensre's synthetic RDS incidents", () => {
    const folder = join(testData, "incidents", "opensre-synthetic", "rds_postgres");

    it("are eight alarms on the metrics that their alerts name, each one replayable", () => {
      const out = newFolder();

      const names = recordOpensre(folder, out);

      const recordings = names.map((name) => readRecording(join(out, name)));
      const told = recordings.map(({ alarm }) => {
        const [metric] = alarm.metrics;
        return `${alarm.alarmName} ${metric?.metricName} ${Object.values(metric?.dimensions ?? {})}`;
      });
      assert.deepEqual(told, [
        "RDSCPUUtilizationHigh CPUUtilization catalog-prod",
        "RDSDatabaseConnectionsDrop DatabaseConnections payments-prod",
        "RDSDatabaseConnectionsHigh DatabaseConnections payments-prod",
        "RDSDatabaseConnectionsHigh DatabaseConnections users-prod",
        "RDSFreeStorageSpaceLow FreeStorageSpace orders-prod",
        "RDSReplicationLagHigh ReplicaLag payments-prod-replica-1",
        "RDSReplicationLagHigh ReplicaLag analytics-prod-replica-1",
        "RDSScheduledHealthCheck BinLogDiskUsage payments-prod",
      ]);
      assert.deepEqual(
        recordings.flatMap(({ damaged }) => damaged),
        [],
      );
      const services = recordings.map((one) => settingsSchema.parse(settingsForRecording(one, "observe")).services[0]);
      assert.ok(services.every((service) => (service?.slis.length ?? 0) >= 2 && (service?.resources.length ?? 0) > 0));
    });

    it("give the same bytes under other folder names and labels", () => {
      const [plain, disguised] = [newFolder(), newFolder()];

      recordOpensre(folder, plain);
      recordOpensre(disguise(folder), disguised);

      assert.deepEqual(contents(disguised), contents(plain));
      assert.doesNotMatch(JSON.stringify(contents(plain)), /failure_mode|synthetic-rds/);
    });
  });
}
