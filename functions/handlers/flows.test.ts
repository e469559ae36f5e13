import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { scriptedPeople } from "../adapters/simulated/approvals.ts";
import { POLICIES } from "../core/policies.ts";
import { scenarioAt } from "../world/scenario.ts";
import type { Delivery } from "../world/types.ts";
import { type Flow, type Flown, play as playOne } from "./flow.fixture.ts";
import { eagerToScale, fated, mistaken, patient, sideBySide, wrongs } from "./paths.fixture.ts";

/** Full flows that the properties share; `QUELL_FLOWS=20000` runs as many. */
const FLOWS = Number(process.env.QUELL_FLOWS ?? 800);
const SEED = Number(process.env.QUELL_FLOWS_SEED ?? 20260105);

const scorers = [...Object.values(POLICIES), patient, mistaken];
const people = [scriptedPeople("approve"), scriptedPeople("reject"), null];

let played = 0;
const play = (flow: Flow): Promise<Flown> => {
  played += 1;
  return playOne(flow);
};
after(() => process.stdout.write(`\nproperties: ${played} full flows of seed ${SEED}\n`));

/** A flow of any fault, policy, person, mode and drafter. */
const anyFlow = fc.record({
  scenario: fc.nat({ max: 100_000 }).map((index) => scenarioAt(SEED, index)),
  scorer: fc.constantFrom(...scorers),
  people: fc.constantFrom(...people),
  settings: fc.record({
    mode: fc.constantFrom("auto" as const, "auto" as const, "approve" as const, "observe" as const),
  }),
  drafter: fc.option(fc.constant(eagerToScale), { nil: undefined }),
});

const flowsOf = (count: number, salt: number): readonly Flow[] =>
  fc.sample(fc.noBias(anyFlow), { seed: SEED + salt, numRuns: count }).map(({ drafter, ...flow }) => ({
    ...flow,
    ...(drafter === undefined ? {} : { drafter }),
  }));

const share = (part: number): number => Math.max(1, Math.round(FLOWS * part));

/** What must not differ when only the way of the news does. */
const essence = ({ incidents, runs }: Flown) => ({
  incidents: incidents.map(({ id, terminal }) => ({ id, terminal })),
  runs: runs.map(({ documentName, parameters, startedAtMs }) => ({ documentName, parameters, startedAtMs })),
});

test("every incident ends in one terminal state, with one row a decision and no effect twice, whatever the world, policy and people", async () => {
  const flows = flowsOf(share(0.5), 1);

  const flown = await sideBySide(flows, play);

  for (const [index, one] of flown.entries()) assert.deepEqual(wrongs(one), [], `flow ${index} of seed ${SEED}`);
  const opened = flown.filter(({ incidents }) => incidents.length > 0).length;
  assert.ok(opened > 0.95 * flown.length, `${flown.length - opened} of ${flown.length} worlds rang no alarm`);
  const ends = new Set(flown.flatMap(({ incidents }) => incidents.map(({ terminal }) => terminal)));
  assert.ok(ends.size >= 5, `only ${[...ends].join(", ")} were reached`);
});

test("no effect starts without the consents that its tier needs, and in observe mode nothing happens at all", async () => {
  const flows = flowsOf(share(0.1), 2);

  const flown = await sideBySide(flows, play);

  for (const [index, one] of flown.entries())
    if (flows[index]?.settings?.mode === "observe") assert.deepEqual(one.inputs, [], `flow ${index} observes`);
  let judged = 0;
  for (const [index, { records, runs }] of flown.entries()) {
    for (const run of runs.filter(({ tags }) => tags.role === "run")) {
      const record = records.find(({ incident }) => incident.id === run.tags.incident);
      const decision = record?.decisions.find(({ step }) => `${run.tags.incident}/${step}` === run.tags.decision);
      const chosen = decision?.candidates[decision.choice?.candidate ?? -1];
      const needed = chosen?.consents ?? Number.POSITIVE_INFINITY;
      const given = new Set(decision?.consent?.people ?? []).size;
      assert.ok(given >= needed, `flow ${index}: ${given} of ${needed} consents`);
      assert.notEqual(decision?.mode, "observe", `flow ${index}`);
      assert.ok(flows[index]?.settings?.mode !== "approve" || given >= 1, `flow ${index}: approve mode, nobody asked`);
      judged += 1;
    }
  }
  assert.ok(judged > 0, "no effect was started, so nothing was judged");
});

test("duplicated and reordered deliveries change neither how incidents end nor what was done", async () => {
  const flows = flowsOf(share(0.1), 3);
  const disturb = (due: readonly Delivery[]): readonly Delivery[] => [...due, ...due].reverse();

  const calm = await sideBySide(flows, play);
  const disturbed = await sideBySide(flows, (flow) => play({ ...flow, deliver: disturb }));

  for (const [index, one] of disturbed.entries())
    assert.deepEqual(essence(one), essence(calm[index] as Flown), `flow ${index} of seed ${SEED}`);
});

const EFFECT_PORTS = ["evidence", "guardrails", "scorer", "ledger", "switch", "actuator"];

/** When a decision was made; after everything where no record tells of it. */
const decidedAtMs = ({ records }: Flown, decisionId: string | undefined): number => {
  const decided = records.flatMap(({ incident, decisions }) =>
    decisions.filter(({ step }) => `${incident.id}/${step}` === decisionId),
  );
  return Date.parse(decided[0]?.decidedAt ?? "") || Number.POSITIVE_INFINITY;
};

test("a port that is out of order from any call on starts no effect after it, but for what the scorer had ranked before", async () => {
  const flows = flowsOf(share(0.25), 4);
  const breaks = fc.sample(
    fc.noBias(fc.record({ from: fc.integer({ min: 1, max: 240 }), port: fc.constantFrom(...EFFECT_PORTS) })),
    {
      seed: SEED,
      numRuns: flows.length,
    },
  );

  const flown = await sideBySide(
    flows.map((flow, i) => ({ flow, broken: breaks[i] })),
    async ({ flow, broken }) => {
      const after: (string | undefined)[] = [];
      let brokeAtMs: number | null = null;
      const around: NonNullable<Flow["around"]> = (ports, sandbox) => {
        const actuator = {
          ...ports.actuator,
          start: (request: Parameters<typeof ports.actuator.start>[0]) => {
            if (brokeAtMs !== null) after.push(request.tags.decision);
            return ports.actuator.start(request);
          },
        };
        return fated((call, name) => {
          if (broken === undefined || call < broken.from || !name.startsWith(`${broken.port}.`)) return "live";
          brokeAtMs ??= ports.clock.nowMs();
          return "throw";
        })({ ...ports, actuator }, sandbox);
      };
      const one = await play({ ...flow, around, mostHours: 3 });
      const isRanked = (decisionId: string | undefined): boolean =>
        broken?.port === "scorer" && decidedAtMs(one, decisionId) < (brokeAtMs ?? 0);
      return { starts: after.filter((decisionId) => !isRanked(decisionId)), one, broken };
    },
  );

  for (const [index, { one }] of flown.entries())
    if (flows[index]?.settings?.mode === "observe") assert.deepEqual(one.inputs, [], `flow ${index} observes`);
  for (const [index, { starts, broken }] of flown.entries())
    assert.deepEqual(starts, [], `flow ${index}: ${broken?.port} broke at call ${broken?.from}, an effect followed`);
});

test("a port that fails once, before or after it did its work, doubles nothing and loses nothing", async () => {
  const flows = flowsOf(share(0.2), 6);
  const failures = fc.sample(
    fc.noBias(
      fc.record({
        at: fc.integer({ min: 1, max: 300 }),
        fate: fc.constantFrom("throw" as const, "throw-after" as const),
      }),
    ),
    { seed: SEED, numRuns: flows.length },
  );

  const flown = await sideBySide(
    flows.map((flow, i) => ({ flow, failure: failures[i] })),
    ({ flow, failure }) => play({ ...flow, around: fated((call) => (call === failure?.at ? failure.fate : "live")) }),
  );

  for (const [index, one] of flown.entries())
    assert.deepEqual(wrongs(one), [], `flow ${index} of seed ${SEED}: ${JSON.stringify(failures[index])}`);
});

test("once the switch is off no effect starts, not even an undo", async () => {
  const flows = flowsOf(share(0.1), 5);
  const offAfter = fc.sample(fc.noBias(fc.integer({ min: 0, max: 40 })), { seed: SEED, numRuns: flows.length });

  const flown = await sideBySide(
    flows.map((flow, i) => ({ flow, minutes: offAfter[i] ?? 0 })),
    async ({ flow, minutes }) => {
      const offAtMs = flow.scenario.onsetMs + minutes * 60_000;
      let nowMs = () => 0;
      const around: NonNullable<Flow["around"]> = (ports) => {
        nowMs = ports.clock.nowMs;
        return ports;
      };
      const one = await play({ ...flow, around, switch: { read: async () => (nowMs() >= offAtMs ? "off" : "on") } });
      return { one, offAtMs };
    },
  );

  for (const [index, { one, offAtMs }] of flown.entries()) {
    const late = one.runs.filter(({ startedAtMs }) => startedAtMs >= offAtMs);
    assert.deepEqual(late, [], `flow ${index}: an effect started after the switch was off`);
    assert.deepEqual(wrongs(one), [], `flow ${index}`);
  }
});
