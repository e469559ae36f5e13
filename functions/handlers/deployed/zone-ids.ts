import { EC2Client } from "@aws-sdk/client-ec2";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { zoneIds } from "../../adapters/aws/zone-ids.ts";

/**
 * The ids of this Region's zones, read once a process. It is loaded when they are first asked for, by few incidents: EC2's
 * client has the schemas of all its calls in one file, and esbuild drops none of them, for their keys are computed.
 */
export const deployedZoneIds = zoneIds(new EC2Client(clientSettings(process.env)));
