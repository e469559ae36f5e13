import type { Context } from "../functions/core/context.ts";
import type { Resource } from "../functions/core/evidence.ts";
import { numberOf, textOf } from "./facts.ts";
import { strainBelow } from "./strain.ts";
import { type Suspicion, suspectVersion } from "./suspicion.ts";

/**
 * Suspects the configuration that an AppConfig environment got last, as `suspectVersion` does; doubtful where something
 * else that its readers rest on is unwell by its own numbers. Null where nothing is harmed, or it was harmed before.
 */
export const suspectConfiguration = (context: Context, environment: Resource): Suspicion | null => {
  const deployed = textOf(environment, "configurationVersion");
  const deployedAtMs = numberOf(environment, "deployedAtMs");
  if (deployed === null || deployedAtMs === null) return null;
  const suspicion = suspectVersion(context, environment, deployed, deployedAtMs);
  if (suspicion === null) return null;
  for (const reader of context.resources.filter(({ dependsOn }) => dependsOn.includes(environment.arn))) {
    const strain = strainBelow(context, reader.arn);
    if (strain === null) continue;
    const because = `${suspicion.because.replace(/\.$/, "")}, but ${strain.because}.`;
    return { fit: Math.min(0.3, suspicion.fit), because, evidence: [...suspicion.evidence, ...strain.evidence] };
  }
  return suspicion;
};
