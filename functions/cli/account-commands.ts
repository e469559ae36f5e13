import type { Command } from "commander";
import { CONFIGURATION_FILE } from "./configuration-file.ts";
import type { Answer } from "./quell.ts";
import type { Screen } from "./screen.ts";
import type { ShadowFlags } from "./shadow-options.ts";
import type { SwitchFlags } from "./switch.ts";

/** What looks at an AWS account, and what is set in a deployed agent. */
export const addAccount = (program: Command, screen: Screen, answer: Answer): void => {
  addDoctor(program, screen, answer);
  addShadow(program, screen, answer);
  addAudit(program, screen, answer);
  addSwitch(program, screen, answer);
  addReplayDlq(program, screen, answer);
};

const CONFIG = ["--config <file>", "the configuration that was deployed", CONFIGURATION_FILE] as const;
const JSON_FLAG = ["--json", "one JSON document on stdout"] as const;

const addDoctor = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("doctor")
    .description("Check that Quell can work on this machine, without the network; exit 1 on a problem.")
    .option("--account", "check what is deployed in the AWS account instead; it only reads")
    .option("--config <file>", "with --account: the configuration that was deployed", CONFIGURATION_FILE)
    .option(...JSON_FLAG)
    .action(async (flags: Readonly<{ account?: true; config: string; json?: true }>) => {
      if (flags.account === true) {
        const { doctorAccount } = await import("./doctor-account.ts");
        answer(await doctorAccount(flags, screen));
        return;
      }
      const { doctor } = await import("./doctor.ts");
      answer(await doctor(flags.json === true, screen));
    });
};

const addShadow = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("shadow")
    .description(
      "Say what Quell would have proposed for the alarms of the past days, and what that might have saved; it only reads.",
    )
    .option("--since <time>", "how far back: 14d, 36h, or a time", "14d")
    .option(
      "--config <file>",
      `services and their SLIs (default: ${CONFIGURATION_FILE} where there is one; without, both are guessed)`,
    )
    .option("--alarm-prefix <text>", "only alarms whose names begin so (default: the configuration's)")
    .option("--region <name>", "where no configuration names one (default: AWS_REGION)")
    .option("--mode <mode>", "play every service in observe, approve or auto (default: the configuration's)")
    .option("--policy <name>", "qnet of the released model, or rules (default: the configuration's)")
    .option("--approval-minutes <minutes>", "until a person answers", "4")
    .option("--out <file>", "write the report as Markdown too")
    .option(...JSON_FLAG)
    .action(async (flags: ShadowFlags) => {
      const { shadow } = await import("./shadow.ts");
      answer(await shadow(flags, screen));
    });
};

const addAudit = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("audit")
    .description("The chain of what was decided and done.")
    .command("verify")
    .description("Check every chain and manifest; exit 1 where one was changed, or a part of it is missing.")
    .argument("<source>", "s3://BUCKET, or a folder that `aws s3 sync` made of it")
    .option("--region <name>", "of the bucket (default: AWS_REGION)")
    .option(...JSON_FLAG)
    .action(async (source: string, flags: Readonly<{ region?: string; json?: true }>) => {
      const { auditVerify } = await import("./audit.ts");
      answer(await auditVerify(source, flags, screen));
    });
};

const addSwitch = (program: Command, screen: Screen, answer: Answer): void => {
  const flagged = (command: Command): Command =>
    command
      .option("--because <text>", "why, for whoever reads it at night; required to set anything")
      .option(...CONFIG)
      .option("--table <name>", "the ledger's table (default: the deployed one)")
      .option(...JSON_FLAG);
  flagged(program.command("switch"))
    .description("Let the deployed agent change things, stop it before the next change, or say what is set by hand.")
    .argument("<position>", "on, off or status")
    .action(async (position: string, flags: SwitchFlags) => {
      const { setSwitch, switchStatus } = await import("./switch.ts");
      answer(await (position === "status" ? switchStatus(flags, screen) : setSwitch(position, flags, screen)));
    });
  flagged(program.command("mode"))
    .description("Set how one service is served, whatever the configuration says.")
    .argument("<service>", "its name in the configuration")
    .argument("<mode>", "observe, approve or auto")
    .action(async (service: string, mode: string, flags: SwitchFlags) => {
      const { setMode } = await import("./switch.ts");
      answer(await setMode(service, mode, flags, screen));
    });
  flagged(program.command("policy"))
    .description("Set who chooses from the next decision on: the released model, or the catalogue's own rules.")
    .argument("<name>", "qnet or rules")
    .action(async (name: string, flags: SwitchFlags) => {
      const { setPolicy } = await import("./switch.ts");
      answer(await setPolicy(name, flags, screen));
    });
};

const addReplayDlq = (program: Command, screen: Screen, answer: Answer): void => {
  program
    .command("replay-dlq")
    .description("Put the deliveries that were given up back into the queue; to take one again changes nothing.")
    .option(...CONFIG)
    .option(...JSON_FLAG)
    .action(async (flags: Readonly<{ config: string; json?: true }>) => {
      const { replayDlq } = await import("./replay-dlq.ts");
      answer(await replayDlq(flags, screen));
    });
};
