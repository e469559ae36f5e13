import type { Actor } from "./autonomy-item.ts";
import { budgetsOf } from "./budget.ts";
import type { Context } from "./context.ts";
import type { Resource } from "./evidence.ts";
import {
  autonomyEarned,
  belowCapacityFloor,
  breakerOpen,
  budgetSpent,
  changeInProgress,
  coolingDown,
  evidenceStale,
  type Facts,
  frozen,
  leaseHeld,
  overBlastRadius,
  reversible,
  switchOn,
} from "./guard-facts.ts";
import { leaseRootOf, ownerOf, strictest } from "./guard-scope.ts";
import type { Json } from "./json.ts";
import { autonomyKey, breakerKey, cooldownKey, leaseKey, quarantineKey } from "./ledger.ts";
import type { Ports } from "./ports.ts";
import type { BlastRadius, Runbook } from "./runbook.ts";
import type { Settings } from "./settings.ts";
import type { Mode, Plan } from "./stages.ts";

export type GuardPorts = Pick<Ports, "guardrails" | "ledger" | "switch" | "clock" | "catalogue"> &
  Readonly<{
    /** Who chooses; where nobody says, only what was granted to whoever acts is earned. */
    scorer?: Actor;
  }>;

/** The effect that asks again before it starts: its own lease, budget entries and cooldown never stand in its way. */
export type Effect = Readonly<{ plan: Plan; effectKey: string }>;

/** What one round of questions shares: the clock, the switch and each ledger item are read once, when first needed. */
export type Question = Readonly<{
  ports: GuardPorts;
  settings: Settings;
  context: Context;
  /** The mode on a target; `approve` at most where the incident is restrained, so that a person is asked. */
  modeOn: (target: Resource | null) => Mode;
  effect: Effect | null;
  /** Throws when the clock does, or when it says no time. */
  nowMs: () => number;
  item: (key: string) => Promise<Json | null>;
  switchRead: () => Promise<"on" | "off" | "unreadable">;
  /** What does not depend on the runbook is read and computed once for all that could be done to a target. */
  onTarget: (target: Resource) => Promise<TargetFacts>;
}>;

type TargetFacts = Readonly<{
  facts: Pick<Facts, "switchOn" | "frozen" | "budgetSpent" | "leaseHeld" | "evidenceStale">;
  environment: string;
  quarantined: Json | null;
}>;

/** Opens a round of questions. Reads nothing yet and never throws. */
export const openQuestion = (
  asked: Pick<Question, "ports" | "settings" | "context" | "modeOn" | "effect">,
): Question => {
  const { ledger, clock } = asked.ports;
  const items = new Map<string, Promise<Json | null>>();
  const read = async (key: string) => (await ledger.read(key))?.item ?? null;
  let switched: ReturnType<typeof readSwitch> | null = null;
  let now: number | null = null;
  const targets = new Map<Resource, Promise<TargetFacts>>();
  const question: Question = {
    ...asked,
    modeOn: (target) =>
      asked.context.restraint === null ? asked.modeOn(target) : strictest("approve", asked.modeOn(target)),
    nowMs: () => {
      now ??= clock.nowMs();
      if (!Number.isFinite(now)) throw new RangeError("the clock says no time");
      return now;
    },
    item: (key) => {
      const reading = items.get(key) ?? read(key);
      items.set(key, reading);
      return reading;
    },
    switchRead: () => {
      switched ??= readSwitch(asked.ports);
      return switched;
    },
    onTarget: (target) => {
      const reading = targets.get(target) ?? targetFacts(question, target);
      targets.set(target, reading);
      return reading;
    },
  };
  return question;
};

const readSwitch = async (ports: Pick<Ports, "switch">) => {
  try {
    return (await ports.switch.read()) === "on" ? "on" : "off";
  } catch {
    return "unreadable";
  }
};

/** Reads what the facts rest on and computes them all. Throws when a read does, or when an item is damaged. */
export const gatherFacts = async (
  question: Question,
  runbook: Runbook,
  target: Resource,
  radius: BlastRadius,
): Promise<Facts> => {
  const { settings, effect, item } = question;
  const { facts, environment, quarantined } = await question.onTarget(target);
  const [cooldown, breaker, autonomy] = await Promise.all([
    item(cooldownKey(runbook.id, target.arn)),
    item(breakerKey(runbook.id, target.arn)),
    item(autonomyKey(runbook.id, environment)),
  ]);
  const nowMs = question.nowMs();
  return {
    ...facts,
    overBlastRadius: overBlastRadius(settings, radius),
    belowCapacityFloor: belowCapacityFloor(settings, radius),
    coolingDown: coolingDown(cooldown, nowMs, effect?.effectKey ?? null),
    breakerOpen: breakerOpen(breaker, quarantined, nowMs),
    changeInProgress: changeInProgress(settings, runbook, target, question.context.changes, nowMs),
    autonomyEarned: autonomyEarned(autonomy, question.ports.scorer ?? null),
    reversible: reversible(runbook),
  };
};

const targetFacts = async (question: Question, target: Resource): Promise<TargetFacts> => {
  const { settings, context, effect, item } = question;
  const owner = ownerOf(settings, target) ?? context.service;
  const asker = { incidentId: context.incidentId, planHash: effect?.plan.hash ?? null };
  const nowMs = question.nowMs();
  const budgets = budgetsOf(settings, owner.name, target.arn);
  const [read, lease, quarantined, ...spent] = await Promise.all([
    question.switchRead(),
    item(leaseKey(leaseRootOf(target))),
    item(quarantineKey(target.arn)),
    ...budgets.map(({ key }) => item(key)),
  ]);
  const counted = budgets.map((budget, i) => ({ budget, item: spent[i] ?? null }));
  return {
    environment: owner.environment,
    quarantined,
    facts: {
      switchOn: switchOn(read),
      frozen: frozen(settings, nowMs),
      budgetSpent: budgetSpent(counted, nowMs, effect?.effectKey ?? null),
      leaseHeld: leaseHeld(lease, asker),
      evidenceStale: evidenceStale(settings, context, nowMs),
    },
  };
};
