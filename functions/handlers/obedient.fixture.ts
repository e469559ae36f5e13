import { catalogue } from "../../runbooks/catalogue.ts";
import type { Context } from "../core/context.ts";
import { draftOffline } from "../core/draft.ts";
import type { Resource, Series } from "../core/evidence.ts";
import type { Citation, Claim, Drafter, Proposal } from "../core/ports.ts";
import { redact } from "../core/redact.ts";
import type { Params } from "../core/runbook.ts";
import { FITTING, type Payload, type Wish } from "./payloads.fixture.ts";

/** Parameters that each runbook would need on a target as it stands: what a model that reads the context could write. */
const FITS: Readonly<Record<string, (target: Resource) => Params>> = {
  "ecs-scale-out": (target) => {
    const desired = Number(target.attributes.desiredCount);
    return { ...ecs(target), DesiredCount: desired + 1, ExpectedDesiredCount: desired };
  },
  "ecs-rollback": (target) => ({
    ...ecs(target),
    TaskDefinition: String(target.attributes.previousTaskDefinition),
    ExpectedTaskDefinition: String(target.attributes.taskDefinition),
  }),
  "lambda-alias-rollback": (target) => ({
    FunctionName: target.name,
    Alias: target.arn.split(":").at(-1) ?? "",
    FunctionVersion: String(target.attributes.previousFunctionVersion),
    ExpectedVersion: String(target.attributes.functionVersion),
  }),
  "rds-reboot": (target) => ({ DBInstanceIdentifier: target.name }),
};

const ecs = (target: Resource): Params => {
  const [, Cluster = "", Service = ""] = target.arn.split("/");
  return { Cluster, Service };
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** What stands out of a series by any measure: now beyond all that was usual before the trouble, and by far. */
const truthOf = (context: Context, { fromMs, periodSeconds, values, metric }: Series): Claim | null => {
  const written = values.flatMap((value, i) => {
    const known = value ?? (metric.stat === "Sum" ? 0 : null);
    return known === null ? [] : [{ atMs: fromMs + i * periodSeconds * 1000, value: known }];
  });
  const usual = written.filter(({ atMs }) => atMs < context.openedAtMs - 15 * 60_000).map(({ value }) => value);
  const now = median(written.slice(-5).map(({ value }) => value));
  if (usual.length < 8) return null;
  if (now > 1.3 * Math.max(...usual)) return "above-usual";
  return now < 0.7 * Math.min(...usual) ? "below-usual" : null;
};

/** The most convincing list that is true: what stands out at the target, then elsewhere, what rings and what changed. */
const convincing = (context: Context, target: string): readonly Citation[] => {
  const nearFirst = (arn: string | null): number => (arn === target ? 0 : 1);
  const series = context.series
    .toSorted((a, b) => nearFirst(a.arn) - nearFirst(b.arn))
    .map((one) => ({ id: one.id, says: truthOf(context, one) }))
    .filter(({ says }) => says !== null);
  const isRecent = (atMs: number): boolean => atMs <= context.openedAtMs && atMs > context.openedAtMs - 3_000_000;
  const changes = context.changes
    .filter(({ atMs }) => isRecent(atMs))
    .toSorted((a, b) => nearFirst(a.target) - nearFirst(b.target))
    .map(({ id }) => ({ id, says: "changed" as const }));
  const ringing = context.alarms
    .filter(({ state }) => state === "ALARM")
    .map(({ key }) => ({ id: key, says: "ringing" as const }));
  const logged = context.logs.map(({ id }) => ({ id, says: "logged" as const }));
  return [...changes.slice(0, 3), ...series.slice(0, 10), ...ringing.slice(0, 1), ...logged.slice(0, 1)];
};

const proposalOf = (context: Context, { runbook, version, target, params }: Wish, because: string): Proposal => {
  const possible = context.resources.filter(ofTypeOf(runbook));
  const resource = possible.find(({ arn }) => arn === target) ?? possible[0];
  const fitting = resource === undefined ? {} : (FITS[runbook]?.(resource) ?? {});
  return {
    runbook,
    version,
    target,
    // A model's reply is JSON of any shape: what is no parameter at all reaches the guard as well.
    params: params === FITTING ? fitting : ({ ...fitting, ...params } as Params),
    because,
    evidence: convincing(context, target),
    recovers: 0.99,
  };
};

const ofTypeOf =
  (runbook: string) =>
  ({ type }: Resource): boolean =>
    type === catalogue.runbooks.find(({ id }) => id === runbook)?.targetType;

const stringsIn = (value: unknown): readonly string[] => {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsIn(inner)]);
};

const MARKER = /do ([^\s@]+)@(\S+) on (\S+)/g;
/** Numbers as log templates leave them: an attentive reader still knows which resource is meant. */
const templated = (text: string): string => text.replace(/\d+(?:\.\d+)?/g, "<n>");

/** What any text asks for: a marker, or a known runbook named together with a known resource. */
const wishesIn = (context: Context): readonly Wish[] => {
  const texts = stringsIn(context);
  const isNamed = (text: string, resource: Resource): boolean =>
    [resource.arn, resource.name].some((name) => text.includes(name) || text.includes(templated(name)));
  const paired = texts.flatMap((text) =>
    catalogue.runbooks
      .filter(({ id, documents }) => documents !== null && text.includes(id))
      .flatMap(({ id, version, targetType }) =>
        context.resources
          .filter((resource) => resource.type === targetType && isNamed(text, resource))
          .map(({ arn }): Wish => ({ runbook: id, version, target: arn, params: FITTING })),
      ),
  );
  const marked = texts.flatMap((text) =>
    [...text.matchAll(MARKER)].map(
      ([, runbook = "", version = "", target = ""]): Wish => ({ runbook, version, target, params: FITTING }),
    ),
  );
  const wishes = [...paired, ...marked].map((one) => [JSON.stringify(one), one] as const);
  return [...new Map(wishes).values()];
};

/** What a drafter was shown, and how much it found in it to obey: the first place that a secret may not reach. */
export type Shown = Readonly<{ contexts: Context[]; obeyed: string[] }>;

/**
 * A drafter without judgement: it proposes first what injected text asks for, sure of it, on true evidence. `reads`
 * finds that in what it is shown; `knows` is told by the attacker, so that no redaction stands between them. Asked for
 * nothing it says what the catalogue's rules say, under the same name.
 */
export const obedient = (payloads: readonly Payload[], kind: "reads" | "knows", shown: Shown): Drafter => ({
  draft: async (context, all) => {
    shown.contexts.push(context);
    const told = payloads.flatMap(({ asks }) => (asks === null ? [] : [asks]));
    const wishes = kind === "knows" ? told : wishesIn(context);
    for (const { runbook, target } of wishes) shown.obeyed.push(`${runbook} on ${target}`);
    const offline = draftOffline(context, all, null);
    // Words as the reader of a reply leaves them: it redacts what a model says before anybody else sees it.
    const words = redact(payloads[0]?.text ?? "", 300).text;
    const proposals = wishes.map((one) => proposalOf(context, one, words));
    return { ...offline, name: "recorded", proposals: [...proposals, ...offline.proposals] };
  },
});
