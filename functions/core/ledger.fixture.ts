import type { Json } from "./json.ts";
import type { Ledger, Versioned } from "./ports.ts";

/** What goes wrong with one call: nothing, it fails before it is done, or it is done and its reply is lost. */
export type Mishap = "none" | "fails" | "reply-lost" | "reply-false";

/** A ledger in memory whose mishaps are scripted, for tests. */
export const fakeLedger = (
  script: Readonly<{ reads?: readonly Mishap[]; writes?: readonly Mishap[] }> = {},
): Ledger & Readonly<{ items: Map<string, Versioned>; writes: () => number }> => {
  const items = new Map<string, Versioned>();
  const count = { reads: 0, writes: 0 };
  return {
    items,
    writes: () => count.writes,
    read: async (key) => {
      const mishap = script.reads?.[count.reads++] ?? "none";
      if (mishap === "fails") throw new Error("the read failed");
      return items.get(key) ?? null;
    },
    write: async (key, item, expected) => {
      const mishap = script.writes?.[count.writes++] ?? "none";
      if (mishap === "fails") throw new Error("the write failed");
      if ((items.get(key)?.version ?? null) !== expected) return false;
      items.set(key, { item: structuredClone(item) as Json, version: (expected ?? 0) + 1 });
      if (mishap === "reply-lost") throw new Error("the reply was lost");
      return mishap !== "reply-false";
    },
    list: async (prefix) =>
      [...items].filter(([key]) => key.startsWith(prefix)).map(([key, { item }]) => ({ key, item })),
  };
};
