import type { Change, Resource } from "../../../core/evidence.ts";
import type { ClientOf } from "../clients.ts";
import type { ZoneIds } from "../zone-ids.ts";

/** What a control plane does not tell by itself. */
export type Aside = Readonly<{
  /** Changes of a resource that were told when they happened, oldest first: what ran before is only known from them. */
  recorded: (arn: string) => readonly Change[];
  /** Ids of zones by their names in this account (`eu-west-1a` is `euw1-az2`); none where nobody tells. Never throws. */
  zoneIds: () => Promise<ZoneIds>;
  /** Whether one service of the settings names both: what is changed of one is then changed of the other by its leave. */
  areNamedTogether: (one: string, other: string) => boolean;
  /** Hears what was left out although it was looked for. */
  say: (sentence: string) => void;
}>;

/**
 * What a resource is in its service: a `door` takes requests and passes them on, a `queue` holds messages that a `poller`
 * takes to code, `code` runs what its owners wrote, a `store` answers it, it reads a `setting` and stands on a `room`.
 */
export type Part = "door" | "queue" | "poller" | "code" | "store" | "setting" | "room";

/** A resource as its control plane shows it now, and whom it names. */
export type Seen = Omit<Resource, "service" | "dependsOn"> &
  Readonly<{
    part: Part;
    /** ARNs of what it calls or rests on. */
    uses: readonly string[];
    /** ARNs of what calls it: the far end does not say so itself. */
    usedBy: readonly string[];
    /** Host names under which it answers, and those that it asks. */
    answersAs: readonly string[];
    asks: readonly string[];
    /** Attributes of others that only this one knows, by their ARN; what they are told so makes them its room. */
    tells: Readonly<Record<string, Resource["attributes"]>>;
  }>;

/**
 * One kind of resource, which answers for itself. What reads it comes with a client of the SDK, and a graph holds few of
 * all kinds: it is loaded when a graph first holds one.
 */
export type ResourceKind = Readonly<{
  /** CloudFormation's type name. */
  type: string;
  owns: (arn: string) => boolean;
  load: () => Promise<ResourceReader>;
}>;

/**
 * `read` leaves out what does not exist and throws where it cannot tell: a resource that it returns has every attribute on
 * which the guard rests, and only what is named in `optional` may be missing.
 */
export type ResourceReader = Readonly<{
  /** The names under which the simulated world gives attributes of this type, as far as this can read them. */
  attributes: readonly string[];
  optional: readonly string[];
  /** What it cannot read at all, with the reason. */
  unreadable: Readonly<Record<string, string>>;
  /** @param clientOf its control plane */
  read: (clientOf: ClientOf, arns: readonly string[], aside: Aside) => Promise<readonly Seen[]>;
}>;

/** A regional service spreads over the zones of its Region, of which there are three at least. */
export const REGIONAL_ZONES = 3;

/** A resource of which nothing more is known. */
export const seen = (one: Pick<Seen, "arn" | "type" | "name" | "part" | "attributes"> & Partial<Seen>): Seen => ({
  root: one.arn,
  zones: REGIONAL_ZONES,
  tags: {},
  uses: [],
  usedBy: [],
  answersAs: [],
  asks: [],
  tells: {},
  ...one,
});
