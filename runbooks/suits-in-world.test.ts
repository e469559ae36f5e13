import assert from "node:assert/strict";
import { test } from "node:test";
import { simulatedEvidence } from "../functions/adapters/simulated/evidence.ts";
import type { Context } from "../functions/core/context.ts";
import { gatherContext } from "../functions/core/gather.ts";
import { alarmKey } from "../functions/core/ids.ts";
import { settingsSchema } from "../functions/core/settings.ts";
import { FAULTS } from "../functions/world/faults/all-faults.ts";
import { scenarioWith } from "../functions/world/scenario.ts";
import { settingsFor } from "../functions/world/settings-for.ts";
import { advance, createWorld } from "../functions/world/world.ts";
import { catalogue } from "./catalogue.ts";

const STRONG = 0.7;
const DOUBTFUL = 0.45;
const INCIDENTS = 6;

/** What is known at the first decision of an incident, or null where the fault raised no alarm within four hours. */
const firstContext = async (fault: string, index: number): Promise<Context | null> => {
  const world = createWorld(scenarioWith(23, index, fault));
  const ringing = () => world.alarms.find(({ state }) => state === "ALARM");
  advance(world, world.scenario.onsetMs);
  for (let minute = 0; minute < 240 && ringing() === undefined; minute += 1) advance(world, world.nowMs + 60_000);
  const alarm = ringing();
  const settings = settingsSchema.parse(settingsFor(world));
  const service = settings.services.find(({ name }) => name === alarm?.service);
  if (alarm === undefined || service === undefined) return null;
  const key = alarmKey({ account: world.account, region: world.region, alarmName: alarm.name, contributorId: null });
  const subject = { incidentId: "quell-test", keys: [key], openedAtMs: alarm.changedAtMs, service: service.name };
  const at = { nowMs: world.nowMs, step: 0, tried: [] };
  return gatherContext(
    simulatedEvidence(world),
    settings,
    service,
    { ...subject, alarmMetrics: [alarm.metric], words: [], rings: {}, storm: false },
    at,
  );
};

type Seen = Readonly<{ fault: string; context: Context }>;
const seen: readonly Seen[] = (
  await Promise.all(
    FAULTS.flatMap(({ id: fault }) =>
      Array.from({ length: INCIDENTS }, async (_, index) => ({ fault, context: await firstContext(fault, index) })),
    ),
  )
).flatMap(({ fault, context }) => (context === null ? [] : [{ fault, context }]));

const effects = catalogue.runbooks.filter(({ kind }) => kind === "effect");
const strongIn = (context: Context): readonly string[] =>
  effects.filter((runbook) => runbook.suits(context).some(({ fit }) => fit > STRONG)).map(({ id }) => id);

for (const { id, bad } of FAULTS) {
  test(`${id}: no runbook that does harm is a strong match at the first decision`, () => {
    const incidents = seen.filter(({ fault }) => fault === id);

    const harmful = incidents.flatMap(({ context }) => strongIn(context)).filter((runbook) => bad.includes(runbook));

    assert.ok(incidents.length > 0);
    assert.deepEqual(harmful, []);
  });
}

for (const { id, good } of FAULTS.filter((fault) => effects.some((runbook) => fault.good.includes(runbook.id)))) {
  test(`${id}: a runbook that heals it is a strong match in most incidents`, () => {
    const incidents = seen.filter(({ fault }) => fault === id);

    const found = incidents.filter(({ context }) => strongIn(context).some((runbook) => good.includes(runbook)));

    assert.ok(found.length >= incidents.length * 0.6, `${found.length} of ${incidents.length}`);
  });
}

test("whatever has an effect is a strong match or stays below page", () => {
  const fits = seen.flatMap(({ context }) =>
    effects.flatMap((runbook) => runbook.suits(context).map(({ fit }) => fit)),
  );

  const between = fits.filter((fit) => fit >= DOUBTFUL && fit <= STRONG);

  assert.ok(fits.length > 20);
  assert.deepEqual(between, []);
});

test("every suggestion is about one resource of the graph, in parameters that its own schema takes", () => {
  const wrong = seen.flatMap(({ context }) =>
    effects.flatMap((runbook) =>
      runbook.suits(context).filter(({ target, params }) => {
        const resource = context.resources.find(({ arn }) => arn === target);
        return resource?.type !== runbook.targetType || !runbook.parameters.safeParse(params).success;
      }),
    ),
  );

  assert.deepEqual(wrong, []);
});
