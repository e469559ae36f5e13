import type { AuditBody } from "./audit.ts";
import { type Tell, toldPager, toldRecords, type Unheard } from "./audit-tell.ts";
import type { Decision } from "./decide.ts";
import { hashOf } from "./ids.ts";
import type { Json } from "./json.ts";
import { change } from "./ledger.ts";
import type { Ports, StartRequest } from "./ports.ts";
import { redact } from "./redact.ts";
import type { Vote } from "./stages.ts";
import { isSeal } from "./stored-decision.ts";

const DECISION = "decision#";
/** Which incident a run belongs to: it is stopped by its own id alone, perhaps by another sandbox. */
const runKey = (executionId: string): string => `run#${executionId}`;

const REASON_CHARACTERS = 300;

/**
 * These ports with a trail of what is done through them. No effect starts before it stands in the chain who decided it, on
 * what grounds, what it is and who consented; whatever else cannot be written down goes on, and `tell.unheard` hears of it. Steps
 * that repeat tell everything once. To be wrapped before the egress, so that what goes into a chain has passed it.
 */
export const withAudit = (ports: Ports, tell: Tell): Ports => {
  const { ledger, approvals, actuator, pager, records } = ports;
  const { told, written, unheard } = tell;
  const tellDecision = async (key: string, item: Json | null): Promise<void> => {
    if (item === null || !key.startsWith(DECISION) || isSeal(item)) return;
    const decision = item as unknown as Decision;
    await told(decision.incidentId, "decided", decided(decision));
  };
  return {
    ...ports,
    ledger: {
      ...ledger,
      // A sandbox that died between the write and its entry finds its decision here when it tries again.
      read: async (key) => {
        const found = await ledger.read(key);
        await tellDecision(key, found?.item ?? null);
        return found;
      },
      write: async (key, item, expected) => {
        const wrote = await ledger.write(key, item, expected);
        if (wrote) await tellDecision(key, item);
        return wrote;
      },
    },
    approvals: {
      ...approvals,
      ask: async (card) => {
        await approvals.ask(card);
        const { plan, tier, consentsNeeded } = card;
        const what = { runbook: plan.runbook, version: plan.version, target: plan.target, params: plan.params };
        const body = {
          key: card.decisionId,
          plan: plan.hash,
          tier,
          consentsNeeded,
          expiresAtMs: plan.expiresAtMs,
          what,
        };
        await told(card.incidentId, "asked", body);
      },
      votes: async (decisionId) => {
        const votes = await approvals.votes(decisionId);
        for (const vote of votes) await told(incidentIn(decisionId), "answered", answered(decisionId, vote));
        return votes;
      },
    },
    actuator: {
      ...actuator,
      start: async (request) => {
        const incidentId = request.tags.incident ?? "";
        await written(incidentId, "started", await intended(ports, request));
        const answer = await actuator.start(request);
        const said =
          answer.kind === "started"
            ? { executionId: answer.executionId }
            : { refused: redact(answer.detail, REASON_CHARACTERS).text };
        await told(incidentId, "started", { key: `${request.clientToken}/answer`, ...said });
        if (answer.kind === "started") await rememberRun(ports, answer.executionId, incidentId, unheard);
        return answer;
      },
      stop: async (executionId) => {
        const known = await incidentOfRun(ports, executionId);
        if (known === null) unheard(`stopped ${executionId}`, new Error("nobody knows whose run it is"));
        else await told(known, "stopped", { key: executionId });
        await actuator.stop(executionId);
      },
    },
    pager: toldPager(pager, tell),
    records: toldRecords(records, tell),
  };
};

/** A decision's id is its incident's, and a number. */
const incidentIn = (decisionId: string): string => decisionId.slice(0, decisionId.lastIndexOf("/"));

const decided = (decision: Decision): AuditBody => {
  const { decisionId, mode, policy, modelHash, digest, result } = decision;
  const chosen =
    result.kind === "chosen"
      ? {
          runbook: result.candidate.runbook,
          version: result.candidate.version,
          target: result.candidate.target,
          params: result.candidate.params,
          plan: result.plan?.hash ?? null,
          tier: result.tier,
          consents: result.consents,
          asks: result.asks?.code ?? null,
        }
      : { abstained: result.because.code, falls: result.falls };
  return { key: decisionId, mode, policy, model: modelHash, context: digest, chosen, decision: hashOf(decision) };
};

const answered = (decisionId: string, { person, group, answer, planHash, reason, atMs }: Vote): AuditBody => ({
  key: `${decisionId}/${person}`,
  ...{ person, group, answer, plan: planHash, atMs },
  reason: redact(reason, REASON_CHARACTERS).text,
});

/** Who decided an effect, why, what it is and who consented. Throws where that cannot be read: then nothing is started. */
const intended = async (ports: Ports, request: StartRequest): Promise<AuditBody> => {
  const { decision: decisionId = "", role = "", plan = "" } = request.tags;
  const item = (await ports.ledger.read(`${DECISION}${decisionId}`))?.item ?? null;
  if (item === null) throw new Error(`${decisionId}: no such decision in the ledger, so nothing is started for it`);
  const { policy, modelHash, mode, result } = item as unknown as Decision;
  if (result.kind !== "chosen") throw new Error(`${decisionId}: it chose no effect, so nothing is started for it`);
  const { candidate, consents } = result;
  const votes = consents === 0 ? [] : await ports.approvals.votes(decisionId);
  const people = votes
    .filter(({ answer, planHash }) => answer === "approve" && planHash === plan)
    .map(({ person, group, atMs }) => ({ person, group, atMs }));
  return {
    key: `${request.clientToken}/intent`,
    decision: decisionId,
    who: { policy, model: modelHash, code: ports.codeHash },
    why: candidate.because,
    what: {
      ...{ role, plan, runbook: candidate.runbook, version: candidate.version, target: candidate.target },
      ...{ document: request.documentName, documentHash: request.documentHash, parameters: request.parameters },
    },
    approval: { mode, consents, by: consents === 0 ? "policy" : "people", people },
  };
};

const rememberRun = async (ports: Ports, executionId: string, incidentId: string, unheard: Unheard): Promise<void> => {
  try {
    await change(ports.ledger, runKey(executionId), (item) =>
      item === null ? { write: { incidentId } } : { stop: null },
    );
  } catch (because) {
    // The run goes on; a stop of it will be missing from the trail, and that is said again then.
    unheard(`the run ${executionId} of ${incidentId}`, because);
  }
};

const incidentOfRun = async (ports: Ports, executionId: string): Promise<string | null> => {
  try {
    const item = (await ports.ledger.read(runKey(executionId)))?.item as Readonly<{ incidentId: string }> | undefined;
    return item?.incidentId ?? null;
  } catch {
    // To stop a run must never wait for what is written about it.
    return null;
  }
};
