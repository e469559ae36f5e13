import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readIncidents } from "../core/incident.ts";
import { isLookedAfter } from "../core/open-incidents.ts";
import type { Ports } from "../core/ports.ts";
import type { Reconciled, ReconcilePorts } from "../core/reconcile.ts";
import { settingsSchema } from "../core/settings.ts";
import { settingsFor } from "../world/settings-for.ts";
import { createWorld } from "../world/world.ts";
import { type Flow, play } from "./flow.fixture.ts";
import { PATHS, sideBySide, wrongs } from "./paths.fixture.ts";
import { reconcileWith } from "./reconcile.ts";

type State = Awaited<ReturnType<ReconcilePorts["executionState"]>>;

const reconciling = (ports: Ports, { scenario, settings }: Flow, state: State): Promise<Reconciled> => {
  const all = settingsSchema.parse({ ...settingsFor(createWorld(scenario)), ...settings });
  const openIncidents = async () => (await readIncidents(ports.ledger)).filter(isLookedAfter).map(({ id }) => id);
  return reconcileWith({ ...ports, openIncidents, ringing: async () => [], executionState: async () => state }, all)();
};

describe("reconcile beside a running execution", () => {
  test("changes nothing of how an incident ends, at whichever of its looks it runs", async () => {
    const disturbed = await sideBySide(PATHS, async ({ flow }) => {
      const failures: string[] = [];
      let rung = 0;
      const around = (ports: Ports): Ports => ({
        ...ports,
        evidence: {
          ...ports.evidence,
          alarms: async (keys) => {
            const done = await reconciling(ports, flow, "running");
            failures.push(...done.failures);
            rung += done.rung;
            return ports.evidence.alarms(keys);
          },
        },
      });
      return { flown: await play({ ...flow, around }), clean: await play(flow), failures, rung };
    });

    for (const [index, { flown, clean, failures, rung }] of disturbed.entries()) {
      assert.deepEqual(
        flown.incidents.map(({ terminal }) => terminal),
        [PATHS[index]?.terminal],
      );
      assert.deepEqual([wrongs(flown), failures, flown.runs.length], [[], [], clean.runs.length]);
      assert.ok(rung > 0, "bells were rung");
    }
  });
});

test("an incident whose execution died before its first word is handed to people, once", async () => {
  const [resolving] = PATHS;
  assert.ok(resolving !== undefined);
  let kept: Ports | null = null;
  const pages: string[] = [];
  const around = (ports: Ports): Ports => {
    kept = { ...ports, pager: { ...ports.pager, page: async ({ incidentId }) => void pages.push(incidentId) } };
    const write: Ports["ledger"]["write"] = async (key, item, expected) => {
      if (key.startsWith("incident#")) throw new Error("the ledger is away");
      return ports.ledger.write(key, item, expected);
    };
    return { ...ports, ledger: { ...ports.ledger, write } };
  };
  const flown = await play({ ...resolving.flow, around, mostHours: 2 });
  assert.ok(kept !== null);

  const first = await reconciling(kept, resolving.flow, "ended");
  const second = await reconciling(kept, resolving.flow, "ended");

  const [incident] = flown.incidents;
  assert.deepEqual([flown.statuses, incident?.terminal], [["FAILED"], null]);
  assert.deepEqual([first.closed, second.closed, pages], [1, 0, [incident?.id]]);
});
