import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { arnParts, levelsOf, numberOf, pointsOf, riseOf, seriesOf, shown, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";
import { strainBelow } from "../strain.ts";

const ID = "lambda-reserved-concurrency";
const TARGET_TYPE = "AWS::Lambda::Alias";

/** Half of the concurrency that an account has by default: more for one function is its owner's decision. */
const MOST_RESERVED = 500;
const reserved = z.int().min(1).max(MOST_RESERVED);
/** More than this at once is a decision about what stands behind the function, not a remedy. */
const MOST_GROWTH = 3;
const AIM_GROWTH = 2;
/** A tenth of the account's default pool, which every function without a reservation shares: more starves others. */
const MOST_ADDED = 100;
/** A reservation of which this share runs is used up: the rest is between one minute's readings. */
const FULL_SHARE = 0.9;
/** Calls turned away in a minute that are no accident. */
const THROTTLES = { ratio: 2, floor: 5 } as const;

const aim = (target: Resource): Params | null => {
  const now = numberOf(target, "reservedConcurrentExecutions");
  const [, FunctionName] = arnParts(target.arn);
  if (now === null || now < 1 || FunctionName === undefined) return null;
  const ReservedConcurrentExecutions = Math.min(MOST_RESERVED, now + MOST_ADDED, Math.ceil(now * AIM_GROWTH));
  if (ReservedConcurrentExecutions <= now) return null;
  return { FunctionName, ReservedConcurrentExecutions, ExpectedReservedConcurrentExecutions: now };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  const now = numberOf(target, "reservedConcurrentExecutions");
  const throttles = seriesOf(context, target.arn, "Throttles");
  const running = seriesOf(context, target.arn, "ConcurrentExecutions");
  if (params === null || now === null || throttles === null || wasTried(context, ID, target.arn)) return [];
  const rise = riseOf(context, { id: throttles.id, what: "Throttles" }, pointsOf(throttles, "zero"), THROTTLES);
  if (rise === null) return [];
  const told = `${target.name} turns away ${shown(rise.now)} calls a minute`;
  const offer = (fit: number, because: string, evidence: readonly string[]): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [throttles.id, ...evidence] },
  ];
  const most = levelsOf(context, pointsOf(running, "left-out"))?.now ?? 0;
  if (running === null || most < FULL_SHARE * now) return offer(0.3, `${told}, below its reservation of ${now}.`, []);
  const strain = strainBelow(context, target.arn);
  if (strain !== null) return offer(0.3, `${told}, but ${strain.because}.`, strain.evidence);
  const errors = seriesOf(context, target.arn, "Errors");
  const failing = riseOf(context, { id: errors?.id ?? "", what: "Errors" }, pointsOf(errors, "zero"), THROTTLES);
  if (errors !== null && failing !== null) return offer(0.35, `${told}, but those that run fail.`, [errors.id]);
  return offer(0.85, `${told}, and all ${now} that are reserved for it run.`, [running.id]);
};

/** Raises the concurrency that a function has reserved already: a first reservation has no inverse but a deletion. */
export const lambdaReservedConcurrency: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Raise the concurrency reserved for a Lambda function",
  kind: "effect",
  effect:
    "More calls of the function run at once, taken from what functions without a reservation share. None is interrupted.",
  targetType: TARGET_TYPE,
  parameters: z
    .strictObject({
      FunctionName: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/),
      ReservedConcurrentExecutions: reserved,
      ExpectedReservedConcurrentExecutions: reserved,
    })
    .refine(
      (given) => given.ReservedConcurrentExecutions > given.ExpectedReservedConcurrentExecutions,
      "it only ever raises a reservation",
    )
    .refine(
      (given) => given.ReservedConcurrentExecutions <= MOST_GROWTH * given.ExpectedReservedConcurrentExecutions,
      "it adds no more than twice what is reserved",
    )
    .refine(
      (given) => given.ReservedConcurrentExecutions <= given.ExpectedReservedConcurrentExecutions + MOST_ADDED,
      "it takes no more than a tenth of the account's pool at once",
    ),
  tier: 0,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 1,
  cooldownSeconds: 1800,
  whenRecovered: "finish",
  treats: ["AWS/Lambda/Throttles", "AWS/SQS/ApproximateAgeOfOldestMessage"],
  endsDeployment: false,
  departsFrom: "the function's ReservedConcurrentExecutions",
  blastRadius: (target) => ({ share: 0, resources: 1, zones: target.zones, dataStore: false, capacity: null }),
  suitsWhen: "A Lambda function turns calls away while all of its reserved concurrency runs and its calls succeed.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
