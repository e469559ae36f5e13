import { bundleSizes } from "../../infra/bundle-sizes.ts";
import { pinsOf } from "../../infra/pins.ts";
import { config } from "../../quell.config.ts";
import { PINS, SURROUNDINGS, variableOf } from "../adapters/aws/surroundings.ts";
import { parseConfiguration } from "../core/configuration.ts";
import { type Measured, time } from "./measured.ts";

const BYTES_PER_MB = 1_000_000;
/** Of those that hold the catalogue and the guardrails; the others only say how large they are. */
const BUDGETS: Readonly<Record<string, Readonly<{ importMs: number; megabytes: number }>>> = {
  respond: { importMs: 200, megabytes: 15 },
  reconcile: { importMs: 200, megabytes: 15 },
};

const configuration = parseConfiguration(config);
const pins = pinsOf(configuration);

/** What the stack would tell a function; nothing is called by it. */
const environment = {
  AWS_REGION: "eu-west-1",
  ...Object.fromEntries(SURROUNDINGS.map((name) => [variableOf(name), "bench"])),
  ...Object.fromEntries(PINS.map((name) => [variableOf(name), pins[name]])),
};

/** Every function as it is deployed, with all that lies beside it: how long a fresh process takes to load it, and its zip. */
export const bundles = async (): Promise<readonly Measured[]> =>
  bundleSizes(configuration, environment).flatMap(({ name, zippedBytes, importMs }) => {
    const budget = BUDGETS[name];
    const megabytes: Measured = {
      ...{ name: `${name} bundle, zip`, value: zippedBytes / BYTES_PER_MB, unit: "MB", costMs: null },
      budget: budget === undefined ? null : { most: budget.megabytes },
    };
    return [time(`${name} bundle, import`, importMs, budget?.importMs ?? null), megabytes];
  });
