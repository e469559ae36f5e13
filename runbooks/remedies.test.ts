import assert from "node:assert/strict";
import { test } from "node:test";
import { documentsOf } from "../functions/adapters/simulated/actuator.ts";
import { simulatedEvidence } from "../functions/adapters/simulated/evidence.ts";
import type { Resource } from "../functions/core/evidence.ts";
import { gatherContext } from "../functions/core/gather.ts";
import type { Params, Runbook } from "../functions/core/runbook.ts";
import { settingsSchema } from "../functions/core/settings.ts";
import { FAULTS } from "../functions/world/faults/all-faults.ts";
import { type Remedy, textOf } from "../functions/world/faults/fault.ts";
import { isHarmful, JUDGED_MS } from "../functions/world/forked-truth.ts";
import { resourcesOf } from "../functions/world/graph.ts";
import { startAutomation } from "../functions/world/runs.ts";
import { scenarioWith } from "../functions/world/scenario.ts";
import { settingsFor } from "../functions/world/settings-for.ts";
import { MINUTE_MS, type World } from "../functions/world/state.ts";
import { impactMinutes, isHealthy } from "../functions/world/truth.ts";
import { advance, createWorld, fork } from "../functions/world/world.ts";
import { catalogue } from "./catalogue.ts";

/** How many incidents of each fault are treated; FAULT=id treats one fault alone. */
const INDICES = Array.from({ length: 5 }, (_, index) => index);
const TREATED = FAULTS.filter(({ id }) => (process.env.FAULT ?? id) === id);
const DOCUMENTS = documentsOf(catalogue);
/** What a remedy is for is judged by the hour after it, its harm by the half hour in which any action's is. */
const FOLLOWED_MS = 60 * MINUTE_MS;

/** The world ten minutes after its first alarm, or half an hour after the onset where that comes later. */
const alarmed = (fault: string, index: number): World => {
  const world = createWorld(scenarioWith(61, index, fault));
  advance(world, world.scenario.onsetMs + 20 * MINUTE_MS);
  for (let minute = 0; minute < 100 && !world.alarms.some(({ state }) => state === "ALARM"); minute += 1)
    advance(world, world.nowMs + MINUTE_MS);
  advance(world, world.nowMs + 10 * MINUTE_MS);
  return world;
};

/** What the runbook's own rules propose for a resource, whatever they think of it; null where they propose nothing. */
const proposed = async (world: World, { suits }: Runbook, target: Resource): Promise<Params | null> => {
  const settings = settingsSchema.parse(settingsFor(world));
  const service = settings.services.find(({ name }) => name === target.service);
  if (service === undefined) return null;
  const asked = { incidentId: "quell-remedy", keys: [], openedAtMs: world.nowMs, service: service.name };
  const more = { alarmMetrics: [], words: [], rings: {}, storm: false };
  const at = { nowMs: world.nowMs, step: 0, tried: [] };
  const context = await gatherContext(simulatedEvidence(world), settings, service, { ...asked, ...more }, at);
  return suits(context).find((one) => one.target === target.arn)?.params ?? null;
};

/**
 * Runs a runbook where a remedy says, with the parameters that anybody would give, or that its rules read in the metrics;
 * null where it does not apply there.
 */
const treat = async (world: World, remedy: Remedy): Promise<World | null> => {
  const runbook = catalogue.runbooks.find(({ id }) => id === remedy.runbook);
  const [target] = resourcesOf(world, [textOf(world.faults[0]?.parameters ?? {}, remedy.at)]);
  const document = runbook?.documents?.automation;
  assert.ok(runbook !== undefined && document !== undefined, `${remedy.runbook} is no runbook with an effect`);
  assert.equal(target?.type, runbook.targetType);
  const parameters = target === undefined ? null : (runbook.aim(target) ?? (await proposed(world, runbook, target)));
  if (parameters === null) return null;
  assert.deepEqual(runbook.parameters.parse(parameters), parameters);
  const { name: documentName, hash: documentHash } = document;
  const treated = fork(world);
  const request = { documentName, documentHash, parameters, clientToken: "remedy", tags: {} };
  assert.equal(startAutomation(treated, DOCUMENTS, request).kind, "started");
  return treated;
};

/** Impact over the half hour and the hour after the treatment, and whether all was well at its end. */
type Judged = Readonly<{ soon: number; impact: number; healthy: boolean }>;

const judged = (world: World): Judged => {
  const fromMs = world.nowMs;
  advance(world, fromMs + FOLLOWED_MS);
  const soon = impactMinutes(world, fromMs, fromMs + JUDGED_MS);
  return { soon, impact: impactMinutes(world, fromMs, world.nowMs), healthy: isHealthy(world) };
};

const holds = (does: Remedy["does"], treated: Judged, left: Judged): boolean => {
  const added = treated.impact - left.impact;
  if (does === "heals") return treated.healthy && added < 0.5;
  if (does === "eases") return added < -0.1 * left.impact;
  if (does === "harms") return isHarmful(treated.soon - left.soon);
  return Math.abs(added) <= 1 + 0.1 * left.impact;
};

for (const fault of TREATED) {
  test(`${fault.id}: each runbook does to it what the fault declares`, async () => {
    const wrong: string[] = [];
    const untreated = new Set<string>();

    for (const index of INDICES) {
      const world = alarmed(fault.id, index);
      const left = judged(fork(world));
      for (const remedy of fault.remedies(world.faults[0]?.parameters ?? {})) {
        const treated = await treat(world, remedy);
        // Where its rules find no parameters either, nobody can run it, and nothing happens.
        if (treated === null && remedy.does === "nothing") continue;
        if (treated === null) untreated.add(remedy.runbook);
        else {
          const after = judged(treated);
          if (!holds(remedy.does, after, left))
            wrong.push(`${index} ${remedy.runbook} ${remedy.does}: ${JSON.stringify({ after, left })}`);
        }
      }
    }

    assert.deepEqual(wrong, []);
    assert.deepEqual([...untreated], []);
  });
}
