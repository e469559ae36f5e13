import { appConfigDeployment } from "./appconfig-deployment.ts";
import type { ChangeSource } from "./change-source.ts";
import { CLOUDTRAIL_SOURCES } from "./cloudtrail-call.ts";
import { codeDeploy } from "./codedeploy.ts";
import { codePipeline } from "./codepipeline.ts";
import { ecsDeployment } from "./ecs-deployment.ts";
import { instanceRefresh } from "./instance-refresh.ts";
import { parameterStore } from "./parameter-store.ts";
import { rdsEvent } from "./rds-event.ts";
import { stackStatus } from "./stack-status.ts";

/** Every source of events that tell of changes. Adding one is a file here and a line in this list. */
export const CHANGE_SOURCES: readonly ChangeSource[] = [
  appConfigDeployment,
  codeDeploy,
  codePipeline,
  ecsDeployment,
  instanceRefresh,
  parameterStore,
  rdsEvent,
  stackStatus,
  ...CLOUDTRAIL_SOURCES,
];
