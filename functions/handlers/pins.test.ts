import assert from "node:assert/strict";
import { test } from "node:test";
import { heldTo, type Pinned } from "../core/pins.ts";
import { erringDeployment } from "../world/small-system.fixture.ts";
import { type Flow, play } from "./flow.fixture.ts";
import { wrongs } from "./paths.fixture.ts";

const OTHER: Pinned = { what: "the guardrails", deployed: "a", loaded: "b" };

/** The handler of a function whose guardrails are not those that were deployed. */
const straying = (flow: Flow): Flow => ({
  ...flow,
  around: (ports) => ({ ...ports, guardrails: heldTo([OTHER], ports.guardrails) }),
});

for (const mode of ["auto", "approve"] as const)
  test(`in mode ${mode} an agent that is not as it was deployed starts nothing, and every incident ends with people told why`, async () => {
    const flow: Flow = { scenario: erringDeployment(), settings: { mode } };
    const whole = await play(flow);

    const flown = await play(straying(flow));

    assert.ok(whole.runs.length > 0, "the same alarm is acted on where nothing strays");
    assert.deepEqual(flown.runs, []);
    assert.deepEqual(
      flown.incidents.map(({ keys, terminal }) => [keys, terminal]),
      whole.incidents.map(({ keys }) => [keys, "ESCALATED"]),
    );
    assert.ok(flown.inputs.length > 0, "a person was paged");
    assert.equal(flown.settled.length, 0, "nobody was asked");
    assert.match(JSON.stringify(flown.records[0]), /Not as it was deployed: the guardrails\./);
    assert.deepEqual(wrongs(flown), []);
  });

test("an agent that is changed after people consented does not start what they consented to", async () => {
  let asks = 0;
  const flow: Flow = {
    scenario: erringDeployment(),
    settings: { mode: "approve" },
    around: (ports) => ({
      ...ports,
      guardrails: {
        ...ports.guardrails,
        ask: (request) => (asks === 0 ? ports.guardrails : heldTo([OTHER], ports.guardrails)).ask(request),
      },
      approvals: {
        ...ports.approvals,
        ask: async (card) => {
          await ports.approvals.ask(card);
          asks += 1;
        },
      },
    }),
  };

  const flown = await play(flow);

  assert.ok(asks > 0);
  assert.deepEqual(flown.runs, []);
  assert.equal(flown.incidents[0]?.terminal, "ESCALATED");
});
