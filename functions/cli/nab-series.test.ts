import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { isoTime } from "../core/ids.ts";
import { metricNamed, type NabPoint, PERIOD_SECONDS, readPoints } from "./nab-series.ts";

const PERIOD_MS = PERIOD_SECONDS * 1000;
const START_MS = Date.UTC(2014, 1, 14, 14, 27);
const lineOf = ({ atMs, value }: NabPoint): string => `${isoTime(atMs).slice(0, 19).replace("T", " ")},${value}`;
const points = fc
  .array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 30 })
  .map((values) => values.map((value, index): NabPoint => ({ atMs: START_MS + index * PERIOD_MS, value: value + 0 })));

it("what was written a line a point is read back, with and without its heading", () => {
  fc.assert(
    fc.property(points, fc.boolean(), fc.constantFrom("\n", "\r\n"), (written, isHeaded, lineEnd) => {
      const text = [...(isHeaded ? ["timestamp,value"] : []), ...written.map(lineOf), ""].join(lineEnd);

      const read = readPoints(text);

      assert.deepEqual(read, { points: written, leftOut: [] });
    }),
  );
});

it("whatever the text, what is read moves on by a period at least, and every line is read or named", () => {
  const line = fc.oneof(
    points.map(([first]) => (first === undefined ? "" : lineOf(first))),
    fc.constantFrom(
      "2014-02-14 14:32:00,1",
      "2014-02-14 14:27:30,2",
      "2014-02-30 00:00:00,1",
      "2014-02-14 15:00:00,NaN",
    ),
    fc.string(),
  );

  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const read = readPoints(lines.join("\n"));

      const slots = read.points.map(({ atMs }) => Math.floor(atMs / PERIOD_MS));
      assert.ok(slots.every((slot, index) => index === 0 || slot > (slots[index - 1] ?? slot)));
      assert.ok(read.points.every(({ value }) => Number.isFinite(value)));
      const said = lines
        .join("\n")
        .replace(/^\uFEFF/, "")
        .split(/\r?\n/);
      const blank = said.filter((one, i) => one.trim() === "" || (i === 0 && one.trim() === "timestamp,value"));
      assert.equal(read.points.length + read.leftOut.length + blank.length, said.length);
    }),
  );
});

it("a line that cannot be used is named by its number in the file", () => {
  const text = "timestamp,value\n2014-02-14 14:30:00,1\nnonsense\n\n2014-02-14 14:30:10,2\n2014-02-14 14:35:00,\n";

  const { leftOut } = readPoints(text);

  assert.deepEqual(leftOut, [
    { line: 3, because: "not a time and a number" },
    { line: 5, because: "not in a later five minutes than the line before" },
    { line: 6, because: "not a time and a number" },
  ]);
});

for (const [name, told] of [
  ["ec2_cpu_utilization_24ae8d", "AWS/EC2 CPUUtilization Average InstanceId=i-0024ae8d"],
  ["ec2_disk_write_bytes_1ef3de", "AWS/EC2 DiskWriteBytes Average InstanceId=i-001ef3de"],
  ["ec2_network_in_257a54", "AWS/EC2 NetworkIn Average InstanceId=i-00257a54"],
  ["elb_request_count_8c0756", "AWS/ELB RequestCount Sum LoadBalancerName=elb-8c0756"],
  ["rds_cpu_utilization_e47b3b", "AWS/RDS CPUUtilization Average DBInstanceIdentifier=db-e47b3b"],
  ["iio_eu-west-1_i-a2eb1cd9_NetworkIn", "eu-west-1 AWS/EC2 NetworkIn Average InstanceId=i-a2eb1cd9"],
  ["ec2_cpu_utilization_", null],
  ["ec2_cpu_utilization_../x", null],
  ["windows", null],
] as const) {
  it(`a file called ${name} holds ${told ?? "no series that is known"}`, () => {
    const named = metricNamed(name);

    const { namespace, metricName, stat, dimensions } = named?.metric ?? {};
    const of = Object.entries(dimensions ?? {}).map((pair) => pair.join("="));
    assert.equal(named && [named.region, namespace, metricName, stat, ...of].filter(Boolean).join(" "), told);
  });
}
