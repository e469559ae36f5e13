import { setTimeout as pause } from "node:timers/promises";
import { type CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import type { Change } from "../../../core/evidence.ts";
import { callAws } from "../call.ts";
import { arnOf } from "../resources/arn.ts";
import { API_CALLS, readCloudTrail } from "./cloudtrail-call.ts";
import type { ChangesOf } from "./control-plane-changes.ts";
import { concerns } from "./targets.ts";

type Limits = Readonly<{
  /** Calls of LookupEvents, one for each service of AWS that is asked about. */
  mostCalls: number;
  /** From call to call; CloudTrail allows two a second for an account and Region. */
  everyMs: number;
  /** After this no further call is begun. */
  deadlineMs: number;
}>;

const LIMITS: Limits = { mostCalls: 4, everyMs: 500, deadlineMs: 4_000 };
const MOST_EVENTS = 50; // a page's limit

/**
 * Changes out of CloudTrail's history of the last 90 days. Best effort, and nothing that a decision waits for by default:
 * it lags by minutes, and a busy account's newest fifty calls of a service may hold none of those asked for. The first
 * services of the list are asked, as far as the limits reach.
 */
export const cloudTrailChanges =
  (
    client: CloudTrailClient,
    place: Readonly<{ account: string; region: string }>,
    { mostCalls, everyMs, deadlineMs }: Limits = LIMITS,
  ): ChangesOf =>
  async (arns, fromMs, toMs) => {
    const services = new Set(arns.map((arn) => arnOf(arn).service));
    const asked = API_CALLS.filter(({ source }) => services.has(source.slice("aws.".length))).slice(0, mostCalls);
    const untilMs = performance.now() + deadlineMs;
    const found: Change[] = [];
    for (const [index, { eventSource }] of asked.entries()) {
      if (index > 0) await pause(everyMs);
      if (performance.now() > untilMs) break;
      const { Events = [] } = await callAws("cloudtrail:LookupEvents", eventSource, () =>
        client.send(
          new LookupEventsCommand({
            LookupAttributes: [{ AttributeKey: "EventSource", AttributeValue: eventSource }],
            ...{ StartTime: new Date(fromMs), EndTime: new Date(toMs), MaxResults: MOST_EVENTS },
          }),
        ),
      );
      for (const { CloudTrailEvent: text } of Events) found.push(...changesIn(text, place));
    }
    return arns.flatMap((arn) =>
      found.filter((change) => concerns(arn, change)).map((change) => ({ ...change, target: arn })),
    );
  };

const changesIn = (text: string | undefined, place: Parameters<typeof readCloudTrail>[1]): readonly Change[] => {
  try {
    const told = readCloudTrail(JSON.parse(text ?? ""), place);
    return typeof told === "string" ? [] : told;
  } catch {
    // Not JSON: a record that says nothing.
    return [];
  }
};
