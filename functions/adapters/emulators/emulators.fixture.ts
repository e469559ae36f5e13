import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { devNull, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
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
/** Python reads its packages for the first time from a slow disk. */
const START_MS = 180_000;
const AGAIN_MS = 100;
const ANSWER_MS = 10_000;
/** ministack ends its functions before itself. */
const PATIENCE_MS = 10_000;
/** A port that was free may be somebody else's by the time it is listened on. */
const TRIES = 3;

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

/** What would lead a child process away from loopback: accounts and proxies of whoever runs this. */
const ASTRAY = /^(AWS_|CDK_|BOTO|NODE_USE_ENV_PROXY$|(https?|all)_proxy$)/i;

/** The environment of this process, without what would lead a child astray. */
export const surroundings = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || ASTRAY.test(name) ? [] : [[name, value]],
    ),
  );

/** moto: broad and shallow; it checks every call's parameters by botocore's models. */
export const startMoto = (): Promise<Emulator> =>
  start((port) => ({ args: ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], env: {} }));

/**
 * ministack: runs CloudFormation, functions, queues and durable executions.
 * @param args what Python is given to start it, where that is more than the module itself
 */
export const startMinistack = (
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = ["-m", "ministack"],
): Promise<Emulator> =>
  start((port, folder) => ({
    args,
    env: {
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      MINISTACK_ACCOUNT_ID: "123456789012",
      MINISTACK_REGION: REGION,
      // Functions run as processes, by the Node that runs this, whether there is a Docker or not.
      LAMBDA_EXECUTOR: "local",
      // A port of its own, and the same one for all.
      IOT_MTLS_ENABLED: "0",
      PATH: [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
      STATE_DIR: join(folder, "state"),
      S3_DATA_DIR: join(folder, "s3"),
      ...env,
    },
  }));

type Command = Readonly<{ args: readonly string[]; env: Readonly<Record<string, string>> }>;

const start = async (command: (port: number, folder: string) => Command): Promise<Emulator> => {
  const python = await emulatorPython();
  const failures: string[] = [];
  while (failures.length < TRIES) {
    const started = await startOn(await freePort(), python, command);
    if (typeof started !== "string") return started;
    failures.push(started);
  }
  throw new Error(failures.join("\n"));
};

/** @returns what it said, where it ended instead; throws where it does neither */
const startOn = async (
  port: number,
  python: string,
  command: (port: number, folder: string) => Command,
): Promise<Emulator | string> => {
  const folder = mkdtempSync(join(tmpdir(), "quell-emulator-"));
  const { args, env } = command(port, folder);
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const child = spawn(python, args, {
    cwd: folder,
    env: { ...surroundings(), ...env, TMPDIR: folder, PYTHONUNBUFFERED: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-100_000);
    });
  let isStartable = true;
  child.once("error", (error) => {
    isStartable = false;
    said += String(error);
  });
  const stop = async (): Promise<void> => {
    if (isStartable) await ended(child);
    // Its functions end a moment after it.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
  const deadlineMs = Date.now() + START_MS;
  while (!(await answers(endpoint))) {
    const isGone = !isStartable || hasEnded(child);
    if (isGone || Date.now() > deadlineMs) {
      await stop();
      const told = said.slice(-2000);
      if (isGone) return `${args.join(" ")} ended before it answered: ${told}`;
      throw new Error(`${args.join(" ")} did not answer on port ${port} within ${START_MS / 1000} s: ${told}`);
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
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
    },
    said: () => said,
    stop,
  };
};

const answers = async (endpoint: string): Promise<boolean> => {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(ANSWER_MS) });
    return true;
  } catch {
    // It does not listen yet.
    return false;
  }
};

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (hasEnded(child)) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS).unref();
  });
