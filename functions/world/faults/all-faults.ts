import { accountConcurrencyExhausted } from "./account-concurrency-exhausted.ts";
import { apiStageCacheStale } from "./api-stage-cache-stale.ts";
import { asgBadLaunchTemplate } from "./asg-bad-launch-template.ts";
import { badConfigRollout } from "./bad-config-rollout.ts";
import { badConfigValue } from "./bad-config-value.ts";
import { badEcsDeployment } from "./bad-ecs-deployment.ts";
import { badFlag } from "./bad-flag.ts";
import { badLambdaVersion } from "./bad-lambda-version.ts";
import { cacheEvictions } from "./cache-evictions.ts";
import { cacheHotKey } from "./cache-hot-key.ts";
import { cacheNodeLost } from "./cache-node-lost.ts";
import { cdnCachedErrors } from "./cdn-cached-errors.ts";
import { cdnMissStorm } from "./cdn-miss-storm.ts";
import { clusterWithoutRoom } from "./cluster-without-room.ts";
import { configDriftAfterDeploy } from "./config-drift-after-deploy.ts";
import { connectionLeak } from "./connection-leak.ts";
import { connectionPoolLimit } from "./connection-pool-limit.ts";
import { connectionStorm } from "./connection-storm.ts";
import { consumerStalled } from "./consumer-stalled.ts";
import { databaseOverloadByScaleOut } from "./database-overload-by-scale-out.ts";
import { databaseStorageFilling, databaseStorageFull } from "./database-storage.ts";
import { deadlockedTasks } from "./deadlocked-tasks.ts";
import { dependencyMisattributed } from "./dependency-misattributed.ts";
import { deployBlip } from "./deploy-blip.ts";
import { dlqAfterOutage } from "./dlq-after-outage.ts";
import { dnsFailure } from "./dns-failure.ts";
import { dynamoDbAccountLimit } from "./dynamodb-account-limit.ts";
import { dynamoDbHotPartition } from "./dynamodb-hot-partition.ts";
import { dynamoDbThrottled } from "./dynamodb-throttled.ts";
import { ecsMemoryLeak } from "./ecs-memory-leak.ts";
import { expiredCertificate } from "./expired-certificate.ts";
import { externalOutage } from "./external-outage.ts";
import { externalQuotaExhausted } from "./external-quota-exhausted.ts";
import { externalSessionLimit } from "./external-session-limit.ts";
import { externalSlow } from "./external-slow.ts";
import { failingHealthChecks } from "./failing-health-checks.ts";
import { falseAlarmByMaintenance } from "./false-alarm-by-maintenance.ts";
import type { Fault } from "./fault.ts";
import { halfRotatedSecret } from "./half-rotated-secret.ts";
import { iamDeny } from "./iam-deny.ts";
import { imagePullFailure } from "./image-pull-failure.ts";
import { lambdaCanaryBad } from "./lambda-canary-bad.ts";
import { lambdaColdStartStorm } from "./lambda-cold-start-storm.ts";
import { lambdaSlowDependencyTimeouts } from "./lambda-slow-dependency-timeouts.ts";
import { lambdaThrottled } from "./lambda-throttled.ts";
import { latencySpike } from "./latency-spike.ts";
import { lockContention } from "./lock-contention.ts";
import { lostClusterCapacity } from "./lost-cluster-capacity.ts";
import { metricBlip } from "./metric-blip.ts";
import { packetLoss } from "./packet-loss.ts";
import { poisonMessages } from "./poison-messages.ts";
import { primaryDegraded } from "./primary-degraded.ts";
import { providerBlip } from "./provider-blip.ts";
import { queueBacklogAfterSurge } from "./queue-backlog-after-surge.ts";
import { replicaLag } from "./replica-lag.ts";
import { retryStorm } from "./retry-storm.ts";
import { rotatedSecret } from "./rotated-secret.ts";
import { securityGroupBlocked } from "./security-group-blocked.ts";
import { slowQueryRegression } from "./slow-query-regression.ts";
import { slowRelease } from "./slow-release.ts";
import { thunderingHerd } from "./thundering-herd.ts";
import { timeoutMisconfigured } from "./timeout-misconfigured.ts";
import { tokenClock } from "./token-clock.ts";
import { trafficSaturation } from "./traffic-saturation.ts";
import { transientBlip } from "./transient-blip.ts";
import { unhealthyInstances } from "./unhealthy-instances.ts";
import { wrongEndpointConfig } from "./wrong-endpoint-config.ts";
import { zoneGrayFailure } from "./zone-gray-failure.ts";
import { zoneOutage } from "./zone-outage.ts";

/** Every fault that a world can have. Adding one is a file here and a line in this list. */
export const FAULTS: readonly Fault[] = [
  badConfigRollout,
  badConfigValue,
  badFlag,
  configDriftAfterDeploy,
  dnsFailure,
  expiredCertificate,
  externalOutage,
  externalQuotaExhausted,
  externalSessionLimit,
  externalSlow,
  falseAlarmByMaintenance,
  halfRotatedSecret,
  iamDeny,
  latencySpike,
  packetLoss,
  providerBlip,
  rotatedSecret,
  securityGroupBlocked,
  timeoutMisconfigured,
  tokenClock,
  wrongEndpointConfig,
  badEcsDeployment,
  badLambdaVersion,
  cacheEvictions,
  cacheHotKey,
  cacheNodeLost,
  connectionLeak,
  connectionStorm,
  databaseOverloadByScaleOut,
  dynamoDbAccountLimit,
  dynamoDbHotPartition,
  dynamoDbThrottled,
  lockContention,
  primaryDegraded,
  replicaLag,
  slowQueryRegression,
  databaseStorageFilling,
  databaseStorageFull,
  dependencyMisattributed,
  asgBadLaunchTemplate,
  clusterWithoutRoom,
  connectionPoolLimit,
  deadlockedTasks,
  ecsMemoryLeak,
  failingHealthChecks,
  imagePullFailure,
  lostClusterCapacity,
  retryStorm,
  slowRelease,
  thunderingHerd,
  trafficSaturation,
  unhealthyInstances,
  zoneGrayFailure,
  zoneOutage,
  accountConcurrencyExhausted,
  apiStageCacheStale,
  cdnCachedErrors,
  cdnMissStorm,
  consumerStalled,
  deployBlip,
  dlqAfterOutage,
  lambdaCanaryBad,
  lambdaColdStartStorm,
  lambdaSlowDependencyTimeouts,
  lambdaThrottled,
  metricBlip,
  poisonMessages,
  queueBacklogAfterSurge,
  transientBlip,
];

/** The fault of this id among `faults`, or null for `none` and any other. */
export const faultNamed = (id: string, faults: readonly Fault[] = FAULTS): Fault | null =>
  faults.find((fault) => fault.id === id) ?? null;
