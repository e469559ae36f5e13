import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensurePython } from "../python/environment.ts";

/** AWS's API as an emulator answers it on loopback, and what every client of the SDK takes to speak to it. */
export type Emulator = Readonly<{
  endpoint: string;
  clientConfig: Readonly<{
    endpoint: string;
    region: string;
    credentials: Readonly<{ accessKeyId: string; secretAccessKey: string }>;
    maxAttempts: number;
    /** S3 by path: a bucket is no host name on loopback. */
    forcePathStyle: true;
  }>;
  /** What a child process needs to speak to it. */
  env: Readonly<Record<string, string>>;
  /** Everything that it said, for a failure's message. */
  said: () => string;
  stop: () => Promise<void>;
}>;

export const REGION = "eu-west-1";
const START_MS = 60_000;
const AGAIN_MS = 100;

/** Outside of functions, whose files are hashed to tell which code ran: thousands come with an environment. */
const FOLDER = join(import.meta.dirname, "..", "..", "..", "infra", "emulators");

/**
 * The interpreter with moto and ministack. `$QUELL_EMULATOR_PYTHON` brings one; else the environment is made once, from
 * infra/emulators/requirements.txt. Throws NoPython where it cannot be.
 */
export const emulatorPython = (): Promise<string> =>
  ensurePython({ folder: FOLDER, own: process.env.QUELL_EMULATOR_PYTHON });

/** A port that is free now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });

/** moto: broad and shallow; it checks every call's parameters by botocore's models. */
export const startMoto = async (): Promise<Emulator> => {
  const port = await freePort();
  return start(["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], port, {});
};

/**
 * ministack: runs CloudFormation, functions, queues and durable executions.
 * @param args what Python is given to start it, where that is more than the module itself
 */
export const startMinistack = async (
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = ["-m", "ministack"],
): Promise<Emulator> => {
  const port = await freePort();
  return start(args, port, {
    BIND_HOST: "127.0.0.1",
    GATEWAY_PORT: String(port),
    MINISTACK_ACCOUNT_ID: "123456789012",
    MINISTACK_REGION: REGION,
    ...env,
  });
};

const start = async (
  args: readonly string[],
  port: number,
  env: Readonly<Record<string, string>>,
): Promise<Emulator> => {
  const python = await emulatorPython();
  const folder = mkdtempSync(join(tmpdir(), "quell-emulator-"));
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const child = spawn(python, args, {
    cwd: folder,
    env: { ...process.env, ...env, TMPDIR: folder, PYTHONUNBUFFERED: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-100_000);
    });
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const deadlineMs = Date.now() + START_MS;
  while (!(await answers(endpoint))) {
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      await stop();
      throw new Error(`${args.join(" ")} did not start: ${said.slice(-2000)}`);
    }
    await sleep(AGAIN_MS);
  }
  return {
    endpoint,
    clientConfig: { endpoint, region: REGION, credentials, maxAttempts: 1, forcePathStyle: true },
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    said: () => said,
    stop,
  };
};

const answers = async (endpoint: string): Promise<boolean> => {
  try {
    await fetch(endpoint);
    return true;
  } catch {
    // Not listening yet.
    return false;
  }
};

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 3000).unref();
  });
