import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import {
  arnParts,
  harmOf,
  minutesBetween,
  numberOf,
  pointsOf,
  riseOf,
  seriesOf,
  shown,
  textOf,
  wasTried,
} from "../facts.ts";
import { idlenessOf } from "../idleness.ts";
import { loadDocuments } from "../load-document.ts";
import { strainBelow } from "../strain.ts";

const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$/);
const taskDefinition = z
  .string()
  .regex(
    /^arn:aws[a-z-]{0,20}:ecs:[a-z0-9-]{1,25}:[0-9]{12}:task-definition\/[A-Za-z0-9_][A-Za-z0-9_-]{0,254}:[0-9]{1,9}$/,
  );

const ID = "ecs-force-deployment";
const TARGET_TYPE = "AWS::ECS::Service";
/** Tasks that use so much of their memory have no room for a burst, and are near being killed. */
const FULL_PERCENT = 85;
/** Harm that begins so soon after a change of version is that version's: to start it again helps nobody. */
const NEW_MINUTES = 60;

const aim = (target: Resource): Params | null => {
  const running = textOf(target, "taskDefinition");
  const [, cluster, service] = arnParts(target.arn);
  if (running === null || cluster === undefined || service === undefined) return null;
  return { Cluster: cluster, Service: service, ExpectedTaskDefinition: running };
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  const params = aim(target);
  const harm = harmOf(context, target.arn);
  if (params === null || harm === null || wasTried(context, ID, target.arn)) return [];
  const memory = seriesOf(context, target.arn, "MemoryUtilization");
  const full =
    memory === null
      ? null
      : riseOf(context, { id: memory.id, what: "memory" }, pointsOf(memory, "left-out"), {
          ratio: 1.2,
          floor: FULL_PERCENT,
        });
  const idle = idlenessOf(context, target.arn);
  if (full === null && idle === null) return [];
  const sign =
    full !== null
      ? `uses ${shown(full.now)} % of its memory`
      : `went from ${shown(idle?.before ?? 0)} to ${shown(idle?.now ?? 0)} % CPU for as many requests`;
  const told = `${target.name} ${sign} while ${harm.what} rose from ${shown(harm.before)} to ${shown(harm.now)}`;
  const offer = (fit: number, because: string, more: readonly string[]): readonly Suggestion[] => [
    {
      target: target.arn,
      params,
      fit,
      because,
      evidence: [harm.series, ...(full === null ? (idle?.evidence ?? []) : [full.series]), ...more],
    },
  ];
  const deployedAtMs = numberOf(target, "deployedAtMs") ?? 0;
  const age = minutesBetween(deployedAtMs, harm.atMs);
  if (age >= -1 && age < NEW_MINUTES) return offer(0.3, `${told}, but its version is ${age} min old.`, []);
  const strain = strainBelow(context, target.arn);
  if (strain !== null) return offer(0.3, `${told}, but ${strain.because}.`, strain.evidence);
  return offer(full === null ? 0.75 : 0.85, `${told}.`, []);
};

/** Replaces the tasks of an ECS service whose memory is used up, or a part of whose tasks hangs. */
export const ecsForceDeployment: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Replace the tasks of an ECS service",
  kind: "effect",
  effect: "New tasks start before old ones stop; what only the old ones hold in memory, connections too, is lost.",
  targetType: TARGET_TYPE,
  parameters: z.strictObject({ Cluster: name, Service: name, ExpectedTaskDefinition: taskDefinition }),
  tier: 1,
  reversal: "not-needed",
  documents: loadDocuments(ID),
  expectedMinutes: 6,
  cooldownSeconds: 3600,
  whenRecovered: "finish",
  treats: ["AWS/ECS/MemoryUtilization", "AWS/ApplicationELB/HTTPCode_Target_5XX_Count"],
  endsDeployment: false,
  blastRadius: (target) => {
    const desired = numberOf(target, "desiredCount");
    const running = numberOf(target, "runningCount");
    return {
      share: 0,
      resources: 1,
      zones: target.zones,
      dataStore: false,
      capacity: desired === null || running === null ? null : { desired, remaining: running },
    };
  },
  suitsWhen: "An ECS service fails while its memory is used up, or while its tasks use less CPU for the same requests.",
  aim,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
