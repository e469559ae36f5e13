import {
  DescribeLoadBalancerAttributesCommand,
  type ElasticLoadBalancingV2Client,
  type LoadBalancer,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { callAws } from "../call.ts";

/** Two zones that are left take a third's requests; one cannot take another's. */
const LEAST_ZONES = 3;
/** Off in every load balancer until its owner switches it on (docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-zonal-shift.html) */
const SWITCH = "zonal_shift.config.enabled";

/**
 * Why no zonal shift is to be proposed for a load balancer, in words; null where nothing stands in its way.
 * @param isNamed whether the service that names one of its target groups names it too: the role of the runbook may touch
 * nothing that is not named, and the service's mode and freezes are those of its own
 * @throws AwsCallFailed
 */
export const hindranceOf = async (
  client: ElasticLoadBalancingV2Client,
  { LoadBalancerArn = "", Type, AvailabilityZones = [] }: LoadBalancer,
  isNamed: boolean,
): Promise<string | null> => {
  if (Type !== "application") return "only an application load balancer counts errors by zone";
  if (AvailabilityZones.length < LEAST_ZONES)
    return `it stands in ${AvailabilityZones.length} zones, fewer than ${LEAST_ZONES}`;
  if (!isNamed) return "no service names it among its resources beside a target group behind it";
  const { Attributes = [] } = await callAws(
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    LoadBalancerArn,
    () => client.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn })),
  );
  const isOn = Attributes.some(({ Key, Value }) => Key === SWITCH && Value === "true");
  return isOn ? null : "its ARC zonal shift integration is off";
};
