import { parseTimestamp } from "../adapters/aws/timestamp.ts";
import type { MetricRef } from "../core/alarm.ts";

/** Every series of the set has a row for each five minutes. */
export const PERIOD_SECONDS = 300;

/** What a series measures, and where; `region` is undefined where its file's name tells none. */
export type NabMetric = Readonly<{ metric: MetricRef; region: string | undefined }>;

type Kind = Readonly<{
  prefix: string;
  namespace: string;
  metricName: string;
  stat: string;
  dimension: string;
  nameOf: (id: string) => string;
}>;

/** An instance of these years has eight hexadecimal digits; the set's authors kept six. */
const instance = (id: string): string => `i-${id.padStart(8, "0")}`;
const ec2 = { namespace: "AWS/EC2", stat: "Average", dimension: "InstanceId", nameOf: instance };

/** The statistic is nowhere told: that which the metric's documentation calls the most useful. */
const KINDS: readonly Kind[] = [
  { ...ec2, prefix: "ec2_cpu_utilization_", metricName: "CPUUtilization" },
  { ...ec2, prefix: "ec2_disk_write_bytes_", metricName: "DiskWriteBytes" },
  { ...ec2, prefix: "ec2_network_in_", metricName: "NetworkIn" },
  {
    prefix: "elb_request_count_",
    namespace: "AWS/ELB",
    metricName: "RequestCount",
    stat: "Sum",
    dimension: "LoadBalancerName",
    nameOf: (id) => `elb-${id}`,
  },
  {
    prefix: "rds_cpu_utilization_",
    namespace: "AWS/RDS",
    metricName: "CPUUtilization",
    stat: "Average",
    dimension: "DBInstanceIdentifier",
    nameOf: (id) => `db-${id}`,
  },
];

// iio_us-east-1_i-a2eb1cd9_NetworkIn tells all by itself.
const SPELT_OUT = /^iio_([a-z]+(?:-[a-z]+)+-\d)_(i-[0-9a-f]+)_([A-Za-z]+)$/;

/** What a series measures, by its file's name without extension; null where the set has no series of such a name. */
export const metricNamed = (name: string): NabMetric | null => {
  const [, region, id = "", metricName = ""] = SPELT_OUT.exec(name) ?? [];
  if (region !== undefined) return { region, metric: metricRef({ ...ec2, metricName }, id) };
  const kind = KINDS.find(({ prefix }) => name.startsWith(prefix) && /^[0-9a-f]+$/.test(name.slice(prefix.length)));
  if (kind === undefined) return null;
  return { region: undefined, metric: metricRef(kind, kind.nameOf(name.slice(kind.prefix.length))) };
};

const metricRef = (
  { namespace, metricName, stat, dimension }: Omit<Kind, "prefix" | "nameOf">,
  name: string,
): MetricRef => ({ namespace, metricName, stat, dimensions: { [dimension]: name }, periodSeconds: PERIOD_SECONDS });

/** One datapoint; `atMs` is its stamp in milliseconds since the epoch. */
export type NabPoint = Readonly<{ atMs: number; value: number }>;

/** What could be read of a series, in order of time, and which lines (counted from 1) are left out and why. */
export type NabPoints = Readonly<{
  points: readonly NabPoint[];
  leftOut: readonly Readonly<{ line: number; because: string }>[];
}>;

/** Reads lines of "2014-02-14 14:30:00,0.132", a stamp in UTC and a number; a heading in the first is skipped. Never throws. */
export const readPoints = (text: string): NabPoints => {
  const points: NabPoint[] = [];
  const leftOut: { line: number; because: string }[] = [];
  for (const [index, written] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (written.trim() === "" || (index === 0 && written.trim() === "timestamp,value")) continue;
    const point = readPoint(written);
    const previous = points.at(-1);
    if (point === null) leftOut.push({ line: index + 1, because: "not a time and a number" });
    else if (previous !== undefined && slotOf(point) <= slotOf(previous))
      leftOut.push({ line: index + 1, because: "not in a later five minutes than the line before" });
    else points.push(point);
  }
  return { points, leftOut };
};

const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?$/i;

const readPoint = (line: string): NabPoint | null => {
  const [time = "", value = "", ...rest] = line.split(",").map((field) => field.trim());
  const atMs = parseTimestamp(`${time.replace(" ", "T")}Z`);
  const number = NUMBER.test(value) ? Number(value) : Number.NaN;
  return atMs !== null && Number.isFinite(number) && rest.length === 0 ? { atMs, value: number } : null;
};

/** A recording holds one datapoint for each of CloudWatch's periods, which are counted from the epoch. */
const slotOf = ({ atMs }: NabPoint): number => Math.floor(atMs / (PERIOD_SECONDS * 1000));
