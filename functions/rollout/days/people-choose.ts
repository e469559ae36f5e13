import type { Scorer } from "../../core/ports.ts";
import type { Catalogue } from "../../core/runbook.ts";
import { findRunbook } from "../../core/runbook.ts";
import { chooseLikeAPerson } from "../../world/people/choice.ts";
import { type Grade, ROSTER } from "../../world/people/person.ts";
import { onCallOf } from "../../world/people/rota.ts";
import { pick } from "../../world/random.ts";
import type { World } from "../../world/state.ts";

/**
 * A person of the world in the place of a policy: they see the candidates that the guard allows and take one, by what they
 * know, were told and like. Only what is chosen is theirs; when it happens is the same for every policy.
 * @param grade of the person; whoever is on call where it is null
 */
export const peopleChoose = (catalogue: Catalogue, world: World, grade: Grade | null = null): Scorer => {
  const person = personFor(world, grade);
  let asked = 0;
  return {
    policy: "oncall",
    modelHash: "",
    draw: "best",
    score: async (_state, _candidates, verdicts = []) => {
      asked += 1;
      const allowed = verdicts.flatMap((verdict, index) => (verdict.kind === "allowed" ? [index] : []));
      const options = allowed.map((index) => {
        const candidate = verdicts[index]?.candidate;
        if (candidate === undefined) throw new RangeError(`there is no candidate ${index}`);
        const { runbook, version, target } = candidate;
        const kind = findRunbook(catalogue, runbook, version)?.kind;
        return { runbook, target, isWait: kind === "wait", isPage: kind === "page" };
      });
      // A number of their own, and not the decision's id: the same day asks the same questions under every policy.
      const chosen =
        options.length === 0 ? null : allowed[chooseLikeAPerson(world, person, `choice-${asked}`, options)];
      return verdicts.map((_, index) => ({ q: { mean: index === chosen ? 1 : 0, sd: 0 } }));
    },
  };
};

const personFor = ({ scenario }: World, grade: Grade | null): string => {
  if (grade === null) return onCallOf(scenario).id;
  const able = ROSTER.filter((one) => one.grade === grade && one.group === "oncall");
  return pick(`${scenario.seed}/${scenario.index}|chooses|${grade}`, 0, able).id;
};
