import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { parse } from "yaml";
import { z } from "zod";
import { type AutomationContent, automationContent } from "../../core/automation-document.ts";
import type { Json } from "../../core/json.ts";
import { documentOutputs } from "../../world/automation.ts";
import { textOf } from "../../world/automation-values.ts";
import type { ApiCall, ApiReply } from "../../world/types.ts";
import { type AutomationRun, beginRun, type Shown, type StepRun } from "./automation-runs.fixture.ts";
import { REGION } from "./emulators.fixture.ts";

/** What becomes of one request instead of, or after, its own answer. */
export type Disturbance =
  | Readonly<{ kind: "error"; status: number; code: string; message: string }>
  /** It is not carried out, and this is its answer. */
  | Readonly<{ kind: "answer"; output: Json }>
  /** It is carried out, and the connection is torn before a byte of the answer. */
  | Readonly<{ kind: "lose-answer" }>
  /** It is neither carried out nor answered. */
  | Readonly<{ kind: "silence" }>;

/** The part of Systems Manager that holds documents and runs them, on loopback. */
export type AutomationServer = Readonly<{
  endpoint: string;
  /** Every request that came, in order. */
  received: readonly Readonly<{ operation: string; body: Readonly<Record<string, Json>> }>[];
  /** What becomes of the next requests of an operation, one each. */
  disturb: (operation: string, ...how: readonly Disturbance[]) => void;
  runs: () => readonly AutomationRun[];
  /** Settles when every run that was started has ended. */
  settled: () => Promise<void>;
  stop: () => Promise<void>;
}>;

type Options = Readonly<{
  /** Makes the AWS API calls of the steps. */
  call: (asked: ApiCall) => Promise<ApiReply>;
  /** The longest that a wait of a document takes here; its timeouts count as if it had taken its time. */
  mostSleepMs?: number;
  /** Executions that may run at once; AWS allows 100 by default. */
  mostRunning?: number;
  /** Steps that GetAutomationExecution lists, and that a page of them holds. */
  pageSteps?: number;
}>;

const ACCOUNT = "123456789012";
const GLOBALS = { ACCOUNT_ID: ACCOUNT, REGION, AWS_PARTITION: "aws" };
/** What SSM puts where the output of a step will stand once it has succeeded. */
const NO_OUTPUT = "No output available yet because the step is not successfully executed";

/** An error as the service answers it. */
class Fault extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

type Document = Readonly<{ content: AutomationContent; text: string; createdAtMs: number }>;
type Documents = { versions: Document[]; standard: number };
type Tag = z.infer<typeof tag>;
/** Everything that the server holds. */
type Held = Readonly<{
  options: Options;
  signal: AbortSignal;
  documents: Map<string, Documents>;
  runs: AutomationRun[];
  tags: Map<string, Tag[]>;
}>;

const name = z.string().regex(/^[a-zA-Z0-9_\-.]{3,128}$/);
const tag = z.object({ Key: z.string().min(1).max(128), Value: z.string().max(256) });
const written = z.object({
  Name: name,
  Content: z.string().min(1),
  DocumentFormat: z.enum(["JSON", "YAML"]).default("JSON"),
  DocumentType: z.literal("Automation").optional(),
  Tags: z.array(tag).default([]),
});
const asked = z.object({ Name: name, DocumentVersion: z.string().default("$DEFAULT") });
const execution = z.object({ AutomationExecutionId: z.string().length(36) });
const tagged = z.object({ ResourceType: z.string(), ResourceId: z.string() });
const start = z.object({
  DocumentName: name,
  DocumentVersion: z.string().default("$DEFAULT"),
  Parameters: z.record(z.string(), z.array(z.string().min(1).max(512)).max(50)).default({}),
  ClientToken: z.guid().optional(),
  Mode: z.enum(["Auto", "Interactive"]).default("Auto"),
  Tags: z.array(tag).max(5).default([]),
});

/** Starts the server. Stop it in `after`: that ends the runs that are under way, too. */
export const startAutomationServer = async (options: Options): Promise<AutomationServer> => {
  const over = new AbortController();
  const held: Held = { options, signal: over.signal, documents: new Map(), runs: [], tags: new Map() };
  const received: { operation: string; body: Readonly<Record<string, Json>> }[] = [];
  const disturbances: Readonly<{ operation: string; how: Disturbance }>[] = [];
  const server = createServer((request, response) => {
    void answer(held, received, disturbances, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the automation server has no port");
  const settled = async (): Promise<void> => {
    await Promise.all(held.runs.map(({ ended }) => ended));
  };
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    received,
    disturb: (operation, ...hows) => disturbances.push(...hows.map((how) => ({ operation, how }))),
    runs: () => held.runs,
    settled,
    stop: async () => {
      over.abort();
      await settled();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const answer = async (
  held: Held,
  received: { operation: string; body: Readonly<Record<string, Json>> }[],
  disturbances: Readonly<{ operation: string; how: Disturbance }>[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const sent = await text(request);
  const operation = String(request.headers["x-amz-target"] ?? "").replace(/^AmazonSSM\./, "");
  const body = z.record(z.string(), z.json()).parse(JSON.parse(sent === "" ? "{}" : sent));
  received.push({ operation, body });
  const [found] = disturbances.filter((one) => one.operation === operation);
  if (found !== undefined) disturbances.splice(disturbances.indexOf(found), 1);
  const how = found?.how;
  if (how?.kind === "silence") return;
  const reply = how?.kind === "error" || how?.kind === "answer" ? how : carriedOut(held, operation, body);
  if (how?.kind === "lose-answer") return void request.socket.destroy();
  const status = reply.kind === "error" ? reply.status : 200;
  const shown = reply.kind === "error" ? { __type: reply.code, message: reply.message } : reply.output;
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(shown));
};

type Refusal = Extract<Disturbance, { kind: "error" }>;
type Answer = Extract<Disturbance, { kind: "answer" }>;

const carriedOut = (held: Held, operation: string, body: Json): Answer | Refusal => {
  const operate = OPERATIONS[operation];
  if (operate === undefined) return refusal("UnknownOperationException", `${operation} is not emulated`);
  try {
    return { kind: "answer", output: operate(held, body) };
  } catch (error) {
    if (error instanceof Fault) return refusal(error.code, error.message);
    if (error instanceof z.ZodError) return refusal("ValidationException", z.prettifyError(error));
    throw error;
  }
};

const refusal = (code: string, message: string): Refusal => ({ kind: "error", status: 400, code, message });

const documentAt = (held: Held, of: string, version: string, missing: readonly [string, string]): Document => {
  const documents = held.documents.get(of);
  if (documents === undefined) throw new Fault(missing[0], `no document is named ${of}`);
  const document = documents.versions[Number(versionOf(documents, version)) - 1];
  if (document === undefined) throw new Fault(missing[1], `${of} has no version ${version}`);
  return document;
};
const versionOf = ({ versions, standard }: Documents, version: string): string =>
  ({ $DEFAULT: String(standard), $LATEST: String(versions.length) })[version] ?? version;
const MISSING = ["InvalidDocument", "InvalidDocumentVersion"] as const;

const parsedDocument = (body: Json): Document => {
  const { Content, DocumentFormat } = written.parse(body);
  try {
    const content: unknown = DocumentFormat === "JSON" ? JSON.parse(Content) : parse(Content);
    const shown = DocumentFormat === "JSON" ? Content : JSON.stringify(content);
    return { content: automationContent.parse(content), text: shown, createdAtMs: Date.now() };
  } catch (error) {
    throw new Fault("InvalidDocumentContent", error instanceof Error ? error.message : String(error));
  }
};

const describedDocument = (held: Held, body: Json) => {
  const { Name, DocumentVersion } = asked.parse(body);
  const document = documentAt(held, Name, DocumentVersion, MISSING);
  const documents = held.documents.get(Name) ?? { versions: [], standard: 1 };
  return {
    ...{ Name, DocumentVersion: versionOf(documents, DocumentVersion), DefaultVersion: String(documents.standard) },
    ...{ Status: "Active", DocumentType: "Automation", DocumentFormat: "JSON", SchemaVersion: "0.3" },
    ...{ CreatedDate: document.createdAtMs / 1000, Owner: ACCOUNT },
  };
};

const isSame = (run: AutomationRun, started: z.infer<typeof start>, version: string): boolean =>
  run.documentName === started.DocumentName &&
  run.documentVersion === version &&
  JSON.stringify(Object.entries(run.parameters).toSorted()) ===
    JSON.stringify(Object.entries(started.Parameters).toSorted());

const started = (held: Held, body: Json): Json => {
  const request = start.parse(body);
  const gone = ["AutomationDefinitionNotFoundException", "AutomationDefinitionVersionNotFoundException"] as const;
  const { content } = documentAt(held, request.DocumentName, request.DocumentVersion, gone);
  const documents = held.documents.get(request.DocumentName);
  const version = documents === undefined ? "" : versionOf(documents, request.DocumentVersion);
  const clientToken = request.ClientToken?.toLowerCase() ?? null;
  const known = clientToken === null ? undefined : held.runs.find((run) => run.clientToken === clientToken);
  if (known !== undefined) {
    if (isSame(known, request, version)) return { AutomationExecutionId: known.executionId };
    throw new Fault("IdempotentParameterMismatch", "the token was used with other parameters");
  }
  const running = held.runs.filter((run) => run.endedAtMs() === null).length;
  if (running >= (held.options.mostRunning ?? 100))
    throw new Fault("AutomationExecutionLimitExceededException", `${running} executions are running`);
  const lists = Object.entries(request.Parameters).find(([, values]) => values.length !== 1)?.[0];
  if (lists !== undefined) throw new Fault("InvalidAutomationExecutionParametersException", `${lists} is no list`);
  const values = Object.fromEntries(Object.entries(request.Parameters).map(([key, [value = ""]]) => [key, value]));
  const run = beginRun(
    content,
    values,
    { documentName: request.DocumentName, documentVersion: version, parameters: request.Parameters, clientToken },
    {
      ...{ call: held.options.call, mostSleepMs: held.options.mostSleepMs ?? Number.POSITIVE_INFINITY },
      ...{ globals: GLOBALS, signal: held.signal },
    },
  );
  if (typeof run === "string") throw new Fault("InvalidAutomationExecutionParametersException", run);
  held.runs.push(run);
  held.tags.set(`Automation/${run.executionId}`, request.Tags);
  return { AutomationExecutionId: run.executionId };
};

const runOf = (held: Held, body: Json): AutomationRun => {
  const { AutomationExecutionId } = execution.parse(body);
  const run = held.runs.find(({ executionId }) => executionId === AutomationExecutionId);
  if (run === undefined)
    throw new Fault("AutomationExecutionNotFoundException", `there is no execution ${AutomationExecutionId}`);
  return run;
};

const SHOWN = {
  running: "InProgress",
  succeeded: "Success",
  failed: "Failed",
  stopped: "Cancelled",
  "timed-out": "TimedOut",
  unknown: "Failed",
} as const satisfies Record<string, Shown>;

const shownRun = (held: Held, run: AutomationRun): Json => {
  const state = run.state();
  const outputs = documentOutputs(state);
  const endedAtMs = run.endedAtMs();
  const steps = run.steps().map((step) => shownStep(step, run));
  const page = held.options.pageSteps ?? steps.length;
  return {
    ...{ AutomationExecutionId: run.executionId, Mode: "Auto", Parameters: run.parameters },
    ...{ DocumentName: run.documentName, DocumentVersion: run.documentVersion },
    AutomationExecutionStatus: SHOWN[state.status],
    ExecutionStartTime: run.startedAtMs / 1000,
    ...(endedAtMs === null ? {} : { ExecutionEndTime: endedAtMs / 1000 }),
    StepExecutions: steps.slice(0, page),
    StepExecutionsTruncated: steps.length > page,
    Outputs: Object.fromEntries(
      (state.content.outputs ?? []).map((output) => [output, [outputs[output] ?? NO_OUTPUT]]),
    ),
    ...(state.reason === null ? {} : { FailureMessage: state.reason }),
  };
};

const shownStep = ({ step, status, startedAtMs, endedAtMs }: StepRun, run: AutomationRun): Json => {
  const { reason, failedStep, outputs } = run.state();
  const declared = step.action === "aws:executeAwsApi" ? (step.outputs ?? []) : [];
  const given = declared.flatMap(({ Name, Type }) => {
    const value = outputs[`${step.name}.${Name}`];
    return value === undefined ? [] : [[Name, Type === "StringList" ? texts(value) : [value]] as const];
  });
  return {
    ...{ StepName: step.name, Action: step.action, StepStatus: status },
    IsCritical: step.isCritical ?? step.onFailure !== "Continue",
    ...(startedAtMs === null ? {} : { ExecutionStartTime: startedAtMs / 1000 }),
    ...(endedAtMs === null ? {} : { ExecutionEndTime: endedAtMs / 1000 }),
    ...(given.length === 0 ? {} : { Outputs: Object.fromEntries(given) }),
    ...(failedStep === step.name && reason !== null ? { FailureMessage: reason } : {}),
  };
};
const texts = (list: string): readonly string[] => z.array(z.json()).parse(JSON.parse(list)).map(textOf);

const OPERATIONS: Readonly<Record<string, (held: Held, body: Json) => Json>> = {
  CreateDocument: (held, body) => {
    const { Name, Tags } = written.parse(body);
    if (held.documents.has(Name)) throw new Fault("DocumentAlreadyExists", `${Name} exists`);
    held.documents.set(Name, { versions: [parsedDocument(body)], standard: 1 });
    held.tags.set(`Document/${Name}`, Tags);
    return { DocumentDescription: describedDocument(held, { Name }) };
  },
  UpdateDocument: (held, body) => {
    const { Name } = written.parse(body);
    documentAt(held, Name, "$LATEST", MISSING);
    held.documents.get(Name)?.versions.push(parsedDocument(body));
    return { DocumentDescription: describedDocument(held, { Name, DocumentVersion: "$LATEST" }) };
  },
  UpdateDocumentDefaultVersion: (held, body) => {
    const { Name, DocumentVersion } = asked.parse(body);
    documentAt(held, Name, DocumentVersion, MISSING);
    const documents = held.documents.get(Name);
    if (documents !== undefined) documents.standard = Number(DocumentVersion);
    return { Description: { Name, DefaultVersion: DocumentVersion } };
  },
  DeleteDocument: (held, body) => {
    const { Name } = asked.parse(body);
    documentAt(held, Name, "$DEFAULT", MISSING);
    held.documents.delete(Name);
    return {};
  },
  DescribeDocument: (held, body) => ({ Document: describedDocument(held, body) }),
  GetDocument: (held, body) => {
    const { Name, DocumentVersion } = asked.parse(body);
    const Content = documentAt(held, Name, DocumentVersion, MISSING).text;
    return { ...describedDocument(held, body), Content };
  },
  ListDocuments: (held) => ({
    DocumentIdentifiers: [...held.documents.keys()].map((Name) => describedDocument(held, { Name })),
  }),
  StartAutomationExecution: started,
  GetAutomationExecution: (held, body) => ({ AutomationExecution: shownRun(held, runOf(held, body)) }),
  DescribeAutomationStepExecutions: (held, body) => {
    const { NextToken } = z.object({ NextToken: z.string().default("0") }).parse(body);
    const run = runOf(held, body);
    const steps = run.steps();
    const from = Number(NextToken);
    const until = from + (held.options.pageSteps ?? 50);
    return {
      StepExecutions: steps.slice(from, until).map((step) => shownStep(step, run)),
      ...(until < steps.length ? { NextToken: String(until) } : {}),
    };
  },
  StopAutomationExecution: (held, body) => {
    const run = runOf(held, body);
    if (run.endedAtMs() !== null)
      throw new Fault("InvalidAutomationStatusUpdateException", `${run.executionId} has ended`);
    run.stop();
    return {};
  },
  AddTagsToResource: (held, body) => {
    const { ResourceType, ResourceId, Tags } = tagged.extend({ Tags: z.array(tag) }).parse(body);
    const key = `${ResourceType}/${ResourceId}`;
    const kept = (held.tags.get(key) ?? []).filter(({ Key }) => !Tags.some((added) => added.Key === Key));
    held.tags.set(key, [...kept, ...Tags]);
    return {};
  },
  ListTagsForResource: (held, body) => {
    const { ResourceType, ResourceId } = tagged.parse(body);
    return { TagList: held.tags.get(`${ResourceType}/${ResourceId}`) ?? [] };
  },
};
