import type { SettingsInput } from "../core/settings.ts";
import type { World } from "./state.ts";
import { slisOf } from "./system.ts";
import type { ServicePlan } from "./topology.ts";

type ServiceInput = SettingsInput["services"][number];

/** Quell's settings as the owner of this world would write them: its services, SLIs and alarms, mode `auto`. */
export const settingsFor = (world: World): SettingsInput => ({
  account: world.account,
  region: world.region,
  mode: "auto",
  // People of this world change things while incidents run, and the released model was judged where that bars nothing.
  changeQuietSeconds: 0,
  alarms: Object.fromEntries(world.alarms.map((alarm) => [alarm.name, alarm.service])),
  services: world.system.topology.services.map((plan) => serviceFor(world, plan)),
});

const serviceFor = (world: World, plan: ServicePlan): ServiceInput => {
  const states = world.system.states.filter((state) => state.service === plan.name);
  return {
    name: plan.name,
    severity: plan.severity,
    dependsOn: plan.calls.map(({ to }) => to),
    slis: slisOf(world.system, plan.name).map((sli) => ({ ...sli })),
    resources: states.map(({ arn }) => arn),
    logGroups: states.map(({ logGroup }) => logGroup).filter((group) => group !== null),
  };
};
