import { type Incident, incidentKey, isOpen } from "./incident.ts";
import type { Json } from "./json.ts";

/**
 * Finds incidents that are open or still watched without reading those that ended. It may lag behind the ledger by
 * seconds, so whoever rests on it reads each again. @returns their ids, in no order
 */
export type OpenIncidents = Readonly<{ openIncidents: () => Promise<readonly string[]> }>;

const PREFIX = incidentKey("");

/** The incident whose item of the ledger has this key; null of any other kind of item. */
export const incidentIdIn = (key: string): string | null => (key.startsWith(PREFIX) ? key.slice(PREFIX.length) : null);

/** Whether an item of the ledger is an incident that is open or still watched: what an index of them holds. */
export const isOpenItem = (key: string, item: Json): boolean =>
  incidentIdIn(key) !== null && isOpen(item as unknown as Incident | null);
