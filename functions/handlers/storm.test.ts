import assert from "node:assert/strict";
import { test } from "node:test";
import { scriptedPeople } from "../adapters/simulated/approvals.ts";
import { draftOffline } from "../core/draft.ts";
import { STATE_FEATURES } from "../core/features.ts";
import type { Json } from "../core/json.ts";
import { autonomyKey } from "../core/ledger.ts";
import { POLICIES } from "../core/policies.ts";
import type { Ports, Scorer } from "../core/ports.ts";
import { settingsSchema } from "../core/settings.ts";
import { membersOf } from "../core/storm.ts";
import { settingsFor } from "../world/settings-for.ts";
import { erringDeployment, shopWith } from "../world/small-system.fixture.ts";
import type { World } from "../world/state.ts";
import { createWorld } from "../world/world.ts";
import { type Flow, play } from "./flow.fixture.ts";
import { patient, wrongs } from "./paths.fixture.ts";
import { stateChange } from "./state-change.fixture.ts";

const deployment = erringDeployment();
const settings = settingsSchema.parse(settingsFor(createWorld(deployment)));
const services = settings.services.map(({ name }) => name);
const COUNT = 400;
const MINUTE_MS = 60_000;

/** Every alarm but each sixth is of a service: of those that share a dependency and of those that do not. */
const serviceOfNth = (i: number): string | undefined => services[i % (services.length + 1)];
const alarms = {
  ...settings.alarms,
  ...Object.fromEntries(Array.from({ length: COUNT }, (_, i) => [`storm-${i}`, serviceOfNth(i) ?? ""])),
};

const delivered = (world: World, i: number, value: "ALARM" | "OK", atMs: number) => ({
  deliverAtMs: atMs + 2000,
  event: stateChange(world, `storm-${i}`, value, atMs),
});

/** Waits at the first decision, then does what the rules say. */
const waitsOnce: Scorer = {
  ...patient,
  score: async (state, candidates) =>
    (state[STATE_FEATURES.indexOf("step")] === 0 ? patient : (POLICIES.rules as Scorer)).score(state, candidates),
};

/** @param loud the alarm whose OK is never delivered @param backlogMs when all of it is delivered at once; null where each alarm comes 2 s after it rang */
type Storm = Readonly<{ fromMs: number; overMs: number; backlogMs: number | null; loud?: number }>;

/** 400 alarms within a minute, each third delivered twice; they all go OK when the storm is over. */
const storming = async ({ fromMs, overMs, backlogMs, loud }: Storm, flow: Partial<Flow> = {}) => {
  const drafted: string[] = [];
  const paged: string[] = [];
  let kept: Ports["ledger"] | null = null;
  const drafter: Ports["drafter"] = {
    draft: async (context, catalogue) => {
      drafted.push(context.incidentId);
      return draftOffline(context, catalogue, null);
    },
  };
  const before: NonNullable<Flow["before"]> = async (ledger, world) => {
    kept = ledger;
    await flow.before?.(ledger, world);
    for (let i = 0; i < COUNT; i += 1) {
      const atMs = fromMs + Math.round((i * MINUTE_MS) / COUNT);
      const sent = delivered(world, i, "ALARM", atMs);
      const rang = { ...sent, deliverAtMs: backlogMs ?? sent.deliverAtMs };
      world.outbox.push(rang, ...(i === loud ? [] : [delivered(world, i, "OK", overMs)]));
      if (i % 3 === 0) world.outbox.push({ ...rang, deliverAtMs: rang.deliverAtMs + 40_000 });
    }
    world.outbox.sort((one, other) => one.deliverAtMs - other.deliverAtMs);
  };
  const around: NonNullable<Flow["around"]> = (ports) => ({
    ...ports,
    pager: {
      ...ports.pager,
      page: async (request) => {
        paged.push(request.incidentId);
        await ports.pager.page(request);
      },
    },
    evidence: {
      ...ports.evidence,
      alarms: async (keys) => {
        const nowMs = ports.clock.nowMs();
        const ours = keys.filter((key) => key.includes("/storm-"));
        const state = nowMs < overMs ? ("ALARM" as const) : ("OK" as const);
        const changedAtMs = nowMs < overMs ? fromMs : overMs;
        return [
          ...(await ports.evidence.alarms(keys)),
          ...ours.map((key) => ({ key, state, changedAtMs, periodSeconds: 60, evaluationPeriods: 1 })),
        ];
      },
    },
  });
  const scenario = shopWith(1, deployment.index);
  const flown = await play({
    ...{ scenario, people: null, drafter },
    ...flow,
    ...{ before, around, settings: { alarms, ...flow.settings } },
  });
  const umbrellas = flown.incidents.filter(({ umbrella }) => umbrella);
  const members = kept === null ? [] : await membersOf(kept, umbrellas[0]?.id ?? "");
  return { flown, drafted, paged, umbrellas, members };
};

const storm: Storm = {
  fromMs: deployment.onsetMs,
  overMs: deployment.onsetMs + 60 * MINUTE_MS,
  backlogMs: null,
};

test("400 alarms in a minute are one umbrella and one page: nothing runs, and no alarm is lost", async (t) => {
  const { flown, drafted, paged, umbrellas, members } = await storming(storm);

  const [umbrella] = umbrellas;
  assert.ok(umbrella);
  const own = flown.incidents.filter((incident) => !incident.umbrella).flatMap(({ keys }) => keys);
  const recorded = new Set([...own, ...members.map(({ key }) => key)].filter((key) => key.includes("/storm-")));
  assert.deepEqual([recorded.size, umbrellas.length, wrongs(flown)], [COUNT, 1, []]);
  assert.deepEqual([umbrella.terminal, umbrella.because?.code, umbrella.decided], ["ESCALATED", "storm", 0]);
  assert.match(umbrella.because?.detail ?? "", /^\d{3} alarms since /);
  assert.equal(umbrella.watching, false);
  assert.ok(members.every(({ state }) => state === "OK"));
  assert.equal(new Set(paged).size, paged.length, "no incident pages twice");
  assert.equal(paged.filter((id) => id === umbrella.id).length, 1);
  assert.deepEqual([flown.runs.length, drafted.includes(umbrella.id)], [0, false]);
  assert.ok(drafted.length <= settings.storm.alarms, `${drafted.length} drafter calls`);
  const counts = { alarms: COUNT, incidents: flown.incidents.length, pages: paged.length, drafts: drafted.length };
  t.diagnostic(`${JSON.stringify({ ...counts, runs: flown.runs.length })}: ${umbrella.because?.detail}`);
});

/** CloudWatch tells that one of the storm's alarms was deleted. */
const deletion = (world: World, i: number, atMs: number) => {
  const { deliverAtMs, event } = delivered(world, i, "ALARM", atMs);
  const { detail, ...told } = event as { detail: Record<string, Json> };
  const time = new Date(atMs).toISOString();
  const kind = { "detail-type": "CloudWatch Alarm Configuration Change" };
  return { deliverAtMs, event: { ...told, ...kind, time, detail: { ...detail, operation: "delete" } } as Json };
};

test("a storm gathers for its whole time, though alarms that it names are deleted meanwhile", async () => {
  const before: NonNullable<Flow["before"]> = async (_ledger, world) => {
    for (let i = 40; i < 60; i += 1) world.outbox.push(deletion(world, i, storm.fromMs + 10_000 + (i - 40) * 2000));
  };

  const { umbrellas, paged } = await storming(storm, { before });

  assert.match(umbrellas[0]?.because?.detail ?? "", /^3[5-9]\d alarms since /);
  assert.equal(paged.filter((id) => id === umbrellas[0]?.id).length, 1);
  assert.ok((umbrellas[0]?.news ?? 0) >= 10, "each deletion would have rung a bell");
});

test("in observe mode a storm is recorded and nobody is paged", async () => {
  const { flown, paged, umbrellas } = await storming(storm, { settings: { mode: "observe" } });

  assert.deepEqual([umbrellas[0]?.terminal, umbrellas[0]?.because?.code], ["ESCALATED", "storm"]);
  assert.deepEqual([paged, flown.runs.length], [[], 0]);
});

test("a storm that reaches services of any other mode is told to people, though the default is to observe", async () => {
  const others = settings.services.map((service) => ({ ...service, mode: "approve" as const }));

  const { paged, umbrellas } = await storming(storm, { settings: { mode: "observe", services: others } });

  assert.ok(paged.includes(umbrellas[0]?.id ?? ""));
});

test("an umbrella stays open while one alarm of the storm may still ring, though all that it names are OK", async () => {
  const { umbrellas, members } = await storming({ ...storm, loud: COUNT - 1 }, { mostHours: 5 });

  assert.equal(members.filter(({ state }) => state === "ALARM").length, 1);
  assert.deepEqual([umbrellas[0]?.terminal, umbrellas[0]?.watching], ["ESCALATED", true]);
});

/** ecs-rollback has earned to act alone: what holds it back is then the storm. */
const earned: NonNullable<Flow["before"]> = async (ledger) => {
  await ledger.write(autonomyKey("ecs-rollback", "production"), { earned: true, changedAtMs: 0, by: "gate" }, null);
};

test("an incident that was open before the storm goes on, and does nothing more without a person's consent", async () => {
  const calm = await play({ scenario: deployment, before: earned });
  const openedAtMs = calm.incidents[0]?.openedAtMs ?? 0;
  const flow = { scenario: deployment, before: earned, scorer: waitsOnce, people: scriptedPeople("approve") };
  const later = { ...storm, fromMs: openedAtMs + 1000, overMs: openedAtMs + 60 * MINUTE_MS };

  const { flown } = await storming(later, flow);

  const consents = ({ records }: typeof calm, id: string | undefined) =>
    records
      .filter(({ incident }) => incident.id === id)
      .flatMap(({ decisions }) => decisions.map(({ context, consent }) => [context.restraint?.code, consent?.by]));
  assert.deepEqual(consents(calm, calm.incidents[0]?.id), [[undefined, "policy"]]);
  assert.deepEqual(consents(flown, calm.incidents[0]?.id).slice(0, 2), [
    [undefined, undefined],
    ["storm", "people"],
  ]);
});

test("incidents that a storm overtakes before their first decision join the umbrella, with all their alarms", async () => {
  const backlog = { ...storm, backlogMs: storm.fromMs + 2 * MINUTE_MS };

  const { flown, umbrellas, members, drafted, paged } = await storming(backlog);

  const merged = flown.incidents.filter(({ terminal }) => terminal === "MERGED");
  assert.ok(merged.length > 1, `${merged.length} merged`);
  assert.deepEqual([merged.length + 1, umbrellas.length], [flown.incidents.length, 1]);
  assert.ok(merged.every(({ decided, because }) => decided === 0 && because?.detail.includes(umbrellas[0]?.id ?? "-")));
  assert.deepEqual([members.length, drafted.length, paged.length], [COUNT, 0, 1]);
});
