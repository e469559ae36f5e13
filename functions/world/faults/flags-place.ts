import { type AppConfigFlags, isAppConfigFlags } from "../resources/appconfig-deployments.ts";
import type { ResourceState } from "../state.ts";
import type { System } from "../system.ts";
import { busyOne, trafficAt } from "./busy-place.ts";
import { ecsAt } from "./ecs-place.ts";
import { entryAbove } from "./place.ts";

/** Feature flags, and whose code reads them. */
type Flagged = Readonly<{ flags: AppConfigFlags; user: ResourceState }>;

/** Flags that the code of a busy service reads. */
export const flagsPlace = (system: System, stream: string): Flagged =>
  busyOne(stream, flagged(system), ({ user }) => trafficAt(system, user));

/**
 * The parameters of a fault in busy flags: the `flags`, `arn` whose code reads them, its `tasks` ("" where it is no ECS
 * service), and the `entry` whose users it reaches most.
 */
export const flagsDraw = (
  system: System,
  stream: string,
): Readonly<{ flags: string; arn: string; tasks: string; entry: string }> => {
  const { flags, user } = flagsPlace(system, stream);
  return {
    flags: flags.arn,
    arn: user.arn,
    tasks: ecsAt(system, user.arn)?.arn ?? "",
    entry: entryAbove(system, user.arn),
  };
};

/** The flags that the code of a resource reads; null where it reads none. */
export const flagsOf = (system: System, arn: string): AppConfigFlags | null =>
  flagged(system).find(({ user }) => user.arn === arn)?.flags ?? null;

const flagged = (system: System): readonly Flagged[] =>
  system.states
    .filter(isAppConfigFlags)
    .flatMap((flags) => system.states.filter(({ uses }) => uses.includes(flags.arn)).map((user) => ({ flags, user })));
