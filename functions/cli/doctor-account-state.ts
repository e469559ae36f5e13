import { z } from "zod";
import { accountLedger } from "./account-ledger.ts";
import type { Account, Look } from "./doctor-account-setup.ts";
import { ok, problem, warning } from "./doctor-finding.ts";

/** How the deployed agent stands at the moment. */

/** Whether a delivery was given up: what lies in the dead-letter queue was not answered. */
export const deadLettersFinding: Look = async (account) => {
  const { alarms, dead } = account.names.queue;
  const [waiting, givenUp] = [await waitingIn(account, alarms), await waitingIn(account, dead)];
  return givenUp === 0
    ? ok(`${dead} is empty; ${waiting} wait in ${alarms}`)
    : problem(
        `${givenUp} deliveries in ${dead} were given up`,
        "read why in the log of intake, then put them back with `quell replay-dlq`: to take one again changes nothing",
      );
};

const waitingIn = async ({ clients }: Account, queue: string): Promise<number> => {
  const { GetQueueAttributesCommand, GetQueueUrlCommand } = await import("@aws-sdk/client-sqs");
  const sqs = await clients.sqs();
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }),
  );
  return Number(Attributes.ApproximateNumberOfMessages ?? 0);
};

const set = z.object({ position: z.enum(["on", "off"]), by: z.string(), atMs: z.number(), because: z.string() });

/** Whether the agent may change anything at all. Off is its owner's choice, and no fault. */
export const switchFinding: Look = async ({ clients, names }) => {
  const ledger = await accountLedger(clients, names.tables.ledger);
  const found = set.safeParse((await ledger.read("switch#agent"))?.item);
  if (!found.success)
    return warning(
      "no position was ever set, which is off: no effect is started",
      'turn it on with `quell switch on --because "..."`',
    );
  const { position, by, atMs, because } = found.data;
  return ok(`${position} since ${new Date(atMs).toISOString()}, by ${by}: ${because}`);
};

/** A drill a day, and a day to look. */
const LATE_MS = 2 * 86_400_000;

/** When the drill's alarm was last made to ring: the rest of its path has an alarm of its own. */
export const drillFinding: Look = async ({ clients, names, configuration, nowMs }) => {
  if (!configuration.drill) return ok("off in the configuration");
  const { DescribeAlarmHistoryCommand } = await import("@aws-sdk/client-cloudwatch");
  const { AlarmHistoryItems: [last] = [] } = await (await clients.cloudWatch()).send(
    new DescribeAlarmHistoryCommand({
      ...{ AlarmName: names.drillAlarm, HistoryItemType: "StateUpdate", ScanBy: "TimestampDescending", MaxRecords: 1 },
    }),
  );
  const advice = `look at ${names.functionName("reconcile")} and its schedule ${names.rule.daily}`;
  if (last?.Timestamp === undefined) return warning(`${names.drillAlarm} has never rung`, `wait a day; then ${advice}`);
  const found = `${names.drillAlarm} last changed at ${last.Timestamp.toISOString()}`;
  return nowMs - last.Timestamp.getTime() <= LATE_MS ? ok(found) : problem(`${found}, and is due every day`, advice);
};
