import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import { sqsEvent } from "../adapters/aws/alarm-events.fixture.ts";
import { parseDelivery } from "../adapters/aws/delivery.ts";
import type { AlarmState } from "../core/alarm.ts";
import type { Json } from "../core/json.ts";
import type { Ports } from "../core/ports.ts";
import { cloudWatchTime } from "../world/alarm-words.ts";
import { shopWith } from "../world/small-system.fixture.ts";
import { ACCOUNT, REGION } from "../world/topology.ts";
import { type Flow, type Flown, play } from "./flow.fixture.ts";
import { patient, wrongs } from "./paths.fixture.ts";

const MINUTE_MS = 60_000;
/** A healthy system: the queue's worker shares no dependency with what answers requests. */
const healthy = shopWith(1, 0);
const ALARM_NAME = "errors by resource";

/** One time series of the alarm: what its attributes name, and when it rings, in minutes of the incident. */
type Contributor = Readonly<{
  id: string;
  attributes: Readonly<Record<string, string>>;
  rings: number;
  quiets: number;
}>;
const FRONT: Contributor = {
  ...{ id: "6d9b1c0e4f", attributes: { ServiceName: "shop-web" }, rings: 0, quiets: 3 },
};
const BACK: Contributor = {
  ...{ id: "0a7be2d913", attributes: { ServiceName: "shop-api" }, rings: 1, quiets: 20 },
};
const WORKER: Contributor = {
  ...{ id: "f31c55a8b2", attributes: { QueueName: "shop-orders" }, rings: 1, quiets: 20 },
};

const keyOf = ({ id }: Contributor): string => `${ACCOUNT}/${REGION}/${ALARM_NAME}/${id}`;
const atMs = (minutes: number): number => healthy.onsetMs + minutes * MINUTE_MS;

const eventOf = (detailType: string, detail: Json, minutes: number): Json => ({
  ...{ version: "0", "detail-type": `CloudWatch Alarm ${detailType}`, source: "aws.cloudwatch" },
  ...{ account: ACCOUNT, region: REGION, resources: [], time: new Date(atMs(minutes)).toISOString(), detail },
});
const configuration = {
  metrics: [
    {
      ...{ id: "q1", period: 60, returnData: true },
      expression: 'SELECT SUM(Errors) FROM "Shop" GROUP BY ServiceName, QueueName',
    },
  ],
};
const changeOf = ({ id, attributes }: Contributor, value: AlarmState, minutes: number): Json => {
  const state = { value, reason: "Threshold Crossed", timestamp: cloudWatchTime(atMs(minutes)) };
  const alarmContributor = { id, attributes };
  return eventOf(
    "Contributor State Change",
    { alarmName: ALARM_NAME, alarmContributor, state, configuration },
    minutes,
  );
};

/** CloudWatch shows each contributor under its own id. */
const showing =
  (contributors: readonly Contributor[], goneFrom: number) =>
  (ports: Ports): Ports => ({
    ...ports,
    evidence: {
      ...ports.evidence,
      alarms: async (keys) => {
        const nowMs = ports.clock.nowMs();
        const known = contributors.filter((one) => keys.includes(keyOf(one)) && nowMs < atMs(goneFrom));
        return [
          ...(await ports.evidence.alarms(keys)),
          ...known.map((one) => {
            const isOver = nowMs >= atMs(one.quiets);
            const [state, minutes] = isOver ? (["OK", one.quiets] as const) : (["ALARM", one.rings] as const);
            return {
              ...{ key: keyOf(one), state, changedAtMs: atMs(minutes) },
              ...{ periodSeconds: 60, evaluationPeriods: 1 },
            };
          }),
        ];
      },
    },
  });

/** Plays the alarm's contributors; what is delivered beside their own changes comes last. */
const playing = async (
  contributors: readonly Contributor[],
  others: readonly Readonly<{ event: Json; minutes: number }>[] = [],
  goneFrom = Number.POSITIVE_INFINITY,
): Promise<Flown> => {
  const changes = contributors.flatMap((one) => [
    { event: changeOf(one, "ALARM", one.rings), minutes: one.rings },
    { event: changeOf(one, "OK", one.quiets), minutes: one.quiets },
  ]);
  const sent = [...changes, ...others].filter(({ minutes }) => minutes <= goneFrom);
  // A queue wraps what the flow hands over as it is: both read the same of it.
  const bare = sent.map(({ event }) => parseAlarmEvent(event));
  assert.deepEqual(parseDelivery(sqsEvent(...sent.map(({ event }) => event))), bare);
  const before: NonNullable<Flow["before"]> = async (_, world) => {
    world.outbox.push(...sent.map(({ event, minutes }) => ({ deliverAtMs: atMs(minutes) + 2000, event })));
    world.outbox.sort((one, other) => one.deliverAtMs - other.deliverAtMs);
  };
  const around = showing(contributors, goneFrom);
  return play({ scenario: healthy, people: null, scorer: patient, before, around });
};

const incidentOf = ({ incidents }: Flown, contributor: Contributor) =>
  incidents.filter(({ keys }) => keys.includes(keyOf(contributor)));

test("two contributors of one alarm on two services are two incidents, and the OK of one closes its own alone", async () => {
  const flown = await playing([FRONT, WORKER]);

  const [[one], [other]] = [incidentOf(flown, FRONT), incidentOf(flown, WORKER)];
  assert.deepEqual([flown.incidents.length, wrongs(flown)], [2, []]);
  assert.deepEqual([one?.service, other?.service], ["web", "orders"]);
  assert.deepEqual([one?.keys, other?.keys], [[keyOf(FRONT)], [keyOf(WORKER)]]);
  assert.deepEqual([one?.terminal, other?.terminal], ["SELF_RECOVERED", "SELF_RECOVERED"]);
  const [closed, held] = [one?.closedAtMs ?? 0, other?.closedAtMs ?? 0];
  assert.ok(atMs(FRONT.quiets) < closed && closed < atMs(WORKER.quiets), `closed ${new Date(closed).toISOString()}`);
  assert.ok(held > atMs(WORKER.quiets), `closed ${new Date(held).toISOString()}`);
  assert.deepEqual(
    flown.records.map(({ incident }) => incident.key).toSorted(),
    [keyOf(FRONT), keyOf(WORKER)].toSorted(),
  );
});

test("two contributors on services that share a dependency are one incident, which the OK of one does not close", async () => {
  const flown = await playing([FRONT, BACK]);

  const [incident, second] = flown.incidents;
  assert.deepEqual([incident?.keys, second, wrongs(flown)], [[keyOf(FRONT), keyOf(BACK)], undefined, []]);
  assert.equal(incident?.terminal, "SELF_RECOVERED");
  assert.ok((incident?.closedAtMs ?? 0) > atMs(BACK.quiets));
});

test("the OK of the alarm as a whole neither closes an incident of its contributors nor opens one", async () => {
  const whole = (value: AlarmState, minutes: number) => {
    const state = { value, reason: "1 out of 2", timestamp: cloudWatchTime(atMs(minutes)) };
    return { event: eventOf("State Change", { alarmName: ALARM_NAME, state, configuration }, minutes), minutes };
  };

  const flown = await playing([WORKER], [whole("OK", 5)]);

  const [incident, second] = flown.incidents;
  assert.deepEqual([incident?.keys, second, wrongs(flown)], [[keyOf(WORKER)], undefined, []]);
  assert.ok((incident?.closedAtMs ?? 0) > atMs(WORKER.quiets));
});

test("an alarm that is deleted leaves the incident of each of its contributors to people", async () => {
  const state = { value: "ALARM", reason: "", timestamp: cloudWatchTime(atMs(1)) };
  const detail = { alarmName: ALARM_NAME, operation: "delete", state, configuration };

  const flown = await playing(
    [FRONT, WORKER].map((one) => ({ ...one, quiets: 60 })),
    [{ event: eventOf("Configuration Change", detail, 4), minutes: 4 }],
    4,
  );

  assert.deepEqual(wrongs(flown), []);
  assert.deepEqual(
    flown.incidents.map(({ terminal, because }) => [terminal, because?.code]),
    Array.from({ length: 2 }, () => ["ESCALATED", "alarm-deleted"]),
  );
});
