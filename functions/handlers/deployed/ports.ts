import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SNSClient } from "@aws-sdk/client-sns";
import { SSMClient } from "@aws-sdk/client-ssm";
import { catalogue } from "../../../runbooks/catalogue.ts";
import { clientSettings } from "../../adapters/aws/clients.ts";
import { lambdaExecutions } from "../../adapters/aws/lambda-executions.ts";
import { secretReader } from "../../adapters/aws/secrets.ts";
import { ssmActuator } from "../../adapters/aws/ssm-actuator.ts";
import type { Surroundings } from "../../adapters/aws/surroundings.ts";
import { withLog } from "../../adapters/telemetry/logged-ports.ts";
import type { Note } from "../../adapters/telemetry/logger.ts";
import { auditTrail } from "../../core/audit.ts";
import { withAudit } from "../../core/audited.ts";
import type { Configuration } from "../../core/configuration.ts";
import { ledgerSwitch } from "../../core/overrides.ts";
import type { Ports } from "../../core/ports.ts";
import type { Settings } from "../../core/settings.ts";
import { deployedDrafter } from "./drafter.ts";
import { deployedEvidence } from "./evidence.ts";
import { deployedGuardrails } from "./guardrails.ts";
import { approvalsOf, pagerOf } from "./people.ts";
import { scorers } from "./policy.ts";
import { deployedRecords } from "./records.ts";
import type { DeployedStores } from "./stores.ts";

/** Every port onto the account: made once a sandbox; the settings and the policy are those of one invocation. */
export const deployedPorts = (
  configuration: Configuration,
  stores: DeployedStores,
  told: Surroundings,
  note: Note,
): ((settings: Settings, policy: Configuration["policy"]) => Promise<Ports>) => {
  const { ledger, votes, records, episodes, trackRecord, audit } = stores;
  const made = clientSettings(process.env);
  const clock = { nowMs: Date.now };
  const secrets = secretReader(new SecretsManagerClient(made), Date.now);
  const pager = pagerOf(configuration, { sns: new SNSClient(made), topicArn: told.pageTopicArn, ledger, secrets });
  const scorerOf = scorers(note);
  const fixed = {
    ...{ ledger, pager, episodes, trackRecord, clock, catalogue, dryRun: false, codeHash: told.codeHash },
    evidence: deployedEvidence(configuration, { ledger, clock, secrets, note }),
    guardrails: deployedGuardrails(),
    approvals: approvalsOf(configuration, { votes, ledger, pager, secrets }),
    actuator: ssmActuator(new SSMClient(made)),
    records: deployedRecords(configuration, { records, secrets, note }),
    switch: ledgerSwitch(ledger),
    executions: lambdaExecutions(new LambdaClient(made), told.respondArn),
  };
  const unheard = (what: string, because: unknown): void =>
    note("error", `not in the audit trail: ${what}: ${because}`);
  return async (settings, policy) => {
    const drafter = deployedDrafter(settings, { ledger, draftArn: told.draftArn });
    const ports: Ports = { ...fixed, drafter, scorer: await scorerOf(policy) };
    return withAudit(withLog(ports, note), auditTrail(audit, clock), unheard);
  };
};
