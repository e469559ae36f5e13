import type { Change } from "../../../core/evidence.ts";
import { isOf } from "../resources/arn.ts";
import { CHANGE_SOURCES } from "./all-sources.ts";
import { changeEvent } from "./change-source.ts";

/** The changes that one event tells of, or why none. */
export type ParsedChanges =
  | Readonly<{ kind: "changes"; changes: readonly Change[] }>
  | Readonly<{ kind: "ignored"; because: string }>;

const ignored = (because: string): ParsedChanges => ({ kind: "ignored", because });

/**
 * Reads an event of EventBridge. Events of another account or Region are refused, and so are changes of what lies in one:
 * nobody else may write into the change log. Never throws. @param place Quell's own
 */
export const parseChangeEvent = (raw: unknown, place: Readonly<{ account: string; region: string }>): ParsedChanges => {
  const parsed = changeEvent.safeParse(raw);
  if (!parsed.success) return ignored("it is no event of EventBridge");
  const event = parsed.data;
  if (event.account !== place.account || event.region !== place.region)
    return ignored(`it is of ${event.account}/${event.region}, this stack serves ${place.account}/${place.region}`);
  const readers = CHANGE_SOURCES.filter(
    ({ source, detailTypes }) => source === event.source && detailTypes.includes(event["detail-type"]),
  );
  const [reader] = readers;
  if (reader === undefined) return ignored(`${event.source} tells of no change by ${event["detail-type"]}`);
  const told = reader.read(event);
  if (typeof told === "string") return ignored(told);
  const own = told.filter(({ target }) => target.startsWith("arn:") && isOf(target, place));
  return own.length === 0 ? ignored("it names nothing of this account and Region") : { kind: "changes", changes: own };
};
