import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Json } from "../../core/json.ts";
import type { ApiCall, ApiReply } from "../../world/types.ts";
import { emulatorPython, surroundings } from "./emulators.fixture.ts";

/** What AWS's own models say of a call that is not made. */
export type Checked = Readonly<{
  problems: readonly string[];
  /** What stands at each selector in the answer; null where nothing can. */
  found: readonly (Readonly<{ type: string; enum: readonly string[] }> | null)[];
}>;

/** A call to be checked: `literal` is its input before references were replaced. */
export type Question = ApiCall & Readonly<{ literal: Json; selectors: readonly string[] }>;

/** AWS API calls by service and name, as an automation's steps make them, over the wire by botocore. */
export type ApiCalls = Readonly<{
  call: (asked: ApiCall) => Promise<ApiReply>;
  check: (asked: Question) => Promise<Checked>;
  stop: () => Promise<void>;
}>;

const reply = z.union([
  z.object({ ok: z.literal(true), output: z.json() }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);
const checked = z.object({
  problems: z.array(z.string()),
  found: z.array(z.object({ type: z.string(), enum: z.array(z.string()) }).nullable()),
});
const line = z.looseObject({ id: z.number() });

/** Starts the process that makes the calls. @param env says where: an emulator's own `env` */
export const startApiCalls = async (env: Readonly<Record<string, string>>): Promise<ApiCalls> => {
  const child = spawn(await emulatorPython(), [join(import.meta.dirname, "call_api.py")], {
    env: { ...surroundings(), ...env, PYTHONUNBUFFERED: "1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-10_000);
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    const answer = line.parse(JSON.parse(text));
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`call_api.py ended: ${said}`));
  });
  let last = 0;
  const ask = (asked: Readonly<Record<string, unknown>>): Promise<unknown> => {
    last += 1;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(last, answer);
    child.stdin.write(`${JSON.stringify({ id: last, ...asked })}\n`);
    return answer.promise;
  };
  return {
    call: async (asked) => reply.parse(await ask({ kind: "call", ...asked })),
    check: async (asked) => checked.parse(await ask({ kind: "check", ...asked })),
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
};
