import type { Configuration } from "./configuration.ts";
import type { ServiceSettings, Settings } from "./settings.ts";

/**
 * A drill is a synthetic alarm that walks the whole way of every other: it is decided on and recorded. Its service is only
 * observed, so that nobody is asked or paged and nothing is done; it has no resource that anything could be done to. It
 * leaves no row to learn from.
 */
export const DRILL = "quell-drill";

/** Of an incident, or of a record's. Both must say so: an alarm of this name of somebody's own is no drill. */
export const isDrill = ({ alarmName, service }: Readonly<{ alarmName: string; service: string }>): boolean =>
  service === DRILL && alarmName.endsWith(DRILL);

/** The alarm that the stack makes for it: it begins as all alarms do that are answered. */
export const drillAlarmName = ({ alarmNamePrefix }: Pick<Configuration, "alarmNamePrefix">): string =>
  `${alarmNamePrefix}${DRILL}`;

/** As often as reconcile runs and says whether a drill is due: recovery is then proved by data. */
export const DRILL_PERIOD_SECONDS = 300;

/** What its alarm watches, and the only thing that is ever read of its service. */
const due = {
  namespace: "Quell",
  metricName: "DrillDue",
  dimensions: {},
  stat: "Maximum",
  periodSeconds: 300,
};

const service: ServiceSettings = {
  name: DRILL,
  environment: "drill",
  severity: 4,
  mode: "observe",
  owners: [],
  resources: [],
  dependsOn: [],
  slis: [
    { name: "drill due", metric: due, bad: "above", limit: 0, role: "errors" },
    // Every service has two. A drill has no users whom a second one could speak of.
    {
      name: "drill counted",
      metric: { ...due, stat: "SampleCount" },
      bad: "above",
      limit: 1_000_000,
      role: "saturation",
    },
  ],
  logGroups: [],
};

/** The settings with the drill's service and alarm, where the configuration wants one. */
export const withDrill = (
  settings: Settings,
  configuration: Pick<Configuration, "drill" | "alarmNamePrefix">,
): Settings =>
  configuration.drill
    ? {
        ...settings,
        services: [...settings.services.filter(({ name }) => name !== DRILL), service],
        alarms: { ...settings.alarms, [drillAlarmName(configuration)]: DRILL },
      }
    : settings;
