import { z } from "zod";
import type { Change } from "../../../core/evidence.ts";
import { parseTimestamp } from "../timestamp.ts";

/** A pattern of EventBridge, as its rules take it: plain data. */
export type EventPattern = Readonly<{
  source: readonly string[];
  "detail-type": readonly string[];
  detail?: Readonly<Record<string, readonly (string | Readonly<{ prefix: string }>)[]>>;
}>;

/** An event as EventBridge delivers it; whoever sent it, `source` says: nobody else may send one that begins with `aws.`. */
export const changeEvent = z.object({
  id: z.string().min(1),
  source: z.string(),
  "detail-type": z.string(),
  account: z.string(),
  region: z.string(),
  time: z.string(),
  resources: z.array(z.string()).catch([]),
  detail: z.unknown(),
});
export type ChangeEvent = z.infer<typeof changeEvent>;

/** What an event tells: changes, or in words why it tells of none. */
export type Told = readonly Change[] | string;

/** One source of events, which answers for itself: what EventBridge has to look for, and how it is read. */
export type ChangeSource = Readonly<{
  source: string;
  /** As EventBridge's `detail-type` names them. */
  detailTypes: readonly string[];
  patterns: readonly EventPattern[];
  read: (event: ChangeEvent) => Told;
}>;

/** When it happened, by the event's own clock; null where that cannot be read. */
export const momentOf = (...times: readonly (string | undefined)[]): number | null => {
  for (const time of times) {
    const atMs = time === undefined ? null : parseTimestamp(time);
    if (atMs !== null) return atMs;
  }
  return null;
};

/** A change of which only these parts are known. */
export const changeOf = (one: Pick<Change, "id" | "kind" | "atMs" | "target" | "title"> & Partial<Change>): Change => ({
  ref: one.id,
  from: null,
  to: null,
  author: "",
  ...one,
});

/** Reads an event's detail. A damaged one is told in words, as EventBridge delivers at least once and never mends. */
export const reading =
  <T>(schema: z.ZodType<T>, read: (detail: T, event: ChangeEvent, atMs: number) => Told) =>
  (event: ChangeEvent): Told => {
    const detail = schema.safeParse(event.detail);
    const atMs = momentOf(event.time);
    if (!detail.success) return `its detail cannot be read: ${detail.error.issues[0]?.path.join("/")}`;
    return atMs === null ? "its time cannot be read" : read(detail.data, event, atMs);
  };
