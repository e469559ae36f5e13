import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigurationInput } from "../../functions/core/configuration.ts";
import type { Account } from "./account.fixture.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CDK = join(ROOT, "node_modules", "aws-cdk", "bin", "cdk");

/** Outputs of every stack, by the stack's name. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Bootstraps an account for CDK, as its owner would. */
export const bootstrap = async ({ account, region, env }: Account, folder: string): Promise<void> => {
  await cdk(["bootstrap", `aws://${account}/${region}`], env, folder, folder);
};

/** Deploys both stacks with this configuration, as its owner would. @returns their outputs */
export const deploy = async (
  { env, isEmulated }: Account,
  configuration: ConfigurationInput,
  folder: string,
): Promise<Outputs> => {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "quell.config.ts");
  const outputs = join(folder, "outputs.json");
  writeFileSync(file, `export const config = ${JSON.stringify(configuration, null, 2)};\n`);
  const arguments_ = ["deploy", "--all", "--require-approval", "never", "--outputs-file", outputs];
  // An emulator runs functions on the machine's own processor.
  const arch = isEmulated && process.arch === "x64" ? ["-c", "arch=x86_64"] : [];
  await cdk(
    [...arguments_, ...arch, "--output", join(folder, "cdk.out")],
    { ...env, QUELL_CONFIG: file },
    folder,
    ROOT,
  );
  return JSON.parse(readFileSync(outputs, "utf8"));
};

/** Runs the CDK's own command line. Throws with what it said last where it fails. */
const cdk = (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  home: string,
  cwd: string,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CDK, ...args, "--ci", "--no-notices", "--no-color"], {
      cwd,
      // A home of its own: no settings, caches or credentials of whoever runs this.
      env: { ...process.env, ...env, HOME: home, CDK_DISABLE_VERSION_CHECK: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        said = (said + chunk.toString("utf8")).slice(-30_000);
      });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`cdk ${args.join(" ")} ended with ${code}:\n${said.slice(-6000)}`)),
    );
  });
