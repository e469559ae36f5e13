import type { PageRequest, Pager } from "../../core/ports.ts";

/** Nobody was reached: what each way of paging said. */
export class NobodyPaged extends Error {
  override readonly name = "NobodyPaged";
}

/**
 * Pages by the first way that works; each way says itself whether it paged before, so a later try may reach people by
 * two. A page by a later way says why the earlier did not page. Words after the page go to every way, for each knows
 * whether it paged. Never silent.
 *
 * @param pagers in the order in which they are tried, each idempotent by incident
 * @throws NobodyPaged where every way failed; after the page, where any did that was tried
 */
export const firstThatAnswers = (...pagers: readonly [Pager, ...Pager[]]): Pager => {
  const toEach = async (tell: (pager: Pager) => Promise<void>): Promise<void> => {
    const failures = (await Promise.allSettled(pagers.map(tell))).flatMap((told) =>
      told.status === "rejected" ? [told.reason] : [],
    );
    if (failures.length > 0) throw failed(failures);
  };
  return {
    page: async (request) => {
      const failures: unknown[] = [];
      for (const pager of pagers) {
        try {
          return await pager.page(withFailures(request, failures));
        } catch (error) {
          // The next way is for this, and tells it; what all of them said is thrown where none works.
          failures.push(error);
        }
      }
      throw failed(failures);
    },
    update: (incidentId, text) => toEach((pager) => pager.update(incidentId, text)),
    resolve: (incidentId, text) => toEach((pager) => pager.resolve(incidentId, text)),
  };
};

/** A way that fails, for its key is gone or the service is down, would else be noticed by nobody until the other fails too. */
const withFailures = (request: PageRequest, failures: readonly unknown[]): PageRequest => ({
  ...request,
  details: [...request.details, ...failures.map((error) => `Not paged by another way: ${wordsOf(error)}`)],
});

const failed = (failures: readonly unknown[]): NobodyPaged =>
  new NobodyPaged(failures.map(wordsOf).join("; "), { cause: failures[0] });

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
