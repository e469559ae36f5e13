import { appendFileSync } from "node:fs";
import { durable } from "../durable/durable.ts";
import { createEngine, type Engine } from "../durable/engine.ts";
import { openDatabase } from "./database.ts";
import { sqliteEngineStore } from "./engine-store.ts";

/** An engine on a store's file whose handler writes every body it runs as a line of `log`; `hang` never ends its second step. */
export const resumable = (path: string, log: string, second: "hang" | "end"): Engine => {
  const handler = durable<string>(async (input, context) => {
    const note = async (line: string) => appendFileSync(log, `${line}\n`);
    await context.step("first", () => note("first"));
    await context.step("second", async () => {
      await note("second");
      if (second === "hang") await new Promise<never>(() => process.send?.("inside the second step"));
    });
    const answer = await context.waitForCallback("ask", (callbackId) => note(`ask ${callbackId}`), {
      timeout: { minutes: 5 },
    });
    await context.step("third", () => note("third"));
    return [input, answer];
  });
  const store = sqliteEngineStore(openDatabase(path));
  return createEngine({ store, clock: { nowMs: () => 1_000_000 }, handler });
};

const [, , path, log, second] = process.argv;
if (import.meta.main && path !== undefined && log !== undefined) {
  const engine = resumable(path, log, second === "hang" ? "hang" : "end");
  engine.start("run", "input");
  setInterval(() => {}, 60_000); // stays alive until it is killed
  await engine.runDue();
  process.send?.("asleep");
}
