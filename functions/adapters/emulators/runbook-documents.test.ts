import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CreateDocumentCommand, GetDocumentCommand, SSMClient } from "@aws-sdk/client-ssm";
import fc from "fast-check";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { type AutomationDocument, type AutomationStep, automationContent } from "../../core/automation-document.ts";
import { hashOf } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import { type Scope, substitute } from "../../world/automation-values.ts";
import type { ApiCall, ApiReply } from "../../world/types.ts";
import { type Checked, startApiCalls } from "./api-calls.fixture.ts";
import { startMinistack, startMoto } from "./emulators.fixture.ts";

const emulators = await Promise.all([startMoto(), startMinistack()]);
const [moto] = emulators;
const callers = await Promise.all(emulators.map(({ env }) => startApiCalls(env)));
after(async () => {
  await Promise.all(callers.map((calls) => calls.stop()));
  await Promise.all(emulators.map((emulator) => emulator.stop()));
});

const DOCUMENTS: readonly AutomationDocument[] = catalogue.runbooks
  .flatMap(({ documents }) => (documents === null ? [] : [documents.automation, documents.undo]))
  .filter((document) => document !== null);

type ApiStep = Extract<AutomationStep, { inputs: { Service: string } }>;
const isApiStep = (step: AutomationStep): step is ApiStep => "Service" in step.inputs;

/** A value of each declared type; a map is one of weights, for the catalogue has no other. */
const OF_TYPE = { Integer: 1, Boolean: true, StringList: ["one"], StringMap: { 1: 0.5 }, String: "one" } as const;

/** A value for every reference in a document: one that its parameter's own pattern allows. */
const samplesOf = ({ content }: AutomationDocument): Scope => {
  const outputs = content.mainSteps.flatMap((step) =>
    step.action === "aws:executeAwsApi"
      ? (step.outputs ?? []).map(({ Name, Type }) => [`${step.name}.${Name}`, OF_TYPE[Type]] as const)
      : [],
  );
  const parameters = Object.entries(content.parameters).map(([name, { type, allowedPattern }]) => {
    if (type !== "String" || allowedPattern === undefined) return [name, OF_TYPE[type]] as const;
    const [text = ""] = fc.sample(fc.stringMatching(new RegExp(allowedPattern)), { seed: 1, numRuns: 1 });
    return [name, text] as const;
  });
  const samples = new Map<string, Json>([...outputs, ...parameters]);
  return (reference) => samples.get(reference);
};

/** One step as the call that it makes, with what it reads of the answer. */
type Asked = Readonly<{
  where: string;
  call: ApiCall;
  literal: Json;
  reads: readonly Readonly<{ selector: string; type: string | null; desired: readonly string[] }>[];
}>;

const askedBy = (document: AutomationDocument): readonly Asked[] =>
  document.content.mainSteps.filter(isApiStep).map((step) => {
    const { Service, Api, PropertySelector, DesiredValues, ...literal } = step.inputs;
    const scope = samplesOf(document);
    const input = Object.fromEntries(Object.entries(literal).map(([key, value]) => [key, substitute(value, scope)]));
    const property =
      step.action === "aws:executeAwsApi"
        ? []
        : [{ selector: step.inputs.PropertySelector, type: null, desired: step.inputs.DesiredValues }];
    const outputs =
      step.action === "aws:executeAwsApi"
        ? (step.outputs ?? []).map(({ Selector, Type }) => ({ selector: Selector, type: Type, desired: [] }))
        : [];
    return {
      where: `${document.name} ${step.name}`,
      call: { service: Service, api: Api, input },
      literal,
      reads: [...property, ...outputs],
    };
  });

const ASKED = DOCUMENTS.flatMap(askedBy);
const operationOf = ({ call }: Asked): string => `${call.service}:${call.api}`;
const OPERATIONS = [...new Set(ASKED.map(operationOf))].toSorted();

/** What AWS's models say of each step; botocore brings them, so no emulator is asked. */
const CHECKED: readonly Readonly<{ asked: Asked; checked: Checked }>[] = await Promise.all(
  ASKED.map(async (asked) => {
    const selectors = asked.reads.map(({ selector }) => selector);
    const [calls] = callers;
    assert.ok(calls !== undefined);
    return { asked, checked: await calls.check({ ...asked.call, literal: asked.literal, selectors }) };
  }),
);

test("every document is taken by CreateDocument and comes back with the content whose hash was approved", async (t) => {
  const ssm = new SSMClient(moto.clientConfig);
  const back: [string, string][] = [];

  for (const { name, content } of DOCUMENTS) {
    const written = { Name: name, Content: JSON.stringify(content), DocumentType: "Automation" } as const;
    await ssm.send(new CreateDocumentCommand({ ...written, DocumentFormat: "JSON" }));
    const { Content } = await ssm.send(new GetDocumentCommand({ Name: name, DocumentFormat: "JSON" }));
    back.push([name, hashOf(automationContent.parse(JSON.parse(Content ?? "")))]);
  }

  assert.deepEqual(
    back,
    DOCUMENTS.map(({ name, hash }) => [name, hash]),
  );
  t.diagnostic(`${DOCUMENTS.length} documents, ${ASKED.length} steps that call AWS, ${OPERATIONS.length} operations`);
});

test("every step's call is one that AWS knows: its operation, the names, types and bounds of its members, what must be there, and its enumerations", () => {
  const problems = CHECKED.flatMap(({ asked, checked }) =>
    checked.problems.map((problem) => `${asked.where}: ${problem}`),
  );

  assert.deepEqual(problems, []);
});

const SERVICES = { cluster: "web", services: ["web"] };
for (const [mistake, call, selector, problem, astray] of [
  [
    "another service",
    { service: "ecsx", api: "DescribeServices", input: SERVICES },
    "$.services",
    /no such operation/,
    true,
  ],
  [
    "another operation",
    { service: "ecs", api: "DescribeService", input: SERVICES },
    "$.services",
    /no such operation/,
    true,
  ],
  [
    "a member in another case",
    { service: "ecs", api: "DescribeServices", input: { Cluster: "web" } },
    "$.services",
    /Unknown parameter in input: "Cluster"/,
    false,
  ],
  [
    "a missing member",
    { service: "ecs", api: "DescribeServices", input: { cluster: "web" } },
    "$.services",
    /Missing required parameter in input: "services"/,
    false,
  ],
  [
    "a text for a number",
    { service: "ecs", api: "UpdateService", input: { service: "web", desiredCount: "2" } },
    "$.service",
    /Invalid type for parameter desiredCount/,
    false,
  ],
  [
    "a value of no enumeration",
    { service: "sqs", api: "GetQueueAttributes", input: { QueueUrl: "q", AttributeNames: ["Al"] } },
    "$.Attributes",
    /\$\.AttributeNames\[0\]: Al is none of/,
    false,
  ],
  [
    "a selector that leads nowhere",
    { service: "ecs", api: "DescribeServices", input: SERVICES },
    "$.services[0].desired",
    /^$/,
    true,
  ],
  [
    "a selector that counts in no list",
    { service: "ecs", api: "DescribeServices", input: SERVICES },
    "$.services[0].status[0]",
    /^$/,
    true,
  ],
  [
    "a key that a map cannot have",
    { service: "sqs", api: "GetQueueAttributes", input: { QueueUrl: "q" } },
    "$.Attributes.Queue",
    /^$/,
    true,
  ],
] as const)
  test(`a mistake is found by AWS's models: ${mistake}`, async () => {
    const [calls] = callers;

    const checked = await calls?.check({ ...call, literal: call.input, selectors: [selector] });

    assert.match(checked?.problems.join() ?? "", problem);
    assert.equal(checked?.found[0] === null, astray);
  });

const FITTING: Readonly<Record<string, readonly string[]>> = {
  String: ["string"],
  Integer: ["integer", "long"],
  Boolean: ["boolean"],
  StringList: ["list"],
  StringMap: ["map", "structure"],
};

test("every output leads to a place in the operation's answer that has its declared type", (t) => {
  const outputs = CHECKED.flatMap(({ asked, checked }) =>
    asked.reads.flatMap(({ selector, type }, i) =>
      type === null ? [] : [{ asked, selector, type, at: checked.found[i] }],
    ),
  );

  const astray = outputs
    .filter(({ type, at }) => at == null || FITTING[type]?.includes(at.type) !== true)
    .map(({ asked, selector, type, at }) => `${asked.where}: ${selector} is ${at?.type ?? "nowhere"}, not ${type}`);

  assert.ok(outputs.length > 0);
  assert.deepEqual(astray, []);
  t.diagnostic(`${outputs.length} outputs`);
});

/** Properties that are no single value: what stands in DesiredValues is their JSON, and AWS says nowhere that it is so written. */
const COMPOUND: readonly string[] = [
  "arc-zonal-shift:GetManagedResource $.zonalShifts",
  "lambda:GetAlias $.RoutingConfig.AdditionalVersionWeights",
];

test("every property that is waited for or asserted is in the operation's answer, and can have the desired values", (t) => {
  const properties = CHECKED.flatMap(({ asked, checked }) =>
    asked.reads.flatMap(({ selector, type, desired }, i) =>
      type === null ? [{ asked, selector, desired, at: checked.found[i] }] : [],
    ),
  );

  const astray = properties.flatMap(({ asked, selector, desired, at }) => {
    if (at == null) return [`${asked.where}: ${selector} is nowhere`];
    const impossible = desired.filter(
      (value) => at.enum.length > 0 && !value.includes("{{") && !at.enum.includes(value),
    );
    return impossible.map((value) => `${asked.where}: ${selector} is never ${value}`);
  });
  const compound = properties
    .filter(({ at }) => ["list", "map", "structure"].includes(at?.type ?? ""))
    .map(({ asked, selector }) => `${operationOf(asked)} ${selector}`);

  assert.ok(properties.length > 0);
  assert.deepEqual(astray, []);
  assert.deepEqual([...new Set(compound)].toSorted(), COMPOUND);
  t.diagnostic(`${properties.length} properties`);
});

/** Operations that neither moto nor ministack has: only AWS's models speak of them. */
const NOWHERE: readonly string[] = [
  "apigateway:FlushStageCache",
  "arc-zonal-shift:CancelZonalShift",
  "arc-zonal-shift:GetManagedResource",
  "arc-zonal-shift:StartZonalShift",
  "sqs:ListMessageMoveTasks",
  "sqs:StartMessageMoveTask",
];
/** An emulator took the call: it carried it out, or said that the resource is not there. */
const isTaken = (reply: ApiReply): boolean =>
  reply.ok || /NotFound|NonExistent|NoSuch/.test(reply.code) || /not found|unable to describe/i.test(reply.message);
/** An emulator that has no such operation says so in one of these ways. */
const isUnknown = (reply: ApiReply): boolean =>
  !reply.ok &&
  (/^(400|404|500|InvalidAction|ResponseParserError)$/.test(reply.code) || /^Unknown .* path/.test(reply.message));

test("every operation that an emulator has takes the call of a document, over the wire", async (t) => {
  const heard = await Promise.all(
    ASKED.map(async (asked) => {
      const replies = await Promise.all(callers.map((calls) => calls.call(asked.call)));
      return { asked, known: replies.filter((reply) => !isUnknown(reply)) };
    }),
  );
  const taken = heard.filter(({ known }) => known.length > 0).map(({ asked }) => operationOf(asked));
  const refused = heard.flatMap(({ asked, known }) =>
    known.filter((reply) => !isTaken(reply)).map((reply) => `${asked.where}: ${JSON.stringify(reply)}`),
  );

  assert.deepEqual(refused, []);
  assert.deepEqual(
    OPERATIONS.filter((operation) => !taken.includes(operation)),
    NOWHERE,
  );
  t.diagnostic(`${taken.length} of ${ASKED.length} steps, ${new Set(taken).size} of ${OPERATIONS.length} operations`);
});
