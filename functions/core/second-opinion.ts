import { isBorneOut } from "./claims.ts";
import type { Context } from "./context.ts";
import type { Series } from "./evidence.ts";
import type { Citation, Drafted, Proposal } from "./ports.ts";
import { type Because, because, type DoubtedCode } from "./reasons.ts";
import { type Catalogue, findRunbook } from "./runbook.ts";
import { sameMetric } from "./severity.ts";

/** One signal alone may be chance, or somebody's doing: two that do not hang together are the least to act on. */
const LEAST_SIGNALS = 2;

/**
 * What does not hold of what a drafter rests each of its proposals on, in their order; null where nothing was found. It
 * can only lower: a doubt takes a rank away, and nothing here adds a candidate or changes one. The rules that speak
 * when no drafter does rest on numbers already and are not doubted. Reads ids, numbers and times, no text. Never throws.
 */
export const secondOpinion = (
  context: Context,
  catalogue: Catalogue,
  drafted: Pick<Drafted, "name" | "proposals">,
): readonly (Because<DoubtedCode> | null)[] =>
  drafted.proposals.map((proposal) => (drafted.name === "offline" ? null : doubtOf(context, catalogue, proposal)));

// No detail repeats an id: those of a drafter are its own words.
const doubtOf = (context: Context, catalogue: Catalogue, proposal: Proposal): Because<DoubtedCode> | null => {
  const { target, evidence } = proposal;
  if (!context.resources.some(({ arn }) => arn === target))
    return because(
      "target-not-in-graph",
      `Its target is none of the incident's ${context.resources.length} resources.`,
    );
  if (evidence.length === 0) return because("no-evidence", "It cites no evidence.");
  const known = knownIds(context);
  const unknown = evidence.filter(({ id }) => !known.has(id)).length;
  if (unknown > 0)
    return because("unknown-evidence", `${unknown} of ${evidence.length} citations name nothing that was read.`);
  const untrue = evidence.filter((citation) => isBorneOut(context, citation) === false).length;
  if (untrue > 0)
    return because("claim-not-borne-out", `${untrue} of ${evidence.length} claims are not what the numbers say.`);
  const signals = signalsIn(context, evidence);
  const independent = new Set(signals.map(({ name }) => name)).size;
  if (independent < LEAST_SIGNALS)
    return because("too-few-signals", `${independent} of ${LEAST_SIGNALS} independent signals stand behind it.`);
  return signals.some((signal) => concerns(context, catalogue, proposal, signal))
    ? null
    : because("too-few-signals", "No signal behind it speaks for doing this to its target.");
};

const knownIds = (context: Context): ReadonlySet<string> =>
  new Set([
    ...[context.series, context.changes, context.logs, context.words].flatMap((all) => all.map(({ id }) => id)),
    ...context.alarms.map(({ key }) => key),
  ]);

/**
 * `name` is the same for what is no independent evidence. `breached` is a metric that went the bad way, as
 * `namespace/metricName`; null for any other signal.
 */
type Signal = Readonly<{
  name: string;
  kind: "metric" | "change" | "alarm";
  arn: string | null;
  breached: string | null;
}>;

/**
 * The trusted signs of trouble among the citations: a metric away from its usual, a change, an alarm that rings, each
 * borne out by the numbers. What is as usual is no sign, and log templates and words can be written by anybody.
 */
const signalsIn = (context: Context, evidence: readonly Citation[]): readonly Signal[] =>
  evidence
    .filter((citation) => citation.says !== "usual" && isBorneOut(context, citation) === true)
    .flatMap(({ id, says }): readonly Signal[] => {
      const series = context.series.find((one) => one.id === id);
      if (series !== undefined) {
        const metric = `${series.metric.namespace}/${series.metric.metricName}`;
        const breached = says === `${badSideOf(context, series)}-usual` ? metric : null;
        return [{ name: `metric ${metric} ${series.arn}`, kind: "metric", arn: series.arn, breached }];
      }
      // A commit and the deployment that ships it are one event.
      const change = context.changes.find((one) => one.id === id);
      if (change !== undefined)
        return [{ name: `change ${change.target}`, kind: "change", arn: change.target, breached: null }];
      const alarm = context.alarms.find((one) => one.key === id);
      return alarm === undefined ? [] : [{ name: `alarm ${alarm.key}`, kind: "alarm", arn: null, breached: null }];
    });

/** Which side of its usual is trouble: what the service's own SLI says; of most metrics more is worse. */
const badSideOf = (context: Context, series: Series): "above" | "below" =>
  context.service.slis.find(({ metric }) => sameMetric(metric, series.metric))?.bad ?? "above";

/**
 * Whether a signal speaks for doing this to this target: it stands at the target or at what calls it directly. Where the
 * runbook says which metrics it treats, it must be a breach of one of those, or a change of the target itself;
 * what ends a deployment rests on a change of the target and on nothing else, for symptoms alone convict no version.
 */
const concerns = (context: Context, catalogue: Catalogue, proposal: Proposal, signal: Signal): boolean => {
  const { target } = proposal;
  const callers = context.resources.filter(({ dependsOn }) => dependsOn.includes(target)).map(({ arn }) => arn);
  const isNear = signal.arn !== null && [target, ...callers].includes(signal.arn);
  const runbook = findRunbook(catalogue, proposal.runbook, proposal.version);
  const isOwnChange = signal.kind === "change" && signal.arn === target;
  if (runbook?.endsDeployment) return isOwnChange;
  if (runbook === null || runbook.treats.length === 0) return isNear;
  return isOwnChange || (isNear && signal.breached !== null && runbook.treats.includes(signal.breached));
};
