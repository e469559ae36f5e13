import type { Change } from "../../../core/evidence.ts";
import type { ClientOf } from "../clients.ts";
import { appConfigEnvironment, ecsService, lambdaAlias, type Shape } from "../resources/shapes.ts";

/** Changes of these resources within [fromMs, toMs], in any order. May throw. */
export type ChangesOf = (arns: readonly string[], fromMs: number, toMs: number) => Promise<readonly Change[]>;
/** Every change of these resources of one type that their control plane shows. May throw. */
export type ChangesIn = (clientOf: ClientOf, arns: readonly string[]) => Promise<readonly Change[]>;

/**
 * Changes as control planes show them when they are asked, each a source of its own: what no event told, because nothing
 * listened yet or the event was lost. They do not say who it was. Each is loaded when a resource of its type is asked about.
 */
export const controlPlaneChanges = (clientOf: ClientOf): readonly ChangesOf[] => [
  source(clientOf, ecsService, () => import("./ecs-service-changes.ts")),
  source(clientOf, lambdaAlias, () => import("./lambda-alias-changes.ts")),
  source(clientOf, appConfigEnvironment, () => import("./appconfig-changes.ts")),
];

const source =
  (
    clientOf: ClientOf,
    { nameIn }: Shape<unknown>,
    load: () => Promise<Readonly<{ changesIn: ChangesIn }>>,
  ): ChangesOf =>
  async (arns, fromMs, toMs) => {
    const own = arns.filter((arn) => nameIn(arn) !== null);
    if (own.length === 0) return [];
    const { changesIn } = await load();
    const found = await changesIn(clientOf, own);
    return found.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  };
