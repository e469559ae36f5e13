import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Series } from "../../functions/core/evidence.ts";
import { serviceSettings } from "../../functions/core/settings.ts";
import { catalogue } from "../catalogue.ts";
import { contextWith, resource } from "../context.fixture.ts";

/**
 * Recorded database incidents, as metrics alone: what the folder, its title and its answer say is not read by any rule.
 * One of the eight is a leak of sessions; in the other seven a reboot would only add an outage.
 */
const result = z.looseObject({
  metric_name: z.string(),
  dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })),
  stat: z.string(),
  timestamps: z.array(z.string()),
  values: z.array(z.number()),
});
const file = z.union([z.looseObject({ metric_data_results: z.array(result) }), result, z.looseObject({})]);

const seriesIn = (folder: string): readonly Series[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith("aws_cloudwatch_metrics"))
    .flatMap((name) => {
      const parsed = file.parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
      if ("metric_data_results" in parsed) return z.array(result).parse(parsed.metric_data_results);
      return "metric_name" in parsed ? [result.parse(parsed)] : [];
    })
    .map(({ metric_name: metricName, dimensions, stat, timestamps, values }, i) => ({
      id: `m${i}`,
      metric: {
        namespace: "AWS/RDS",
        metricName,
        dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])),
        stat,
        periodSeconds: 60,
      },
      arn: arnOf(dimensions[0]?.Value ?? ""),
      fromMs: Date.parse(timestamps[0] ?? ""),
      periodSeconds: 60,
      values,
    }));

const arnOf = (instance: string): string => `arn:aws:rds:us-east-1:111122223333:db:${instance}`;

const contextOf = (folder: string): Context => {
  const series = seriesIn(folder);
  const arns = [...new Set(series.map(({ arn }) => arn ?? ""))];
  const endMs = Math.max(...series.map(({ fromMs, values }) => fromMs + values.length * 60_000));
  const sli = { bad: "above", role: "saturation", limit: 1e12 } as const;
  const metric = { namespace: "AWS/RDS", metricName: "DatabaseConnections", dimensions: {} };
  return contextWith({
    series,
    nowMs: endMs,
    openedAtMs: endMs,
    resources: arns.map((arn) => resource(arn, "AWS::RDS::DBInstance", { attributes: { status: "available" } })),
    service: serviceSettings.parse({
      name: "database",
      resources: arns,
      slis: [
        { ...sli, name: "one", metric },
        { ...sli, name: "two", metric },
      ],
    }),
  });
};

const data = process.env.QUELL_TEST_DATA;
const folder = data === undefined ? "" : join(data, "incidents", "opensre-synthetic", "rds_postgres");

if (existsSync(folder)) {
  const incidents = readdirSync(folder).sort();
  const strongFor = incidents.filter((name) => name.startsWith("002"));

  test("there are eight recorded database incidents, each with its metrics", () => {
    const counts = incidents.map((name) => seriesIn(join(folder, name)).length);

    assert.equal(incidents.length, 8);
    assert.ok(
      counts.every((count) => count >= 10),
      String(counts),
    );
  });

  for (const incident of incidents) {
    test(`recorded incident ${incident.slice(0, 3)}: a reboot is suggested for a leak of sessions and for nothing else`, () => {
      const context = contextOf(join(folder, incident));

      const offers = catalogue.runbooks
        .filter(({ kind }) => kind === "effect")
        .flatMap((runbook) =>
          runbook.suits(context).map(({ fit }) => ({ runbook: runbook.id, isStrong: fit > 0.7, fit })),
        );

      const strong = offers.filter(({ isStrong }) => isStrong).map(({ runbook }) => runbook);
      assert.deepEqual(strong, strongFor.includes(incident) ? ["rds-reboot"] : []);
      assert.ok(
        offers.every(({ isStrong, fit }) => isStrong || fit < 0.45),
        JSON.stringify(offers),
      );
      assert.ok(
        offers.every(({ runbook }) => runbook === "rds-reboot"),
        JSON.stringify(offers),
      );
    });
  }
} else {
  test("a reboot is suggested for a leak of sessions and for nothing else", (t) => {
    t.skip("set QUELL_TEST_DATA to the folder of recorded inputs to run this");
  });
}
