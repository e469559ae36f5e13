import { between } from "../random.ts";
import { badVersion } from "./bad-version.ts";
import { type Fault, textOf } from "./fault.ts";
import { flagsDraw } from "./flags-place.ts";
import { atIfAny } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/** A value in the configuration is off by a factor (a pool of one, a cache of no seconds): slow, and in part too late. */
export const badConfigValue: Fault = {
  id: "bad-config-value",
  family: "config",
  likelihood: 3,
  needs: ["appconfig-flags"],
  draw: (system, stream) => ({
    ...flagsDraw(system, `${stream}|where`),
    errorRate: between(`${stream}|severity`, 0, 0.55, 0.85),
    latencyMs: Math.round(between(`${stream}|speed`, 0, 300, 1500)),
  }),
  remedies: (parameters) => [
    { runbook: "appconfig-rollback", at: "flags", does: "heals" },
    { runbook: "appconfig-stop-deployment", at: "flags", does: "heals" },
    ...atIfAny(parameters, "tasks", { "ecs-rollback": "nothing" }),
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  ...badVersion("TimeoutError: no connection available from the pool", "AppConfig.AllAtOnce"),
};
