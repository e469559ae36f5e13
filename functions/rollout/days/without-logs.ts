import type { Settings } from "../../core/settings.ts";

/** The same settings with no log to read: no log line reaches a feature, a mask or a choice. */
export const withoutLogs = (settings: Settings): Settings => ({
  ...settings,
  services: settings.services.map((service) => ({ ...service, logGroups: [] })),
});
