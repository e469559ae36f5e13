import { hashOf } from "../functions/core/ids.ts";
import type { Catalogue, Runbook } from "../functions/core/runbook.ts";
import { ecsRollback } from "./ecs-rollback/runbook.ts";
import { ecsScaleOut } from "./ecs-scale-out/runbook.ts";
import { lambdaAliasRollback } from "./lambda-alias-rollback/runbook.ts";
import { page } from "./page/runbook.ts";
import { rdsReboot } from "./rds-reboot/runbook.ts";
import { wait } from "./wait/runbook.ts";

/** Every runbook there is. Adding one is a folder and a line in this list. */
const RUNBOOKS: readonly Runbook[] = [ecsRollback, ecsScaleOut, lambdaAliasRollback, rdsReboot, wait, page];

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

export const catalogue: Catalogue = { hash: hashOf(RUNBOOKS.map(covered)), runbooks: RUNBOOKS };
