import type { DurableExecutionClient, DurableLambdaHandler } from "@aws/durable-execution-sdk-js";
import { createEngine, type Engine } from "../durable/engine.ts";
import { memoryEngineStore } from "../durable/memory-engine-store.ts";
import { type Answer, type Answerer, failure } from "./front.fixture.ts";

/**
 * Lambda's durable executions over their wire, by the same engine that runs them on the laptop: the deployed function runs
 * in whatever runs functions behind `forward`, and its SDK checkpoints here by HTTP.
 */
export type DurableService = Readonly<{
  answerer: Answerer;
  /** Every execution by its name, with its status and the version of the function that it runs on. */
  executions: () => readonly Readonly<{
    name: string;
    functionArn: string;
    status: string;
    invocations: number;
    newest: readonly string[];
  }>[];
  /** What went wrong inside, for a failure's message. */
  troubles: () => readonly string[];
  stop: () => void;
}>;

type Started = Readonly<{ name: string; functionArn: string }>;
type Inside = Readonly<{ DurableExecutionArn: string; durableExecutionClient: DurableExecutionClient }>;
/** What the answerers of its single calls share. */
type Desk = Readonly<{
  engine: Engine;
  forward: () => string;
  started: Map<string, Started>;
  clients: Map<string, DurableExecutionClient>;
  startedAtMs: (name: string) => number;
}>;

/** How often timers are looked at. */
const TICK_MS = 100;

/** @param forward where functions run, and aliases are known */
export const durableService = (forward: () => string): DurableService => {
  const store = memoryEngineStore();
  const clients = new Map<string, DurableExecutionClient>();
  const started = new Map<string, Started>();
  const troubles: string[] = [];
  const handler = remoteHandler(forward, started, clients);
  const engine: Engine = createEngine({ store, clock: { nowMs: () => Date.now() }, handler });
  const desk: Desk = {
    ...{ engine, forward, started, clients },
    startedAtMs: (name) => store.execution(name)?.startedAtMs ?? 0,
  };
  let isRunning = true;
  const run = async (): Promise<void> => {
    try {
      await engine.runDue();
    } catch (error) {
      troubles.push(String(error));
    }
    for (const name of started.keys()) {
      const error = engine.describe(name)?.error ?? null;
      const told = `${name}: ${error?.type}: ${error?.message}`;
      if (error !== null && !troubles.includes(told)) troubles.push(told);
    }
    if (isRunning) setTimeout(run, TICK_MS);
  };
  setTimeout(run, TICK_MS);
  return {
    answerer: answererOf(desk),
    executions: () =>
      [...started.values()].map((own) => ({
        ...own,
        status: engine.describe(own.name)?.status ?? "RUNNING",
        invocations: engine.describe(own.name)?.invocations ?? 0,
        newest: (engine.describe(own.name)?.operations ?? [])
          .slice(-6)
          .map(({ name, type, status, payload }) => `${type} ${name} ${status} ${payload?.slice(0, 500) ?? ""}`),
      })),
    troubles: () => troubles,
    stop: () => {
      isRunning = false;
    },
  };
};

const arnOf = ({ name, functionArn }: Started): string => `${functionArn}/durable-execution/${name}/${name}`;

/** An emulator reads the Region and the account out of it, and checks no signature. */
const SIGNED = {
  authorization:
    "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=0",
} as const;

/** One invocation of the deployed function: what Lambda would send it, to the version that started the execution. */
const remoteHandler =
  (
    forward: () => string,
    started: ReadonlyMap<string, Started>,
    clients: Map<string, DurableExecutionClient>,
  ): DurableLambdaHandler =>
  async (event) => {
    const { DurableExecutionArn: inner, durableExecutionClient: client, ...rest } = { ...(event as object) } as Inside;
    const own = started.get(inner.split("/").at(-1) ?? "");
    if (own === undefined) throw new Error(`${inner} was never started`);
    clients.set(arnOf(own), client);
    const [functionName = "", version = ""] = own.functionArn.split(":").slice(-2);
    const path = `/2015-03-31/functions/${functionName}/invocations?Qualifier=${version}`;
    const reply = await fetch(forward() + path, {
      method: "POST",
      headers: { ...SIGNED, "content-type": "application/json", "x-amz-invocation-type": "RequestResponse" },
      body: JSON.stringify({ ...rest, DurableExecutionArn: arnOf(own) }),
    });
    const text = await reply.text();
    if (!reply.ok || reply.headers.has("x-amz-function-error"))
      throw new Error(`${own.functionArn} ended with ${reply.status}: ${text.slice(0, 1000)}`);
    return JSON.parse(text);
  };

const CHECKPOINT = /^\/2025-12-01\/durable-executions\/([^/]+)\/checkpoint$/;
const STATE = /^\/2025-12-01\/durable-executions\/([^/]+)\/state$/;
const DESCRIBE = /^\/2025-12-01\/durable-executions\/([^/]+)$/;
const CALLBACK = /^\/2025-12-01\/durable-execution-callbacks\/([^/]+)\/(succeed|fail)$/;
const LIST = /^\/2025-12-01\/functions\/([^/]+)\/durable-executions$/;
const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

const answererOf =
  (desk: Desk): Answerer =>
  async ({ method, url, headers, body: bytes }) => {
    const path = url.pathname;
    const body = bytes.toString("utf8");
    const arnIn = (pattern: RegExp): string => decodeURIComponent(pattern.exec(path)?.[1] ?? "");
    const name = headers["x-amz-durable-execution-name"];
    if (method === "POST" && INVOKE.test(path) && typeof name === "string")
      return begin(desk, decodeURIComponent(arnIn(INVOKE)), name, body);
    if (CHECKPOINT.test(path)) return checkpoint(desk, arnIn(CHECKPOINT), body);
    if (STATE.test(path)) {
      const asked = { DurableExecutionArn: arnIn(STATE), CheckpointToken: "", Marker: "" };
      const state = await desk.clients.get(arnIn(STATE))?.getExecutionState(asked);
      return { status: 200, body: onWire(state ?? { Operations: [] }) };
    }
    const [, callbackId, how] = CALLBACK.exec(path) ?? [];
    if (callbackId !== undefined) return ring(desk.engine, decodeURIComponent(callbackId), how === "succeed", body);
    if (LIST.test(path)) {
      const asked = url.searchParams.get("DurableExecutionName");
      const found = [...desk.started.values()].filter((own) => asked === null || own.name === asked);
      return { status: 200, body: { DurableExecutions: found.map((own) => statusOf(desk, own)) } };
    }
    const arn = arnIn(DESCRIBE);
    const own = [...desk.started.values()].find((one) => arnOf(one) === arn);
    return own === undefined ? null : { status: 200, body: statusOf(desk, own) };
  };

const begin = async (
  { engine, started, forward }: Desk,
  named: string,
  name: string,
  body: string,
): Promise<Answer> => {
  const own = started.get(name) ?? { name, functionArn: await versionOf(forward(), named) };
  if (!started.has(name)) started.set(name, own);
  try {
    engine.start(name, JSON.parse(body));
  } catch (error) {
    return failure(400, error instanceof Error ? error.name : "Error", String(error));
  }
  return { status: 202, body: "", headers: { "x-amz-durable-execution-arn": arnOf(own) } };
};

const checkpoint = async ({ clients }: Desk, arn: string, body: string): Promise<Answer> => {
  const client = clients.get(arn);
  if (client === undefined) return failure(404, "ResourceNotFoundException", `${arn} does not run`);
  try {
    return { status: 200, body: onWire(await client.checkpoint({ ...JSON.parse(body), DurableExecutionArn: arn })) };
  } catch (error) {
    return failure(400, "InvalidParameterValueException", error instanceof Error ? error.message : String(error));
  }
};

const statusOf = ({ engine, startedAtMs }: Desk, own: Started) => ({
  DurableExecutionArn: arnOf(own),
  DurableExecutionName: own.name,
  FunctionArn: own.functionArn,
  Status: engine.describe(own.name)?.status ?? "RUNNING",
  StartTimestamp: startedAtMs(own.name) / 1000,
});

const ring = (engine: Engine, callbackId: string, isSuccess: boolean, body: string): Answer => {
  try {
    const ended = isSuccess
      ? engine.ring(callbackId, body === "" ? undefined : JSON.parse(body))
      : engine.fail(callbackId, body);
    return ended === "completed"
      ? { status: 200, body: {} }
      : failure(400, "CallbackTimeoutException", `${callbackId} was answered or is over`);
  } catch (error) {
    return failure(404, "ResourceNotFoundException", String(error));
  }
};

/** The version that an alias, or a bare name, stands for now. */
const versionOf = async (forward: string, named: string): Promise<string> => {
  const parts = named.split(":");
  const [functionName = "", qualifier = "$LATEST"] = parts[0] === "arn" ? parts.slice(6) : parts;
  const base = `arn:aws:lambda:${parts[3] ?? "eu-west-1"}:${parts[4] ?? "123456789012"}:function:${functionName}`;
  if (/^(\d+|\$LATEST)$/.test(qualifier)) return `${base}:${qualifier}`;
  const path = `/2015-03-31/functions/${functionName}/aliases/${qualifier}`;
  const reply = await fetch(forward + path, { headers: SIGNED });
  const alias = (await reply.json()) as Readonly<{ FunctionVersion?: string }>;
  return `${base}:${alias.FunctionVersion ?? "$LATEST"}`;
};

/** Times in a body are seconds since the epoch, where an invocation's event has them as text. */
const onWire = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, one) =>
    /Timestamp$/.test(key) && typeof one === "string" ? Date.parse(one) / 1000 : one,
  );
