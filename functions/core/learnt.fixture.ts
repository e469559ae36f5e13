import type { ChooseInput } from "./choose.ts";
import {
  catalogueOf,
  learntScore,
  limitsWith,
  OPENED_MS,
  page,
  restart,
  runbookWith,
  wait,
} from "./example.fixture.ts";
import type { Limits, Outlook, Verdict } from "./stages.ts";

/** What a learnt model is asked about in tests: two runbooks, some of whose runs are hard to tell from one another. */
export const LEARNT_CATALOGUE = catalogueOf(restart, runbookWith({ id: "reboot" }), wait, page);

export type LearntInput = ChooseInput & Readonly<{ limits: Limits }>;

export const learntInput = (priced: ChooseInput["priced"], changes: Partial<LearntInput> = {}): LearntInput => ({
  ...{ incidentId: "quell-test", step: 0, nowMs: OPENED_MS, approvalSeconds: 1800, catalogue: LEARNT_CATALOGUE },
  ...{ priced, state: [1, 2], severity: 2, draw: "best", limits: limitsWith(), scorerFailure: null },
  ...changes,
});

export const foreseen = (
  verdict: Verdict,
  rank: number,
  changes: Partial<Outlook> = {},
): ChooseInput["priced"][number] => ({
  ...{ verdict, features: [0], score: learntScore(rank, changes) },
});
