import { resourcesOf } from "../../functions/world/graph.ts";
import { scenarioWith } from "../../functions/world/scenario.ts";
import { advance, createWorld } from "../../functions/world/world.ts";
import { runbookContract } from "../contract.ts";
import { zonalShift } from "./runbook.ts";

/** A world without its fault, whose scenario brings a load balancer that users reach. */
const scenario = scenarioWith(7, 3, "zone-gray-failure");
const world = createWorld({ ...scenario, faults: [] });
advance(world, world.clockStartMs + 20 * 60_000);
const [target] = resourcesOf(world, [String(scenario.faults[0]?.parameters.group)]);
if (target === undefined) throw new Error("this world has no such target group");
const resourceIdentifier = String(target.attributes.loadBalancerArn);
const awayFrom = "euw1-az2";
const params = { LoadBalancerArn: resourceIdentifier, AwayFrom: awayFrom };

runbookContract(zonalShift, {
  world,
  target: target.arn,
  params,
  spoil: {
    service: "arc-zonal-shift",
    api: "StartZonalShift",
    input: { resourceIdentifier, awayFrom, expiresIn: "30m", comment: "somebody else" },
  },
  shows: {
    call: { service: "arc-zonal-shift", api: "GetManagedResource", input: { resourceIdentifier } },
    selector: "$.zonalShifts[0].awayFrom",
    value: awayFrom,
  },
  changes: ["arc-zonal-shift:StartZonalShift"],
});
