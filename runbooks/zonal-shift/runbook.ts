import { z } from "zod";
import type { Context } from "../../functions/core/context.ts";
import type { Resource, Series } from "../../functions/core/evidence.ts";
import type { Params, Runbook, Suggestion } from "../../functions/core/runbook.ts";
import { callees, harmAt, levelsOf, median, pointsOf, seriesOf, shown, textOf, wasTried } from "../facts.ts";
import { loadDocuments } from "../load-document.ts";

const ID = "zonal-shift";
const TARGET_TYPE = "AWS::ElasticLoadBalancingV2::TargetGroup";
const ERRORS = "HTTPCode_Target_5XX_Count";
const ZONE = /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/;
const ZONE_ID = /^[a-z]{3,5}[0-9]-az[0-9]{1,2}$/;
/** One zone fails so many times what the next one does: zones share their targets' faults otherwise. */
const APART = 4;
/** Errors a minute below which zones differ by chance. */
const FEW_ERRORS = 10;
/** Two zones that take over from three are half as busy again: above this they have no room for it. */
const ROOM_PERCENT = 60;

/** Names of a target group's zones with their ids, in the order in which it lists them. */
const zonesOf = ({ attributes }: Resource): readonly Readonly<{ zone: string; id: string }>[] =>
  Object.entries(attributes).flatMap(([zone, id]) =>
    ZONE.test(zone) && typeof id === "string" && ZONE_ID.test(id) ? [{ zone, id }] : [],
  );

/** Null while a shift is active, and for a load balancer of fewer than three zones: the rest would be too little. */
const paramsFor = (target: Resource, zoneId: string | undefined): Params | null => {
  const LoadBalancerArn = textOf(target, "loadBalancerArn");
  const isWhole = textOf(target, "awayFrom") === null && zonesOf(target).length >= 3;
  return LoadBalancerArn === null || zoneId === undefined || !isWhole ? null : { LoadBalancerArn, AwayFrom: zoneId };
};

type ZoneErrors = Readonly<{ id: string; perMinute: number; series: string }>;

/** Errors a minute of each zone now, the worst first. */
const errorsByZone = (context: Context, target: Resource): readonly ZoneErrors[] => {
  const own = (zone: string): Series | undefined =>
    context.series.find(
      ({ arn, metric }) =>
        arn === target.arn && metric.metricName === ERRORS && metric.dimensions.AvailabilityZone === zone,
    );
  return zonesOf(target)
    .flatMap(({ zone, id }) => {
      const series = own(zone);
      if (series === undefined) return [];
      const recent = pointsOf(series, "zero").slice(-3);
      return [{ id, perMinute: median(recent.map(({ value }) => value)), series: series.id }];
    })
    .sort((one, other) => other.perMinute - one.perMinute);
};

const suggest = (context: Context, target: Resource): readonly Suggestion[] => {
  if (wasTried(context, ID, target.arn)) return [];
  const [worst, next] = errorsByZone(context, target);
  if (worst === undefined || next === undefined) return [];
  if (worst.perMinute < FEW_ERRORS || worst.perMinute < next.perMinute * APART) return [];
  const params = paramsFor(target, worst.id);
  if (params === null) return [];
  const told = `${worst.id} fails ${shown(worst.perMinute)} requests a minute of ${target.name}, the next zone ${shown(next.perMinute)}`;
  const offer = (fit: number, because: string, more: readonly string[]): readonly Suggestion[] => [
    { target: target.arn, params, fit, because, evidence: [worst.series, next.series, ...more] },
  ];
  const [behind] = callees(context, target.arn);
  const cpu = behind === undefined ? null : seriesOf(context, behind.arn, "CPUUtilization");
  const busy = levelsOf(context, pointsOf(cpu, "left-out"))?.now ?? null;
  if (cpu === null || busy === null) return offer(0.4, `${told}; how busy its targets are is not known.`, []);
  if (busy > ROOM_PERCENT) return offer(0.25, `${told}, but its targets are at ${shown(busy)} % CPU.`, [cpu.id]);
  const harm = harmAt(context, target.arn);
  if (harm === null) return offer(0.4, `${told}, and users notice little.`, [cpu.id]);
  return offer(0.9, `${told}; its targets have room at ${shown(busy)} % CPU.`, [cpu.id, harm.series]);
};

/**
 * Keeps the requests of a load balancer away from the one zone that fails them. T1, not T3: it touches one zone of one
 * service, cuts what is in flight there short, and is over when it is cancelled or expires.
 */
export const zonalShift: Runbook = {
  id: ID,
  version: "1.0.0",
  title: "Shift a load balancer away from a zone",
  kind: "effect",
  effect: "Targets in the zone get no requests for two hours; the other zones take theirs.",
  targetType: TARGET_TYPE,
  // The load balancer, by whose target groups it is known which zone fails.
  actsOn: "root",
  parameters: z.strictObject({
    LoadBalancerArn: z
      .string()
      .regex(
        /^arn:aws[a-z-]{0,20}:elasticloadbalancing:[a-z0-9-]{1,25}:[0-9]{12}:loadbalancer\/(app|net)\/[A-Za-z0-9-]{1,32}\/[0-9a-f]{1,32}$/,
      ),
    AwayFrom: z.string().regex(ZONE_ID),
  }),
  tier: 1,
  reversal: "inverse",
  documents: loadDocuments(ID),
  expectedMinutes: 3,
  cooldownSeconds: 2 * 3600,
  whenRecovered: "finish",
  treats: ["AWS/ApplicationELB/HTTPCode_Target_5XX_Count", "AWS/ApplicationELB/TargetResponseTime"],
  endsDeployment: false,
  blastRadius: (target) => {
    const zones = Math.max(1, zonesOf(target).length);
    return {
      share: 1 / zones,
      resources: 1,
      zones: 1,
      dataStore: false,
      capacity: { desired: zones, remaining: zones - 1 },
    };
  },
  suitsWhen: "One zone of a load balancer fails far more requests than the others, and its targets have room.",
  // Nothing but the metrics of its zones says which one; a zone taken blindly is a whole one twice in three times.
  aim: () => null,
  suits: (context) =>
    context.resources.filter(({ type }) => type === TARGET_TYPE).flatMap((target) => suggest(context, target)),
};
