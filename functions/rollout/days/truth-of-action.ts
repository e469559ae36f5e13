import type { AutomationDocument } from "../../core/automation-document.ts";
import { type Course, courseWithout, type Truth, truthOf } from "../../world/forked-truth.ts";
import type { Scenario } from "../../world/scenario.ts";
import type { World } from "../../world/state.ts";
import type { WorldInput } from "../../world/types.ts";

/** What is known of one scenario: courses without and truths, by all that was done to its world up to then. */
type Known = Readonly<{ without: Map<string, Course>; truths: Map<string, Truth> }>;

const known = new WeakMap<Scenario, Known>();

const knownOf = (scenario: Scenario): Known => {
  const made = known.get(scenario) ?? { without: new Map<string, Course>(), truths: new Map<string, Truth>() };
  known.set(scenario, made);
  return made;
};

/**
 * The truth of an action that is about to start in this world. A world is a function of its scenario and its inputs: where
 * one scenario is played many times, what began alike is played out once.
 */
export const truthOfAction = (
  before: World,
  documents: ReadonlyMap<string, AutomationDocument>,
  action: WorldInput,
): Truth => {
  const { without, truths } = knownOf(before.scenario);
  const past = JSON.stringify([action.atMs, before.inputs]);
  return once(truths, `${JSON.stringify(action)} ${past}`, () =>
    truthOf(
      before,
      documents,
      action,
      once(without, past, () => courseWithout(before, action.atMs)),
    ),
  );
};

const once = <Value>(values: Map<string, Value>, key: string, make: () => Value): Value => {
  const value = values.get(key) ?? make();
  values.set(key, value);
  return value;
};
