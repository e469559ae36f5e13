import assert from "node:assert/strict";
import { test } from "node:test";
import { simulatedEvidence } from "../functions/adapters/simulated/evidence.ts";
import type { Context } from "../functions/core/context.ts";
import { gatherContext } from "../functions/core/gather.ts";
import { alarmKey } from "../functions/core/ids.ts";
import { settingsSchema } from "../functions/core/settings.ts";
import { FAULTS } from "../functions/world/faults/all-faults.ts";
import type { FaultParameters, Remedy } from "../functions/world/faults/fault.ts";
import { scenarioWith } from "../functions/world/scenario.ts";
import { settingsFor } from "../functions/world/settings-for.ts";
import { advance, createWorld } from "../functions/world/world.ts";
import { catalogue } from "./catalogue.ts";

const STRONG = 0.7;
const DOUBTFUL = 0.45;
const INCIDENTS = 6;

type Seen = Readonly<{ fault: string; parameters: FaultParameters; context: Context }>;

/** What is known at the first decision of an incident, or null where the fault raised no alarm within four hours. */
const firstSeen = async (fault: string, index: number): Promise<Seen | null> => {
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
  const alarmMetrics = alarm.kind === "metric" ? [alarm.metric] : [];
  const asked = { ...subject, alarmMetrics, words: [], rings: {}, storm: false };
  const context = await gatherContext(simulatedEvidence(world), settings, service, asked, at);
  return { fault, parameters: world.faults[0]?.parameters ?? {}, context };
};

const seen: readonly Seen[] = (
  await Promise.all(FAULTS.flatMap(({ id }) => Array.from({ length: INCIDENTS }, (_, index) => firstSeen(id, index))))
).filter((one) => one !== null);

const effects = catalogue.runbooks.filter(({ kind }) => kind === "effect");
const strongIn = (context: Context): readonly string[] =>
  effects.filter((runbook) => runbook.suits(context).some(({ fit }) => fit > STRONG)).map(({ id }) => id);

/** Runbooks that do `does` to what was drawn of a scene's fault. */
const remediesIn = ({ fault, parameters }: Seen, ...does: readonly Remedy["does"][]): readonly string[] =>
  (FAULTS.find(({ id }) => id === fault)?.remedies(parameters) ?? [])
    .filter((remedy) => does.includes(remedy.does))
    .map(({ runbook }) => runbook);

test("a strong match that harms is rare at the first decision, and its fault knows of it", () => {
  const harmful = seen.filter((one) =>
    strongIn(one.context).some((runbook) => remediesIn(one, "harms").includes(runbook)),
  );

  assert.ok(harmful.length <= seen.length * 0.05, `${harmful.length} of ${seen.length}`);
});

test("where a runbook heals or eases, one that does is a strong match in a good part of the incidents", () => {
  const treatable = seen.filter((one) => remediesIn(one, "heals", "eases").length > 0);

  const found = treatable.filter((one) =>
    strongIn(one.context).some((runbook) => remediesIn(one, "heals", "eases").includes(runbook)),
  );

  assert.ok(found.length >= treatable.length * 0.35, `${found.length} of ${treatable.length}`);
});

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
