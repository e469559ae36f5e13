import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigurationInput } from "../../functions/core/configuration.ts";
import type { Account } from "./account.fixture.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CDK = join(ROOT, "node_modules", "aws-cdk", "bin", "cdk");
/** Half a minute where nothing else runs. */
const LONGEST_MS = 10 * 60_000;

/** Outputs of every stack, by the stack's name. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The CDK's own command line said no, or nothing for too long; the message ends with what it said last. */
export class CdkFailed extends Error {
  override readonly name = "CdkFailed";
}

/** Bootstraps an account for CDK, as its owner would. */
export const bootstrap = (account: Account, folder: string): Promise<void> =>
  cdk(account, ["bootstrap", `aws://${account.account}/${account.region}`], folder, folder);

/**
 * Deploys both stacks with this configuration, as its owner would. Throws CdkFailed.
 * @param options for `cdk deploy`, beyond those that take the place of its owner's answers
 * @returns their outputs
 */
export const deploy = async (
  account: Account,
  configuration: ConfigurationInput,
  folder: string,
  options: readonly string[] = [],
): Promise<Outputs> => {
  const outputs = join(folder, "outputs.json");
  await onBoth(account, configuration, folder, [
    ...["deploy", "--all", "--require-approval", "never", "--outputs-file", outputs],
    ...options,
  ]);
  return JSON.parse(readFileSync(outputs, "utf8"));
};

/** Takes both stacks away, as their owner would. Throws CdkFailed. */
export const destroy = (account: Account, configuration: ConfigurationInput, folder: string): Promise<void> =>
  onBoth(account, configuration, folder, ["destroy", "--all", "--force"]);

const onBoth = async (
  account: Account,
  configuration: ConfigurationInput,
  folder: string,
  args: readonly string[],
): Promise<void> => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "quell.config.ts");
  writeFileSync(file, `export const config = ${JSON.stringify(configuration, null, 2)};\n`);
  // An emulator runs functions on the machine's own processor.
  const arch = account.isEmulated && process.arch === "x64" ? ["-c", "arch=x86_64"] : [];
  await cdk(account, [...args, ...arch, "--output", join(folder, "cdk.out")], folder, ROOT, { QUELL_CONFIG: file });
};

/** Runs the CDK's own command line. Throws CdkFailed. */
const cdk = (
  { env, isEmulated }: Account,
  args: readonly string[],
  folder: string,
  cwd: string,
  more: Readonly<Record<string, string>> = {},
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CDK, ...args, "--ci", "--no-notices", "--no-color"], {
      cwd,
      env: {
        ...env,
        ...{ TMPDIR: folder, CDK_DISABLE_VERSION_CHECK: "1", CDK_DISABLE_CLI_TELEMETRY: "1" },
        // A home of its own: no settings or caches of whoever runs this. Credentials of a real account may lie in theirs.
        ...(isEmulated ? { HOME: folder } : {}),
        ...more,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const late = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        said = (said + chunk.toString("utf8")).slice(-30_000);
      });
    const fail = (how: string): void => reject(new CdkFailed(`cdk ${args.join(" ")} ${how}:\n${said.slice(-6000)}`));
    child.once("error", (error) => fail(`did not start, ${error.message}`));
    child.once("close", (code, signal) => {
      clearTimeout(late);
      if (code === 0) return resolve();
      fail(signal === null ? `ended with ${code}` : `was ended after ${LONGEST_MS / 60_000} minutes`);
    });
  });
