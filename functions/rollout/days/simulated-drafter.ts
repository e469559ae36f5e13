import { isBorneOut } from "../../core/claims.ts";
import type { Context } from "../../core/context.ts";
import { draftOffline } from "../../core/draft.ts";
import type { Citation, Drafted, Drafter, Proposal } from "../../core/ports.ts";
import type { Catalogue } from "../../core/runbook.ts";
import { effectOn, helps, presentFaults } from "../../world/people/knowledge.ts";
import { chance, gaussian, uniform } from "../../world/random.ts";
import type { World } from "../../world/state.ts";
import { everyAim } from "./every-aim.ts";
import type { Knowledge } from "./knowledge.ts";

/** Share of the days on which no model can be reached, and the catalogue's rules draft alone. */
const OFFLINE_SHARE = 0.25;
/** As many as the reply's form takes. */
const MOST_PROPOSALS = 8;
const MOST_CITATIONS = 4;
/** How often it names what would not help: of the service whose alarm rings, of what that calls directly, of the rest. */
const NAMES = { own: 0.3, next: 0.15, further: 0.04 } as const;
/** How much nearer and helpful things come first, in standard deviations of what it is wrong by. */
const PREFERS = { own: 0.6, next: 0.3, further: 0 } as const;

/** What one model is like beside what it recalls. */
export type DraftingModel = Readonly<{
  /** Its id; null for the one that is always simulated. */
  model: string | null;
  /** How much further up it puts what helps, in standard deviations of what it is wrong by. */
  insight: number;
  /** Standard deviation of what it is wrong by, beside how much it prefers what is near. */
  noise: number;
  /** The probability that it gives to what it finds middling, before it says how sure it feels. */
  sureness: number;
}>;

/**
 * With this insight its first choice helps in somewhat less than half of the incidents in which anything named does:
 * benchmarks put the accuracy of models on causes that they have not seen under 50 % (see the simulator's test of it).
 */
const USUAL: DraftingModel = { model: null, insight: 0.2, noise: 1, sureness: 0.55 };

/**
 * A model that drafts, as far as a simulated one can: it names what would help with a given recall and a few things that
 * would not, orders them with little insight, and cites true numbers. Its words and its probability are worth what such a
 * model's are; the second opinion looks at its citations as at anybody's.
 */
export const simulatedDrafter =
  ({ recall, mistaken, stream }: Knowledge, like: DraftingModel = USUAL) =>
  (world: World): Drafter => {
    const day = `${stream}|${world.scenario.seed}/${world.scenario.index}|drafter`;
    return {
      draft: async (context, catalogue) => {
        const offline = draftOffline(context, catalogue, null);
        if (chance(`${day}|offline`, 0, OFFLINE_SHARE)) return offline;
        const proposals = proposalsOf(world, context, catalogue, { recall, mistaken, stream: day }, like);
        return { ...offline, name: "recorded", model: like.model, proposals } satisfies Drafted;
      },
    };
  };

type Rated = Readonly<{ proposal: Proposal; relevance: number }>;

const proposalsOf = (
  world: World,
  context: Context,
  catalogue: Catalogue,
  { recall, mistaken, stream }: Knowledge,
  { insight, noise, sureness }: DraftingModel,
): readonly Proposal[] => {
  const faults = presentFaults(world);
  const next = new Set(context.service.dependsOn);
  const services = new Map(context.resources.map(({ arn, service }) => [arn, service]));
  const named = everyAim(catalogue, context.resources).flatMap((proposal): readonly Rated[] => {
    const { runbook, target } = proposal;
    const thing = `${stream}|${runbook}|${target}`;
    const service = services.get(target) ?? "";
    const place = service === context.service.name ? "own" : next.has(service) ? "next" : "further";
    const seemsToHelp = helps(effectOn(faults, { runbook, target })) !== mistaken.has(runbook);
    if (!chance(`${thing}|named`, 0, seemsToHelp ? recall : NAMES[place])) return [];
    const wrongBy = noise * gaussian(`${thing}|relevance`, context.step);
    const relevance = (seemsToHelp ? insight : 0) + PREFERS[place] + wrongBy;
    return [{ proposal, relevance }];
  });
  return named
    .toSorted((one, other) => other.relevance - one.relevance)
    .slice(0, MOST_PROPOSALS)
    .map(({ proposal, relevance }) => ({
      ...proposal,
      because: "It would end what the alarm shows.",
      evidence: citationsFor(context, proposal.target),
      recovers: probabilityFrom(sureness, relevance, uniform(`${stream}|${proposal.target}|sure`, context.step)),
    }));
};

/** Models are sure of themselves: between a half and nearly one, with a little of what they know in it. */
const probabilityFrom = (sureness: number, relevance: number, draw: number): number =>
  Math.round(Math.min(0.98, Math.max(0.3, sureness + 0.1 * relevance + 0.25 * draw)) * 100) / 100;

/** What of this the numbers bear out: the alarm that rings, the newest change of the target, a metric of it that went wrong. */
const citationsFor = (context: Context, target: string): readonly Citation[] => {
  const ringing = context.alarms.slice(0, 1).map(({ key }) => ({ id: key, says: "ringing" as const }));
  const changed = context.changes.filter((one) => one.target === target).slice(-1);
  const claims: readonly Citation[] = [
    ...ringing,
    ...changed.map(({ id }) => ({ id, says: "changed" as const })),
    ...context.series
      .filter(({ arn }) => arn === target)
      .flatMap(({ id }) => (["above-usual", "below-usual"] as const).map((says) => ({ id, says }))),
  ];
  return claims.filter((claim) => isBorneOut(context, claim) === true).slice(0, MOST_CITATIONS);
};
