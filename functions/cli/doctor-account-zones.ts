import { targetsOf } from "../../infra/targets.ts";
import type { Account } from "./doctor-account-setup.ts";
import { type Finding, few, ok, warning } from "./doctor-finding.ts";

/** Whether a zonal shift could be proposed for what is configured, and what stands in its way: none is offered otherwise. */
export const zonesFinding = async ({
  clients,
  configuration,
}: Pick<Account, "clients" | "configuration">): Promise<Finding> => {
  const configured = targetsOf(configuration, "AWS::ElasticLoadBalancingV2::TargetGroup");
  if (configured.length === 0) return ok("no target group is configured");
  const { balancersBefore } = await import("../adapters/aws/resources/target-group.ts");
  const { namedTogetherIn } = await import("../adapters/aws/resources/live-resources.ts");
  const { hindranceOf } = await import("../adapters/aws/resources/zonal-shift.ts");
  const client = await clients.loadBalancing();
  const areNamedTogether = namedTogetherIn(configuration.settings);
  const balancers = await balancersBefore(client, configured);
  const hindered: string[] = [];
  for (const { balancer, groups } of balancers) {
    const isNamed = groups.some((group) => areNamedTogether(group, balancer.LoadBalancerArn ?? ""));
    const because = await hindranceOf(client, balancer, isNamed);
    if (because !== null) hindered.push(`${balancer.LoadBalancerName}: ${because}`);
  }
  const free = balancers.length - hindered.length;
  if (free > 0) {
    const { zoneIds } = await import("../adapters/aws/zone-ids.ts");
    await zoneIds(await clients.ec2())();
  }
  const found = `a zonal shift can be proposed for ${free} of ${balancers.length} load balancers`;
  return hindered.length === 0
    ? ok(found)
    : warning(
        `${found}; ${few(hindered)}`,
        "name it beside its target groups and set zonal_shift.config.enabled to true; or leave it, where none is wanted",
      );
};
