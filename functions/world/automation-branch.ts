import type { Json } from "../core/json.ts";
import { textOf } from "./automation-values.ts";

type Comparison = (actual: string, wanted: string) => boolean;

const numeric =
  (compare: (actual: number, wanted: number) => boolean): Comparison =>
  (actual, wanted) =>
    actual.trim() !== "" && wanted.trim() !== "" && compare(Number(actual), Number(wanted));

/** The operators of aws:branch; a comparison of what is no number is false. */
const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: (actual, wanted) => actual === wanted,
  EqualsIgnoreCase: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
  StartsWith: (actual, wanted) => actual.startsWith(wanted),
  EndsWith: (actual, wanted) => actual.endsWith(wanted),
  Contains: (actual, wanted) => actual.includes(wanted),
  NumericEquals: numeric((actual, wanted) => actual === wanted),
  NumericGreater: numeric((actual, wanted) => actual > wanted),
  NumericLesser: numeric((actual, wanted) => actual < wanted),
  NumericGreaterOrEquals: numeric((actual, wanted) => actual >= wanted),
  NumericLesserOrEquals: numeric((actual, wanted) => actual <= wanted),
  BooleanEquals: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
};

/**
 * Whether one choice of aws:branch, its references already replaced, is true.
 * A choice is `Variable` with one operator, or And/Or over a list, or Not over one. Anything else is false.
 */
export const choiceHolds = (choice: Json): boolean => {
  if (choice === null || typeof choice !== "object" || Array.isArray(choice)) return false;
  const members = new Map<string, Json>(Object.entries(choice));
  const every = members.get("And");
  if (Array.isArray(every)) return every.length > 0 && every.every(choiceHolds);
  const some = members.get("Or");
  if (Array.isArray(some)) return some.some(choiceHolds);
  const not = members.get("Not");
  if (not !== undefined) return !choiceHolds(not);
  const variable = members.get("Variable");
  const operators = [...members.keys()].filter((key) => Object.hasOwn(COMPARISONS, key));
  if (variable === undefined || operators.length === 0) return false;
  return operators.every(
    (operator) => COMPARISONS[operator]?.(textOf(variable), textOf(members.get(operator) ?? "")) === true,
  );
};
