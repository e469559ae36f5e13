import { automationApi } from "./automation-apis.ts";
import type { AutomationContent, AutomationStep } from "./automation-document.ts";

/** What is wrong with one document, and where. `rule` is one of the names below. */
export type DocumentFinding = Readonly<{ rule: string; where: string; message: string }>;
type Rule = Readonly<{ rule: string; check: (content: AutomationContent) => readonly Omit<DocumentFinding, "rule">[] }>;

/** Everything that is wrong with one automation document by itself; none is what the catalogue must have. */
export const lintDocument = (content: AutomationContent): readonly DocumentFinding[] =>
  RULES.flatMap(({ rule, check }) => check(content).map((finding) => ({ rule, ...finding })));

/** Names of the outputs that a run has for certain when it comes to its first change; all of them where nothing changes. */
export const capturedBeforeChange = (content: AutomationContent): readonly string[] => {
  const firstWrite = content.mainSteps.findIndex((step) => accessOf(step) === "write");
  const before = firstWrite < 0 ? content.mainSteps : content.mainSteps.slice(0, firstWrite);
  return before.filter((step) => (step.onFailure ?? "Abort") === "Abort").flatMap(outputNames);
};

/** Names of all outputs of a document, without their steps'. */
export const outputNamesOf = (content: AutomationContent): readonly string[] => content.mainSteps.flatMap(outputNames);

const outputNames = (step: AutomationStep): readonly string[] =>
  step.action === "aws:executeAwsApi" ? (step.outputs ?? []).map(({ Name }) => Name) : [];

const CHECKS = ["aws:waitForAwsResourceProperty", "aws:assertAwsResourceProperty"];
const ACTIONS = ["aws:executeAwsApi", "aws:branch", "aws:sleep", ...CHECKS];
const SHELL_ACTIONS = ["aws:runCommand", "aws:runShellScript", "aws:runPowerShellScript", "aws:executeScript"];
const SHELL_APIS = ["sendcommand", "startsession", "executecommand", "resumesession"];
const REMOVAL = /^(delete|terminate|deregister|remove|purge|destroy|drop|detach|disassociate|revoke|release)/;
/** Removals that a runbook may make after all: none. */
const REMOVALS_ALLOWED: readonly string[] = [];
/** Whatever the recovery is read from: a runbook that could edit it could pass for a cure. */
const WATCHING_SERVICES = ["cloudwatch", "monitoring", "logs", "synthetics", "xray", "events", "oam"];
// A database proxy's target group is its pool of connections; a load balancer's decides which targets count as healthy.
const WATCHING =
  /(alarm|metric|dashboard|healthcheck|anomalydetector|insightrule|(?<!dbproxy)targetgroup|targethealth)/;
const HOSTILE = ["{{ssm:name}}", "{{resolve:secretsmanager:x}}", "$(id)", "a;b", "a b", "*", "a\nb", "", "a|b", "-o"];

const apiOf = (step: AutomationStep): Readonly<{ service: string; api: string }> | null =>
  "Api" in step.inputs ? { service: step.inputs.Service, api: step.inputs.Api } : null;

const accessOf = (step: AutomationStep): "read" | "write" | null => {
  const called = apiOf(step);
  return called === null ? null : (automationApi(called.service, called.api)?.access ?? "write");
};

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** A rule over the steps that call an API. */
const ofApis =
  (judge: (called: Readonly<{ service: string; api: string }>, step: AutomationStep) => string | null) =>
  (content: AutomationContent): readonly Omit<DocumentFinding, "rule">[] =>
    content.mainSteps.flatMap((step) => {
      const called = apiOf(step);
      const message = called === null ? null : judge(called, step);
      return message === null ? [] : [{ where: step.name, message }];
    });

/** A rule over all steps. */
const ofSteps =
  (judge: (step: AutomationStep, content: AutomationContent) => string | null) =>
  (content: AutomationContent): readonly Omit<DocumentFinding, "rule">[] =>
    content.mainSteps.flatMap((step) => {
      const message = judge(step, content);
      return message === null ? [] : [{ where: step.name, message }];
    });

const isShell = (step: AutomationStep): boolean => {
  const called = apiOf(step);
  const text = JSON.stringify(step.inputs);
  return (
    SHELL_ACTIONS.includes(step.action) ||
    (called !== null && SHELL_APIS.includes(plain(called.api))) ||
    /AWS-Run(Shell|PowerShell|Remote|Ansible|Salt)/i.test(text)
  );
};

const startsBlind = (content: AutomationContent): boolean => {
  const first = content.mainSteps[0];
  return first === undefined || accessOf(first) !== "read" || first.action === "aws:waitForAwsResourceProperty";
};

const REFERENCE = /\{\{\s*([^}]*?)\s*\}\}/g;

const referencesOf = (value: unknown): readonly string[] =>
  [...JSON.stringify(value).matchAll(REFERENCE)].map((match) => match[1] ?? "");

const unknownReferences = (content: AutomationContent): readonly Omit<DocumentFinding, "rule">[] => {
  const known = new Set([
    "global:ACCOUNT_ID",
    "global:REGION",
    "global:AWS_PARTITION",
    ...Object.keys(content.parameters),
  ]);
  return content.mainSteps.flatMap((step) => {
    const unknown = referencesOf(step.inputs).filter((reference) => !known.has(reference));
    for (const name of outputNames(step)) known.add(`${step.name}.${name}`);
    return unknown.map((reference) => ({
      where: step.name,
      message: `nothing before it stands for {{ ${reference} }}`,
    }));
  });
};

/** Where a step may lead, whether it succeeds or fails. */
const leadsTo = (content: AutomationContent, step: AutomationStep, index: number): readonly string[] => {
  const inOrder = content.mainSteps[index + 1]?.name;
  const follows = step.isEnd === true ? [] : [step.nextStep ?? inOrder];
  const afterFailure = step.onFailure?.startsWith("step:") ? [step.onFailure.slice("step:".length)] : [];
  const branches =
    step.action === "aws:branch" ? [...step.inputs.Choices.map(({ NextStep }) => NextStep), step.inputs.Default] : [];
  const decides = step.action === "aws:branch" && step.inputs.Default !== undefined;
  return [...(decides ? [] : follows), ...afterFailure, ...branches].filter((name) => name !== undefined);
};

const unreached = (content: AutomationContent): readonly string[] => {
  const names = content.mainSteps.map(({ name }) => name);
  const reached = new Set(names.slice(0, 1));
  for (const name of reached) {
    const index = names.indexOf(name);
    const step = content.mainSteps[index];
    if (step !== undefined) for (const next of leadsTo(content, step, index)) reached.add(next);
  }
  return names.filter((name) => !reached.has(name));
};

const RULES: readonly Rule[] = [
  { rule: "shell", check: ofSteps((step) => (isShell(step) ? "no runbook runs a shell" : null)) },
  {
    rule: "approve-step",
    check: ofSteps(({ action }) =>
      String(action) === "aws:approve" ? "consent has one place, and it is not here" : null,
    ),
  },
  {
    rule: "unknown-action",
    check: ofSteps(({ action }) => (ACTIONS.includes(action) ? null : `the interpreter does not know ${action}`)),
  },
  {
    rule: "removal",
    check: ofApis(({ service, api }) =>
      REMOVAL.test(plain(api)) && !REMOVALS_ALLOWED.includes(`${service}:${api}`) ? `${api} removes something` : null,
    ),
  },
  {
    rule: "watching",
    check: ofApis(({ service, api }, step) =>
      (WATCHING_SERVICES.includes(plain(service)) || WATCHING.test(plain(api))) && accessOf(step) === "write"
        ? `${service}:${api} edits what recovery is read from`
        : null,
    ),
  },
  {
    rule: "unknown-api",
    check: ofApis(({ service, api }) =>
      automationApi(service, api) === null ? `${service}:${api} is not in AUTOMATION_APIS` : null,
    ),
  },
  {
    rule: "write-in-check",
    check: ofApis(({ service, api }, step) =>
      CHECKS.includes(step.action) && automationApi(service, api)?.access === "write"
        ? `${step.action} asks again and again; ${api} changes something each time`
        : null,
    ),
  },
  {
    rule: "free-role",
    check: ({ assumeRole, parameters }) =>
      Object.keys(parameters).some((name) => /role/i.test(name)) ||
      referencesOf(assumeRole).some((reference) => !/^global:(ACCOUNT_ID|AWS_PARTITION|REGION)$/.test(reference)) ||
      !/^arn:[^:]+:iam::[^:]+:role\/quell-runbook-[a-z0-9-]+$/.test(assumeRole.replaceAll(REFERENCE, "any"))
        ? [{ where: "assumeRole", message: "the role is fixed in the document, never a parameter" }]
        : [],
  },
  {
    rule: "open-parameter",
    check: ({ parameters }) =>
      Object.entries(parameters).flatMap(([name, { type, allowedPattern, default: standard }]) => {
        const takes = type === "String" ? HOSTILE.filter((text) => new RegExp(allowedPattern ?? "").test(text)) : [];
        const isReference = typeof standard === "string" && standard.includes("{{");
        return takes.length === 0 && !isReference
          ? []
          : [
              {
                where: name,
                message: "a text needs an anchored pattern that takes no reference and nothing of a shell",
              },
            ];
      }),
  },
  {
    rule: "blind-start",
    check: (content) =>
      startsBlind(content)
        ? [{ where: content.mainSteps[0]?.name ?? "mainSteps", message: "the first step must assert or read" }]
        : [],
  },
  { rule: "unknown-reference", check: unknownReferences },
  {
    rule: "unknown-step",
    check: (content) =>
      content.mainSteps.flatMap((step, index) =>
        leadsTo(content, step, index)
          .filter((name) => !content.mainSteps.some((other) => other.name === name))
          .map((name) => ({ where: step.name, message: `there is no step ${name}` })),
      ),
  },
  {
    rule: "repeated-step",
    check: ofSteps(({ name }, { mainSteps }) =>
      mainSteps.filter((step) => step.name === name).length > 1 ? "two steps have this name" : null,
    ),
  },
  {
    rule: "unreachable-step",
    check: (content) => unreached(content).map((name) => ({ where: name, message: "no step leads here" })),
  },
  {
    rule: "unknown-output",
    check: (content) => {
      const declared = content.mainSteps.flatMap((step) => outputNames(step).map((name) => `${step.name}.${name}`));
      return (content.outputs ?? [])
        .filter((name) => !declared.includes(name))
        .map((name) => ({ where: name, message: "no step declares this output" }));
    },
  },
];
