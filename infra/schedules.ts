import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { Names } from "./names.ts";
import { allowRules, to } from "./rule-target.ts";

/** What was missed is found within this time. */
const EVERY = Duration.minutes(5);

/** What reconcile is called for, and when: what was missed every few minutes; the drill and the day's audit at night, UTC. */
export const schedules = (scope: Construct, names: Names, reconcile: IFunction): void => {
  const rules = [
    { rule: "reconcile", id: "EveryFewMinutes", schedule: Schedule.rate(EVERY), kind: "reconcile" },
    { rule: "daily", id: "EveryDay", schedule: Schedule.cron({ hour: "3", minute: "17" }), kind: "daily" },
  ] as const;
  for (const { rule, id, schedule, kind } of rules) {
    new Rule(scope, id, { ruleName: names.rule[rule], schedule }).addTarget(to(reconcile.functionArn, { kind }));
    allowRules(reconcile, names, rule);
  }
};
