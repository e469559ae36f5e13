import type { Context } from "../../core/context.ts";
import { sha256 } from "../../core/ids.ts";
import type { Catalogue, Runbook, Suggestion } from "../../core/runbook.ts";
import { chance } from "../../world/random.ts";

/** How far what drafts can be relied on, and what of it is plainly wrong. */
export type Knowledge = Readonly<{
  /** Probability that a rule makes the suggestion that it has, and that a model names what would help, 0..1. */
  recall: number;
  /** Ids of the runbooks whose rules speak for the wrong evidence, and which a model takes for something else. */
  mistaken: ReadonlySet<string>;
  /** Names the draws. */
  stream: string;
}>;

/** What a wrong rule says of every target that the true one is silent about. */
const CONFIDENTLY_WRONG = 0.8;

/**
 * The catalogue as somebody with this knowledge has it: the same runbooks, whose rules forget some of what they would
 * suggest, and some of whose rules speak for the wrong evidence. Nothing that may happen changes, so its hash stays.
 */
export const catalogueKnown = (catalogue: Catalogue, { recall, mistaken, stream }: Knowledge): Catalogue => {
  return {
    hash: catalogue.hash,
    runbooks: catalogue.runbooks.map((runbook) => {
      if (runbook.kind !== "effect") return runbook;
      const suits = mistaken.has(runbook.id) ? suitsWrongly(runbook) : runbook.suits;
      const isRecalled = ({ incidentId }: Context, { target }: Suggestion): boolean =>
        chance(`${stream}|${incidentId}|recalls|${runbook.id}|${target}`, 0, recall);
      return { ...runbook, suits: (context) => suits(context).filter((one) => isRecalled(context, one)) };
    }),
  };
};

/** So large a share of the runbooks, those with the lowest hashes of their ids: training and judging meet the same ones. */
export const mistakenOf = ({ runbooks }: Catalogue, share: number): ReadonlySet<string> => {
  const ids = runbooks.filter(({ kind }) => kind === "effect").map(({ id }) => id);
  const count = Math.round(share * ids.length);
  return new Set(ids.toSorted((one, other) => (sha256(one) < sha256(other) ? -1 : 1)).slice(0, count));
};

/** Doubtful where it should be sure, and sure of every other resource of its kind. */
const suitsWrongly =
  ({ suits, aim, targetType }: Runbook): Runbook["suits"] =>
  (context) => {
    const meant = suits(context);
    const others = context.resources.flatMap((resource) => {
      const params =
        resource.type === targetType && !meant.some(({ target }) => target === resource.arn) ? aim(resource) : null;
      return params === null ? [] : [{ resource, params }];
    });
    return [
      ...meant.map((one) => ({ ...one, fit: 1 - one.fit })),
      ...others.map(({ resource: { arn }, params }) => ({
        ...{ target: arn, params, fit: CONFIDENTLY_WRONG, evidence: [] },
        because: "The numbers are as they usually are when this helps.",
      })),
    ];
  };
