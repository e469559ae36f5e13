import type { Context } from "./context.ts";
import { described, encoded } from "./feature.ts";
import { CANDIDATE } from "./features-candidate.ts";
import { STATE } from "./features-state.ts";
import { hashOf } from "./ids.ts";
import { ALONE, type Beside, optionOf } from "./option.ts";
import type { Catalogue } from "./runbook.ts";
import { sceneOf } from "./scene.ts";
import type { Candidate } from "./stages.ts";

/**
 * Feature vectors, encoded once, here, and logged: numbers from trusted APIs only, no free text, no future. Every
 * feature names its unit and its range; the order of the lists is the order of the vector.
 */
export const STATE_FEATURES: readonly string[] = STATE.map((feature) => feature.name);
export const CANDIDATE_FEATURES: readonly string[] = CANDIDATE.map((feature) => feature.name);

/** The schema of both vectors, and its hash: a model that was trained on another one is refused. */
export const FEATURE_SCHEMA = { version: 3, state: described(STATE), candidate: described(CANDIDATE) } as const;
export const FEATURES_HASH: string = hashOf(FEATURE_SCHEMA);

/** S numbers. A value outside its range is clamped; one that is not a number stays NaN, so that choose abstains. */
export const encodeState = (context: Context): readonly number[] => encoded(STATE, sceneOf(context));

/** A numbers of one candidate, among those beside it. */
export const encodeCandidate = (
  context: Context,
  candidate: Candidate,
  catalogue: Catalogue,
  beside: Beside = ALONE,
): readonly number[] => encoded(CANDIDATE, optionOf(context, candidate, catalogue, beside));
