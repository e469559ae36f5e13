import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Evidence } from "../core/ports.ts";

/** Evidence that was asked once and is at hand from then on. */
export type HeardEvidence = Readonly<{ evidence: Evidence; ready: () => void }>;

type Heard<Asked extends readonly unknown[], Answer> = Readonly<{
  read: (...asked: Asked) => Promise<Answer>;
  ready: () => void;
}>;

/** Each answer is used once: what is remembered of an object that was seen before would flatter the next decision. */
const heard = <Asked extends readonly unknown[], Answer>(
  read: (...asked: Asked) => Promise<Answer>,
): Heard<Asked, Answer> => {
  const known = new Map<string, Answer>();
  let copies = new Map<string, Answer>();
  return {
    read: async (...asked) => {
      const key = JSON.stringify(asked);
      const copy = copies.get(key);
      if (copy !== undefined) {
        copies.delete(key);
        return copy;
      }
      const answer = await read(...asked);
      known.set(key, structuredClone(answer));
      return answer;
    },
    ready: () => {
      copies = structuredClone(known);
    },
  };
};

/**
 * The same evidence, answered from memory where it was answered before: what a simulated cloud takes to make its
 * telemetry up is no part of a decision. `ready` lays fresh copies of all known answers out, outside what is measured.
 */
export const heardEvidence = (from: Evidence): HeardEvidence => {
  const [alarms, metrics, logs] = [heard(from.alarms), heard(from.metrics), heard(from.logs)];
  const [changes, resources, history] = [heard(from.changes), heard(from.resources), heard(from.history)];
  const all: readonly Pick<Heard<never, unknown>, "ready">[] = [alarms, metrics, logs, changes, resources, history];
  return {
    evidence: {
      alarms: alarms.read,
      metrics: metrics.read,
      logs: logs.read,
      changes: changes.read,
      resources: resources.read,
      history: history.read,
    },
    ready: () => {
      for (const one of all) one.ready();
      sweep();
    },
  };
};

/** What laying copies out leaves behind is not collected at the expense of the decision that follows. */
const sweep: () => void = (() => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { type: "minor" }) => void;
  return () => collect({ type: "minor" });
})();
