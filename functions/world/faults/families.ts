import type { Family } from "./fault.ts";

/**
 * Share of each family among incidents. Causes are those of 152 severe incidents of Microsoft Teams (SoCC 2022: code bug
 * 27.0, dependency 16.4, infrastructure 15.8, deployment 13.2, config 12.5, database and network 10.5, auth 4.6 %), in
 * the parts into which AWS divides them, times 0.85: the rest are alarms that pass by themselves.
 */
export const FAMILY_SHARE: Readonly<Record<Family, number>> = {
  "code-bug": 0.2295,
  dependency: 0.07,
  messaging: 0.0394,
  infrastructure: 0.0743,
  capacity: 0.06,
  deployment: 0.1122,
  config: 0.1063,
  database: 0.05,
  network: 0.0393,
  cache: 0.03,
  auth: 0.0391,
  transient: 0.15,
};
