import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { POLICIES } from "../../core/policies.ts";
import type { Drafted, Scorer } from "../../core/ports.ts";
import type { Catalogue } from "../../core/runbook.ts";
import { emptyTrackRecord } from "../../core/track-record.ts";
import { effectOn, presentFaults } from "../../world/people/knowledge.ts";
import type { World } from "../../world/state.ts";
import { playDay } from "./day.ts";
import { trainDays } from "./days.ts";
import { catalogueKnown, mistakenOf } from "./knowledge.ts";

const NONE: ReadonlySet<string> = new Set();
const days = trainDays(9, { confounding: "mild", broken: 0 });

/** Everything that is drafted on these days while the policy only waits and pages, with what each would do in truth. */
const draftsOf = async (count: number, known: Catalogue = catalogue) => {
  const heard: Readonly<{ drafted: Drafted; helps: readonly boolean[] }>[] = [];
  for (let index = 0; index < count; index += 1) {
    const { scenario, drafter } = days(index);
    await playDay({
      ...{ scenario, catalogue: known, trackRecord: emptyTrackRecord, judge: false },
      policy: () => POLICIES.page as Scorer,
      drafter: (world: World) => ({
        draft: async (context, from) => {
          const drafted = await drafter(world).draft(context, from);
          const faults = presentFaults(world);
          const helps = drafted.proposals.map((one) => ["heals", "eases"].includes(effectOn(faults, one)));
          heard.push({ drafted, helps });
          return drafted;
        },
      }),
    });
  }
  return heard;
};

test("a simulated model names what helps more often than not, and what it names first helps in less than half of the incidents", async () => {
  const heard = await draftsOf(150);
  const named = heard.filter(({ drafted }) => drafted.name === "recorded");
  const helped = named.filter(({ helps }) => helps.includes(true));
  const first = helped.filter(({ helps }) => helps[0] === true);

  assert.ok(named.length > heard.length * 0.6 && named.length < heard.length * 0.9);
  assert.ok(helped.length / named.length > 0.4, `${helped.length} of ${named.length}`);
  assert.ok(
    first.length / helped.length > 0.3 && first.length / helped.length < 0.6,
    `${first.length / helped.length}`,
  );
  assert.ok(first.length / named.length < 0.5);
});

test("rules that recall nothing suggest nothing, rules that recall all are as they were, and half of it is about half", async () => {
  const suggested = async (recall: number): Promise<number> => {
    const known = catalogueKnown(catalogue, { recall, mistaken: NONE, stream: "a" });
    const heard = await draftsOf(40, known);
    return heard
      .filter(({ drafted }) => drafted.name === "offline")
      .reduce((sum, { drafted }) => sum + drafted.proposals.length, 0);
  };

  const [none, half, all] = [await suggested(0), await suggested(0.5), await suggested(1)];

  assert.equal(none, 0);
  assert.ok(half > 0 && half < all, `${half} of ${all}`);
});

test("so large a share of the runbooks is mistaken, always the same ones, and what may happen stays as it is", () => {
  const mistaken = mistakenOf(catalogue, 0.3);
  const known = catalogueKnown(catalogue, { recall: 1, mistaken, stream: "a" });

  assert.equal(mistaken.size, Math.round(0.3 * catalogue.runbooks.filter(({ kind }) => kind === "effect").length));
  assert.deepEqual([...mistakenOf(catalogue, 0.3)], [...mistaken]);
  assert.equal(mistakenOf(catalogue, 0).size, 0);
  assert.equal(known.hash, catalogue.hash);
  assert.deepEqual(
    known.runbooks.map(({ suits: _, ...rest }) => rest),
    catalogue.runbooks.map(({ suits: _, ...rest }) => rest),
  );
});
