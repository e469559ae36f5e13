import type { Ports } from "../../core/ports.ts";
import type { Note } from "./logger.ts";

/** Calls whose success is worth a line: what reaches the world outside. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  approvals: ["ask", "settle"],
  actuator: ["start", "stop"],
  records: ["put"],
  pager: ["page", "update", "resolve"],
};
const PORTS = [
  "evidence",
  "drafter",
  "approvals",
  "actuator",
  "ledger",
  "episodes",
  "records",
  "trackRecord",
  "pager",
  "switch",
  "executions",
] as const;

type Call = (...given: readonly unknown[]) => Promise<unknown>;

/** Logs every call of a port that fails, with its error, and every one that reaches the world outside. Changes nothing. */
export const withLog = (ports: Ports, note: Note): Ports => ({
  ...ports,
  ...Object.fromEntries(PORTS.map((name) => [name, logged(name, ports[name], note)])),
});

const logged = (port: string, calls: object, note: Note): object =>
  Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      typeof call === "function"
        ? loggedCall(`${port}.${name}`, call as Call, note, TOLD[port]?.includes(name) === true)
        : call,
    ]),
  );

const loggedCall =
  (what: string, call: Call, note: Note, isTold: boolean): Call =>
  async (...given) => {
    const startedMs = performance.now();
    const tookMs = (): number => Math.round(performance.now() - startedMs);
    try {
      const answer = await call(...given);
      if (isTold) note("info", `${what} was called`, { call: what, tookMs: tookMs() });
      return answer;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      note("warn", `${what} failed: ${detail}`, { call: what, tookMs: tookMs() });
      throw error;
    }
  };
