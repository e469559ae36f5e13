import type { Scorer } from "../../core/ports.ts";
import type { Catalogue } from "../../core/runbook.ts";
import { findRunbook } from "../../core/runbook.ts";
import type { Score, Verdict } from "../../core/stages.ts";
import { chooseLikeAPerson } from "../../world/people/choice.ts";
import { type Grade, ROSTER } from "../../world/people/person.ts";
import { onCallOf } from "../../world/people/rota.ts";
import { pick } from "../../world/random.ts";
import type { World } from "../../world/state.ts";

/** What a person makes of one decision: 1 for what they take, 0 for the rest. @param decision of the day, counted from 0 */
type PersonScores = (decision: number, verdicts: readonly Verdict[]) => readonly Score[];

/**
 * A person of the world in the place of a policy: they see the candidates that the guard allows and take one, by what they
 * know, were told and like. Only what is chosen is theirs; when it happens is the same for every policy.
 * @param grade of the person; whoever is on call where it is null
 */
export const personScores = (catalogue: Catalogue, world: World, grade: Grade | null): PersonScores => {
  const person = personFor(world, grade);
  return (decision, verdicts) => {
    const allowed = verdicts.flatMap((verdict, index) => (verdict.kind === "allowed" ? [{ verdict, index }] : []));
    const options = allowed.map(({ verdict }) => {
      const { runbook, version, target } = verdict.candidate;
      const kind = findRunbook(catalogue, runbook, version)?.kind;
      return { runbook, target, isWait: kind === "wait", isPage: kind === "page" };
    });
    // The decision's number, and not its id: the same day asks the same questions under every policy.
    const chosen =
      options.length === 0 ? null : allowed[chooseLikeAPerson(world, person, `choice-${decision + 1}`, options)];
    return verdicts.map((_, index) => ({ q: { mean: index === chosen?.index ? 1 : 0, sd: 0 } }));
  };
};

/** The same person as the policy of one day, which asks about its decisions in their order. */
export const peopleChoose = (catalogue: Catalogue, world: World, grade: Grade | null = null): Scorer => {
  const scores = personScores(catalogue, world, grade);
  let decision = 0;
  return {
    policy: "oncall",
    modelHash: "",
    draw: "best",
    score: async (_state, _candidates, verdicts = []) => {
      decision += 1;
      return scores(decision - 1, verdicts);
    },
  };
};

const personFor = ({ scenario }: World, grade: Grade | null): string => {
  if (grade === null) return onCallOf(scenario).id;
  const able = ROSTER.filter((one) => one.grade === grade && one.group === "oncall");
  return pick(`${scenario.seed}/${scenario.index}|chooses|${grade}`, 0, able).id;
};
