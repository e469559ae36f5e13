import { between } from "../random.ts";
import { badVersion } from "./bad-version.ts";
import { type Fault, textOf } from "./fault.ts";
import { flagsDraw } from "./flags-place.ts";
import { atIfAny } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

/** A feature is switched on for everybody, and its code fails. The version of the code is the old one. */
export const badFlag: Fault = {
  id: "bad-flag",
  family: "config",
  likelihood: 4,
  needs: ["appconfig-flags"],
  draw: (system, stream) => ({
    ...flagsDraw(system, `${stream}|where`),
    errorRate: between(`${stream}|severity`, 0, 0.5, 0.95),
    latencyMs: 0,
  }),
  remedies: (parameters) => [
    { runbook: "appconfig-rollback", at: "flags", does: "heals" },
    { runbook: "appconfig-stop-deployment", at: "flags", does: "heals" },
    ...atIfAny(parameters, "tasks", { "ecs-rollback": "nothing" }),
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  ...badVersion("Error: feature handler is not registered", "AppConfig.AllAtOnce"),
};
