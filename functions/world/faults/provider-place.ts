import { type ExternalApi, isExternalApi } from "../resources/external-api.ts";
import type { System } from "../system.ts";
import { busyOne, trafficAt } from "./busy-place.ts";
import { isAskedByWorkers } from "./call-place.ts";

/** A provider that services here call; one that no worker calls where there is one. */
export const providerPlace = (system: System, stream: string): ExternalApi => {
  const all = system.states.filter(isExternalApi);
  const forUsers = all.filter(({ arn }) => !isAskedByWorkers(system, arn));
  return busyOne(stream, forUsers.length > 0 ? forUsers : all, (provider) => trafficAt(system, provider));
};
