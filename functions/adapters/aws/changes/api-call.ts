import type { Change } from "../../../core/evidence.ts";
import { partitionOf } from "../resources/arn.ts";

type Members = Readonly<Record<string, unknown>>;

/** A call of a control plane that succeeded, as CloudTrail tells of it. */
export type ApiCall = Readonly<{
  /** Without the version that Lambda hangs on (`UpdateAlias20150331`). */
  name: string;
  region: string;
  account: string;
  request: Members;
  response: Members;
}>;

/** What a call changes. `isScaling`: nothing but how much of it there is. */
export type Effect = Pick<Change, "kind" | "target" | "title"> &
  Partial<Pick<Change, "id" | "from" | "to">> &
  Readonly<{ isScaling?: boolean }>;

/** Calls of one service that change something; null where a call of that name names nothing that can be said. */
export type ApiCalls = Readonly<{
  /** As CloudTrail's `eventSource` names it. */
  eventSource: string;
  /** As EventBridge's `source` names it. */
  source: string;
  names: Readonly<Record<string, (call: ApiCall) => Effect | null>>;
}>;

export const membersOf = (value: unknown): Members =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};

/** A member by its name in any spelling: CloudTrail writes `dBInstanceIdentifier` and `ApplicationId`. */
export const memberOf = (members: Members, name: string): unknown => {
  const key = Object.keys(members).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : members[key];
};

/** A text member, or a number as text; null where it is something else. */
export const textIn = (members: Members, name: string): string | null => {
  const value = memberOf(members, name);
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
};

/** Where the call was made. @param rest of the ARN, behind the account */
export const arnAt = ({ region, account }: ApiCall, service: string, rest: string): string =>
  `arn:${partitionOf(region)}:${service}:${region}:${account}:${rest}`;

/** Members that a call sets, by name and value, for a sentence; free text is not among them. */
export const settingsIn = (request: Members, names: readonly string[]): string =>
  names
    .flatMap((name) => {
      const value = memberOf(request, name);
      return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? [`${name} ${value}`]
        : [];
    })
    .join(", ");

/** `Call: what it sets`, or the call alone. */
export const titled = (name: string, what: string): string => (what === "" ? name : `${name}: ${what}`);
