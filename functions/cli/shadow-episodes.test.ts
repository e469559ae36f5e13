import assert from "node:assert/strict";
import { test } from "node:test";
import type { DescribedAlarm } from "../adapters/aws/described-alarm.ts";
import type { AlarmState } from "../core/alarm.ts";
import { settingsSchema } from "../core/settings.ts";
import { SHOP } from "./account.fixture.ts";
import { episodesIn, openingAlarm, type PastAlarm } from "./shadow-episodes.ts";
import { foldEpisodes } from "./shadow-fold.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const PLACE = { account: "123456789012", region: "eu-west-1" };

const alarmWith = (changes: Partial<DescribedAlarm> = {}): DescribedAlarm => ({
  ...{ name: "shop-5xx", kind: "metric", state: "OK", changedAtMs: 0, reason: "", description: "Calls fail" },
  ...{
    metrics: [SHOP.settings.services[0]?.slis[0]?.metric].flatMap((metric) =>
      metric === undefined ? [] : [{ ...metric, periodSeconds: 60 }],
    ),
  },
  ...{
    threshold: 5,
    periodSeconds: 60,
    evaluationPeriods: 3,
    suppressedBy: null,
    hasContributors: false,
    actionsEnabled: true,
  },
  ...changes,
});

/** An alarm with its changes: `[minute, state]`; what it was before is the state before. */
const past = (changes: readonly (readonly [number, AlarmState])[], alarm = alarmWith()): PastAlarm => ({
  alarm,
  transitions: changes.map(([minute, to], index) => ({
    ...{ key: `123456789012/eu-west-1/${alarm.name}`, atMs: DAY_MS + minute * MINUTE_MS },
    ...{ from: changes[index - 1]?.[1] ?? "OK", to },
  })),
});

const minutesOf = (pasts: readonly PastAlarm[]) =>
  episodesIn(pasts, DAY_MS, 2 * DAY_MS).map(({ opening, endedAtMs }) => [
    (opening.atMs - DAY_MS) / MINUTE_MS,
    endedAtMs === null ? null : (endedAtMs - DAY_MS) / MINUTE_MS,
  ]);

const CASES: readonly (readonly [string, Parameters<typeof past>[0], readonly (readonly (number | null)[])[]])[] = [
  [
    "an episode goes from ALARM to OK",
    [
      [10, "ALARM"],
      [25, "OK"],
    ],
    [[10, 25]],
  ],
  [
    "two of them, an hour apart, are two",
    [
      [10, "ALARM"],
      [25, "OK"],
      [80, "ALARM"],
      [90, "OK"],
    ],
    [
      [10, 25],
      [80, 90],
    ],
  ],
  [
    "an OK that does not hold for the soak ends nothing",
    [
      [10, "ALARM"],
      [25, "OK"],
      [28, "ALARM"],
      [40, "OK"],
    ],
    [[10, 40]],
  ],
  [
    "absent data ends nothing",
    [
      [10, "ALARM"],
      [12, "INSUFFICIENT_DATA"],
      [30, "OK"],
    ],
    [[10, 30]],
  ],
  [
    "data that went and came back in ALARM is the same episode",
    [
      [10, "ALARM"],
      [12, "INSUFFICIENT_DATA"],
      [20, "ALARM"],
      [30, "OK"],
    ],
    [[10, 30]],
  ],
  ["what rings still has no end", [[10, "ALARM"]], [[10, null]]],
  [
    "what began before the time that is asked for is not counted",
    [
      [-5, "ALARM"],
      [25, "OK"],
    ],
    [],
  ],
];

for (const [name, changes, expected] of CASES)
  test(`episodes of an alarm: ${name}`, () => {
    const pasts = [past(changes)];

    const minutes = minutesOf(pasts);

    assert.deepEqual(minutes, expected);
  });

test("what rang already where the history begins has no beginning that could be told", () => {
  const { alarm, transitions } = past([
    [10, "ALARM"],
    [25, "OK"],
  ]);
  const released = transitions.map((one) => (one.to === "ALARM" ? { ...one, from: "ALARM" as const } : one));

  const minutes = minutesOf([{ alarm, transitions: released }]);

  assert.deepEqual(minutes, []);
});

test("the opening alarm is what its event would have told: the alarm as it is set, changed when it rang", () => {
  const [episode] = episodesIn(
    [
      past([
        [10, "ALARM"],
        [25, "OK"],
      ]),
    ],
    DAY_MS,
    2 * DAY_MS,
  );
  assert.ok(episode !== undefined);

  const alarm = openingAlarm(episode, PLACE);

  assert.equal(alarm.key, "123456789012/eu-west-1/shop-5xx");
  assert.deepEqual(
    [alarm.state, alarm.previousState, alarm.changedAtMs, alarm.threshold],
    ["ALARM", "OK", DAY_MS + 10 * MINUTE_MS, 5],
  );
  assert.equal(alarm.metrics[0]?.metricName, "HTTPCode_Target_5XX_Count");
});

const [CHECKOUT] = SHOP.settings.services;
const settings = settingsSchema.parse({
  ...SHOP.settings,
  alarms: { "shop-5xx": "checkout", "shop-stock": "stock", "shop-mail": "mail", "shop-users": "checkout" },
  services: [
    { ...CHECKOUT, dependsOn: ["stock"] },
    { ...CHECKOUT, name: "stock" },
    { ...CHECKOUT, name: "mail" },
  ],
});
const named = (name: string) => alarmWith({ name, metrics: [] });

test("an alarm of a service that shares a dependency joins the first one's incident, while it rings and soon after", () => {
  const pasts = [
    past([
      [10, "ALARM"],
      [60, "OK"],
    ]),
    past(
      [
        [12, "ALARM"],
        [50, "OK"],
      ],
      named("shop-stock"),
    ),
    past(
      [
        [13, "ALARM"],
        [50, "OK"],
      ],
      named("shop-mail"),
    ),
    past(
      [
        [40, "ALARM"],
        [50, "OK"],
      ],
      named("shop-users"),
    ),
  ];

  const folded = foldEpisodes(episodesIn(pasts, DAY_MS, 2 * DAY_MS), PLACE, settings);

  assert.deepEqual(
    folded.map(({ episode, joins }) => [episode.alarm.name, joins?.alarm.name ?? null]),
    [
      ["shop-5xx", null],
      ["shop-stock", "shop-5xx"],
      ["shop-mail", null],
      ["shop-users", null],
    ],
  );
});

test("an alarm after the first one's end opens an incident of its own", () => {
  const pasts = [
    past([
      [10, "ALARM"],
      [14, "OK"],
    ]),
    past(
      [
        [15, "ALARM"],
        [50, "OK"],
      ],
      named("shop-users"),
    ),
  ];

  const folded = foldEpisodes(episodesIn(pasts, DAY_MS, 2 * DAY_MS), PLACE, settings);

  assert.deepEqual(
    folded.map(({ joins }) => joins),
    [null, null],
  );
});

test("without a configuration, alarms over one resource are one incident, and those over none are apart", () => {
  const pasts = [
    past([
      [10, "ALARM"],
      [60, "OK"],
    ]),
    past(
      [
        [11, "ALARM"],
        [60, "OK"],
      ],
      alarmWith({ name: "shop-slow" }),
    ),
    past(
      [
        [12, "ALARM"],
        [60, "OK"],
      ],
      named("a-composite"),
    ),
    past(
      [
        [13, "ALARM"],
        [60, "OK"],
      ],
      named("b-composite"),
    ),
  ];

  const folded = foldEpisodes(episodesIn(pasts, DAY_MS, 2 * DAY_MS), PLACE, null);

  assert.deepEqual(
    folded.map(({ joins }) => joins?.alarm.name ?? null),
    [null, "shop-5xx", null, null],
  );
});
