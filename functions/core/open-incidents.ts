/**
 * Finds incidents that are open or still watched without reading those that ended. It may lag behind the ledger by
 * seconds, so whoever rests on it reads each again. @returns their ids, in no order
 */
export type OpenIncidents = Readonly<{ openIncidents: () => Promise<readonly string[]> }>;
