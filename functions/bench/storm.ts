import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { sqliteLedger } from "../adapters/sqlite/ledger.ts";
import type { Incident } from "../core/incident.ts";
import type { Json } from "../core/json.ts";
import type { Ledger } from "../core/ports.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import { intakeWith } from "../handlers/intake.ts";
import { cloudWatchTime } from "../world/alarm-event.ts";
import { ACCOUNT, REGION } from "../world/topology.ts";
import { WORLD_START_MS } from "../world/types.ts";
import { type Measured, rate } from "./measured.ts";

const SERVICES = 250;
const WAVES = 40;
/** Longer than `foldSeconds`, so that no wave joins the one before: every alarm opens an incident of its own. */
const WAVE_MS = 3_600_000;
const ALARMS = SERVICES * WAVES;
const LEAST_PER_SECOND = 2000;

const metricOf = (service: string, name: string) => ({
  namespace: "AWS/ApplicationELB",
  name,
  dimensions: { LoadBalancer: `app/${service}/1` },
});
const alarmName = (service: number, wave: number): string => `service-${service}-errors-${wave}`;

/** Services that share nothing, each with the two SLIs that every service has. */
const stack = (): Settings =>
  settingsSchema.parse({
    account: ACCOUNT,
    region: REGION,
    alarms: Object.fromEntries(
      Array.from({ length: ALARMS }, (_, i) => [
        alarmName(i % SERVICES, Math.floor(i / SERVICES)),
        `service-${i % SERVICES}`,
      ]),
    ),
    services: Array.from({ length: SERVICES }, (_, index) => {
      const name = `service-${index}`;
      const metric = (metricName: string) => {
        const { namespace, dimensions } = metricOf(name, metricName);
        return { namespace, metricName, dimensions };
      };
      return {
        name,
        resources: [`arn:aws:ecs:${REGION}:${ACCOUNT}:service/main/${name}`],
        slis: [
          { name: "errors", metric: metric("HTTPCode_Target_5XX_Count"), bad: "above", limit: 1, role: "errors" },
          { name: "latency", metric: metric("TargetResponseTime"), bad: "above", limit: 1, role: "latency" },
        ],
      };
    }),
  });

const eventOf = (service: number, wave: number): Json => {
  const timestamp = cloudWatchTime(WORLD_START_MS + wave * WAVE_MS + service * 1000);
  const metric = metricOf(`service-${service}`, "HTTPCode_Target_5XX_Count");
  return {
    version: "0",
    "detail-type": "CloudWatch Alarm State Change",
    source: "aws.cloudwatch",
    account: ACCOUNT,
    region: REGION,
    detail: {
      alarmName: alarmName(service, wave),
      state: { value: "ALARM", reason: "Threshold Crossed", timestamp },
      previousState: { value: "OK" },
      configuration: { metrics: [{ id: "m1", metricStat: { metric, period: 60, stat: "Sum" }, returnData: true }] },
    },
  };
};

const EVENTS: readonly Json[] = Array.from({ length: ALARMS }, (_, i) =>
  eventOf(i % SERVICES, Math.floor(i / SERVICES)),
);

/** What the ledger holds in the end, as far as a loss or a doubling would show in it. */
const standing = async (ledger: Ledger) => {
  const incidents = (await ledger.list("incident#")).map(({ item }) => item as unknown as Incident);
  return {
    incidents: incidents.length,
    alarms: new Set(incidents.flatMap(({ keys }) => keys)).size,
    news: incidents.reduce((sum, { news }) => sum + news, 0),
  };
};

const expect = (when: string, found: object, wanted: object): void => {
  const [is, should] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (is !== should) throw new Error(`${when}: the ledger holds ${is}, and should hold ${should}`);
};

const fold = async (name: string, ledger: Ledger, settings: Settings): Promise<readonly Measured[]> => {
  const started = new Set<string>();
  const executions = { start: async (id: string) => void started.add(id), ring: async () => {} };
  const intake = intakeWith({ ledger, executions }, settings);
  const foldAll = async (): Promise<number> => {
    const startMs = performance.now();
    for (const event of EVENTS) await intake(parseAlarmEvent(event));
    return performance.now() - startMs;
  };
  const wanted = { incidents: ALARMS, alarms: ALARMS, news: 0, started: ALARMS };
  const newMs = await foldAll();
  expect("after the storm", { ...(await standing(ledger)), started: started.size }, wanted);
  const againMs = await foldAll();
  expect("after every alarm came twice", { ...(await standing(ledger)), started: started.size }, wanted);
  return [
    rate(`storm, ${ALARMS} new alarms, ${name}`, ALARMS, newMs, LEAST_PER_SECOND),
    rate(`storm, the same again, ${name}`, ALARMS, againMs, LEAST_PER_SECOND),
  ];
};

/**
 * Events in hand to incidents in the ledger, one after the other: as many incidents as alarms, and not one more when
 * every alarm comes twice. Throws where the ledger holds anything else.
 */
export const storm = async (): Promise<readonly Measured[]> => {
  const settings = stack();
  const database = openDatabase(":memory:");
  try {
    return [
      ...(await fold("in memory", simulatedLedger(), settings)),
      ...(await fold("on SQLite", sqliteLedger(database), settings)),
    ];
  } finally {
    database.close();
  }
};
