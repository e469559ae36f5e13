import { type Ingested, notAnAlarm } from "../../core/ingest.ts";
import { readAlarmPayload } from "./alarm-event.ts";
import { type ReadAlarm, unevaluated } from "./alarm-fields.ts";
import { jsonPointer } from "./json-pointer.ts";

/**
 * Where envelopes keep what they carry: SQS and SNS events in `Records`, the answer of ReceiveMessage in `Messages`, an
 * SQS message in `body` (`Body` in that answer), a record of SNS in `Sns`, a notification in `Message`, and what Lambda
 * sends on when a function failed in `requestPayload`.
 */
const CONTENTS = ["Records", "Messages", "Sns", "body", "Body", "Message", "requestPayload"];

/** An array of SQS events of notifications, each text encoded once too often, has ten; more is nobody's. */
const MOST_LAYERS = 10;

/**
 * Reads whatever was delivered: one alarm's payload, an envelope around it, a batch of envelopes, and JSON that was
 * encoded once more as text. The answer has one element for each payload, in their order, and at least one. The reason
 * of an invalid one opens with its JSON pointer in the document given, and ` -> ` where it leads into a text that holds
 * JSON of its own. Never throws.
 */
export const parseDelivery = (raw: unknown): readonly Ingested[] => readDelivery(raw).map(({ ingested }) => ingested);

/** As parseDelivery, with what each payload tells of the evaluation. */
export const readDelivery = (raw: unknown): readonly ReadAlarm[] => {
  const read = open(raw, "", MOST_LAYERS);
  return read.length > 0 ? read : [unevaluated(notAnAlarm)];
};

const open = (value: unknown, pointer: string, layersLeft: number): readonly ReadAlarm[] => {
  const alarm = readAlarmPayload(value);
  if (alarm !== null) return [pointedAt(alarm, pointer)];
  const contents = contentsOf(value, pointer);
  if (contents === null) return [unevaluated(notAnAlarm)];
  if (typeof contents === "string") return [refused(pointer, contents)];
  if (layersLeft === 0) return [refused(pointer, `wrapped more than ${MOST_LAYERS} times`)];
  return contents.flatMap((inner) => open(inner.value, inner.pointer, layersLeft - 1));
};

type Contents = readonly Readonly<{ value: unknown; pointer: string }>[];

/** What an envelope holds; null where the value is no envelope, and words where it is JSON that cannot be read. */
const contentsOf = (value: unknown, pointer: string): Contents | string | null => {
  if (typeof value === "string") return decoded(value, pointer);
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value))
    return value.map((each, index) => ({ value: each, pointer: pointer + jsonPointer([index]) }));
  const key = CONTENTS.find((name) => Object.hasOwn(value, name));
  if (key === undefined) return null;
  return [{ value: (value as Readonly<Record<string, unknown>>)[key], pointer: pointer + jsonPointer([key]) }];
};

const decoded = (text: string, pointer: string): Contents | string | null => {
  const content = text.replace(/^\uFEFF/, "");
  try {
    return [{ value: JSON.parse(content), pointer: intoText(pointer) }];
  } catch (error) {
    // Plain words are no alarm; what begins as JSON does was meant to be some, and may have been an alarm.
    if (!/^\s*"?\s*(\[\s*)?\{/.test(content)) return null;
    return `unreadable JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
};

const ARROW = " -> ";

/** A text within a text needs no second arrow, and the document itself needs none. */
const intoText = (pointer: string): string => (pointer === "" || pointer.endsWith(ARROW) ? pointer : pointer + ARROW);

const pointedAt = (read: ReadAlarm, pointer: string): ReadAlarm =>
  read.ingested.kind === "invalid" ? unevaluated({ kind: "invalid", reason: pointer + read.ingested.reason }) : read;

const refused = (pointer: string, why: string): ReadAlarm => {
  const where = pointer.endsWith(ARROW) ? pointer.slice(0, -ARROW.length) : pointer;
  return unevaluated({ kind: "invalid", reason: where === "" ? why : `${where}: ${why}` });
};
