import { z } from "zod";
import { type ApiCall, type ApiCalls, membersOf } from "./api-call.ts";
import {
  type ChangeEvent,
  type ChangeSource,
  changeOf,
  type EventPattern,
  momentOf,
  type Told,
} from "./change-source.ts";
import { autoScalingCalls, ecsCalls, lambdaCalls } from "./compute-calls.ts";
import {
  apiGatewayCalls,
  appConfigCalls,
  dynamoDbCalls,
  elastiCacheCalls,
  loadBalancingCalls,
  rdsCalls,
  sqsCalls,
} from "./data-calls.ts";
import { principalOf } from "./principal.ts";

/** Every service whose calls are read. Adding one is a value in one of the files beside this and a line in this list. */
export const API_CALLS: readonly ApiCalls[] = [
  apiGatewayCalls,
  appConfigCalls,
  autoScalingCalls,
  dynamoDbCalls,
  ecsCalls,
  elastiCacheCalls,
  lambdaCalls,
  loadBalancingCalls,
  rdsCalls,
  sqsCalls,
];

const TYPE = "AWS API Call via CloudTrail";

const record = z.object({
  eventID: z.string().min(1),
  eventSource: z.string(),
  eventName: z.string(),
  eventTime: z.string(),
  awsRegion: z.string(),
  recipientAccountId: z.string().optional().catch(undefined),
  errorCode: z.string().optional().catch(undefined),
  userIdentity: z.unknown(),
  requestParameters: z.unknown(),
  responseElements: z.unknown(),
});

/** Lambda hangs its API's version on: `UpdateFunctionCode20150331v2`. */
const VERSION = /[0-9]{8}(v[0-9]+)?$/;

/**
 * Reads one record of CloudTrail, from an event or from its history. Words where it changed nothing that is looked for, or
 * is of another account or Region. @param place Quell's own
 */
export const readCloudTrail = (raw: unknown, place: Readonly<{ account: string; region: string }>): Told => {
  const parsed = record.safeParse(raw);
  if (!parsed.success) return `it is no record of CloudTrail: ${parsed.error.issues[0]?.path.join("/")}`;
  const { eventID, eventSource, eventName, eventTime, awsRegion, recipientAccountId, errorCode } = parsed.data;
  const account = recipientAccountId ?? place.account;
  if (account !== place.account || awsRegion !== place.region) return `it was made in ${account}/${awsRegion}`;
  if (errorCode !== undefined) return `${eventName} failed: ${errorCode}`;
  const name = eventName.replace(VERSION, "");
  const service = API_CALLS.find((one) => one.eventSource === eventSource);
  const read = service !== undefined && Object.hasOwn(service.names, name) ? service.names[name] : undefined;
  const atMs = momentOf(eventTime);
  if (read === undefined || atMs === null) return `${eventName} of ${eventSource} changes nothing that is looked for`;
  const { requestParameters, responseElements, userIdentity } = parsed.data;
  const call: ApiCall = {
    ...{ name, region: awsRegion, account },
    request: membersOf(requestParameters),
    response: membersOf(responseElements),
  };
  const effect = read(call);
  if (effect === null) return `${eventName} does not say what it changed`;
  const { author, isAws } = principalOf(userIdentity, place.account);
  const { isScaling = false, ...what } = effect;
  if (isScaling && isAws) return `${eventName} is AWS's own scaling`;
  return [changeOf({ id: eventID, atMs, author, ref: eventID, ...what })];
};

const patternOf = ({ source, eventSource, names }: ApiCalls): EventPattern => ({
  source: [source],
  "detail-type": [TYPE],
  detail: { eventSource: [eventSource], eventName: Object.keys(names).map((prefix) => ({ prefix })) },
});

/** Calls of control planes, by which nearly every change is made. They are only delivered where a trail logs them. */
export const CLOUDTRAIL_SOURCES: readonly ChangeSource[] = API_CALLS.map((calls) => ({
  source: calls.source,
  detailTypes: [TYPE],
  patterns: [patternOf(calls)],
  read: ({ detail, account, region }: ChangeEvent) => readCloudTrail(detail, { account, region }),
}));
