import { quietEpisodes, quietPager, quietRecords } from "../core/egress.ts";
import { type Reconciled, type ReconcilePorts, reconcile } from "../core/reconcile.ts";
import type { Settings } from "../core/settings.ts";

/** What the schedule runs every few minutes. Whatever it tells people or writes down passes the egress. */
export const reconcileWith = (open: ReconcilePorts, settings: Settings) => (): Promise<Reconciled> => {
  const { pager, records, episodes } = open;
  const quiet = { pager: quietPager(pager), records: quietRecords(records), episodes: quietEpisodes(episodes) };
  return reconcile({ ...open, ...quiet }, settings);
};
