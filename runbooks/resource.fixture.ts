import type { Resource } from "../functions/core/evidence.ts";
import { resourcesOf } from "../functions/world/graph.ts";
import type { World } from "../functions/world/state.ts";

/** The first resource of a type that has an attribute, and, where asked for, this ARN. Throws where the world has none. */
export const resourceWith = (world: World, type: string, attribute: string, arn: string | null = null): Resource => {
  const found = resourcesOf(world, Object.keys(world.resources)).find(
    (resource) =>
      resource.type === type &&
      (arn === null || resource.arn === arn) &&
      (resource.attributes[attribute] ?? null) !== null,
  );
  if (found === undefined) throw new Error(`this world has no ${type} with ${attribute}`);
  return found;
};
