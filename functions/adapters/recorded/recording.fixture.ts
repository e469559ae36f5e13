import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricAlarmEvent } from "../aws/alarm-events.fixture.ts";
import { type Recording, readRecording } from "./recording.ts";

/** 2026-01-05T10:00Z plus minutes; the fixture's alarm goes off at 10:04:40.989. */
export const at = (minutes: number): number => Date.UTC(2026, 0, 5, 10) + minutes * 60_000;
export const iso = (minutes: number): string => new Date(at(minutes)).toISOString();

export const BALANCER =
  "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/checkout/50dc6c495c0c9188";
export const SERVICE = "arn:aws:ecs:eu-west-1:123456789012:service/main/checkout";
export const STRANGER = "arn:aws:rds:eu-west-1:123456789012:db:somebody-elses";

/** One row of metrics.json: one value a minute from `fromMinute` on. */
export const metricRow = (metricName: string, fromMinute: number, values: readonly (number | null)[]) => ({
  namespace: "AWS/ApplicationELB",
  metricName,
  dimensions: { LoadBalancer: "app/checkout/50dc6c495c0c9188" },
  stat: "Sum",
  period: 60,
  timestamps: values.map((_, index) => iso(fromMinute + index)),
  values,
});

const FILES: Readonly<Record<string, string>> = {
  "alarm.json": JSON.stringify(metricAlarmEvent()),
  "metrics.json": JSON.stringify([
    metricRow("HTTPCode_Target_5XX_Count", 0, [0, 0, 1, 12, 20, 18, 2, 1, 0, 0]),
    metricRow("RequestCount", 0, [100, 110, 105, 100, 90, 95, 100, 105, 100, 100]),
    metricRow("TargetResponseTime", 0, [0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.2, 0.1, 0.1, 0.1]),
  ]),
  "logs.jsonl": [1, 4, 6]
    .map((minute) => JSON.stringify({ timestamp: iso(minute), logGroup: "/ecs/checkout", message: `line ${minute}` }))
    .join("\n"),
  "changes.json": JSON.stringify([
    { kind: "deployment", at: iso(2), target: SERVICE, ref: "7", from: "6", to: "7", author: "ci", title: "Deploy 7" },
    { kind: "deployment", at: iso(7), target: SERVICE, ref: "8", author: "ci", title: "Deploy 8", description: "" },
    { kind: "config", at: iso(1), target: STRANGER, ref: "", author: "", title: "Not ours", description: "" },
  ]),
  "resources.json": JSON.stringify([
    { arn: BALANCER, type: "AWS::ElasticLoadBalancingV2::LoadBalancer", tags: {}, dependsOn: [SERVICE] },
    { arn: SERVICE, type: "AWS::ECS::Service", tags: { team: "shop" }, dependsOn: [], attributes: { desiredCount: 3 } },
    { arn: STRANGER, type: "AWS::RDS::DBInstance", tags: {}, dependsOn: [] },
  ]),
  "history.json": JSON.stringify([
    { timestamp: iso(-60), state: "OK", previousState: "ALARM" },
    { timestamp: iso(9), state: "OK", previousState: "ALARM" },
  ]),
};

const made: string[] = [];
process.once("exit", () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A new empty folder, which is gone when the test's process ends. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "quell-test-"));
  made.push(folder);
  return folder;
};

/** Writes a recorded incident into a new folder, with files replaced, or left out where null. */
export const recordingFolder = (files: Readonly<Record<string, string | null>> = {}): string => {
  const folder = temporaryFolder();
  for (const [file, text] of Object.entries({ ...FILES, ...files })) {
    if (text !== null) writeFileSync(join(folder, file), text);
  }
  return folder;
};

/** Reads such a recording and takes its folder away again. */
export const recordingOf = (files: Readonly<Record<string, string | null>> = {}): Recording => {
  const folder = recordingFolder(files);
  try {
    return readRecording(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** A folder where a file is expected. */
export const folderInPlaceOf = (file: string): string => {
  const folder = recordingFolder({ [file]: null });
  mkdirSync(join(folder, file));
  return folder;
};
