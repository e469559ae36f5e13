import type { FaultParameters, Remedy } from "./fault.ts";

/** What these runbooks do to the resource that the parameter `at` names; none where it is "", and none of those with "". */
export const atIfAny = (
  parameters: FaultParameters,
  at: string,
  does: Readonly<Record<string, Remedy["does"] | "">>,
): readonly Remedy[] =>
  Object.entries(does).flatMap(([runbook, effect]) =>
    effect === "" || parameters[at] === "" ? [] : [{ runbook, at, does: effect }],
  );

/** Another version of the code asks for the same, in the same way. */
export const CODE_IN_VAIN = { "ecs-rollback": "nothing" } as const;
