import type { Resource } from "./evidence.ts";

/** A resource's own limits as shares: `idle` is what it counts as where it has none. */
type Fullness = Readonly<{
  name: string;
  idle: 0 | 1;
  of: (resource: Resource, now: (metricName: string) => number | null) => number | null;
}>;

const MOST_SHARE = 4;

const attribute = ({ attributes }: Resource, name: string): number | null => {
  const value = attributes[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
};

const share = (part: number | null, whole: number | null): number | null =>
  part === null || whole === null || whole <= 0 ? null : Math.min(MOST_SHARE, Math.max(0, part / whole));

const fullest = (...shares: readonly (number | null)[]): number | null => {
  const known = shares.filter((one) => one !== null);
  return known.length === 0 ? null : Math.max(...known);
};

const GIB = 2 ** 30;

/** What is used of a limit (idle 0), or what is left of what should be there (idle 1). */
export const FULLNESS: readonly Fullness[] = [
  {
    name: "cpuShare",
    idle: 0,
    of: (_, now) => share(fullest(now("CPUUtilization"), now("EngineCPUUtilization")), 100),
  },
  {
    name: "memoryShare",
    idle: 0,
    of: (_, now) => share(fullest(now("MemoryUtilization"), now("DatabaseMemoryUsagePercentage")), 100),
  },
  {
    name: "connectionShare",
    idle: 0,
    of: (resource, now) => share(now("DatabaseConnections"), attribute(resource, "maxConnections")),
  },
  {
    // Sums of a minute against units a second.
    name: "unitShare",
    idle: 0,
    of: (resource, now) =>
      fullest(
        ...(["Read", "Write"] as const).map((way) => {
          const units = attribute(resource, `${way.toLowerCase()}CapacityUnits`);
          return share(now(`Consumed${way}CapacityUnits`), units === null ? null : units * 60);
        }),
      ),
  },
  {
    name: "concurrencyShare",
    idle: 0,
    of: (resource, now) =>
      fullest(
        share(now("ConcurrentExecutions"), attribute(resource, "reservedConcurrentExecutions")),
        share(now("UnreservedConcurrentExecutions"), attribute(resource, "concurrentExecutions")),
      ),
  },
  {
    name: "runningShare",
    idle: 1,
    of: (resource) =>
      share(attribute(resource, "runningCount"), attribute(resource, "desiredCount")) ??
      share(attribute(resource, "inServiceInstances"), attribute(resource, "desiredCapacity")),
  },
  {
    name: "storageLeft",
    idle: 1,
    of: (resource, now) => {
      const allocated = attribute(resource, "allocatedStorage");
      return share(now("FreeStorageSpace"), allocated === null ? null : allocated * GIB);
    },
  },
];

/** States in which AWS's own services say that a resource serves, lower-case. */
const UP = ["available", "active", "modifying", "updating", "storage-optimization"];

/** Whether a resource says itself that it does not serve. */
export const isDown = ({ attributes }: Resource): boolean => {
  const status = attributes.status ?? attributes.tableStatus;
  return typeof status === "string" && status !== "" && !UP.includes(status.toLowerCase());
};

export const isDeploying = ({ attributes }: Resource): boolean => attributes.deploymentInProgress === true;
