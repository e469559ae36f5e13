import { setImmediate } from "node:timers/promises";
import { FUNCTIONS, type FunctionName } from "../../infra/names.ts";
import { variableOf } from "../adapters/aws/surroundings.ts";
import { awsFault } from "./account-errors.ts";
import type { Account, Look } from "./doctor-account-setup.ts";
import { type Finding, few, ok, problem, warning } from "./doctor-finding.ts";

/** Whether it is the right account, whether the agent stands in it, and which one. */

/** The caller's account and Region against the configuration's. */
export const identityFinding: Look = async ({ caller, configuration, file, ownRegion }) => {
  const { account, region } = configuration.settings;
  if (caller.account !== account)
    return problem(
      `the credentials are of account ${caller.account}, ${file} names ${account}`,
      "set AWS_PROFILE to one of that account, or correct settings.account",
    );
  if (ownRegion !== null && ownRegion !== region)
    return problem(
      `the environment names Region ${ownRegion}, ${file} names ${region}`,
      `set AWS_REGION=${region}, or correct settings.region`,
    );
  return ok(`${caller.arn} in ${region}`);
};

/** States in which a stack stands as its last deployment left it. */
const STANDS = /^(CREATE|UPDATE|IMPORT)_COMPLETE$/;

/** Whether the stack stands, and since when it is as it is. */
export const stackFinding: Look = async ({ stack: read, names, clients }) => {
  const stack = await read();
  if (stack === null)
    return problem(`no stack ${names.stacks.agent} in ${clients.region}`, "deploy it with `npx cdk deploy --all`");
  const since = stack.changedAtMs === null ? "" : ` since ${new Date(stack.changedAtMs).toISOString()}`;
  const found = `${stack.name} is ${stack.status}${since}`;
  if (STANDS.test(stack.status)) return ok(found);
  if (/IN_PROGRESS$/.test(stack.status)) return warning(found, "wait until it ends, then ask again");
  return problem(found, `read why in the events of ${stack.name}, and deploy again`);
};

type Read = Readonly<{
  isChanging: boolean;
  of: FunctionName;
  fault: string | null;
  code: string | null;
  architecture: string | undefined;
}>;

/** Whether each function is there and ready, and whether it runs the code and the configuration of this copy. */
export const functionsFinding: Look = async (account) => {
  const read = await Promise.all(FUNCTIONS.map((of) => functionRead(account, of)));
  const broken = read.flatMap(({ of, fault }) =>
    fault === null ? [] : [`${account.names.functionName(of)} ${fault}`],
  );
  const isOnlyChanging = read.every(({ fault, isChanging }) => fault === null || isChanging);
  if (broken.length > 0 && isOnlyChanging) return warning(few(broken), "wait until it ends, then ask again");
  if (broken.length > 0) return problem(few(broken), "look at it in the console, and deploy again");
  return codeFinding(account, read);
};

const functionRead = async ({ clients, names }: Account, of: FunctionName): Promise<Read> => {
  const { GetFunctionConfigurationCommand } = await import("@aws-sdk/client-lambda");
  try {
    const { State, LastUpdateStatus, Environment, Architectures } = await (await clients.lambda()).send(
      new GetFunctionConfigurationCommand({ FunctionName: names.functionName(of) }),
    );
    const isChanging = State === "Pending" || LastUpdateStatus === "InProgress";
    const isReady = (State ?? "Active") === "Active" && (LastUpdateStatus ?? "Successful") === "Successful";
    const fault = isReady ? null : `is ${State}, its last update ${LastUpdateStatus}`;
    const code = Environment?.Variables?.[variableOf("codeHash")] ?? null;
    return { of, fault, isChanging, code, architecture: Architectures?.[0] };
  } catch (error) {
    if (awsFault(error).kind !== "absent") throw error;
    return { of, fault: "is not there", isChanging: false, code: null, architecture: undefined };
  }
};

/** Bundles this copy as a deployment would, without the network, and compares those that say what they run. */
const codeFinding = async ({ configuration }: Account, read: readonly Read[]): Promise<Finding> => {
  const found = `${read.length} functions are ready`;
  try {
    const { bundleOf } = await import("../../infra/bundle.ts");
    const others: string[] = [];
    for (const { of, code, architecture } of read) {
      // A bundle takes a second in which nobody else has a turn: whoever waits is told in between.
      await setImmediate();
      const own = architecture === "x86_64" || architecture === "arm64" ? architecture : configuration.architecture;
      if (code !== null && bundleOf(of, { configuration, architecture: own }).hash !== code)
        others.push(`${of} (${code.slice(0, 12)})`);
    }
    return others.length === 0
      ? ok(`${found}; they run the code and the configuration of this copy`)
      : warning(
          `${found}; not as this copy would be deployed: ${few(others)}`,
          "deploy again, or look from the copy and the configuration that were deployed",
        );
  } catch (error) {
    // No bundler is installed where only the command is: what is deployed may be well all the same.
    return ok(`${found}; not compared with this copy: ${error instanceof Error ? error.message : String(error)}`);
  }
};

/** Whether somebody hears a page: the topic's subscriptions, confirmed or not. */
export const subscriptionsFinding: Look = async ({ clients, configuration, names }) => {
  const { paginateListSubscriptionsByTopic } = await import("@aws-sdk/client-sns");
  const told: Readonly<{ to: string; isConfirmed: boolean }>[] = [];
  const asked = { TopicArn: names.topicArn };
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client: await clients.sns() }, asked))
    for (const { SubscriptionArn = "", Protocol = "", Endpoint = "" } of Subscriptions)
      told.push({ to: `${Protocol} ${Endpoint}`, isConfirmed: SubscriptionArn.startsWith("arn:") });
  const waiting = told.filter(({ isConfirmed }) => !isConfirmed).map(({ to }) => to);
  const confirmed = told.length - waiting.length;
  const advice = "confirm the mail that AWS sent; it expires after three days";
  if (waiting.length > 0 && (confirmed > 0 || configuration.pager.kind !== "sns"))
    return warning(`${confirmed} confirmed; not confirmed: ${few(waiting)}`, advice);
  if (waiting.length > 0) return problem(`nobody hears a page: not confirmed: ${few(waiting)}`, advice);
  if (confirmed > 0) return ok(`${confirmed} confirmed`);
  const found = `${names.topic} has no subscription`;
  return configuration.pager.kind === "sns"
    ? problem(`nobody hears a page: ${found}`, "name pager.emails in the configuration, deploy, and confirm the mail")
    : ok(`${found}; pages go to PagerDuty, the agent's own alarms to nobody`);
};
