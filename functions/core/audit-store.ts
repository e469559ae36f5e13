import type { Json } from "./json.ts";

/**
 * What an entry tells of: each is one thing that Quell decided, was told, or did to the world outside. `opened`: which alarm
 * opened the incident; `reported`: people were told how it ended, by an issue or by their pager.
 */
export const AUDIT_KINDS = [
  "opened",
  "decided",
  "asked",
  "answered",
  "started",
  "stopped",
  "paged",
  "closed",
  "reported",
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/**
 * One link of an incident's chain. `seq` counts from 0; `previous` is the hash of the link before it, 64 zeros of the
 * first; `hash` is that of everything else in canonical JSON.
 */
export type AuditEntry = Readonly<{
  schema: 1;
  incidentId: string;
  seq: number;
  at: string;
  kind: AuditKind;
  body: Json;
  previous: string;
  hash: string;
}>;

/** The newest link of every chain that grew on a day (UTC, `2026-01-05`), and the manifest of the day before it. */
export type AuditManifest = Readonly<{
  schema: 1;
  day: string;
  heads: readonly Readonly<{ incidentId: string; seq: number; hash: string }>[];
  previous: Readonly<{ day: string; hash: string }> | null;
  hash: string;
}>;

/** Where chains lie: what was written is never written again. Any call may throw. */
export type AuditStore = Readonly<{
  /** False where that link is there already, whoever wrote it. */
  put: (entry: AuditEntry) => Promise<boolean>;
  /** An incident's chain as it lies there, by `seq`; unparsed, for whoever verifies it trusts nothing. */
  chain: (incidentId: string) => Promise<readonly Json[]>;
  /** The incidents whose chains grew on a day. */
  grewOn: (day: string) => Promise<readonly string[]>;
  /** False where that day has one already. */
  putManifest: (manifest: AuditManifest) => Promise<boolean>;
  /** Every manifest, oldest day first; unparsed. */
  manifests: () => Promise<readonly Json[]>;
}>;
