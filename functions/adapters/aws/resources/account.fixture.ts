import { settingsSchema } from "../../../core/settings.ts";
import { type ClientOf, clientsWith } from "../clients.ts";
import type { clientFor } from "../loopback.fixture.ts";

/** Control planes that all answer under one address. */
export const planesAt = (config: ReturnType<typeof clientFor>): ClientOf => {
  // SQS's would compare checksums of bodies that a loopback made up.
  const settings = { ...config, md5: false };
  return clientsWith(settings);
};

const sli = (name: string) => ({
  name,
  metric: { namespace: "AWS/ECS", metricName: name, dimensions: {} },
  bad: "above" as const,
  limit: 1,
  role: "saturation" as const,
});

/** Settings of an account that has these services and nothing else. */
export const settingsOf = (
  place: Readonly<{ account: string; region: string }>,
  services: Readonly<Record<string, Readonly<{ resources: readonly string[]; dependsOn?: readonly string[] }>>>,
) =>
  settingsSchema.parse({
    ...place,
    services: Object.entries(services).map(([name, { resources, dependsOn = [] }]) => ({
      name,
      resources: [...resources],
      dependsOn: [...dependsOn],
      slis: [sli("one"), sli("other")],
    })),
  });

/** The operation that a request asks for, whatever its protocol: `DescribeServices`, or `GET /path`. */
export const operationOf = (
  sent: Readonly<{ method: string; path: string; headers: Readonly<Record<string, string | undefined>>; body: Buffer }>,
): string => {
  const target = sent.headers["x-amz-target"];
  if (target !== undefined) return target.slice(target.lastIndexOf(".") + 1);
  const action = new URLSearchParams(sent.body.toString("utf8")).get("Action");
  return action ?? `${sent.method} ${sent.path.split("?")[0]?.replace(/\/$/, "")}`;
};
