import type { Context } from "../functions/core/context.ts";
import type { Change, Resource } from "../functions/core/evidence.ts";
import { callees, callers, harmOf, minutesBetween, type Rise, shown } from "./facts.ts";
import { strainBelow } from "./strain.ts";

/** How well the newest version of a resource explains the harm: a fit with its sentence and evidence. */
export type Suspicion = Readonly<{ fit: number; because: string; evidence: readonly string[] }>;

const MINUTE_MS = 60_000;
/** A bad version shows with its first requests, and the last task is replaced some minutes after the first. */
const CLOSE_MINUTES = 10;
/** Beyond this, an incident and a deployment meet by chance too often to mention. */
const FAR_MINUTES = 60;

/**
 * Suspects the `version` that a resource runs. Two signals must agree for a strong fit (above 0.7): the control plane says
 * that it was put in place at `changedAtMs`, and the harm at the resource or at its nearest measured caller began within
 * ten minutes after that. It is doubtful (below 0.45) where another change came between, or something that the resource
 * calls is unwell by its own numbers. Null where nothing is harmed, or it was harmed before.
 */
export const suspectVersion = (
  context: Context,
  resource: Resource,
  version: string,
  changedAtMs: number,
): Suspicion | null => {
  const harm = harmOf(context, resource.arn);
  if (harm === null) return null;
  const minutes = minutesBetween(changedAtMs, harm.atMs + MINUTE_MS);
  if (minutes < 0 || minutes > FAR_MINUTES) return null;
  const record = context.changes.find(({ kind, target }) => kind === "deployment" && target === resource.arn);
  const evidence = [harm.series, ...(record === undefined ? [] : [record.id])];
  const told = `${resource.name} changed version ${minutes} min before ${howHarmed(harm)}`;
  const nearer = changeBetween(context, resource, version, changedAtMs, harm);
  if (nearer !== null)
    return { fit: 0.35, because: `${told}, but a later change came between.`, evidence: [...evidence, nearer.id] };
  const strain = strainBelow(context, resource.arn);
  if (strain !== null)
    return { fit: 0.3, because: `${told}, but ${strain.because}.`, evidence: [...evidence, ...strain.evidence] };
  if (minutes > CLOSE_MINUTES) return { fit: 0.4, because: `${told}.`, evidence };
  return { fit: 0.75 + 0.2 * (1 - minutes / CLOSE_MINUTES), because: `${told}.`, evidence };
};

const howHarmed = (harm: Rise): string => `${harm.what} rose from ${shown(harm.before)} to ${shown(harm.now)}`;

/** A deployment or a change of configuration, here or along the calls, that is nearer to the harm. */
const changeBetween = (
  context: Context,
  resource: Resource,
  version: string,
  changedAtMs: number,
  harm: Rise,
): Change | null => {
  const along = [resource, ...callers(context, resource.arn), ...callees(context, resource.arn)].map(({ arn }) => arn);
  return (
    context.changes.find(
      ({ kind, target, to, atMs }) =>
        kind !== "commit" &&
        along.includes(target) &&
        !(target === resource.arn && to === version) &&
        atMs > changedAtMs + MINUTE_MS &&
        atMs < harm.atMs + MINUTE_MS,
    ) ?? null
  );
};
