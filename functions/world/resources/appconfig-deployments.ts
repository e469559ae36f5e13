import { type Disturbance, MINUTE_MS, type ResourceState, record, schedule, stir, type World } from "../state.ts";

/** What one version of a configuration does to whom, while targets have it. */
export type ConfigEffect = Omit<Disturbance, "id" | "fromMs">;

export type ConfigDeployment = Readonly<{
  number: number;
  version: string;
  strategy: string;
  state: "DEPLOYING" | "BAKING" | "COMPLETE" | "ROLLED_BACK" | "REVERTED";
  /** Of the targets that have this version. */
  percentage: number;
  startedAtMs: number;
  completedAtMs: number | null;
}>;

/** Feature flags of one service in AppConfig: an environment with one profile, and the versions deployed to it. */
export type AppConfigFlags = ResourceState & {
  readonly kind: "appconfig-flags";
  readonly applicationId: string;
  readonly environmentId: string;
  readonly configurationProfileId: string;
  /** What targets get, or are about to get. */
  configurationVersion: string;
  previousConfigurationVersion: string | null;
  /** Hosted versions by their number, with what each does; most do nothing to anybody. */
  versions: Record<string, readonly ConfigEffect[]>;
  /** Newest first. */
  deployments: readonly ConfigDeployment[];
};

export const isAppConfigFlags = (resource: ResourceState): resource is AppConfigFlags =>
  resource.kind === "appconfig-flags";

type Strategy = Readonly<{
  growthType: "LINEAR" | "EXPONENTIAL";
  growthFactor: number;
  percentages: readonly number[];
  everyMinutes: number;
  minutes: number;
  bakeMinutes: number;
}>;

/** Predefined ones: docs.aws.amazon.com/appconfig/latest/userguide/appconfig-creating-deployment-strategy-predefined.html */
const STRATEGIES: Readonly<Record<string, Strategy>> = {
  "AppConfig.AllAtOnce": {
    ...{ growthType: "LINEAR", growthFactor: 100, percentages: [100] },
    ...{ everyMinutes: 0, minutes: 0, bakeMinutes: 10 },
  },
  "AppConfig.Linear20PercentEvery6Minutes": {
    ...{ growthType: "LINEAR", growthFactor: 20, percentages: [20, 40, 60, 80, 100] },
    ...{ everyMinutes: 6, minutes: 30, bakeMinutes: 30 },
  },
  "AppConfig.Canary10Percent20Minutes": {
    ...{ growthType: "EXPONENTIAL", growthFactor: 10, percentages: [10, 20, 40, 80, 100] },
    ...{ everyMinutes: 5, minutes: 20, bakeMinutes: 10 },
  },
};

/** A deployment strategy by its id; null where there is none. */
export const strategyNamed = (id: string): Strategy | null => STRATEGIES[id] ?? null;

/** A deployment that completed longer ago than this can no longer be reverted. */
export const REVERTIBLE_MS = 72 * 60 * MINUTE_MS;
const REMEMBERED = 10; // deployments that anybody still asks for

export const latestOf = ({ arn, deployments }: AppConfigFlags): ConfigDeployment => {
  const [latest] = deployments;
  if (latest === undefined) throw new Error(`${arn}: an environment has been deployed to at least once`);
  return latest;
};

/** No other deployment to the environment can start meanwhile. */
export const isUnderWay = ({ state }: ConfigDeployment): boolean => state === "DEPLOYING" || state === "BAKING";

/** Deploys a version to the environment; the caller has checked that nothing is under way and that both exist. */
export const startDeployment = (
  world: World,
  flags: AppConfigFlags,
  version: string,
  strategy: string,
): ConfigDeployment => {
  const deployment: ConfigDeployment = {
    number: latestOf(flags).number + 1,
    version,
    strategy,
    state: "DEPLOYING",
    percentage: strategyNamed(strategy)?.percentages[0] ?? 100,
    startedAtMs: world.nowMs,
    completedAtMs: null,
  };
  flags.previousConfigurationVersion = flags.configurationVersion;
  flags.configurationVersion = version;
  flags.deployments = [deployment, ...flags.deployments].slice(0, REMEMBERED);
  record(world, "config-deployment-started", { arn: flags.arn, version, strategy });
  takeStep(world, flags, String(deployment.number));
  return latestOf(flags);
};

/** Gives targets the version before; a deployment under way is rolled back, a completed one reverted. */
export const stopDeployment = (world: World, flags: AppConfigFlags): ConfigDeployment => {
  const latest = latestOf(flags);
  const { configurationVersion, previousConfigurationVersion } = flags;
  flags.configurationVersion = previousConfigurationVersion ?? configurationVersion;
  flags.previousConfigurationVersion = configurationVersion;
  const stopped: ConfigDeployment = { ...latest, state: isUnderWay(latest) ? "ROLLED_BACK" : "REVERTED" };
  flags.deployments = [stopped, ...flags.deployments.slice(1)];
  record(world, "config-deployment-stopped", { arn: flags.arn, number: stopped.number, state: stopped.state });
  takeEffect(world, flags);
  return stopped;
};

/** Brings the deployment of this number to where it should be by now, and comes back when it goes on. */
export const takeStep = (world: World, flags: AppConfigFlags, number: string): void => {
  const latest = latestOf(flags);
  const strategy = strategyNamed(latest.strategy);
  if (String(latest.number) !== number || !isUnderWay(latest) || strategy === null) return;
  const { percentages, everyMinutes, minutes, bakeMinutes } = strategy;
  const elapsed = (world.nowMs - latest.startedAtMs) / MINUTE_MS;
  const step = everyMinutes === 0 ? percentages.length : Math.floor(elapsed / everyMinutes) + 1;
  const isBaking = elapsed >= minutes;
  const isComplete = elapsed >= minutes + bakeMinutes;
  const now: ConfigDeployment = {
    ...latest,
    state: isComplete ? "COMPLETE" : isBaking ? "BAKING" : "DEPLOYING",
    percentage: isBaking ? 100 : (percentages[Math.min(step, percentages.length) - 1] ?? 100),
    completedAtMs: isComplete ? world.nowMs : null,
  };
  flags.deployments = [now, ...flags.deployments.slice(1)];
  takeEffect(world, flags);
  if (isComplete) return;
  const nextMinutes = isBaking ? minutes + bakeMinutes : Math.min(step * everyMinutes, minutes);
  const what = { kind: "resource", arn: flags.arn, what: "deployment-step", subject: number } as const;
  schedule(world, latest.startedAtMs + nextMinutes * MINUTE_MS, what);
};

/** What the versions do to whom, in the share of the targets that has each, from the minute that runs now. */
export const takeEffect = (world: World, flags: AppConfigFlags): void => {
  const latest = latestOf(flags);
  const reached = isUnderWay(latest) ? latest.percentage / 100 : 1;
  const { versions, configurationVersion, previousConfigurationVersion } = flags;
  const fromMs = Math.floor(world.nowMs / MINUTE_MS) * MINUTE_MS;
  const hits = (version: string | null, share: number): readonly Disturbance[] =>
    (share === 0 || version === null ? [] : (versions[version] ?? [])).map((effect) => ({
      ...effect,
      id: flags.arn,
      fromMs,
      errorRate: effect.errorRate * share,
      latencyMs: effect.latencyMs * share,
    }));
  world.disturbances = [
    ...world.disturbances.filter(({ id }) => id !== flags.arn),
    ...hits(configurationVersion, reached),
    ...hits(previousConfigurationVersion, 1 - reached),
  ];
  stir(world);
};
