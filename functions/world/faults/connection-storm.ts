import { between } from "../random.ts";
import { releaseCode } from "../releases.ts";
import { isRdsProxy } from "../resources/rds-proxy.ts";
import { isRdsInstance } from "../resources/rds-state.ts";
import { serviceAbove } from "./data-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

/**
 * A deployment makes every pool reconnect at once, and the logins keep the database so busy that they time out and come
 * again. Fewer connections through the proxy let it breathe; a reboot makes everybody reconnect once more, to a database
 * with an empty memory; rolling back is one more deployment.
 */
export const connectionStorm: Fault = {
  id: "connection-storm",
  family: "database",
  likelihood: 2,
  needs: ["rds-proxy", "ecs-service"],
  draw: (system, stream) => {
    const proxy = placeOf(system, `${stream}|where`, isRdsProxy);
    return {
      arn: proxy.arn,
      database: proxy.database,
      caller: serviceAbove(system, `${stream}|caller`, proxy.arn).arn,
      stormShare: between(`${stream}|severity`, 0, 0.74, 0.82),
    };
  },
  remedies: () => [
    { runbook: "rds-proxy-limit-connections", at: "arn", does: "heals" },
    { runbook: "rds-extend-storage", at: "database", does: "nothing" },
    { runbook: "rds-reboot", at: "database", does: "harms" },
  ],
  // A storm that keeps itself alive: those who time out come again.
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [
    shows(system, textOf(parameters, "database"), ["DatabaseConnections", "Average"], "up"),
    shows(system, textOf(parameters, "database"), ["CPUUtilization", "Average"], "up"),
  ],
  start: (world, active) => {
    const state = stateAt(world, active, "database", isRdsInstance);
    releaseCode(world, textOf(active.parameters, "caller"), null);
    state.stormShare = numberOf(active.parameters, "stormShare");
  },
  isPresent: (world, active) => stateAt(world, active, "database", isRdsInstance).stormShare > 0,
  heal: (world, active, act) => {
    // With the limit low the logins come through a few at a time, and the storm is over.
    const { name } = stateAt(world, active, "arn", isRdsProxy);
    const ConnectionPoolConfig = { MaxConnectionsPercent: 50 };
    const input = { TargetGroupName: "default", DBProxyName: name, ConnectionPoolConfig };
    act({ service: "rds", api: "ModifyDBProxyTargetGroup", input });
    stateAt(world, active, "database", isRdsInstance).stormShare = 0;
  },
};
