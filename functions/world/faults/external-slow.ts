import { between, wholeBetween } from "../random.ts";
import { isAppConfigFlags, takeEffect } from "../resources/appconfig-deployments.ts";
import { flagsOff } from "../resources/appconfig-flags.ts";
import { MINUTE_MS } from "../state.ts";
import { isAskedByWorkers } from "./call-place.ts";
import { calm, disturb, isDisturbed, passesAfterMinutes } from "./disturbances.ts";
import { ecsCaller } from "./ecs-place.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { flagsOf } from "./flags-place.ts";
import { callsTo } from "./place.ts";
import { providerPlace } from "./provider-place.ts";
import { atIfAny, CODE_IN_VAIN } from "./remedy.ts";
import { shows } from "./symptom.ts";

const message = "upstream request timed out";

/**
 * A provider answers about as late as its callers wait, or a part of its hosts does not answer at all: timeouts pile up.
 * Where its only caller has flags, what calls it came with their present version: with the version before, nobody asks.
 */
export const externalSlow: Fault = {
  id: "external-slow",
  family: "dependency",
  likelihood: 3,
  needs: ["external-api"],
  draw: (system, stream) => {
    const { arn } = providerPlace(system, `${stream}|where`);
    const calls = callsTo(system, arn);
    const [only] = calls.length === 1 ? calls : [];
    const longest = Math.max(...calls.map(({ timeoutMs }) => timeoutMs));
    // Workers are sized for short calls: where they wait for all of them, their queues are late for the rest of the day.
    const [errorRate, latencyMs] = isAskedByWorkers(system, arn)
      ? [between(`${stream}|severity`, 0, 0.35, 0.6), between(`${stream}|speed`, 0, 120, 250)]
      : [0, longest * between(`${stream}|speed`, 0, 0.9, 2)];
    return {
      arn,
      client: ecsCaller(system, arn),
      flags: only === undefined ? "" : (flagsOf(system, only.from)?.arn ?? ""),
      errorRate,
      latencyMs: Math.round(latencyMs),
      minutes: isAskedByWorkers(system, arn) ? 0 : wholeBetween(`${stream}|minutes`, 0, 80, 240),
    };
  },
  remedies: (parameters) => [
    ...(parameters.flags === "" ? [] : [{ runbook: "appconfig-rollback", at: "flags", does: "heals" } as const]),
    ...atIfAny(parameters, "client", CODE_IN_VAIN),
  ],
  course: passesAfterMinutes,
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Latency", "Average"], "up")],
  start: (world, active) => {
    const { id, parameters } = active;
    const hit = { from: null, to: textOf(parameters, "arn"), errorRate: numberOf(parameters, "errorRate"), message };
    const latencyMs = numberOf(parameters, "latencyMs");
    const minutes = numberOf(parameters, "minutes");
    if (textOf(parameters, "flags") === "") {
      disturb(world, id, { ...hit, latencyMs }, { afterMinutes: 0, minutes });
      return;
    }
    const flags = stateAt(world, active, "flags", isAppConfigFlags);
    const toMs = minutes === 0 ? null : (Math.floor(world.nowMs / MINUTE_MS) + minutes) * MINUTE_MS;
    flags.versions[flags.configurationVersion] = [{ ...hit, latencyMs, toMs }];
    takeEffect(world, flags);
  },
  isPresent: (world, { id, parameters }) =>
    isDisturbed(world, parameters.flags === "" ? id : textOf(parameters, "flags")),
  heal: (world, active, act) => {
    if (active.parameters.flags === "") return calm(world, active.id);
    const off = flagsOff(stateAt(world, active, "flags", isAppConfigFlags));
    if (off !== null) act(off);
  },
};
