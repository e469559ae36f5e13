import { simulatedEvidence } from "../../functions/adapters/simulated/evidence.ts";
import type { Context } from "../../functions/core/context.ts";
import { candidatesFor, draftOffline } from "../../functions/core/draft.ts";
import { gatherContext } from "../../functions/core/gather.ts";
import { alarmKey } from "../../functions/core/ids.ts";
import { because } from "../../functions/core/reasons.ts";
import { settingsSchema } from "../../functions/core/settings.ts";
import type { Candidate, Outcome, Tried } from "../../functions/core/stages.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { settingsFor } from "../../functions/world/settings-for.ts";
import { advance, createWorld } from "../../functions/world/world.ts";
import { catalogue } from "../../runbooks/catalogue.ts";

/** What could be decided in one moment of one simulated incident. */
export type Moment = Readonly<{ context: Context; candidates: readonly Candidate[] }>;

/** What is known some minutes after a fault's first alarm, of every alarm that rings then; null where it raised none. */
export const contextIn = async (fault: string, index: number, minutesLater: number): Promise<Context | null> => {
  const world = createWorld(scenarioWith(41, index, fault));
  const ringing = () => world.alarms.filter(({ state }) => state === "ALARM");
  advance(world, world.scenario.onsetMs);
  for (let minute = 0; minute < 240 && ringing().length === 0; minute += 1) advance(world, world.nowMs + 60_000);
  const [alarm] = ringing();
  const settings = settingsSchema.parse(settingsFor(world));
  const service = settings.services.find(({ name }) => name === alarm?.service);
  if (alarm === undefined || service === undefined) return null;
  advance(world, world.nowMs + minutesLater * 60_000);
  const { account, region } = world;
  const alarms = [alarm, ...ringing().filter((other) => other !== alarm)];
  const subject = {
    ...{ incidentId: "quell-test", openedAtMs: alarm.changedAtMs, service: service.name, rings: {}, storm: false },
    keys: alarms.map(({ name }) => alarmKey({ account, region, alarmName: name, contributorId: null })),
    alarmMetrics: alarms.flatMap((one) => (one.kind === "metric" ? [one.metric] : [])),
    words: alarms.map(({ name }, i) => ({ id: `alarm-${i}`, name, description: "", reason: "" })),
  };
  const at = { nowMs: world.nowMs, step: index % 6, tried: [] };
  return gatherContext(simulatedEvidence(world), settings, service, subject, at);
};

const SOURCES = ["alarms", "resources", "metrics", "logs", "changes", "history"];
const OUTCOMES: readonly Outcome["kind"][] = [
  ...(["not-recovered", "rolled-back", "undo-failed", "unknown", "not-run", "refused-by-people"] as const),
];

/** What a drafter names on top: one that is ranked, one that is doubted, one that nobody knows, and one without a target. */
const drafted = (one: Candidate, n: number): readonly Candidate[] => [
  { ...one, source: "drafter", rank: n % 4, recovers: 0.4 },
  { ...one, source: "drafter", fit: null, doubt: because("too-few-signals", "") },
  { ...one, source: "drafter", fit: null, runbook: "restart-everything" },
  { ...one, source: "drafter", fit: null, target: "arn:aws:ecs:eu-west-1:1:service/none/none" },
];

/** A moment of a later decision: something was tried, a source failed, a model drafted, and trust is restrained. */
const later = ({ context, candidates }: Moment, n: number): Moment => {
  const effect = candidates.find(({ target }) => target !== null);
  const outcome = OUTCOMES[n % OUTCOMES.length] ?? "unknown";
  const tries: readonly Tried[] =
    effect === undefined
      ? []
      : [
          { step: 0, runbook: effect.runbook, target: effect.target, outcome },
          { step: 1, runbook: effect.runbook, target: "another", outcome },
          { step: 2, runbook: "another", target: effect.target, outcome },
          { step: 3, runbook: "wait", target: null, outcome: "not-recovered" },
        ];
  const changed: Context = {
    ...context,
    ...{ step: 4, tried: tries, missing: [{ source: SOURCES[n % SOURCES.length] ?? "", because: "denied" }] },
    restraint: because("flapping", "It went to ALARM 5 times."),
    service: { ...context.service, environment: "staging" },
  };
  return { context: changed, candidates: [...candidates, ...(effect === undefined ? [] : drafted(effect, n))] };
};

/** Moments of incidents of these faults: the first decision and a later one of each. */
export const momentsOf = async (faults: readonly string[], incidents: number): Promise<readonly Moment[]> => {
  const moments: Moment[] = [];
  for (const fault of faults)
    for (let index = 0; index < incidents; index += 1) {
      const context = await contextIn(fault, index, 2 + 4 * index);
      if (context === null) continue;
      const candidates = candidatesFor(context, catalogue, draftOffline(context, catalogue, null));
      const first = { context, candidates };
      moments.push(first, later(first, moments.length / 2));
    }
  return moments;
};
