import { type Feature, flag, grouped, number } from "./feature.ts";
import { TARGET } from "./features-target.ts";
import { measuredTier } from "./guard-scope.ts";
import { sha256 } from "./ids.ts";
import type { Option } from "./option.ts";
import { rememberedTexts } from "./remembered.ts";
import type { Candidate } from "./stages.ts";

type CandidateFeature = Feature<Option>;

/** As many candidates as a decision has at most; also the rank of what nobody ranked. */
const MOST = 32;
const RISKIEST = { tier: 3, share: 1, resources: 64, zones: 6 } as const;

/** The first 24 bits of the sha256 of a runbook's id: exact in a float32, and the same in every account. */
export const runbookCode: (id: string) => number = rememberedTexts((id) => Number.parseInt(sha256(id).slice(0, 6), 16));

const CODE: CandidateFeature = {
  ...{ name: "runbook", unit: "first 24 bits of sha256 of the id", kind: "code", min: 0, max: 2 ** 24 - 1 },
  of: ({ candidate }) => runbookCode(candidate.runbook),
};

const fitOf = ({ fit }: Candidate): number => fit ?? 0;

const FIT: readonly CandidateFeature[] = [
  number("fit", "share", [0, 1], ({ candidate }) => fitOf(candidate)),
  flag("fitMissing", ({ candidate }) => candidate.fit === null),
  number(
    "fitRank",
    "candidates that fit better",
    [0, MOST],
    ({ candidate, rivals }) => rivals.filter((rival) => fitOf(rival) > fitOf(candidate)).length,
  ),
  number("fitGap", "share below the best fit", [0, 1], ({ candidate, rivals }) =>
    Math.max(0, ...rivals.map((rival) => fitOf(rival) - fitOf(candidate)).filter(Number.isFinite)),
  ),
  number("rivals", "candidates", [0, MOST], ({ rivals }) => rivals.length),
  number(
    "sameRunbook",
    "candidates of this runbook",
    [0, MOST],
    ({ candidate, rivals }) => rivals.filter(({ runbook }) => runbook === candidate.runbook).length,
  ),
];

const DRAFTER: readonly CandidateFeature[] = grouped("drafter", [
  number("drafterRank", "rank, 32 = not drafted", [0, MOST], ({ candidate }) => candidate.rank ?? MOST),
  number("drafterRecovers", "probability", [0, 1], ({ candidate }) => candidate.recovers ?? 0),
  flag("drafterRecoversMissing", ({ candidate }) => candidate.recovers === null),
  flag("drafterNamed", ({ candidate }) => candidate.source === "drafter"),
  flag("drafterDoubted", ({ candidate }) => candidate.doubt !== null),
]);

/** A measure of something unknown, or one that is no number, is the riskiest. */
const measure = ({ candidate, radius }: Option, of: "share" | "resources" | "zones"): number => {
  if (candidate.target === null) return 0;
  const value = radius?.[of] ?? Number.NaN;
  return Number.isFinite(value) ? value : RISKIEST[of];
};

const METADATA: readonly CandidateFeature[] = [
  flag("effect", ({ candidate }) => candidate.target !== null),
  flag("pages", ({ runbook }) => runbook?.kind === "page"),
  flag("waits", ({ runbook }) => runbook?.kind === "wait"),
  flag("unknownRunbook", ({ runbook }) => runbook === null),
  number("tier", "T0..T3", [0, 3], ({ runbook }) => runbook?.tier ?? RISKIEST.tier),
  number("measuredTier", "T0..T3", [0, 3], ({ candidate, runbook, radius }) => {
    if (candidate.target === null) return runbook?.tier ?? RISKIEST.tier;
    return runbook === null || radius === null ? RISKIEST.tier : measuredTier(runbook, radius);
  }),
  flag("reversible", ({ runbook }) => runbook !== null && runbook.reversal !== "none"),
  flag("undoable", ({ runbook }) => (runbook?.documents?.undo ?? null) !== null),
  number("expectedMinutes", "minutes", [0, 240], ({ runbook }) => runbook?.expectedMinutes ?? 0),
  number("cooldown", "minutes", [0, 1440], ({ runbook }) => (runbook?.cooldownSeconds ?? 0) / 60),
  flag("endsDeployment", ({ runbook }) => runbook?.endsDeployment === true),
  number("interruptedShare", "share of the target", [0, 1], (option) => measure(option, "share")),
  number("touchedResources", "resources", [0, RISKIEST.resources], (option) => measure(option, "resources")),
  number("touchedZones", "zones", [0, RISKIEST.zones], (option) => measure(option, "zones")),
  flag("dataStore", ({ candidate, radius }) => candidate.target !== null && (radius?.dataStore ?? true)),
  number("servingShare", "share of the desired capacity that goes on, 1 = not counted", [0, 4], ({ radius }) => {
    const { desired, remaining } = radius?.capacity ?? { desired: 1, remaining: 1 };
    const share = remaining / desired;
    return Number.isFinite(share) ? share : 0;
  }),
];

const TRIED: readonly CandidateFeature[] = [
  number(
    "triedBefore",
    "times in this incident",
    [0, 6],
    ({ scene, candidate }) =>
      scene.context.tried.filter((one) => one.runbook === candidate.runbook && one.target === candidate.target).length,
  ),
  number(
    "triedElsewhere",
    "times in this incident, on other targets",
    [0, 6],
    ({ scene, candidate }) =>
      scene.context.tried.filter((one) => one.runbook === candidate.runbook && one.target !== candidate.target).length,
  ),
  number(
    "othersTriedHere",
    "other runbooks' tries on this target",
    [0, 6],
    ({ scene, candidate: { runbook, target } }) =>
      scene.context.tried.filter((one) => target !== null && one.runbook !== runbook && one.target === target).length,
  ),
];

const HISTORY: readonly CandidateFeature[] = grouped("history", [
  flag("trackRecordMissing", ({ past }) => past.isMissing),
  number("runs", "log(1 + runs in 90 days)", [0, 16], ({ past, candidate }) =>
    Math.log1p(past.of(candidate.runbook).runs),
  ),
  number("helped", "shrunk share of runs", [0, 1], ({ past, candidate }) => past.of(candidate.runbook).helped),
  number("harmed", "shrunk share of runs", [0, 1], ({ past, candidate }) => past.of(candidate.runbook).harmed),
  number("classRuns", "log(1 + runs in 90 days, same alarm class)", [0, 16], ({ past, candidate, scene }) =>
    Math.log1p(past.ofClass(candidate.runbook, scene.alarmClass).runs),
  ),
  number(
    "classHelped",
    "shrunk share of runs, same alarm class",
    [0, 1],
    ({ past, candidate, scene }) => past.ofClass(candidate.runbook, scene.alarmClass).helped,
  ),
]);

/**
 * A candidate as numbers. The wait for an approval is not among them: it is known only after the guard has said how many
 * consents it takes, and the vector is the same in every stage.
 */
export const CANDIDATE: readonly CandidateFeature[] = [
  CODE,
  ...FIT,
  ...DRAFTER,
  ...METADATA,
  ...TARGET,
  ...TRIED,
  ...HISTORY,
];
