import type { Resource } from "./evidence.ts";
import { reversible } from "./guard-facts.ts";
import type { BlastRadius, Runbook, Tier } from "./runbook.ts";
import type { ServiceSettings, Settings } from "./settings.ts";
import type { GuardRequest, Mode } from "./stages.ts";

/** What a request is about, besides its facts: tier, environment, mode and whose resource it touches. */

/**
 * The tier of what would be touched: 3 for a data store, several zones or a whole service interrupted, or for measures
 * that are no numbers; 1 where something is interrupted or more than one resource is touched; else 0.
 */
const tierOf = (radius: BlastRadius): Tier => {
  const numbers = [radius.share, radius.resources, radius.zones];
  if (radius.dataStore || !numbers.every((number) => number >= 0) || radius.share >= 1) return 3;
  if (radius.share > 0 && radius.zones > 1) return 3;
  return radius.share > 0 || radius.resources > 1 ? 1 : 0;
};

/** The highest of what the runbook says of itself, what it measures on this target, and 2 for what cannot be undone. */
export const measuredTier = (runbook: Runbook, radius: BlastRadius): Tier =>
  highest(runbook.tier, highest(tierOf(radius), reversible(runbook).holds ? 0 : 2));

const highest = (a: Tier, b: Tier): Tier => (a > b ? a : b);

/** The service that owns a resource, where one of the settings does. */
export const ownerOf = (settings: Pick<Settings, "services">, target: Resource): ServiceSettings | null =>
  settings.services.find((service) => service.name === target.service) ?? null;

// Whatever is not known to be something else is production: a name that nobody listed must not lower the bar.
const NOT_PRODUCTION = ["development", "dev", "test", "testing", "qa", "staging", "stage", "sandbox", "other"];

/** The environments that an effect would touch (the incident's and its target's), and the strictest kind among them. */
export const environmentOf = (
  settings: Pick<Settings, "services">,
  service: ServiceSettings,
  target: Resource | null,
): Readonly<{ kind: GuardRequest["environment"]; names: readonly string[] }> => {
  const owner = target === null ? null : ownerOf(settings, target);
  const names = [...new Set([service.environment, owner?.environment ?? service.environment])];
  const kind = names.every((name) => NOT_PRODUCTION.includes(name.toLowerCase())) ? "other" : "production";
  return { kind, names };
};

const STRICTEST_FIRST: readonly Mode[] = ["observe", "approve", "auto"];

/** Of several modes the one that allows least. */
export const strictest = (...modes: readonly Mode[]): Mode =>
  STRICTEST_FIRST.find((mode) => modes.includes(mode)) ?? "observe";

/**
 * The incident's mode, or the stricter one of its target's owner where that is another service: the trust in one
 * service is not trust in another.
 */
export const modeOf = (
  settings: Pick<Settings, "services" | "mode">,
  service: ServiceSettings,
  mode: Mode,
  target: Resource | null,
): Mode => {
  const owner = target === null ? null : ownerOf(settings, target);
  if (owner === null || owner.name === service.name) return mode;
  return strictest(mode, owner.mode ?? settings.mode);
};

/** What the lease is taken on: the root of the hierarchy, or the resource itself where it has none. */
export const leaseRootOf = (target: Resource): string => (target.root === "" ? target.arn : target.root);
