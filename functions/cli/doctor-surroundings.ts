import { accessSync, constants, statSync } from "node:fs";
import { type Finding, ok, problem, type Setup, warning } from "./doctor-finding.ts";

/** What the environment names. No value of it is ever shown: one of them is a key. */

/** Who drafts where nobody is named, and which hosted drafter could be named. Having none is no fault. */
export const drafterCheck = async ({ env }: Setup): Promise<Finding> => {
  const { settingsSchema } = await import("../core/settings.ts");
  const { drafter } = settingsSchema.parse({ account: "none", region: "none", services: [] });
  const set = ["ANTHROPIC_API_KEY", "AWS_REGION"].map((name) => `${name} is ${isSet(env[name]) ? "set" : "not set"}`);
  const found = `${drafter.name} by default; for a hosted drafter ${set.join(", ")}`;
  return drafter.name === "offline"
    ? ok(found)
    : problem(found, "make offline the default in functions/core/settings.ts: nothing may leave unasked");
};

const isSet = (value: string | undefined): boolean => value !== undefined && value.trim() !== "";

/** Recorded incidents of others, which some tests read. */
export const testDataCheck = ({ env }: Setup): Finding => {
  const folder = env.QUELL_TEST_DATA;
  if (folder === undefined || folder === "")
    return ok("QUELL_TEST_DATA is not set; tests that read recorded data are skipped");
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    if (statSync(folder).isDirectory()) return ok(`${folder} can be read`);
  } catch {
    // Said below: absent, or not for this user to read.
  }
  return warning(`QUELL_TEST_DATA names ${folder}, which is no folder that can be read`, "correct it, or unset it");
};
