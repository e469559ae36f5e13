import { type Frame, frame, frameReader, headsContent, KINDS, sceneIn } from "./frames.ts";
import type { Inference } from "./inference.ts";
import { openSession } from "./session.ts";

/**
 * A process that runs one network and nothing else: its bytes come first on stdin, then scenes, one answer each. It reads
 * no file but its own code, has no environment, and ends with its stdin.
 */
const answer = (kind: number, content: Uint8Array): void => void process.stdout.write(frame(kind, content));

const failed = (error: unknown): void =>
  answer(KINDS.failed, new TextEncoder().encode(error instanceof Error ? error.message : String(error)));

let inference: Inference | null = null;

const handle = async ({ kind, content }: Frame): Promise<void> => {
  try {
    if (kind === KINDS.model) {
      inference = await openSession(Uint8Array.from(content));
      answer(KINDS.open, new Uint8Array());
    } else if (inference === null) {
      throw new Error("a scene came before the model");
    } else {
      answer(KINDS.heads, headsContent(await inference.run(sceneIn(content))));
    }
  } catch (error) {
    failed(error);
  }
};

const read = frameReader();
for await (const chunk of process.stdin) for (const one of read(chunk)) await handle(one);
