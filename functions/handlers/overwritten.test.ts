import assert from "node:assert/strict";
import { test } from "node:test";
import type { Sandbox } from "../adapters/durable/sandbox.ts";
import { undoParameters } from "../core/automation-document.ts";
import { type Effect, effectsOf } from "../core/execute.ts";
import { readIncident } from "../core/incident.ts";
import { reopenWhereOverwritten } from "../core/overwritten.ts";
import type { Ports } from "../core/ports.ts";
import { type Settings, settingsSchema } from "../core/settings.ts";
import { settingsFor } from "../world/settings-for.ts";
import { erringDeployment } from "../world/small-system.fixture.ts";
import { createWorld } from "../world/world.ts";
import { type Flown, play } from "./flow.fixture.ts";
import { wrongs } from "./paths.fixture.ts";

const scenario = erringDeployment();

/** Somebody puts back what the runbook took away: the undo's own document is one way to do so. */
const putBack = async (ports: Ports, effect: Effect): Promise<void> => {
  const undo = ports.catalogue.runbooks.find(({ id }) => id === effect.runbook)?.documents?.undo ?? null;
  assert.ok(undo !== null && effect.executionId !== null);
  const { outputs } = await ports.actuator.poll(effect.executionId);
  const parameters = undoParameters(undo, outputs) ?? {};
  const clientToken = "3f0c6a0e-54a7-4f0e-9d83-0a7a3b6d5a11";
  const tags = { incident: "somebody's", decision: "somebody's", role: "run", plan: "none" };
  await ports.actuator.start({ documentName: undo.name, documentHash: undo.hash, parameters, clientToken, tags });
};

/** Once an incident is resolved, its target is changed by somebody else, a minute after the end was written. */
const overwriting =
  (settings: Settings, alsoInTheWorld: boolean) =>
  (ports: Ports, _sandbox: Sandbox): Ports => {
    let isDone = false;
    return {
      ...ports,
      episodes: {
        append: async (row) => {
          await ports.episodes.append(row);
          const incident = await readIncident(ports.ledger, row.incident_id);
          if (isDone || incident?.terminal !== "RESOLVED") return;
          isDone = true;
          const [effect] = await effectsOf(ports, incident.id);
          assert.ok(effect !== undefined);
          if (alsoInTheWorld) await putBack(ports, effect);
          const told = await reopenWhereOverwritten(ports, settings, {
            ...{ id: "change-1", kind: "deployment", atMs: ports.clock.nowMs(), target: effect.target, ref: "1" },
            ...{ from: null, to: null, author: "somebody", title: "Deploy again" },
          });
          assert.equal(told.kind, "reopened");
        },
      },
    };
  };

const playOverwritten = (alsoInTheWorld: boolean): Promise<Flown> => {
  const settings = settingsSchema.parse(settingsFor(createWorld(scenario)));
  return play({ scenario, around: overwriting(settings, alsoInTheWorld) });
};

const inOrder = ({ incidents }: Flown) => incidents.toSorted((a, b) => a.openedAtMs - b.openedAtMs);

test("an incident that is opened again and finds all well is watched through a soak, and recovers by itself", async () => {
  const flown = await playOverwritten(false);

  const [first, again, ...more] = inOrder(flown);
  assert.deepEqual([first?.terminal, again?.terminal, more], ["RESOLVED", "SELF_RECOVERED", []]);
  const watchedMs = (again?.closedAtMs ?? 0) - (again?.openedAtMs ?? 0);
  assert.ok(watchedMs >= 300_000, `it was watched for ${watchedMs} ms`);
  assert.deepEqual(wrongs(flown), []);
});

test("an incident that is opened again takes the alarm that the change brings back, and decides", async () => {
  const flown = await playOverwritten(true);

  const [first, again] = inOrder(flown);
  assert.deepEqual([first?.keys, first?.terminal], [again?.keys.slice(0, 1), "RESOLVED"]);
  assert.ok((again?.decided ?? 0) > 0, `it decided ${again?.decided} times`);
  assert.ok(Object.values(again?.rings ?? {}).flat().length > 0, "its alarm rang");
  assert.deepEqual(wrongs(flown), []);
});
