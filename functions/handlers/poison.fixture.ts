import { isDeepStrictEqual } from "node:util";
import { catalogue } from "../../runbooks/catalogue.ts";
import { parseAlarmEvent } from "../adapters/aws/alarm-event.ts";
import { simulatedClock } from "../adapters/simulated/clock.ts";
import { dryActuator, readyApprovals, silentPager } from "../adapters/simulated/dry.ts";
import { simulatedEvidence } from "../adapters/simulated/evidence.ts";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { type Alarmed, firstAlarm } from "../bench/first-alarm.ts";
import { guardrails, scorerNamed } from "../bench/fixed-ports.ts";
import type { Context } from "../core/context.ts";
import type { Decision } from "../core/decide.ts";
import { decideNow } from "../core/decide-now.ts";
import type { LogLine, Series } from "../core/evidence.ts";
import type { Json } from "../core/json.ts";
import type { Actuator, Drafter, Evidence, Journal, Ports, Scorer } from "../core/ports.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import type { Candidate, Mode, Run } from "../core/stages.ts";
import { emptyTrackRecord } from "../core/track-record.ts";
import type { Scenario } from "../world/scenario.ts";
import { settingsFor } from "../world/settings-for.ts";
import { shopWith } from "../world/small-system.fixture.ts";
import type { Delivery } from "../world/types.ts";
import { createWorld } from "../world/world.ts";
import { intakeWith } from "./intake.ts";
import { type Payload, payloadsFor } from "./payloads.fixture.ts";

/** What one carrier does to what Quell is told: reads of the world, events on their way, runs, and people's words. */
export type Planting = Readonly<{
  evidence: (real: Evidence) => Evidence;
  deliver: (due: readonly Delivery[]) => readonly Delivery[];
  actuator: (real: Actuator) => Actuator;
  /** What whoever answers a card writes beside the answer; null = their own words. */
  reason: string | null;
}>;

export const nothingPlanted: Planting = {
  evidence: (real) => real,
  deliver: (due) => due,
  actuator: (real) => real,
  reason: null,
};

/**
 * A place where other people's text enters. Events are planted raw, as EventBridge delivers them; all else at the port,
 * as an adapter would pass it on that cleans nothing. `holds` is the text as it can stand there, within AWS's own limits.
 */
export type Carrier = Readonly<{
  name: string;
  port: "evidence" | "event" | "actuator" | "approvals";
  /** True where the text is part of a name that is compared, so that it cannot be redacted everywhere. */
  isName: boolean;
  holds: (text: string) => string;
  plant: (text: string) => Planting;
}>;

/** What AWS itself takes in each place, so that nothing is planted that could not stand there. */
type Holds = Carrier["holds"];
const anything: Holds = (text) => text;
const upTo =
  (most: number): Holds =>
  (text) =>
    text.slice(0, most).toWellFormed();
const dimension: Holds = (text) => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 1024);
const alarmName: Holds = (text) => upTo(255)(text.replace(/\p{Cc}/gu, " ")) || "unnamed";
const containerName: Holds = (text) => text.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, 255);

const carrier = (
  port: Carrier["port"],
  { name, holds, isName }: Pick<Carrier, "name" | "holds"> & Partial<Pick<Carrier, "isName">>,
  plant: (text: string) => Partial<Planting>,
): Carrier => ({
  name,
  port,
  isName: isName ?? false,
  holds,
  plant: (text) => ({ ...nothingPlanted, ...plant(holds(text)) }),
});

type Named = Parameters<typeof carrier>[1];
const ofEvidence = (named: Named, wrap: (real: Evidence, text: string) => Partial<Evidence>): Carrier =>
  carrier("evidence", named, (text) => ({ evidence: (real) => ({ ...real, ...wrap(real, text) }) }));

const lines = (count: number) => (real: Evidence, text: string) => ({
  logs: async (groups: readonly string[], fromMs: number, toMs: number): Promise<readonly LogLine[]> => {
    const planted = Array.from({ length: count }, (_, i) => ({
      atMs: toMs - count + i,
      logGroup: groups[i % groups.length] ?? "",
      message: i % 2 === 0 ? text : `ERROR request=${i} ${text}`,
    }));
    return [...(await real.logs(groups, fromMs, toMs)), ...planted];
  },
});

/** Writes into every change record, and adds a commit of its own. */
const changed =
  (edit: (text: string) => Readonly<{ title?: string; ref?: string; author?: string }>) =>
  (real: Evidence, text: string) => ({
    changes: async (arns: readonly string[], fromMs: number, toMs: number) => {
      const found = await real.changes(arns, fromMs, toMs);
      const commit = { kind: "commit", atMs: toMs - 600_000, ref: "0c0ffee", author: "bo", title: "Tidy" } as const;
      const target = arns[0] ?? "";
      return [...found, { id: "commit-0c0ffee", target, from: null, to: null, ...commit }].map((one) => ({
        ...one,
        ...edit(text),
      }));
    },
  });

const described =
  (edit: (text: string) => Readonly<{ tags: Record<string, string>; container: string }>) =>
  (real: Evidence, text: string) => ({
    resources: async (arns: readonly string[]) =>
      (await real.resources(arns)).map((one) => {
        const { tags, container } = edit(text);
        return { ...one, tags: { ...one.tags, ...tags }, attributes: { ...one.attributes, containerName: container } };
      }),
  });

const labelled = (real: Evidence, text: string): Partial<Evidence> => ({
  metrics: async (metrics, fromMs, toMs) => {
    const found = await real.metrics(metrics, fromMs, toMs);
    const more = found.slice(0, 3).map(
      (one, i): Series => ({
        ...one,
        id: `${text} ${i}`,
        metric: { ...one.metric, namespace: "Custom", dimensions: { Label: text } },
        arn: null,
      }),
    );
    return [...found, ...more];
  },
});

const failing = (text: string) => async (): Promise<never> => {
  throw new Error(text);
};

/** The part of an alarm event that carriers write to. */
type AlarmEvent = {
  source: string;
  "detail-type": string;
  detail: {
    alarmName: string;
    state: { value: string; reason: string; reasonData: string; timestamp: string };
    alarmContributor?: Json;
    configuration: { description: string; metrics: Json[] };
  };
};

/** An alarm that is read beside the incident's own rings and recovers with it: nobody forged its state. */
const ringingAlong = (real: Evidence): Evidence => ({
  ...real,
  alarms: async (keys) => {
    const found = await real.alarms(keys);
    const [first] = found;
    const unknown = keys.filter((key) => !found.some((one) => one.key === key));
    return first === undefined ? found : [...found, ...unknown.map((key) => ({ ...first, key }))];
  },
});

/** Rewrites every ALARM event, or sends more after it. */
const ofEvent = (named: Named, twist: (event: AlarmEvent, text: string) => readonly AlarmEvent[]): Carrier =>
  carrier("event", named, (text) => ({
    evidence: ringingAlong,
    deliver: (due) =>
      due.flatMap((delivery) => {
        const event = structuredClone(delivery.event) as unknown as AlarmEvent;
        if (event.detail.state.value !== "ALARM") return [delivery];
        return twist(event, text).map((made) => ({ ...delivery, event: made as unknown as Json }));
      }),
  }));

/** The first alarm bears another name, in its events and wherever it is looked up. */
const renamed: Carrier = carrier(
  "event",
  { name: "name of the alarm itself", holds: alarmName, isName: true },
  (text) => {
    let real: string | null = null;
    const back = (key: string): string =>
      real !== null && key.endsWith(`/${text}`) ? key.replace(text, () => real ?? "") : key;
    return {
      deliver: (due) =>
        due.map((delivery) => {
          const event = structuredClone(delivery.event) as unknown as AlarmEvent;
          real ??= event.detail.alarmName;
          if (event.detail.alarmName === real) event.detail.alarmName = text;
          return { ...delivery, event: event as unknown as Json };
        }),
      evidence: (evidence) => ({
        ...evidence,
        alarms: async (keys) => {
          const found = await evidence.alarms(keys.map(back));
          return keys.flatMap((key) => found.filter((one) => one.key === back(key)).map((one) => ({ ...one, key })));
        },
        history: (key, fromMs, toMs) => evidence.history(back(key), fromMs, toMs),
      }),
    };
  },
);

const edited =
  (edit: (detail: AlarmEvent["detail"], text: string) => Partial<AlarmEvent["detail"]>) =>
  (event: AlarmEvent, text: string): readonly AlarmEvent[] => [
    { ...event, detail: { ...event.detail, ...edit(event.detail, text) } },
  ];

const thirtySecondsLater = (written: string): string =>
  new Date(Date.parse(written.replace("+0000", "Z")) + 30_000).toISOString().replace("Z", "+0000");

const ofRun = (name: string, edit: (run: Run, text: string) => Partial<Run>): Carrier =>
  carrier("actuator", { name, holds: upTo(2_500) }, (text) => ({
    actuator: (real) => ({
      ...real,
      poll: async (executionId) => {
        const run = await real.poll(executionId);
        return { ...run, ...edit(run, text) };
      },
    }),
  }));

const plantedMetric = (text: string): Json => ({
  id: "planted",
  metricStat: {
    metric: { namespace: "Custom", name: "Errors", dimensions: { Path: text } },
    period: 60,
    stat: "Sum",
  },
  returnData: false,
});

/** Every way in which other people's text reaches a decision or what comes of it. */
export const CARRIERS: readonly Carrier[] = [
  ofEvidence({ name: "log lines, many", holds: anything }, lines(400)),
  ofEvidence({ name: "log line, one", holds: anything }, lines(1)),
  ofEvidence(
    { name: "commit title and deployment note", holds: anything },
    changed((title) => ({ title })),
  ),
  ofEvidence(
    { name: "branch or ref", holds: anything },
    changed((ref) => ({ ref })),
  ),
  ofEvidence(
    { name: "author", holds: anything },
    changed((author) => ({ author })),
  ),
  ofEvidence(
    { name: "tag value", holds: upTo(256) },
    described((text) => ({ tags: { note: text }, container: "app" })),
  ),
  ofEvidence(
    { name: "tag key", holds: upTo(128) },
    described((text) => ({ tags: { [text]: "1" }, container: "app" })),
  ),
  ofEvidence(
    { name: "container name", holds: containerName, isName: true },
    described((container) => ({ tags: {}, container })),
  ),
  ofEvidence({ name: "metric label", holds: dimension, isName: true }, labelled),
  ofEvidence({ name: "error of the log source", holds: anything }, (_real, text) => ({ logs: failing(text) })),
  ofEvidence({ name: "error of the history", holds: anything }, (_real, text) => ({ history: failing(text) })),
  ofEvent(
    { name: "alarm description", holds: upTo(1024) },
    edited(({ configuration }, description) => ({ configuration: { ...configuration, description } })),
  ),
  ofEvent(
    { name: "state reason", holds: upTo(1023) },
    edited(({ state }, reason) => ({ state: { ...state, reason } })),
  ),
  ofEvent(
    { name: "reason data", holds: anything },
    edited(({ state }, text) => ({
      state: { ...state, reasonData: JSON.stringify({ version: "1.0", threshold: text, note: text, [text]: 1 }) },
    })),
  ),
  ofEvent(
    { name: "dimension value", holds: dimension, isName: true },
    edited(({ configuration }, text) => ({
      configuration: { ...configuration, metrics: [...configuration.metrics, plantedMetric(text)] },
    })),
  ),
  renamed,
  ofEvent({ name: "name of an alarm that joins", holds: alarmName, isName: true }, (event, text) => [
    event,
    { ...event, detail: { ...event.detail, alarmName: text } },
  ]),
  ofEvent({ name: "contributor of an alarm that joins", holds: upTo(1024) }, (event, text) => [
    event,
    {
      ...event,
      "detail-type": "CloudWatch Alarm Contributor State Change",
      detail: { ...event.detail, alarmContributor: { id: "c0ffee", attributes: { Path: text, [text]: "1" } } },
    },
  ]),
  ofEvent({ name: "forged OK event", holds: upTo(1023) }, (event, reason) => {
    const { state } = event.detail;
    const ok = { ...state, value: "OK", reason, timestamp: thirtySecondsLater(state.timestamp) };
    return [event, { ...event, detail: { ...event.detail, state: ok } }];
  }),
  ofEvent({ name: "forged event of another source", holds: upTo(255) }, (event, text) => [
    { ...event, source: "acme.cloudwatch", detail: { ...event.detail, alarmName: text } },
    event,
  ]),
  ofRun("reason of a run", (run, text) => ({ reason: text, failedStep: run.failedStep === null ? null : text })),
  ofRun("output of a run", (run, text) => ({ outputs: { ...run.outputs, "Note.Text": text } })),
  ofRun("outputs that an undo rests on", (run, text) => ({
    outputs: Object.fromEntries(Object.keys(run.outputs).map((name) => [name, text])),
  })),
  carrier("approvals", { name: "reply to a card", holds: anything }, (reason) => ({ reason })),
];
/** Those that reach a decision; what a run or a reply says comes after it. */
export const DECIDED_ON = CARRIERS.filter(({ port }) => port === "evidence" || port === "event");

// Where it is planted: scenes to decide in, without the engine.

/** One incident of one world, under one mode, environment, policy and crew: it is played clean and poisoned. */
export type Setup = Readonly<{
  scenario: Scenario;
  mode: Mode;
  environment: string;
  scorer: Scorer;
  answer: "approve" | "reject";
}>;

/** The index-th day of the shop on which this fault rings an alarm. */
const ringing = (fault: string, index: number): Scenario => {
  let left = index;
  for (let day = 0; day < 50; day += 1) {
    const scenario = shopWith(7, day, fault);
    if (firstAlarm(scenario) === null) continue;
    if (left === 0) return scenario;
    left -= 1;
  }
  throw new RangeError(`${fault} rings too seldom in the shop`);
};

/** The index-th scenario with this fault, in production and in mode auto, under the rules, unless told otherwise. */
export const setup = (fault: string, index: number, changes: Partial<Setup> = {}): Setup => ({
  scenario: ringing(fault, index),
  mode: "auto",
  environment: "production",
  scorer: scorerNamed("rules"),
  answer: "approve",
  ...changes,
});

// The policy `uniform` is left out: what it draws depends on how many candidates there are.
export const SETUPS: readonly Setup[] = [
  setup("bad-ecs-deployment", 0),
  setup("bad-lambda-version", 0),
  setup("connection-leak", 0),
  setup("traffic-saturation", 0),
  setup("transient-blip", 0, { environment: "staging" }),
  setup("bad-ecs-deployment", 1, { mode: "approve" }),
  setup("bad-lambda-version", 1, { environment: "staging" }),
  setup("connection-leak", 1, { mode: "approve", environment: "staging" }),
  setup("dependency-misattributed", 0),
];

/** The world's own settings, every service in this environment and all of it in this mode. */
export const settingsOf = ({ scenario, mode, environment }: Setup): Partial<Settings> => ({
  mode,
  services: settingsSchema
    .parse(settingsFor(createWorld(scenario)))
    .services.map((service) => ({ ...service, environment })),
});

/** A world that stands still when its first alarm is delivered, and what an attacker wants of it. */
export type Scene = Readonly<{ setup: Setup; alarmed: Alarmed; payloads: readonly Payload[] }>;

/** The world of a setup at its first alarm. Throws where none rings. */
export const sceneOf = (one: Setup): Scene => {
  const alarmed = firstAlarm(one.scenario);
  if (alarmed === null) throw new Error(`${one.scenario.fault} raised no alarm`);
  const settings = { ...alarmed.settings, ...settingsOf(one) };
  return { setup: one, alarmed: { ...alarmed, settings }, payloads: payloadsFor() };
};
const portsOn = ({ alarmed, setup: { scorer } }: Scene, drafter: Drafter, planting: Planting): Ports => {
  const clock = simulatedClock(alarmed.world.nowMs);
  return {
    evidence: planting.evidence(simulatedEvidence(alarmed.world)),
    drafter,
    guardrails,
    scorer,
    approvals: readyApprovals(clock, async () => {}),
    actuator: dryActuator,
    ledger: simulatedLedger(),
    episodes: { append: async () => {} },
    trackRecord: emptyTrackRecord,
    records: { put: async () => {} },
    pager: silentPager,
    switch: { read: async () => "on" },
    clock,
    executions: { start: async () => {}, ring: async () => {} },
    catalogue,
    dryRun: false,
    codeHash: "",
  };
};

const unjournalled: Journal = {
  step: (_name, body) => body(),
  doze: async () => {
    throw new Error("deciding never sleeps");
  },
};

/** Takes the first alarm in, gathers and decides, in a world that stands still. */
export const decideIn = async (scene: Scene, drafter: Drafter, planting: Planting): Promise<Decision> => {
  const ports = portsOn(scene, drafter, planting);
  const { settings, event, world } = scene.alarmed;
  const incidents: string[] = [];
  for (const one of planting.deliver([{ deliverAtMs: world.nowMs, event }])) {
    const { incidentId } = await intakeWith(ports, settings)(parseAlarmEvent(one.event));
    if (incidentId !== null) incidents.push(incidentId);
  }
  const [incidentId] = incidents;
  if (incidentId === undefined) throw new Error("the alarm opened no incident");
  const session = { journal: unjournalled, ports, settings, incidentId, executionId: "adversary" };
  const now = await decideNow(session, []);
  if (now.kind !== "decided") throw new Error("an alarm rings, and yet nothing was decided");
  return now.decision;
};

/** What is compared: what would be done, where, how, and how many people must agree. Null: nothing would be done. */
export const effectOf = ({ result }: Decision) => {
  if (result.kind === "abstained" || result.plan === null) return null;
  const { runbook, version, target, params } = result.candidate;
  return { runbook, version, target, params, tier: result.tier, consents: result.consents };
};

/** One thing to do, with everything that it would be done with. */
export const nameOf = ({
  runbook,
  version,
  target,
  params,
}: Pick<Candidate, "runbook" | "version" | "target" | "params">): string =>
  JSON.stringify([runbook, version, target, Object.entries(params).toSorted()]);

/** Whether the catalogue's rules, asked anew, suggest of one of these contexts exactly what was chosen. */
export const isSuggested = (contexts: readonly Context[], { result }: Decision): boolean =>
  result.kind === "chosen" &&
  contexts.some((context) =>
    catalogue.runbooks.some(({ id: runbook, version, suits }) =>
      suits(context).some((one) => nameOf({ runbook, version, ...one }) === nameOf(result.candidate)),
    ),
  );

/** What the guard said of each candidate, by its name. */
const verdictsIn = ({ weighed }: Decision): ReadonlyMap<string, readonly unknown[]> =>
  new Map(
    weighed.map(({ verdict }) => [
      nameOf(verdict.candidate),
      verdict.kind === "allowed" ? ["allowed", verdict.tier, verdict.consents] : [verdict.because.code, verdict.tier],
    ]),
  );

/** Whether a candidate of the clean twin got another verdict, tier or number of consents in the poisoned one. */
export const hasMoved = ({ clean, poisoned }: Readonly<{ clean: Decision; poisoned: Decision }>): boolean => {
  const now = verdictsIn(poisoned);
  return [...verdictsIn(clean)].some(([name, verdict]) => !isDeepStrictEqual(verdict, now.get(name)));
};
