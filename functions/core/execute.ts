import { undoParameters } from "./automation-document.ts";
import { startCooldown } from "./breaker.ts";
import { type Budget, budgetsOf, giveBack, spendAll } from "./budget.ts";
import type { Context } from "./context.ts";
import { recheck } from "./guard.ts";
import type { GuardPorts } from "./guard-question.ts";
import { leaseRootOf, ownerOf } from "./guard-scope.ts";
import { effectKey, hashOf } from "./ids.ts";
import type { Json } from "./json.ts";
import { acquireLease, intendEffect, releaseLease } from "./lease.ts";
import { change, cooldownKey, leaseKey } from "./ledger.ts";
import type { Ports } from "./ports.ts";
import { type Because, because, type RefusedCode } from "./reasons.ts";
import { findRunbook, type Params, type Runbook } from "./runbook.ts";
import type { Settings } from "./settings.ts";
import type { Consent, Mode, Plan, Run } from "./stages.ts";

/** One effect as the ledger holds it, under `effect#INCIDENT/STEP/ROLE`: written before the start, completed after it. */
export type Effect = Readonly<{
  key: string;
  role: "run" | "undo";
  attempt: number;
  step: number;
  runbook: string;
  target: string;
  root: string;
  planHash: string;
  fence: number;
  atMs: number;
  executionId: string | null;
  dryRun: boolean;
}>;

/** `unsure`: it was intended, and whether it started cannot be found out without perhaps starting it now. */
export type Started =
  | Readonly<{ kind: "started"; effect: Effect }>
  | Readonly<{ kind: "not-run"; because: Because<RefusedCode> }>
  | Readonly<{ kind: "unsure"; detail: string }>;

type ExecutePorts = GuardPorts & Pick<Ports, "actuator" | "dryRun">;

const refused = (code: RefusedCode, detail: string): Started => ({ kind: "not-run", because: because(code, detail) });

/** The switch, read at this moment; absent or unreadable is off. */
export const switchIsOn = async (ports: Pick<Ports, "switch">): Promise<boolean> => {
  try {
    return (await ports.switch.read()) === "on";
  } catch {
    // Unreadable means that nobody can say "on": the caller then does nothing and says so.
    return false;
  }
};

const effectItem = (incidentId: string, step: number, role: Effect["role"]): string =>
  `effect#${incidentId}/${step}/${role}`;

/** Every effect of an incident, as the ledger knows it. */
export const effectsOf = async (ports: Pick<Ports, "ledger">, incidentId: string): Promise<readonly Effect[]> =>
  (await ports.ledger.list(`effect#${incidentId}/`)).map(({ item }) => item as unknown as Effect);

/** Notes the effect before it exists. A retry finds the note, and so the same key and attempt. */
const note = async (ports: ExecutePorts, incidentId: string, effect: Effect): Promise<Effect> => {
  const done = await change(ports.ledger, effectItem(incidentId, effect.step, effect.role), (item) =>
    item === null ? { write: effect as unknown as Json } : { stop: item },
  );
  return ("write" in done ? done.write : done.stop) as unknown as Effect;
};

const complete = async (ports: ExecutePorts, incidentId: string, effect: Effect, executionId: string) => {
  const whole = { ...effect, executionId };
  await change(ports.ledger, effectItem(incidentId, effect.step, effect.role), () => ({
    write: whole as unknown as Json,
  }));
  return whole;
};

/** What the consent no longer covers, or null. Freshness, tier and the number of consents are asked again now. */
const unconsented = async (
  ports: ExecutePorts,
  settings: Settings,
  mode: Mode,
  consent: Consent,
  context: Context,
  key: string,
): Promise<Because<RefusedCode> | null> => {
  const { plan } = consent;
  const verdict = await recheck(ports, settings, mode, context, plan, key);
  if (verdict.kind === "refused") return verdict.because;
  const given = consent.by === "policy" ? 0 : consent.people.length;
  if (verdict.consents > given || verdict.tier > consent.tier)
    return because("stale-plan", `it now takes ${verdict.consents} consents at T${verdict.tier}, ${given} were given`);
  return null;
};

/**
 * Starts the runbook of a consent, at most once. In this order: switch, lease, the guard's question with fresh facts,
 * budgets, the conditional write of the intent under the lease's fencing number, the start under the effect's key.
 * Every part recognises its own earlier writes, so a crash anywhere and a retry start nothing twice. A throw of the
 * actuator means that nobody knows; the retry asks again with the same key.
 * @param context gathered by the caller immediately before
 */
export const execute = async (
  ports: ExecutePorts,
  settings: Settings,
  mode: Mode,
  consent: Consent,
  context: Context,
): Promise<Started> => {
  const { plan } = consent;
  const runbook = findRunbook(ports.catalogue, plan.runbook, plan.version);
  const target = context.resources.find((resource) => resource.arn === plan.target);
  if (runbook === null) return refused("unknown-runbook", `${plan.runbook}@${plan.version} is not in the catalogue`);
  if (target === undefined) return refused("target-not-in-graph", `${plan.target} is not in the resource graph now`);
  if (!(await switchIsOn(ports))) return refused("kill-switch", "the switch is off or cannot be read");

  const nowMs = ports.clock.nowMs();
  const root = leaseRootOf(target);
  const token = { incidentId: context.incidentId, planHash: plan.hash };
  const lease = await change(ports.ledger, leaseKey(root), (item) => acquireLease(item, token, nowMs));
  if ("stop" in lease && lease.stop === "held") return refused("lease-held", `${lease.by.incidentId} holds ${root}`);
  const noted = await note(ports, context.incidentId, {
    key: effectKey(context.incidentId, plan.hash, 1),
    role: "run",
    attempt: 1,
    step: consent.step,
    runbook: plan.runbook,
    target: plan.target,
    root,
    planHash: plan.hash,
    fence: lease.fence,
    atMs: nowMs,
    executionId: null,
    dryRun: ports.dryRun,
  });
  const budgets = budgetsOf(settings, (ownerOf(settings, target) ?? context.service).name, plan.target);
  const objection = await unconsented(ports, settings, mode, consent, context, noted.key);
  const spent = objection === null ? await spendAll(ports.ledger, budgets, noted.key, nowMs) : null;
  if (objection !== null || spent !== null) {
    await giveUp(ports, context.incidentId, noted, budgets, "not-tried");
    return { kind: "not-run", because: objection ?? because("budget-spent", `no room left in ${spent?.what}`) };
  }
  const intent = await change(ports.ledger, leaseKey(root), (item) =>
    intendEffect(item, token, lease.fence, noted.key, nowMs),
  );
  if ("stop" in intent && intent.stop === "fenced") {
    for (const budget of budgets) await change(ports.ledger, budget.key, (item) => giveBack(item, noted.key));
    return refused("lease-held", `another holder took the lease of ${root} meanwhile`);
  }
  return begin(ports, context.incidentId, runbook, noted, plan.params, budgets);
};

/**
 * What a try before this one left behind: null where it had not come to its intent. Past the intent the effect may
 * exist, so it is looked for, by starting it under the same key; no check may call it "not run" any more.
 */
export const resumed = async (
  ports: ExecutePorts,
  settings: Settings,
  incidentId: string,
  step: number,
  plan: Plan,
): Promise<Started | null> => {
  const noted = ((await ports.ledger.read(effectItem(incidentId, step, "run")))?.item ?? null) as Effect | null;
  if (noted === null) return null;
  if (noted.executionId !== null) return { kind: "started", effect: noted };
  const held = (await ports.ledger.read(leaseKey(noted.root)))?.item ?? null;
  const lease = acquireLease(held, { incidentId, planHash: noted.planHash }, noted.atMs);
  if (!("stop" in lease) || lease.stop !== "mine" || lease.intent !== noted.key) return null;
  const runbook = findRunbook(ports.catalogue, plan.runbook, plan.version);
  if (runbook?.documents?.automation.hash !== plan.documentHash || !(await switchIsOn(ports)))
    return { kind: "unsure", detail: `${plan.runbook} was about to start on ${plan.target} when Quell was stopped` };
  const owner = settings.services.flatMap(({ name }) => budgetsOf(settings, name, plan.target));
  return begin(ports, incidentId, runbook, noted, plan.params, owner);
};

const begin = async (
  ports: ExecutePorts,
  incidentId: string,
  runbook: Runbook,
  effect: Effect,
  params: Params,
  budgets: readonly Budget[],
): Promise<Started> => {
  const document = effect.role === "run" ? runbook.documents?.automation : runbook.documents?.undo;
  if (document === null || document === undefined) return refused("unknown-runbook", "it has no such document");
  const answer = await ports.actuator.start({
    documentName: document.name,
    documentHash: document.hash,
    parameters: params,
    clientToken: effect.key,
    tags: { incident: incidentId, decision: `${incidentId}/${effect.step}`, role: effect.role, plan: effect.planHash },
  });
  if (answer.kind === "refused") {
    // A refused undo leaves the run's effect standing: its lease stays until people have looked.
    if (effect.role === "run") await giveUp(ports, incidentId, effect, budgets, "not-started");
    return refused("precheck-failed", `not started: ${answer.detail}`.slice(0, 200));
  }
  await change(ports.ledger, cooldownKey(effect.runbook, effect.target), (item) =>
    startCooldown(item, effect.key, effect.atMs, runbook.cooldownSeconds),
  );
  return { kind: "started", effect: await complete(ports, incidentId, effect, answer.executionId) };
};

/** Nothing was started: what was taken for it is given back. */
const giveUp = async (
  ports: ExecutePorts,
  incidentId: string,
  effect: Effect,
  budgets: readonly Budget[],
  how: "not-tried" | "not-started",
): Promise<void> => {
  for (const budget of budgets) await change(ports.ledger, budget.key, (item) => giveBack(item, effect.key));
  const token = { incidentId, planHash: effect.planHash };
  await change(ports.ledger, leaseKey(effect.root), (item) => releaseLease(item, token, how));
};

/**
 * Starts the undo of a run, at most once, under the lease that the run still holds. It asks for no new consent and
 * spends no budget; only the switch can stop it. "nothing": the run had captured nothing yet, so it had changed nothing.
 */
export const undo = async (
  ports: ExecutePorts,
  incidentId: string,
  plan: Plan,
  ran: Effect,
  run: Run,
): Promise<Started | Readonly<{ kind: "nothing" }>> => {
  const runbook = findRunbook(ports.catalogue, plan.runbook, plan.version);
  if (runbook?.documents?.undo == null || runbook.documents.undo.hash !== plan.undoHash)
    return refused("unknown-runbook", "its undo is not the document that was planned");
  const params = undoParameters(runbook.documents.undo, run.outputs);
  if (params === null) return { kind: "nothing" };
  if (!(await switchIsOn(ports))) return refused("kill-switch", "the switch is off or cannot be read");
  const planHash = hashOf({ undoes: plan.hash, documentHash: plan.undoHash });
  const effect = await note(ports, incidentId, {
    ...ran,
    key: effectKey(incidentId, planHash, 1),
    role: "undo",
    atMs: ports.clock.nowMs(),
    executionId: null,
  });
  return effect.executionId === null
    ? begin(ports, incidentId, runbook, effect, params, [])
    : { kind: "started", effect };
};
