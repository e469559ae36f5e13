import { LambdaClient } from "@aws-sdk/client-lambda";
import { SNSClient } from "@aws-sdk/client-sns";
import { SSMClient } from "@aws-sdk/client-ssm";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { lambdaExecutions } from "../../adapters/aws/lambda-executions.ts";
import { ssmActuator } from "../../adapters/aws/ssm-actuator.ts";
import type { Surroundings } from "../../adapters/aws/surroundings.ts";
import { withLog } from "../../adapters/telemetry/logged-ports.ts";
import type { Note } from "../../adapters/telemetry/logger.ts";
import { metered } from "../../adapters/telemetry/meter.ts";
import { withAudit } from "../../core/audited.ts";
import type { Configuration } from "../../core/configuration.ts";
import { ledgerSwitch } from "../../core/overrides.ts";
import type { Ports } from "../../core/ports.ts";
import type { Settings } from "../../core/settings.ts";
import { deployedDrafter } from "./drafter.ts";
import { deployedEvidence } from "./evidence.ts";
import { approvalsOf, pagerOf } from "./people.ts";
import { pinnedGuardrails } from "./pins.ts";
import { scorers } from "./policy.ts";
import { reportedRecords } from "./records.ts";
import { deployedSecrets } from "./secrets.ts";
import type { DeployedStores } from "./stores.ts";
import { deployedTrail } from "./trail.ts";

/** Every port onto the account: made once a sandbox; the settings and the policy are those of one invocation. */
export const deployedPorts = (
  configuration: Configuration,
  stores: DeployedStores,
  told: Surroundings,
  note: Note,
): ((settings: Settings, policy: Configuration["policy"]) => Promise<Ports>) => {
  const { ledger, votes, records, episodes, trackRecord } = stores;
  const made = clientSettings(process.env);
  const clock = { nowMs: Date.now };
  const secrets = deployedSecrets();
  const pager = pagerOf(configuration, { sns: new SNSClient(made), topicArn: told.pageTopicArn, ledger, secrets });
  const scorerOf = scorers(note, told.modelHashes.split(","));
  const { guardrails, tellStrays } = pinnedGuardrails(told, note);
  const fixed = {
    ...{ ledger, pager, episodes, trackRecord, clock, catalogue, guardrails, dryRun: false, codeHash: told.codeHash },
    evidence: deployedEvidence(configuration, { ledger, clock, secrets, note }),
    approvals: approvalsOf(configuration, { votes, ledger, pager, secrets }),
    actuator: ssmActuator(new SSMClient(made)),
    records: metered(records),
    switch: ledgerSwitch(ledger),
    executions: lambdaExecutions(new LambdaClient(made), told.respondArn),
  };
  const tell = deployedTrail(stores, clock, note);
  return async (settings, policy) => {
    const drafter = deployedDrafter(settings, { ledger, draftArn: told.draftArn });
    const ports: Ports = { ...fixed, drafter, scorer: await scorerOf(policy) };
    const audited = withAudit(withLog(ports, note), tell);
    await tellStrays(audited.pager);
    return { ...audited, records: reportedRecords(configuration, { records: audited.records, secrets, note, tell }) };
  };
};
