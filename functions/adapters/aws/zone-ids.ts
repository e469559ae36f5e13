import { DescribeAvailabilityZonesCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { once } from "../../core/once.ts";
import { callAws } from "./call.ts";

/** By the zone's name in this account: `euw1-az2` by `eu-west-1a`. */
export type ZoneIds = Readonly<Record<string, string>>;

/** One runbook wants them, and every decision waits for them. */
const WAIT_MS = 3_000;

/**
 * The ids of the account's zones in the client's Region. They stay as they are for as long as there is the account: they
 * are read when they are first asked for, and kept; what failed is not.
 * @param waitMs for all tries together
 * @throws AwsCallFailed
 */
export const zoneIds = (client: EC2Client, waitMs = WAIT_MS): (() => Promise<ZoneIds>) =>
  once(async () => {
    const { AvailabilityZones = [] } = await callAws("ec2:DescribeAvailabilityZones", "the zones of the Region", () =>
      client.send(new DescribeAvailabilityZonesCommand({}), { abortSignal: AbortSignal.timeout(waitMs) }),
    );
    return Object.fromEntries(
      AvailabilityZones.flatMap(({ ZoneName, ZoneId }) =>
        ZoneName === undefined || ZoneId === undefined ? [] : [[ZoneName, ZoneId]],
      ),
    );
  });
