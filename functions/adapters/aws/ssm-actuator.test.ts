import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  AutomationExecutionStatus,
  CreateDocumentCommand,
  SSMClient,
  UpdateDocumentCommand,
  UpdateDocumentDefaultVersionCommand,
} from "@aws-sdk/client-ssm";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { type AutomationDocument, undoParameters } from "../../core/automation-document.ts";
import { effectKey } from "../../core/ids.ts";
import type { StartRequest } from "../../core/ports.ts";
import type { Params } from "../../core/runbook.ts";
import type { ApiCall, ApiReply } from "../../world/types.ts";
import { actuatorContract } from "../contracts/actuator.contract.ts";
import {
  type AutomationServer,
  type Disturbance,
  startAutomationServer,
} from "../emulators/automation-server.fixture.ts";
import { REGION } from "../emulators/emulators.fixture.ts";
import { ssmActuator } from "./ssm-actuator.ts";

const documentsOf = (id: string) => {
  const documents = catalogue.runbooks.find((runbook) => runbook.id === id)?.documents;
  assert.ok(documents?.undo != null);
  return { automation: documents.automation, undo: documents.undo };
};
const { automation, undo } = documentsOf("lambda-traffic-shift");

const REVISION = "0b4a2f3e-6d0c-5c59-9a55-3c1f0c9d2e47";
const PARAMETERS: Params = {
  ...{ FunctionName: "checkout", Alias: "live", FunctionVersion: "7", ExpectedRevisionId: REVISION },
};
const WEIGHTS = { 8: 0.1 };

/** What becomes of a change: it is made, it is refused, or it is never answered. */
type Changes = "made" | "refused" | "unanswered";

/** The alias `live` of one function, as Lambda answers. */
const aliasOf = (made: ApiCall[], changes: Changes): ((asked: ApiCall) => Promise<ApiReply>) => {
  let alias: ApiCall["input"] = {
    ...{ Name: "live", FunctionVersion: "7", RevisionId: REVISION },
    RoutingConfig: { AdditionalVersionWeights: WEIGHTS },
  };
  return async (asked) => {
    made.push(asked);
    if (asked.api === "UpdateAlias" && changes === "refused")
      return { ok: false, code: "PreconditionFailedException", message: "the revision is another" };
    if (asked.api === "UpdateAlias" && changes === "unanswered") await new Promise(() => {});
    if (asked.api === "GetFunctionConfiguration") return { ok: true, output: { FunctionName: "checkout" } };
    if (asked.api === "UpdateAlias") alias = { ...alias, ...asked.input };
    return { ok: true, output: alias };
  };
};

const servers: AutomationServer[] = [];
after(() => Promise.all(servers.map((server) => server.stop())));

const clientOf = ({ endpoint }: AutomationServer, maxAttempts: number): SSMClient =>
  new SSMClient({
    ...{ endpoint, region: REGION, maxAttempts, credentials: { accessKeyId: "test", secretAccessKey: "test" } },
    requestHandler: { requestTimeout: 200, throwOnRequestTimeout: true },
  });

const requestOf = ({ name, hash }: AutomationDocument, parameters: Params = PARAMETERS): StartRequest => ({
  documentName: name,
  documentHash: hash,
  parameters,
  clientToken: effectKey("quell-one", hash, 1),
  tags: { incident: "quell-one", decision: "quell-one/0", role: "run", plan: "0".repeat(64) },
});

type Standing = Readonly<{ changes?: Changes; pageSteps?: number; mostRunning?: number; maxAttempts?: number }>;

/** A server that has the documents, and an actuator of it. */
const stand = async ({ maxAttempts = 1, changes = "made", ...options }: Standing = {}) => {
  const made: ApiCall[] = [];
  const server = await startAutomationServer({ call: aliasOf(made, changes), mostSleepMs: 1, ...options });
  servers.push(server);
  const client = clientOf(server, maxAttempts);
  for (const { name, content } of [automation, undo]) {
    const written = { Name: name, Content: JSON.stringify(content), DocumentType: "Automation" } as const;
    await client.send(new CreateDocumentCommand({ ...written, DocumentFormat: "JSON" }));
  }
  const asked = (operation: string) => server.received.filter((one) => one.operation === operation);
  return { server, client, made, asked, actuator: ssmActuator(client), request: requestOf(automation) };
};

actuatorContract("actuator of Systems Manager", async () => {
  const { server, actuator, request } = await stand();
  return { actuator, request, letItEnd: () => server.settled() };
});

/** Runs a document to its end. */
const ran = async ({ actuator, server }: Awaited<ReturnType<typeof stand>>, request: StartRequest) => {
  const started = await actuator.start(request);
  assert.ok(started.kind === "started", JSON.stringify(started));
  await server.settled();
  return actuator.poll(started.executionId);
};

test("parameters and tags go as SSM takes them, and exactly the version that was read is started", async () => {
  const { actuator, request, asked } = await stand();

  await actuator.start(request);

  const [{ body } = { body: {} }] = asked("StartAutomationExecution");
  assert.deepEqual(body, {
    DocumentName: automation.name,
    DocumentVersion: "1",
    Parameters: Object.fromEntries(Object.entries(PARAMETERS).map(([name, value]) => [name, [value]])),
    ClientToken: request.clientToken,
    Mode: "Auto",
    Tags: [
      { Key: "quell:incident", Value: "quell-one" },
      { Key: "quell:decision", Value: "quell-one/0" },
      { Key: "quell:role", Value: "run" },
      { Key: "quell:plan", Value: "0".repeat(64) },
    ],
  });
});

test("a document whose standard version was replaced meanwhile is refused, and nothing is started", async () => {
  const { actuator, request, client, asked } = await stand();
  const other = JSON.stringify({ ...automation.content, description: "Something else." });
  await client.send(new UpdateDocumentCommand({ Name: automation.name, Content: other, DocumentVersion: "$LATEST" }));
  await client.send(new UpdateDocumentDefaultVersionCommand({ Name: automation.name, DocumentVersion: "2" }));

  const answer = await actuator.start(request);

  assert.match(answer.kind === "refused" ? answer.detail : "", /another content than was approved/);
  assert.deepEqual(asked("StartAutomationExecution"), []);
});

for (const [parameter, value, why] of [
  ["FunctionName", "{{resolve:secretsmanager:x}}", /FunctionName holds a reference/],
  ["FunctionName", "a{{ ssm:x }}", /FunctionName holds a reference/],
  ["AutomationAssumeRole", "arn:aws:iam::123456789012:role/Admin", /AutomationAssumeRole names a role/],
] as const)
  test(`${parameter} = ${value} is refused before anything is asked`, async () => {
    const { actuator, request, server } = await stand();
    const before = server.received.length;

    const answer = await actuator.start({ ...request, parameters: { ...PARAMETERS, [parameter]: value } });

    assert.match(answer.kind === "refused" ? answer.detail : "", why);
    assert.equal(server.received.length, before);
  });

const error = (status: number, code: string, message = "no"): Disturbance => ({ kind: "error", status, code, message });

for (const [what, disturbance] of [
  ["throttled", error(400, "ThrottlingException", "Rate exceeded")],
  ["failed by the server", error(500, "InternalServerError")],
  ["unavailable", error(503, "ServiceUnavailable")],
  ["not answered in time", { kind: "silence" }],
  ["carried out, and its answer lost", { kind: "lose-answer" }],
] as const)
  test(`a start that is ${what} throws, and the same token then finds or makes the one run`, async () => {
    const { actuator, request, server } = await stand();
    server.disturb("StartAutomationExecution", disturbance);

    const first = actuator.start(request);
    await assert.rejects(first, /^Error: ssm:StartAutomationExecution on Quell-lambda-traffic-shift-/);
    const second = await actuator.start(request);

    assert.equal(second.kind, "started");
    assert.equal(server.runs().length, 1);
  });

test("a start whose answer is lost is retried by the client itself under the same token", async () => {
  const { actuator, request, server, asked } = await stand({ maxAttempts: 3 });
  server.disturb("StartAutomationExecution", { kind: "lose-answer" }, error(500, "InternalServerError"));

  const answer = await actuator.start(request);

  assert.equal(answer.kind, "started");
  assert.equal(asked("StartAutomationExecution").length, 3);
  assert.equal(server.runs().length, 1);
});

const DENIED = "User: arn:aws:sts::123456789012:assumed-role/respond/x is not authorized to perform:";
for (const [operation, message, permission] of [
  ["GetDocument", `${DENIED} ssm:GetDocument on resource: arn:d because`, /ssm:GetDocument on arn:d/],
  ["StartAutomationExecution", `${DENIED} iam:PassRole on resource: arn:r because`, /iam:PassRole on arn:r/],
  ["StartAutomationExecution", "denied", /ssm:StartAutomationExecution on Quell-lambda/],
] as const)
  test(`a start that lacks a permission of ${operation} is refused at once and names it: ${permission.source}`, async () => {
    const { actuator, request, server, asked } = await stand({ maxAttempts: 3 });
    server.disturb(operation, error(400, "AccessDeniedException", message));

    const answer = await actuator.start(request);

    assert.match(answer.kind === "refused" ? answer.detail : "", permission);
    assert.equal(asked(operation).length, 1);
    assert.equal(server.runs().length, 0);
  });

test("a start beyond the limit of executions is refused: it was certainly not started", async () => {
  const { actuator, request } = await stand({ mostRunning: 0 });

  const answer = await actuator.start(request);

  assert.match(answer.kind === "refused" ? answer.detail : "", /AutomationExecutionLimitExceededException/);
});

for (const pageSteps of [1, 100])
  test(`a failed run names its step and keeps what the steps before it gave, ${pageSteps} steps a page`, async () => {
    const standing = await stand({ pageSteps, changes: "refused" });

    const run = await ran(standing, standing.request);

    assert.deepEqual([run.status, run.failedStep], ["failed", "UpdateAlias"]);
    assert.match(run.reason ?? "", /PreconditionFailedException: the revision is another/);
    assert.deepEqual(run.outputs, {
      "CaptureFunction.FunctionName": "checkout",
      "CaptureAlias.Alias": "live",
      "CaptureAlias.FunctionVersion": "7",
      "CaptureAlias.PreviousWeights": JSON.stringify(WEIGHTS),
    });
    assert.ok(run.endedAtMs !== null && run.startedAtMs <= run.endedAtMs);
  });

test("a run that succeeded names no step and gives all that its document declares", async () => {
  const standing = await stand();

  const run = await ran(standing, standing.request);

  assert.deepEqual([run.status, run.failedStep, run.reason], ["succeeded", null, null]);
  assert.deepEqual(Object.keys(run.outputs).toSorted(), automation.content.outputs?.toSorted());
});

test("a failure that ends no run is not the one that a failed run is blamed on", async () => {
  const standing = await stand();
  const captured = { FunctionName: "checkout", Alias: "live", FunctionVersion: "7", PreviousWeights: '{"9":0.2}' };

  const run = await ran(standing, requestOf(undo, { ...captured, RevisionId: "none" }));

  assert.deepEqual([run.status, run.failedStep], ["failed", "AssertRestored"]);
});

test("a run that is stopped ends where it stands, and what it captured stays readable", async () => {
  const { actuator, request, server } = await stand({ changes: "unanswered" });
  const started = await actuator.start(request);
  assert.ok(started.kind === "started");
  const running = await actuator.poll(started.executionId);

  await actuator.stop(started.executionId);

  const stopped = await actuator.poll(started.executionId);
  assert.deepEqual([running.status, running.endedAtMs], ["running", null]);
  assert.deepEqual([stopped.status, stopped.failedStep, server.runs().length], ["stopped", "UpdateAlias", 1]);
  assert.equal(stopped.outputs["CaptureAlias.Alias"], "live");
  assert.notEqual(stopped.endedAtMs, null);
});

test("what a run captured goes into its undo as it came, maps too", async () => {
  const standing = await stand();
  const run = await ran(standing, requestOf(automation));

  const back = await ran(standing, requestOf(undo, undoParameters(undo, run.outputs) ?? {}));

  assert.deepEqual([back.status, back.reason], ["succeeded", null]);
  assert.deepEqual(
    standing.made.filter(({ api }) => api === "UpdateAlias").map(({ input }) => input.RoutingConfig),
    [{ AdditionalVersionWeights: {} }, { AdditionalVersionWeights: WEIGHTS }],
  );
});

test("only steps that succeeded give outputs, one value or several, and what failed without ending the run is not named", async () => {
  const { actuator, server } = await stand();
  const sentence = "No output available yet because the step is not successfully executed";
  const StepExecutions = [
    { StepName: "Capture", StepStatus: "Success", Outputs: { Name: ["web"], Zones: ["a", "b"] } },
    {
      StepName: "Cancel",
      StepStatus: "Failed",
      IsCritical: false,
      FailureMessage: "gone",
      Outputs: { Id: [sentence] },
    },
  ];
  const execution = { AutomationExecutionStatus: "Success", Outputs: { "Cancel.Id": [sentence] }, StepExecutions };
  server.disturb("GetAutomationExecution", { kind: "answer", output: { AutomationExecution: execution } });

  const run = await actuator.poll(REVISION);

  assert.deepEqual([run.status, run.failedStep, run.reason], ["succeeded", null, null]);
  assert.deepEqual(run.outputs, { "Capture.Name": "web", "Capture.Zones": '["a","b"]' });
});

test("a failed run's reason is what SSM says of the run, else of its step", async () => {
  const { actuator, server } = await stand();
  const execution = {
    AutomationExecutionStatus: "Failed",
    StepExecutions: [{ StepName: "Update", StepStatus: "Failed", FailureMessage: "of the step" }],
  };
  for (const said of [{ FailureMessage: "of the run" }, {}])
    server.disturb("GetAutomationExecution", {
      kind: "answer",
      output: { AutomationExecution: { ...execution, ...said } },
    });

  const reasons = [(await actuator.poll(REVISION)).reason, (await actuator.poll(REVISION)).reason];

  assert.deepEqual(reasons, ["of the run", "of the step"]);
});

const MEANT: Readonly<Record<string, string>> = {
  ...{ Pending: "running", InProgress: "running", Waiting: "running", Cancelling: "running", Scheduled: "running" },
  ...{ PendingApproval: "running", Approved: "running", RunbookInProgress: "running" },
  ...{ PendingChangeCalendarOverride: "running", ChangeCalendarOverrideApproved: "running" },
  ...{ Success: "succeeded", CompletedWithSuccess: "succeeded", Cancelled: "stopped", TimedOut: "timed-out" },
  ...{ Failed: "failed", CompletedWithFailure: "failed", Rejected: "failed", ChangeCalendarOverrideRejected: "failed" },
  ...{ Exited: "unknown", SomethingNew: "unknown" },
};
test("every status of SSM means one of ours, one that nobody knows yet `unknown`, and only a running run has no end", async () => {
  const { actuator, server } = await stand();
  const statuses = [...Object.values(AutomationExecutionStatus), "SomethingNew"];
  for (const AutomationExecutionStatus of statuses)
    server.disturb("GetAutomationExecution", {
      kind: "answer",
      output: { AutomationExecution: { AutomationExecutionStatus, ExecutionStartTime: 1 } },
    });

  const seen: Record<string, string> = {};
  const ends = new Set<string>();
  for (const status of statuses) {
    const run = await actuator.poll(REVISION);
    seen[status] = run.status;
    ends.add(`${run.status === "running"} ${run.endedAtMs === null}`);
  }

  assert.deepEqual(seen, MEANT);
  assert.deepEqual([...ends].toSorted(), ["false false", "true true"]);
});

for (const [operation, act] of [
  ["GetAutomationExecution", "poll"],
  ["StopAutomationExecution", "stop"],
] as const)
  test(`a ${act} that is denied or throttled throws and says what was tried`, async () => {
    const { actuator, server } = await stand();
    server.disturb(operation, error(400, "AccessDeniedException"), error(400, "ThrottlingException", "slow down"));

    const denied = actuator[act](REVISION);
    await assert.rejects(denied, new RegExp(`the role may not call ssm:${operation} on ${REVISION}`));
    const throttled = actuator[act](REVISION);

    await assert.rejects(throttled, new RegExp(`ssm:${operation} on ${REVISION} has no answer: Throttling.*slow down`));
  });
