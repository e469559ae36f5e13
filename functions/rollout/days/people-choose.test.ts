import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { POLICIES } from "../../core/policies.ts";
import type { Scorer } from "../../core/ports.ts";
import { emptyTrackRecord } from "../../core/track-record.ts";
import type { World } from "../../world/state.ts";
import { type PolicyOf, playDay } from "./day.ts";
import { type Days, trainDays } from "./days.ts";
import { peopleChoose } from "./people-choose.ts";

const COUNT = 60;
const days = trainDays(12, { confounding: "none", broken: 0 });

/** Mean hours of severity-1 impact and costs of a day under a policy. */
const meanHours = async (stream: Days, policy: PolicyOf): Promise<number> => {
  let hours = 0;
  for (let index = 0; index < COUNT; index += 1) {
    const day = await playDay({ ...stream(index), policy, trackRecord: emptyTrackRecord, judge: false });
    hours += day.hours;
  }
  return hours / COUNT;
};

test("experts cost less than whoever is on call, and whoever is on call less than chance", async () => {
  const [expert, turn, chance] = [
    await meanHours(days, (world) => peopleChoose(catalogue, world, "expert")),
    await meanHours(days, (world) => peopleChoose(catalogue, world)),
    await meanHours(days, () => POLICIES.uniform as Scorer),
  ];

  assert.ok(expert < turn && turn < chance, `${expert} ${turn} ${chance}`);
});

test("a person takes one of the candidates that the guard allows, and none that it refuses", async () => {
  for (let index = 0; index < 20; index += 1) {
    const { rows } = await playDay({
      ...days(index),
      policy: (world: World) => peopleChoose(catalogue, world),
      trackRecord: emptyTrackRecord,
      judge: false,
    });

    for (const { executed, allowed, probability } of rows) {
      const chosen = (probability ?? []).indexOf(1);
      assert.ok(allowed[chosen] === true);
      assert.ok(executed < 0 || allowed[executed] === true);
    }
  }
});
