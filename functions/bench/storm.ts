import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { sqliteLedger } from "../adapters/sqlite/ledger.ts";
import type { Incident } from "../core/incident.ts";
import type { Json } from "../core/json.ts";
import type { Ledger } from "../core/ports.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import { membersOf } from "../core/storm.ts";
import { intakeWith } from "../handlers/intake.ts";
import { cloudWatchTime } from "../world/alarm-words.ts";
import { ACCOUNT, REGION } from "../world/topology.ts";
import { WORLD_START_MS } from "../world/types.ts";
import { type Measured, rate } from "./measured.ts";

const SERVICES = 250;
const WAVES = 40;
/** Longer than `foldSeconds`, so that no wave joins the one before: every alarm opens an incident of its own. */
const WAVE_MS = 3_600_000;
const ALARMS = SERVICES * WAVES;
const LEAST_PER_SECOND = 2000;
const STORM_ALARMS = 30;
/** Time in which all alarms of a storm go to ALARM. */
const STORM_MS = 60_000;

const metricOf = (service: string, name: string) => ({
  namespace: "AWS/ApplicationELB",
  name,
  dimensions: { LoadBalancer: `app/${service}/1` },
});
const alarmName = (service: number, wave: number): string => `service-${service}-errors-${wave}`;

/**
 * Services that share nothing, each with the two SLIs that every service has. One alarm a second is calm where a storm
 * is as many as 30 within ten seconds.
 */
const stack = (): Settings =>
  settingsSchema.parse({
    storm: { alarms: STORM_ALARMS, seconds: 10 },
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

const eventOf = (service: number, wave: number, atMs: number): Json => {
  const timestamp = cloudWatchTime(atMs);
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

const eventsAt = (atMs: (service: number, wave: number, index: number) => number): readonly Json[] =>
  Array.from({ length: ALARMS }, (_, i) => {
    const [service, wave] = [i % SERVICES, Math.floor(i / SERVICES)];
    return eventOf(service, wave, atMs(service, wave, i));
  });

/** The same alarms twice: far apart, so that each opens an incident, and all within a minute. */
const CALM = eventsAt((service, wave) => WORLD_START_MS + wave * WAVE_MS + service * 1000);
const STORM = eventsAt((_service, _wave, index) => WORLD_START_MS + Math.round((index * STORM_MS) / ALARMS));

/** What the ledger holds in the end, as far as a loss or a doubling would show in it. */
const standing = async (ledger: Ledger) => {
  const incidents = (await ledger.list("incident#")).map(({ item }) => item as unknown as Incident);
  const umbrella = incidents.find((incident) => incident.umbrella);
  const members = umbrella === undefined ? [] : await membersOf(ledger, umbrella.id);
  const keys = [...incidents.flatMap((incident) => incident.keys), ...members.map(({ key }) => key)];
  return {
    incidents: incidents.length,
    alarms: new Set(keys).size,
    news: incidents.reduce((sum, { news }) => sum + news, 0),
  };
};

const expect = (when: string, found: object, wanted: object): void => {
  const [is, should] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (is !== should) throw new Error(`${when}: the ledger holds ${is}, and should hold ${should}`);
};

type Fold = Readonly<{ name: string; ledger: Ledger; settings: Settings; events: readonly Json[]; incidents: number }>;

const fold = async ({ name, ledger, settings, events, incidents }: Fold): Promise<readonly Measured[]> => {
  const started = new Set<string>();
  const executions = { start: async (id: string) => void started.add(id), ring: async () => {} };
  const clock = { nowMs: () => WORLD_START_MS + WAVES * WAVE_MS };
  const intake = intakeWith({ ledger, executions, clock }, settings);
  const foldAll = async (): Promise<number> => {
    const startMs = performance.now();
    for (const event of events) await intake(parseAlarmEvent(event));
    return performance.now() - startMs;
  };
  const wanted = { incidents, alarms: ALARMS, news: 0, started: incidents };
  const newMs = await foldAll();
  expect("after the storm", { ...(await standing(ledger)), started: started.size }, wanted);
  const againMs = await foldAll();
  expect("after every alarm came twice", { ...(await standing(ledger)), started: started.size }, wanted);
  return [
    rate(`${name}, ${ALARMS} new alarms`, ALARMS, newMs, LEAST_PER_SECOND),
    rate(`${name}, the same again`, ALARMS, againMs, LEAST_PER_SECOND),
  ];
};

const onSqlite = async <T>(use: (ledger: Ledger) => Promise<T>): Promise<T> => {
  const database = openDatabase(":memory:");
  try {
    return await use(sqliteLedger(database));
  } finally {
    database.close();
  }
};

/**
 * Events in hand to incidents in the ledger, one after the other: in calm as many incidents as alarms, in a storm those
 * before it and one umbrella, no alarm lost in either, and not one more when every alarm comes twice. Throws where the
 * ledger holds anything else.
 */
export const storm = async (): Promise<readonly Measured[]> => {
  const settings = stack();
  const calm = { settings, events: CALM, incidents: ALARMS };
  const stormy = { settings, events: STORM, incidents: STORM_ALARMS + 1 };
  return [
    ...(await fold({ ...calm, name: "calm in memory", ledger: simulatedLedger() })),
    ...(await onSqlite((ledger) => fold({ ...calm, name: "calm on SQLite", ledger }))),
    ...(await fold({ ...stormy, name: "storm in memory", ledger: simulatedLedger() })),
    ...(await onSqlite((ledger) => fold({ ...stormy, name: "storm on SQLite", ledger }))),
  ];
};
