import type { Resource } from "../core/evidence.ts";
import type { BlastRadius, Runbook } from "../core/runbook.ts";

/** A resource of which nothing is known but its type. */
const UNKNOWN: Omit<Resource, "type"> = {
  arn: "",
  name: "",
  service: "",
  root: "",
  zones: 1,
  tags: {},
  dependsOn: [],
  attributes: {},
};

/** What a runbook says it touches before it knows its target; null where it can say nothing, or no number. */
export const radiusOfUnknown = (runbook: Runbook): BlastRadius | null => {
  try {
    const radius = runbook.blastRadius({ ...UNKNOWN, type: runbook.targetType ?? "" }, {});
    return Number.isFinite(radius.share) && Number.isFinite(radius.resources) ? radius : null;
  } catch {
    // It measures what only a real target has; the guard, which has one, treats a throw as a refusal.
    return null;
  }
};

/** The same as a sentence's part. */
export const radiusWords = (runbook: Runbook): string => {
  const radius = radiusOfUnknown(runbook);
  if (radius === null) return "measured on each target";
  const { share, resources, dataStore } = radius;
  const percent = `${Math.round(share * 100)} %`;
  const interrupts = share <= 0 ? "nothing" : share >= 1 ? "all of its target" : `${percent} of its target`;
  const touches = resources === 1 ? "one resource" : `${resources} resources`;
  return `interrupts ${interrupts}, touches ${touches}${dataStore ? ", which holds data" : ""}; measured on each target`;
};
