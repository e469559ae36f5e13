import { between } from "../random.ts";
import { isCertificate } from "../resources/certificate.ts";
import { isTargetGroup } from "../resources/load-balancer-zones.ts";
import { MINUTE_MS } from "../state.ts";
import { disturbedCalls } from "./disturbances.ts";
import { ecsAt } from "./ecs-place.ts";
import { type Fault, stateAt, textOf } from "./fault.ts";
import { callsTo, entryAbove, placeOf } from "./place.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { usersNotice } from "./symptom.ts";

const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;
const disturbed = disturbedCalls("certificate has expired");

/** The certificate of a load balancer expires: callers break off the handshake. A person imports the next one. */
export const expiredCertificate: Fault = {
  id: "expired-certificate",
  family: "auth",
  likelihood: 3,
  needs: ["certificate"],
  draw: (system, stream) => {
    const certificates = new Set(system.states.filter(isCertificate).map(({ arn }) => arn));
    const group = placeOf(system, `${stream}|where`, isTargetGroup, ({ uses }) =>
      uses.some((arn) => certificates.has(arn)),
    );
    const [call] = callsTo(system, group.arn);
    const tasks = system.edges.find(({ from }) => from === group.arn)?.to ?? "";
    return {
      certificate: group.uses.find((arn) => certificates.has(arn)) ?? "",
      from: "",
      to: group.arn,
      tasks: ecsAt(system, tasks)?.arn ?? "",
      entry: entryAbove(system, call?.from ?? group.arn),
      // Some callers hold open connections, or do not check.
      errorRate: between(`${stream}|severity`, 0, 0.85, 1),
      timeouts: 0,
      minutes: 0,
    };
  },
  remedies: (parameters) => atIfAny(parameters, "tasks", CODE_IN_VAIN),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up")],
  ...disturbed,
  start: (world, active) => {
    stateAt(world, active, "certificate", isCertificate).notAfterMs = world.nowMs;
    disturbed.start(world, active);
  },
  heal: (world, active, act) => {
    const certificate = stateAt(world, active, "certificate", isCertificate);
    certificate.notAfterMs = world.nowMs + YEAR_MS;
    certificate.imports += 1;
    disturbed.heal(world, active, act);
  },
};
