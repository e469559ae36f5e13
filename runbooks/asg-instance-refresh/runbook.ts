import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { minutesBetween, numberOf, shown, textOf, wasTried } from "../facts.ts";
import { idlenessOf } from "../idleness.ts";
import { loadDocuments } from "../load-document.ts";
import { strainBelow } from "../strain.ts";

const ID = "asg-instance-refresh";
const TARGET_TYPE = "AWS::AutoScaling::AutoScalingGroup";
/** EC2 Auto Scaling's default minimum healthy percentage of a refresh. */
const HEALTHY_SHARE = 0.9;
/** Harm that begins so soon after a change of version is that version's: to launch it again helps nobody. */
const NEW_MINUTES = 60;

const aim = (target: Resource): Params | null => {
  const group = textOf(target, "autoScalingGroupName");
  const version = textOf(target, "launchTemplateVersion");
  if (group === null || version === null || textOf(target, "ecsCluster") !== null) return null;
  return { AutoScalingGroupName: group, ExpectedVersion: version };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  const idle = idlenessOf(context, target.arn);
  if (params === null || idle === null || wasTried(context, ID, target.arn)) return [];
  const { harm } = idle;
  const told =
    `${target.name} went from ${shown(idle.before)} to ${shown(idle.now)} % CPU for as many requests ` +
    `while ${harm.what} rose from ${shown(harm.before)} to ${shown(harm.now)}`;
  const offer = (fit: number, because: string, more: readonly string[]): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [...idle.evidence, ...more] },
  ];
  const age = minutesBetween(numberOf(target, "deployedAtMs") ?? 0, harm.atMs);
  if (age >= -1 && age < NEW_MINUTES) return offer(0.3, `${told}, but its version is ${age} min old.`, []);
  const strain = strainBelow(context, target.arn);
  if (strain !== null) return offer(0.3, `${told}, but ${strain.because}.`, strain.evidence);
  return offer(0.75, `${told}.`, []);
};

/** Replaces the instances of an Auto Scaling group some of which fail although their status checks pass. */
export const asgInstanceRefresh: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Replace the instances of an Auto Scaling group",
  kind: "effect",
  effect: "One instance in ten at a time is taken out of service and replaced; what only it held is lost.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({
    AutoScalingGroupName: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/),
    ExpectedVersion: z.string().regex(/^[0-9]{1,9}$/),
  }),
  tier: 1,
  // Nothing configured changes, and AWS rolls only those refreshes back that brought another configuration.
  reversal: "not-needed",
  documents: loadDocuments(ID),
  expectedMinutes: 20,
  cooldownSeconds: 2 * 3600,
  whenRecovered: "finish",
  treats: ["AWS/ApplicationELB/HTTPCode_Target_5XX_Count"],
  endsDeployment: false,
  blastRadius: (target) => {
    const desired = numberOf(target, "desiredCapacity");
    const running = numberOf(target, "inServiceInstances");
    return {
      share: 1 - HEALTHY_SHARE,
      resources: 1,
      zones: target.zones,
      dataStore: false,
      capacity:
        desired === null || running === null
          ? null
          : { desired, remaining: Math.min(running - 1, Math.ceil(desired * HEALTHY_SHARE)) },
    };
  },
  suitsWhen:
    "Users get errors from an Auto Scaling group whose instances use less CPU than before, long after its last change.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
