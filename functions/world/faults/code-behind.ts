import { behaviourOf } from "../resources/resource-types.ts";
import type { System } from "../system.ts";

/** What of ours answers an entry's requests: the first resource along its first calls that runs code; "" without one. */
export const codeBehind = (system: System, entry: string): string => {
  for (let arn: string | undefined = entry; arn !== undefined; ) {
    const state = system.states.find((one) => one.arn === arn);
    if (state !== undefined && behaviourOf(state).release !== null) return state.arn;
    const from: string = arn;
    arn = system.edges.find((edge) => edge.from === from)?.to;
  }
  return "";
};
