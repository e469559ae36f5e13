import { hashOf } from "../functions/core/ids.ts";
import type { Catalogue, Runbook } from "../functions/core/runbook.ts";
import { apiStageCacheFlush } from "./api-stage-cache-flush/runbook.ts";
import { appConfigRollback } from "./appconfig-rollback/runbook.ts";
import { appConfigStopDeployment } from "./appconfig-stop-deployment/runbook.ts";
import { asgInstanceRefresh } from "./asg-instance-refresh/runbook.ts";
import { asgScaleOut } from "./asg-scale-out/runbook.ts";
import { cacheAddReplica } from "./cache-add-replica/runbook.ts";
import { cdnInvalidate } from "./cdn-invalidate/runbook.ts";
import { dynamoDbCapacity } from "./dynamodb-capacity/runbook.ts";
import { ecsClusterCapacity } from "./ecs-cluster-capacity/runbook.ts";
import { ecsForceDeployment } from "./ecs-force-deployment/runbook.ts";
import { ecsRollback } from "./ecs-rollback/runbook.ts";
import { ecsScaleOut } from "./ecs-scale-out/runbook.ts";
import { lambdaAliasRollback } from "./lambda-alias-rollback/runbook.ts";
import { lambdaReservedConcurrency } from "./lambda-reserved-concurrency/runbook.ts";
import { lambdaTrafficShift } from "./lambda-traffic-shift/runbook.ts";
import { page } from "./page/runbook.ts";
import { rdsExtendStorage } from "./rds-extend-storage/runbook.ts";
import { rdsFailover } from "./rds-failover/runbook.ts";
import { rdsProxyLimitConnections } from "./rds-proxy-limit-connections/runbook.ts";
import { rdsReboot } from "./rds-reboot/runbook.ts";
import { rdsReplicaReboot } from "./rds-replica-reboot/runbook.ts";
import { sqsRedrive } from "./sqs-redrive/runbook.ts";
import { wait } from "./wait/runbook.ts";
import { zonalShift } from "./zonal-shift/runbook.ts";

/** Every runbook there is. Adding one is a folder and a line in this list. */
const RUNBOOKS: readonly Runbook[] = [
  appConfigRollback,
  appConfigStopDeployment,
  asgInstanceRefresh,
  asgScaleOut,
  ecsClusterCapacity,
  ecsForceDeployment,
  cacheAddReplica,
  dynamoDbCapacity,
  ecsRollback,
  ecsScaleOut,
  lambdaAliasRollback,
  rdsExtendStorage,
  rdsFailover,
  rdsProxyLimitConnections,
  rdsReboot,
  rdsReplicaReboot,
  zonalShift,
  apiStageCacheFlush,
  cdnInvalidate,
  lambdaReservedConcurrency,
  lambdaTrafficShift,
  sqsRedrive,
  wait,
  page,
];

/** What of a runbook decides what may happen and how it is judged; its rules and its wording aside. */
const covered = (runbook: Runbook) => ({
  id: runbook.id,
  version: runbook.version,
  kind: runbook.kind,
  targetType: runbook.targetType,
  tier: runbook.tier,
  reversal: runbook.reversal,
  automation: runbook.documents?.automation.hash ?? null,
  undo: runbook.documents?.undo?.hash ?? null,
  expectedMinutes: runbook.expectedMinutes,
  cooldownSeconds: runbook.cooldownSeconds,
  whenRecovered: runbook.whenRecovered,
  treats: runbook.treats,
  endsDeployment: runbook.endsDeployment,
});

/** A catalogue of these runbooks; its hash covers what may happen and how it is judged. */
export const catalogueOf = (runbooks: readonly Runbook[]): Catalogue => ({
  hash: hashOf(runbooks.map(covered)),
  runbooks,
});

export const catalogue: Catalogue = catalogueOf(RUNBOOKS);
