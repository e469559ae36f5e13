import { CHANGE_SOURCES } from "./all-sources.ts";
import type { EventPattern } from "./change-source.ts";

/** What EventBridge has to deliver for the change log: a rule each, as every parser declares it for itself. */
export const CHANGE_EVENT_PATTERNS: readonly EventPattern[] = CHANGE_SOURCES.flatMap(({ patterns }) => patterns);
