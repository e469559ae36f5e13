import type { Json } from "../../core/json.ts";
import type { Ledger } from "../../core/ports.ts";

/** A ledger that lives as long as the process. Items pass through JSON, as they do in every other ledger. */
export const simulatedLedger = (): Ledger => {
  const items = new Map<string, Readonly<{ text: string; version: number }>>();
  return {
    read: async (key) => {
      const held = items.get(key);
      return held === undefined ? null : { item: parseItem(held.text), version: held.version };
    },
    write: async (key, item, expected) => {
      const version = items.get(key)?.version ?? null;
      if (version !== expected) return false;
      items.set(key, { text: JSON.stringify(item), version: (version ?? 0) + 1 });
      return true;
    },
    list: async (prefix) =>
      [...items]
        .filter(([key]) => key.startsWith(prefix))
        .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map(([key, { text }]) => ({ key, item: parseItem(text) })),
  };
};

const parseItem = (text: string): Json => JSON.parse(text);
