import type { DatabaseSync } from "node:sqlite";
import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import { scriptedPeople } from "../adapters/simulated/approvals.ts";
import { draftOffline } from "../core/draft.ts";
import { CANDIDATE_FEATURES } from "../core/features.ts";
import type { Scorer } from "../core/ports.ts";
import { episodesIn } from "./gameday-episodes.ts";
import type { GamedayParameters } from "./gameday-options.ts";
import { gamedayStore } from "./gameday-store.ts";
import type { Stage } from "./gameday-system.ts";

const PARAMETERS: GamedayParameters = {
  incidents: 1,
  seed: 1,
  mode: "auto",
  policy: "rules",
  drafter: "offline",
  approve: "yes",
};

/** Prefers the effect that fits least, so that worlds have wrong actions, their undos, and pages. */
const contrary: Scorer = {
  policy: "contrary",
  modelHash: "",
  draw: "best",
  score: async (_state, candidates) =>
    candidates.map((vector) => {
      const isEffect = vector[CANDIDATE_FEATURES.indexOf("effect")] === 1;
      const fit = vector[CANDIDATE_FEATURES.indexOf("fit")] ?? 0;
      return { q: { mean: isEffect ? 2 - fit : 0, sd: 0 } };
    }),
};

const { policies, schema } = loadGuardrails();

/** A stage on this database that nobody watches, with everything kept in it. */
export const stageOn = (database: DatabaseSync, incidents: number, seed = 1): Stage => {
  const parameters = { ...PARAMETERS, incidents, seed };
  const store = gamedayStore(database, parameters, "in memory");
  return {
    parameters,
    database,
    store,
    engineStoreOf: store.parts.engineStoreOf,
    episodesOf: episodesIn(database),
    codeHash: "",
    catalogue,
    guardrails: cedarGuardrails(policies, schema),
    drafter: () => ({ draft: async (context, from) => draftOffline(context, from, null) }),
    scorer: () => contrary,
    people: () => scriptedPeople("approve"),
    tellOf: () => null,
    pace: async () => {},
  };
};
