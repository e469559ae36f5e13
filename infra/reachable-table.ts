import { configurationFor } from "./configuration.ts";
import { reachedBy, reachedTable } from "./reachable.ts";

// Prints what the functions of the configuration connect to: what the subnets of its `network` must let them reach.
const configuration = await configurationFor(undefined, process.env, (lines) => process.stderr.write(lines));
if (configuration === null) process.exit(2);
process.stdout.write(`${reachedTable(reachedBy(configuration), configuration.settings.region)}\n`);
