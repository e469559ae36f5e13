import { between } from "../random.ts";
import { badVersion } from "./bad-version.ts";
import { type Fault, textOf } from "./fault.ts";
import { flagsDraw } from "./flags-place.ts";
import { atIfAny } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/** A bad configuration reaches a fifth of the targets every six minutes, and no alarm was tied to its deployment. */
export const badConfigRollout: Fault = {
  id: "bad-config-rollout",
  family: "config",
  likelihood: 2,
  needs: ["appconfig-flags"],
  draw: (system, stream) => ({
    ...flagsDraw(system, `${stream}|where`),
    errorRate: between(`${stream}|severity`, 0, 0.9, 1),
    latencyMs: 0,
  }),
  remedies: (parameters) => [
    { runbook: "appconfig-stop-deployment", at: "flags", does: "heals" },
    ...atIfAny(parameters, "tasks", { "ecs-rollback": "nothing" }),
  ],
  course: () => ({ kind: "worsens" }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up", 30)],
  ...badVersion("ConfigError: unknown key 'tiers'", "AppConfig.Linear20PercentEvery6Minutes"),
};
