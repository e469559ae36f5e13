import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { readRecording, recordingEndsAtMs, rowsOf } from "../adapters/recorded/recording.ts";
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
const POD_LOGS =
  "2026-01-05T10:03:20Z INFO up\n2026-01-05T10:04:30Z WARN memory is short\n[container exited with code 0]\n";
const CLUSTER_DOCUMENTS = {
  "alert.json": {
    title: "Cause: the moon",
    state: "alerting",
    commonLabels: { alertname: "PodsRestart", cluster_name: "prod", namespace: "shop", service: "cart" },
    commonAnnotations: {
      summary: "A pod of cart restarts.",
      error: "",
      suspected_symptom: "The moon.",
      k8s_failure_mode: "moon",
      context_sources: "moon",
    },
  },
  "eks_events.json": {
    warning_events: [
      {
        reason: "BackOff",
        message: "Back-off",
        involved_object: "Pod/cart-1",
        first_time: "2026-01-05T10:00:00Z",
        last_time: "2026-01-05T10:04:00Z",
      },
      {
        reason: "ScalingReplicaSet",
        message: "Scaled up cart to 5",
        involved_object: "Deployment/cart",
        first_time: "2026-01-05T09:58:00Z",
        last_time: "2026-01-05T09:58:00Z",
      },
    ],
  },
  "eks_pod_logs.json": { pod_name: "cart-1", logs: POD_LOGS },
  "eks_pods.json": { pods: [{ name: "cart-1", start_time: "2026-01-04T10:00:00Z", restart_count: 8 }] },
  "datadog_logs.json": { logs: [{ timestamp: "2026-01-05T10:02:00Z", status: "error", message: "no answer" }] },
};

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
const incidents = (documents: Readonly<Record<string, unknown>> = {}): string =>
  incidentsOf({ ...DOCUMENTS, ...documents });

const incidentsOf = (documents: Readonly<Record<string, unknown>>): string => {
  const folder = newFolder();
  const incident = join(folder, "001-moon");
  mkdirSync(incident);
  for (const [file, value] of Object.entries(documents)) {
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

const recordIn = (folder: string) => {
  const out = newFolder();
  const [name = ""] = recordOpensre(folder, out);
  return { name, recording: readRecording(join(out, name)) };
};
const recordOne = (documents: Readonly<Record<string, unknown>> = {}) => recordIn(incidents(documents));
const recordCluster = (documents: Readonly<Record<string, unknown>> = {}) =>
  recordIn(incidentsOf({ ...CLUSTER_DOCUMENTS, ...documents }));

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
    assert.ok(incident?.kind === "database");

    const chosen = alarmingSeries(incident);

    assert.equal(chosen.metric.metricName, metricName);
  });
}

it("an incident of another monitoring system is an alarm on its cluster at the newest time that it tells", () => {
  const { name, recording } = recordCluster();

  const { alarmName, state, changedAtMs, metrics } = recording.alarm;

  assert.match(name, /^PodsRestart-20260105T100430Z-[0-9a-f]{6}$/);
  assert.deepEqual(recording.damaged, []);
  assert.deepEqual(
    { alarmName, state, changedAtMs },
    { alarmName: "PodsRestart", state: "ALARM", changedAtMs: Date.UTC(2026, 0, 5, 10, 4, 30) },
  );
  assert.deepEqual(
    metrics.map(({ namespace, dimensions }) => ({ namespace, dimensions })),
    [{ namespace: "ContainerInsights", dimensions: { ClusterName: "prod", Namespace: "shop", Service: "cart" } }],
  );
  assert.deepEqual(
    rowsOf(recording.resources).map(({ arn, type }) => [arn, type]),
    [["arn:aws:eks:us-east-1:123456789012:cluster/prod", "AWS::EKS::Cluster"]],
  );
  assert.equal(recording.metrics.kind, "missing");
});

it("what a cluster's documents tell becomes lines at their own times, or at the alarm's where they have none", () => {
  const { recording } = recordCluster();

  const lines = rowsOf(recording.logs).map(
    ({ atMs, logGroup, message }) => `${new Date(atMs).toISOString().slice(11, 19)} ${logGroup}: ${message}`,
  );

  assert.deepEqual(lines, [
    "10:02:00 datadog_logs: error no answer",
    "10:03:20 eks_pod_logs: 2026-01-05T10:03:20Z INFO up",
    "10:04:00 eks_events: BackOff Pod/cart-1: Back-off",
    "10:04:30 eks_pod_logs: 2026-01-05T10:04:30Z WARN memory is short",
    "10:04:30 eks_pod_logs: [container exited with code 0]",
    '10:04:30 eks_pods: pods {"name":"cart-1","start_time":"2026-01-04T10:00:00Z","restart_count":8}',
  ]);
});

it("what happened to a deployment is a change of its cluster", () => {
  const { recording } = recordCluster();

  const changes = rowsOf(recording.changes).map(({ kind, atMs, target, title }) => ({ kind, atMs, target, title }));

  assert.deepEqual(changes, [
    {
      kind: "deployment",
      atMs: Date.UTC(2026, 0, 5, 9, 58),
      target: "arn:aws:eks:us-east-1:123456789012:cluster/prod",
      title: "Scaled up cart to 5",
    },
  ]);
});

it("nothing in a cluster's recording is stamped later than its alarm, whenever its events were", () => {
  const time = fc.date({
    min: new Date("2026-01-01T00:00:00Z"),
    max: new Date("2027-01-01T00:00:00Z"),
    noInvalidDate: true,
  });
  const happened = fc.record({
    first_time: time,
    last_time: time,
    involved_object: fc.constantFrom("Pod/a", "Deployment/a"),
    message: fc.string(),
  });

  fc.assert(
    fc.property(fc.array(happened, { minLength: 1, maxLength: 5 }), (warning_events) => {
      const { recording } = recordCluster({ "eks_events.json": { warning_events } });

      const stamps = [...rowsOf(recording.logs), ...rowsOf(recording.changes)].map(({ atMs }) => atMs);

      assert.ok(stamps.every((atMs) => atMs <= recording.alarm.changedAtMs));
      assert.equal(recordingEndsAtMs(recording), recording.alarm.changedAtMs);
    }),
    { numRuns: 20 },
  );
});

for (const name of ["title", "failure_mode", "k8s_failure_mode", "suspected_symptom", "context_sources"]) {
  it(`a document is read without its ${name}, however deep it lies`, () => {
    const parsed = parseDocument(
      JSON.stringify({ [name]: "moon", within: [{ [name]: { of: "moon" }, name: "cart" }] }),
    );

    assert.deepEqual(parsed, { within: [{ name: "cart" }] });
  });
}

it("a cluster's incident whose documents tell no time is bad input that names the folder", () => {
  const { "alert.json": told } = CLUSTER_DOCUMENTS;
  const folder = incidentsOf({ "alert.json": told, "eks_pods.json": { pods: [] } });

  const record = () => recordOpensre(folder, newFolder());

  assert.throws(record, (error) => error instanceof BadInput && error.message.includes("001-moon"));
});

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
    for (const name of ["rds_failure_mode", "k8s_failure_mode", "suspected_symptom", "context_sources"])
      told.commonAnnotations[name] = "the_sun";
    writeFileSync(path, JSON.stringify(told));
  }
  return disguised;
};

for (const [kind, documents] of [
  ["a database", DOCUMENTS],
  ["a cluster", CLUSTER_DOCUMENTS],
] as const) {
  it(`folder names, titles, answers and labels of the cause change no byte of ${kind}'s incident`, () => {
    const folder = incidentsOf(documents);
    const [plain, disguised] = [newFolder(), newFolder()];

    recordOpensre(folder, plain);
    recordOpensre(disguise(folder), disguised);

    assert.deepEqual(contents(disguised), contents(plain));
    assert.doesNotMatch(JSON.stringify(contents(plain)), /moon/);
  });
}

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

  describe("opensre's synthetic EKS incidents", () => {
    const folder = join(testData, "incidents", "opensre-synthetic", "eks");

    it("are seven alarms on their cluster, each one replayable", () => {
      const out = newFolder();

      const names = recordOpensre(folder, out);

      const recordings = names.map((name) => readRecording(join(out, name)));
      assert.deepEqual(
        recordings.map(({ alarm, logs, changes }) => [
          alarm.alarmName,
          new Date(alarm.changedAtMs).toISOString().slice(0, 19),
          rowsOf(logs).length > 0,
          rowsOf(changes).length,
        ]),
        [
          ["HighErrorRate", "2026-04-18T10:44:10", true, 0],
          ["KubernetesDeploymentReplicasMismatch", "2026-04-18T10:45:00", true, 1],
          ["KubernetesPodCrashLooping", "2026-04-18T10:45:10", true, 0],
          ["KubernetesPodImagePullBackOff", "2026-04-18T10:45:00", true, 0],
          ["KubernetesPodPending", "2026-04-18T10:45:00", true, 0],
          ["KubernetesPodRestarting", "2026-04-18T10:45:01", true, 0],
          ["KubernetesScheduledHealthCheck", "2026-04-14T10:17:45", true, 0],
        ],
      );
      assert.ok(recordings.every(({ damaged, resources }) => damaged.length === 0 && rowsOf(resources).length === 1));
    });

    it("give the same bytes under other folder names and labels", () => {
      const [plain, disguised] = [newFolder(), newFolder()];

      recordOpensre(folder, plain);
      recordOpensre(disguise(folder), disguised);

      assert.deepEqual(contents(disguised), contents(plain));
      assert.doesNotMatch(JSON.stringify(contents(plain)), /failure_mode|synthetic-k8s|suspected_symptom/);
    });
  });
}
