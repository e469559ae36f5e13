import type { Sandbox } from "../adapters/durable/sandbox.ts";
import { scriptedPeople } from "../adapters/simulated/approvals.ts";
import { draftOffline } from "../core/draft.ts";
import { CANDIDATE_FEATURES, STATE_FEATURES } from "../core/features.ts";
import { POLICIES } from "../core/policies.ts";
import type { Ports, Scorer } from "../core/ports.ts";
import type { Terminal } from "../core/reasons.ts";
import { alarmHistory, alarmsOf } from "../world/alarms.ts";
import { erringDeployment, webBlip } from "../world/small-system.fixture.ts";
import type { Flow, Flown } from "./flow.fixture.ts";

const policy = (name: string): Scorer => {
  const scorer = POLICIES[name];
  if (scorer === undefined) throw new Error(`no policy ${name}`);
  return scorer;
};

const at = (vector: readonly number[], feature: string): number => vector[CANDIDATE_FEATURES.indexOf(feature)] ?? 0;

/** Prefers to wait, whatever the evidence says. */
export const patient: Scorer = {
  ...policy("rules"),
  score: async (_state, candidates) =>
    candidates.map((vector) => ({
      q: { mean: at(vector, "effect") === 0 && at(vector, "pages") === 0 ? 1 : 0, sd: 0 },
    })),
};

/** Waits once, then does what fits worst, then pages: an effect that does not help, at the height of the trouble. */
export const mistaken: Scorer = {
  ...policy("rules"),
  score: async (state, candidates) => {
    const step = state[STATE_FEATURES.indexOf("step")];
    const value = (vector: readonly number[]): number => {
      const [effect, pages] = [at(vector, "effect"), at(vector, "pages")];
      if (step === 0) return effect === 0 && pages === 0 ? 1 : 0;
      return step === 1 && effect === 1 ? 2 - at(vector, "fit") : pages;
    };
    return candidates.map((vector) => ({ q: { mean: value(vector), sd: 0 } }));
  },
};

/** Names a scale-out of every service in the graph on top of what the rules suggest: allowed, and no cure for a bug. */
export const eagerToScale: Ports["drafter"] = {
  draft: async (context, catalogue) => {
    const runbook = catalogue.runbooks.find(({ id }) => id === "ecs-scale-out");
    const proposals = context.resources
      .filter(({ type }) => type === "AWS::ECS::Service")
      .map(({ arn, attributes }) => {
        const [, Cluster = "", Service = ""] = arn.split("/");
        const desired = Number(attributes.desiredCount);
        return {
          runbook: "ecs-scale-out",
          version: runbook?.version ?? "",
          target: arn,
          params: { Cluster, Service, DesiredCount: desired + 1, ExpectedDesiredCount: desired },
          because: "more is better",
          evidence: [],
          recovers: null,
        };
      });
    return { ...draftOffline(context, catalogue, null), name: "recorded", proposals };
  },
};

/** The ways in which an incident ends, each as a flow that ends that way when nothing is disturbed. */
export const PATHS: readonly Readonly<{ terminal: Terminal; flow: Flow }>[] = [
  { terminal: "RESOLVED", flow: { scenario: erringDeployment() } },
  {
    terminal: "ROLLED_BACK",
    flow: { scenario: erringDeployment(), scorer: mistaken, drafter: eagerToScale },
  },
  { terminal: "EXPIRED", flow: { scenario: erringDeployment(), people: null } },
  {
    terminal: "REJECTED",
    flow: { scenario: erringDeployment(), people: scriptedPeople("reject") },
  },
  { terminal: "ESCALATED", flow: { scenario: erringDeployment(), scorer: policy("page") } },
  { terminal: "SELF_RECOVERED", flow: { scenario: webBlip(), scorer: patient } },
];

export type Fate = "live" | "die-before" | "die-after" | "throw" | "throw-after";

/** Numbers every call of every port, and lets each one live, or die or throw before or after it did its work. */
export const fated =
  (fateOf: (call: number, name: string) => Fate) =>
  (ports: Ports, sandbox: Sandbox): Ports => {
    let calls = 0;
    const wrapPort = <P extends object>(portName: string, port: P): P =>
      Object.fromEntries(
        Object.entries(port).map(([method, value]) => [
          method,
          typeof value !== "function"
            ? value
            : (...given: unknown[]) =>
                sandbox.call(async () => {
                  calls += 1;
                  const fate = fateOf(calls, `${portName}.${method}`);
                  if (fate === "throw") throw new Error(`${portName}.${method} is out of order`);
                  if (fate === "die-before") return sandbox.die();
                  const answer: unknown = await value(...given);
                  if (fate === "throw-after") throw new Error(`${portName}.${method} did it, and its reply was lost`);
                  return fate === "die-after" ? sandbox.die() : answer;
                }),
        ]),
      ) as P;
    const { clock, catalogue, dryRun, codeHash, ...others } = ports;
    const wrapped = Object.fromEntries(Object.entries(others).map(([name, port]) => [name, wrapPort(name, port)]));
    return { ...(wrapped as typeof others), clock, catalogue, dryRun, codeHash };
  };

/** What is wrong with how a flow ended, judged by the world's own ledger; empty where nothing is. */
export const wrongs = (flown: Flown): readonly string[] => {
  const { runs, incidents, rows, decisions, world, statuses } = flown;
  const effects = runs.map(({ tags }) => `${tags.incident}|${tags.decision}|${tags.role}`);
  const tokens = runs.map(({ clientToken }) => clientToken);
  const alarmed = alarmsOf(world).filter(({ name }) =>
    alarmHistory(world, name, 0, world.nowMs).some(({ to }) => to === "ALARM"),
  );
  const known = new Set(incidents.flatMap(({ keys }) => keys));
  const rowIds = rows.filter((row) => row.row_version === 0).map((row) => row.decision_id);
  return [
    ...(new Set(effects).size === effects.length ? [] : ["an effect happened twice"]),
    ...(new Set(tokens).size === tokens.length ? [] : ["a client token ran twice"]),
    ...alarmed
      .filter(({ name }) => ![...known].some((key) => key.endsWith(`/${name}`)))
      .map(({ name }) => `the alarm ${name} has no incident`),
    ...incidents.filter(({ terminal }) => terminal === null).map(({ id }) => `${id} did not end`),
    ...(new Set(rowIds).size === rowIds.length ? [] : ["a decision has two rows"]),
    ...(rowIds.length === decisions.length ? [] : [`${decisions.length} decisions have ${rowIds.length} rows`]),
    ...statuses.filter((status) => status !== "SUCCEEDED").map((status) => `an execution is ${status}`),
  ];
};

/** Runs jobs side by side: one flow mostly waits for the SDK's timers, many of them fill a core. */
export const sideBySide = async <T, R>(jobs: readonly T[], run: (job: T) => Promise<R>, most = 24): Promise<R[]> => {
  const results: R[] = [];
  const queue = jobs.entries();
  const worker = async () => {
    for (const [index, job] of queue) results[index] = await run(job);
  };
  await Promise.all(Array.from({ length: Math.min(most, jobs.length) }, worker));
  return results;
};
