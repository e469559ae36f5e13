import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Evidence } from "../core/ports.ts";

/** Evidence that was asked once and is at hand from then on. */
export type HeardEvidence = Readonly<{ evidence: Evidence; ready: () => void }>;

type Heard<Asked extends readonly unknown[], Answer> = Readonly<{
  read: (...asked: Asked) => Promise<Answer>;
  ready: () => void;
}>;

/**
 * Each answer is used once: what is remembered of an object that was seen before would flatter the next decision. A scene's
 * decisions ask the same in the same order; that they did is looked at before the next one, outside what is measured.
 */
const heard = <Asked extends readonly unknown[], Answer>(
  read: (...asked: Asked) => Promise<Answer>,
): Heard<Asked, Answer> => {
  const known: Readonly<{ asked: string; answer: Answer }>[] = [];
  let copies: readonly Answer[] = [];
  let since: Asked[] = [];
  return {
    read: async (...asked) => {
      const copy = copies[since.length];
      since.push(asked);
      if (copy !== undefined) return copy;
      const answer = await read(...asked);
      known.push({ asked: JSON.stringify(asked), answer: structuredClone(answer) });
      return answer;
    },
    ready: () => {
      for (const [place, asked] of since.entries())
        if (JSON.stringify(asked) !== known[place]?.asked)
          throw new Error(`a decision asked something else than the first one on its scene: ${JSON.stringify(asked)}`);
      copies = structuredClone(known.map(({ answer }) => answer));
      since = [];
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
