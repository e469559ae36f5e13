import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pager } from "../../core/ports.ts";

/** A pager to be judged, and a way to see which incidents reached a person, each as often as it did. */
export type PagerUnderTest = Readonly<{ pager: Pager; reached: () => Promise<readonly string[]> }>;

const request = (incidentId: string) => ({ incidentId, severity: 2, summary: "checkout fails", details: ["5xx 12 %"] });

/** What every pager promises. @param make a fresh pager that has paged nobody */
export const pagerContract = (name: string, make: () => Promise<PagerUnderTest>): void => {
  test(`${name}: paging the same incident twice reaches a person once`, async () => {
    const { pager, reached } = await make();

    await pager.page(request("quell-one"));
    await pager.page(request("quell-one"));

    assert.deepEqual(await reached(), ["quell-one"]);
  });

  test(`${name}: every incident reaches a person on its own`, async () => {
    const { pager, reached } = await make();

    await pager.page(request("quell-one"));
    await pager.page(request("quell-two"));

    assert.deepEqual((await reached()).toSorted(), ["quell-one", "quell-two"]);
  });

  test(`${name}: an update or a resolution of an incident that was never paged pages nobody`, async () => {
    const { pager, reached } = await make();

    await pager.update("quell-one", "still looking");
    await pager.resolve("quell-one", "recovered");

    assert.deepEqual(await reached(), []);
  });
};
