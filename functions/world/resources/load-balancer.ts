import {
  answered,
  count,
  failed,
  latency,
  type ResourceBehaviour,
  resourcesOfKind,
  resourceType,
  textOf,
} from "../resource-type.ts";
import { dependencyCost, eitherFails } from "../saturation.ts";
import type { ResourceState } from "../state.ts";

/** A target group behind its load balancer: every request of an entry passes it. */
export type TargetGroup = ResourceState & {
  readonly kind: "target-group";
  /** `app/NAME/ID`, the LoadBalancer dimension. */
  readonly loadBalancer: string;
  /** `targetgroup/NAME/ID`, the TargetGroup dimension. */
  readonly targetGroup: string;
};

export const isTargetGroup = (resource: ResourceState): resource is TargetGroup => resource.kind === "target-group";

const behaviour: ResourceBehaviour<TargetGroup> = {
  kind: "target-group",
  isOne: isTargetGroup,
  describe: (state) => ({
    type: "AWS::ElasticLoadBalancingV2::TargetGroup",
    zones: 3,
    tags: {},
    attributes: { targetGroupName: state.name, loadBalancer: state.loadBalancer },
  }),
  configuration: () => ({}),

  serve: (_world, _state, { demand, dependencies }) => {
    const cost = dependencyCost(dependencies);
    const [target] = dependencies;
    return {
      demand,
      passed: demand,
      errorRate: eitherFails(0.0001, cost.errorRate),
      latencyMs: 2 + cost.latencyMs,
      utilisation: 0,
      capacity: Number.MAX_SAFE_INTEGER,
      message: null,
      gauges: { unanswered: target === undefined || target.served.capacity <= 0 ? 1 : 0 },
    };
  },
  elapse: null,

  samples: (_world, state, totals) => {
    // Without a target the balancer itself answers 503: that is another metric, and the targets report nothing.
    const answeredShare = 1 - (totals.gauges.unanswered ?? 0);
    const errors = Math.round(totals.errors * answeredShare);
    const isAnswered = totals.requests > 0 && answeredShare > 0;
    return {
      namespace: "AWS/ApplicationELB",
      dimensions: { LoadBalancer: state.loadBalancer, TargetGroup: state.targetGroup },
      datapoints: {
        RequestCount: count(totals.requests),
        // As CloudWatch does, a minute without a 5xx has no datapoint.
        HTTPCode_Target_5XX_Count: count(errors > 0 ? errors : null),
        TargetResponseTime: latency(isAnswered ? totals.latencyMs / 1000 : null),
      },
    };
  },
  happen: null,
  release: null,

  apis: [
    {
      service: "elbv2",
      api: "DescribeTargetGroups",
      changes: false,
      answer: (world, input) => {
        const wanted = Array.isArray(input.TargetGroupArns) ? input.TargetGroupArns : null;
        const all = resourcesOfKind(world, isTargetGroup);
        const found = all.filter((group) => wanted === null || wanted.includes(group.arn));
        if (wanted !== null && found.length < wanted.length)
          return failed("TargetGroupNotFound", "One or more target groups not found");
        return answered({
          TargetGroups: found.map((group) => ({
            TargetGroupArn: group.arn,
            TargetGroupName: group.name,
            LoadBalancerArns: [loadBalancerArn(group)],
          })),
        });
      },
    },
    {
      service: "elbv2",
      api: "DescribeTargetHealth",
      changes: false,
      answer: (world, input) => {
        const arn = textOf(input, "TargetGroupArn");
        const group = resourcesOfKind(world, isTargetGroup).find((one) => one.arn === arn);
        if (group === undefined) return failed("TargetGroupNotFound", "One or more target groups not found");
        const [edge] = world.edges.filter((one) => one.from === group.arn);
        return answered({
          TargetHealthDescriptions:
            edge === undefined ? [] : [{ Target: { Id: edge.to }, TargetHealth: { State: "healthy" } }],
        });
      },
    },
  ],
};

const loadBalancerArn = (group: TargetGroup): string =>
  group.arn.replace(/:targetgroup\/.*$/, `:loadbalancer/${group.loadBalancer}`);

export const loadBalancer = resourceType(behaviour);
