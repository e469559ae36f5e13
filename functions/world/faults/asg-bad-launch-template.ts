import { between } from "../random.ts";
import { releaseCode } from "../releases.ts";
import { isAutoScalingGroup, refreshUnderWay } from "../resources/auto-scaling-fleet.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { errorRateFor, placeThatHurts } from "./severity.ts";
import { usersNotice } from "./symptom.ts";

/**
 * A version of the launch template with a bad image reaches one instance after another. To replace them brings the same
 * version again: somebody has to name the one before.
 */
export const asgBadLaunchTemplate: Fault = {
  id: "asg-bad-launch-template",
  family: "deployment",
  likelihood: 2,
  needs: ["asg-front"],
  draw: (system, stream) => {
    const isServing = ({ targetGroup }: Readonly<{ targetGroup: string | null }>): boolean => targetGroup !== null;
    const { state, entry } = placeThatHurts(system, `${stream}|where`, 0.8, isAutoScalingGroup, isServing);
    const share = between(`${stream}|severity`, 0, 0.2, 0.7);
    const errorRate = errorRateFor(system, entry, state.arn, share);
    return { arn: state.arn, entry, group: state.targetGroup ?? "", errorRate };
  },
  remedies: (parameters) => [
    { runbook: "asg-instance-refresh", at: "arn", does: "nothing" },
    // Where others call it, the number of its targets decides how it bears their retries.
    ...(parameters.group === parameters.entry
      ? ([
          { runbook: "asg-scale-out", at: "arn", does: "nothing" },
          { runbook: "zonal-shift", at: "group", does: "nothing" },
        ] as const)
      : []),
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [usersNotice(system, textOf(parameters, "entry"), "errors", "up", 30)],
  start: (world, active) => {
    releaseCode(world, textOf(active.parameters, "arn"), {
      errorRate: numberOf(active.parameters, "errorRate"),
      latencyFactor: 1,
      message: "agent: cannot open /etc/app/config.yaml: permission denied",
    });
    const group = stateAt(world, active, "arn", isAutoScalingGroup);
    active.memory = { good: group.version, bad: group.refreshes.at(-1)?.desired?.to ?? "" };
  },
  isPresent: (world, active) =>
    stateAt(world, active, "arn", isAutoScalingGroup).fleets.some(
      ({ version, count }) => version === active.memory.bad && count > 0,
    ),
  heal: (world, active, act) => {
    const group = stateAt(world, active, "arn", isAutoScalingGroup);
    const AutoScalingGroupName = group.name;
    if (refreshUnderWay(group) !== null)
      return act({ service: "autoscaling", api: "RollbackInstanceRefresh", input: { AutoScalingGroupName } });
    const LaunchTemplate = { LaunchTemplateId: group.launchTemplateId, Version: String(active.memory.good) };
    const input = { AutoScalingGroupName, DesiredConfiguration: { LaunchTemplate } };
    act({ service: "autoscaling", api: "StartInstanceRefresh", input });
  },
};
