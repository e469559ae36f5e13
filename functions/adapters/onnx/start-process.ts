import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { type Frame, frame, frameReader, headsIn, KINDS, sceneContent } from "./frames.ts";
import type { Heads, Scene } from "./inference.ts";

/** The network was stopped, died, or said something that is no answer. The message says which, in one sentence. */
export class InferenceFailed extends Error {
  override readonly name = "InferenceFailed";
}

/** A process that holds a model. It is asked one scene at a time; whoever sees it fail kills it. */
export type SessionProcess = Readonly<{
  ask: (scene: Scene) => Promise<Heads>;
  /** Whether it can answer nothing any more. */
  isDead: () => boolean;
  kill: () => void;
}>;

type Limits = Readonly<{ deadlineMs: number; startMs: number; mostBytes: number; program: string }>;
type Waiting = Readonly<{ resolve: (frame: Frame) => void; reject: (why: InferenceFailed) => void }>;

/** How often the memory of a process is looked at while it runs. */
const LOOK_EVERY_MS = 50;
const PAGE_BYTES = 4096;

/** Bytes that a process holds in memory; 0 where the system does not tell. */
const residentBytes = (pid: number): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
};

const spawned = ({ program }: Limits) =>
  // No environment: what opens a file that others made holds no credentials.
  spawn(process.execPath, ["--max-old-space-size=256", program], { env: {}, stdio: ["pipe", "pipe", "ignore"] });

/**
 * Starts a process and gives it the bytes of a model; it is open before the first scene is asked.
 * @param members of the model, so that an answer of another size is none
 */
export const startProcess = (bytes: Uint8Array, members: number, limits: Limits): SessionProcess => {
  const child = spawned(limits);
  // Keeps this process alive while something is waited for, and not longer.
  const hold = (isHeld: boolean): void => {
    for (const one of [child, child.stdin, child.stdout])
      if (one === child || one instanceof Socket) isHeld ? one.ref() : one.unref();
  };
  let waiting: Waiting | null = null;
  let death: string | null = null;
  const dies = (how: string): void => {
    death ??= how;
    waiting?.reject(new InferenceFailed(death));
  };
  const kill = (): void => {
    process.removeListener("exit", kill);
    child.kill("SIGKILL");
    dies("the model was closed");
  };
  process.once("exit", kill);
  child.once("error", (error) => dies(`the process of the model cannot be started: ${error.message}`));
  child.once("close", (code, signal) => dies(`the process of the model ended (${signal ?? `exit code ${code}`})`));
  // A write to a process that died fails as well; that it died is what is worth saying.
  child.stdin.on("error", () => {});
  const read = frameReader();
  child.stdout.on("data", (chunk: Uint8Array) => {
    try {
      for (const one of read(chunk)) waiting?.resolve(one);
    } catch (error) {
      dies(`the process of the model said something else: ${String(error)}`);
    }
  });
  const exchange = async (sent: Uint8Array, withinMs: number): Promise<Frame> => {
    const looks = setInterval(() => {
      if (residentBytes(child.pid ?? 0) > limits.mostBytes) dies("the model took more memory than it may");
    }, LOOK_EVERY_MS);
    const timer = setTimeout(() => dies(`the model did not answer within ${withinMs} ms`), withinMs);
    hold(true);
    try {
      return await new Promise<Frame>((resolve, reject) => {
        waiting = { resolve, reject };
        if (death !== null) return reject(new InferenceFailed(death));
        child.stdin.write(sent);
      });
    } finally {
      waiting = null;
      hold(false);
      clearTimeout(timer);
      clearInterval(looks);
    }
  };
  const opened = exchange(frame(KINDS.model, bytes), limits.startMs);
  // Whoever asks the first scene hears of it.
  opened.catch(() => {});
  return {
    kill,
    isDead: () => death !== null,
    ask: async (scene) => {
      expect(await opened, KINDS.open);
      const answer = await exchange(frame(KINDS.scene, sceneContent(scene)), limits.deadlineMs);
      return headsIn(expect(answer, KINDS.heads), members, scene.candidates.length);
    },
  };
};

const expect = ({ kind, content }: Frame, wanted: number): Uint8Array => {
  if (kind === wanted) return content;
  const said = kind === KINDS.failed ? `: ${new TextDecoder().decode(content).slice(0, 150)}` : "";
  throw new InferenceFailed(`the model gave no answer${said}`);
};
