import { type Incident, incidentKey, isOpen } from "./incident.ts";
import type { Json } from "./json.ts";
import { owesRows } from "./owed-rows.ts";

/**
 * Finds incidents that somebody has to look after, without reading the others. It may lag behind the ledger by seconds,
 * so whoever rests on it reads each again. @returns their ids, in no order
 */
export type OpenIncidents = Readonly<{ openIncidents: () => Promise<readonly string[]> }>;

const PREFIX = incidentKey("");

/** The incident whose item of the ledger has this key; null of any other kind of item. */
export const incidentIdIn = (key: string): string | null => (key.startsWith(PREFIX) ? key.slice(PREFIX.length) : null);

/** Whether an incident is open, still watched, or lacks the row of a decision. */
export const isLookedAfter = (incident: Incident | null): boolean =>
  incident !== null && (isOpen(incident) || owesRows(incident));

/** Whether an item of the ledger is an incident that is looked after: what an index of them holds. */
export const isOpenItem = (key: string, item: Json): boolean =>
  incidentIdIn(key) !== null && isLookedAfter(item as unknown as Incident | null);
