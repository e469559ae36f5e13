import { type Folded, fold } from "../core/incident.ts";
import type { Ingested } from "../core/ingest.ts";
import type { Ports } from "../core/ports.ts";
import type { Settings } from "../core/settings.ts";

/** What intake did with one delivery, and why in words. */
export type Taken = Folded & Readonly<{ because: string }>;

const WORDS: Readonly<Record<Folded["kind"], string>> = {
  opened: "no open incident answers for it",
  joined: "an open incident answers for it",
  updated: "an open incident was told",
  ignored: "no open incident concerns it, or it is known already",
};

/**
 * Takes one delivery: a state change of this stack's own account and Region is folded into the ledger, anything else is
 * ignored with its reason. Throws where the ledger cannot be written: the delivery must then come again.
 */
export const intakeWith =
  (ports: Pick<Ports, "ledger" | "executions">, settings: Settings) =>
  async (ingested: Ingested): Promise<Taken> => {
    if (ingested.kind === "invalid") return { kind: "ignored", incidentId: null, because: ingested.reason };
    if (ingested.kind === "ignored") return { kind: "ignored", incidentId: null, because: ingested.because.detail };
    const { alarm } = ingested;
    if (alarm.account !== settings.account || alarm.region !== settings.region) {
      const because = `it is of ${alarm.account}/${alarm.region}, this stack serves ${settings.account}/${settings.region}`;
      return { kind: "ignored", incidentId: null, because };
    }
    const folded = await fold(ports, settings, alarm);
    return { ...folded, because: WORDS[folded.kind] };
  };
