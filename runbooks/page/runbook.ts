import { z } from "zod";
import type { Runbook } from "../../functions/core/runbook.ts";

/** A strong match of another runbook stands above this, a doubtful one below it. */
const FIT = 0.5;

/** Hands the incident to the person on call. It is there at every decision. */
export const page: Runbook = {
  id: "page",
  version: "1.0.0",
  title: "Page the person on call",
  kind: "page",
  effect: "Nothing is changed; a person takes over.",
  targetType: null,
  parameters: z.strictObject({}),
  tier: 0,
  reversal: "not-needed",
  documents: null,
  expectedMinutes: 0,
  cooldownSeconds: 0,
  whenRecovered: "finish",
  treats: [],
  endsDeployment: false,
  blastRadius: () => ({ share: 0, resources: 0, zones: 0, dataStore: false, capacity: null }),
  suitsWhen: "Always: a person can be asked at every decision.",
  aim: () => null,
  suits: () => [{ target: "", params: {}, fit: FIT, because: "A person can always be asked.", evidence: [] }],
};
