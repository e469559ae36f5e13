import { z } from "zod";
import type { Ledger, Pager } from "../../core/ports.ts";
import { pagedOnce } from "./paged-once.ts";
import { cut, pageText } from "./words.ts";

export type PagerDutyOptions = Readonly<{
  /** Of an Events API v2 integration; read at each call, for it is a secret that may be changed. */
  routingKey: () => Promise<string>;
  ledger: Pick<Ledger, "read" | "write">;
  fetch?: typeof globalThis.fetch;
  /** Left out, that of the United States: where an account was opened says which it has. */
  endpoint?: string;
  timeoutMs?: number;
}>;

/** Where each service Region takes events; a key of one is unknown in the other (support.pagerduty.com/docs/service-regions). */
export const PAGERDUTY_ENDPOINTS = {
  us: "https://events.pagerduty.com/v2/enqueue",
  eu: "https://events.eu.pagerduty.com/v2/enqueue",
} as const;
/** Events are taken within a second; whoever waits longer should be paged by another way. */
const TIMEOUT_MS = 10_000;
/** developer.pagerduty.com/docs/events-api-v2/trigger-events: the longest summary. */
const MOST_SUMMARY = 1024;

const SEVERITIES = ["critical", "error", "warning", "info"] as const;

/** PagerDuty took no event. */
export class PagerDutyFailed extends Error {
  override readonly name = "PagerDutyFailed";
}

/**
 * Pages by PagerDuty's Events API v2, the incident's id as `dedup_key`: the same id again joins the alert that is open.
 * Words after the page are another event of that alert; where people resolved it meanwhile, they open it anew. Idempotent
 * by incident as `pagedOnce` says. Throws PagerDutyFailed; the event may then still have been taken.
 */
export const pagerDutyPager = (options: PagerDutyOptions): Pager => {
  const trigger = (incidentId: string, summary: string, severity: (typeof SEVERITIES)[number], details: string) =>
    enqueue(options, {
      ...{ event_action: "trigger", dedup_key: incidentId, client: "Quell" },
      payload: {
        ...{ summary: cut(summary, MOST_SUMMARY), source: "quell", severity },
        custom_details: { incident: incidentId, details },
      },
    });
  return pagedOnce(options.ledger, "pagerduty", {
    page: (request) => trigger(request.incidentId, request.summary, severityOf(request.severity), pageText(request)),
    update: (incidentId, text) => trigger(incidentId, text, "info", text),
    resolve: (incidentId) => enqueue(options, { event_action: "resolve", dedup_key: incidentId }),
  });
};

/** 1, the gravest, is critical; whatever is beyond 4 is as little as 4. */
const severityOf = (severity: number): (typeof SEVERITIES)[number] =>
  SEVERITIES[Math.min(Math.max(Math.round(severity), 1), SEVERITIES.length) - 1] ?? "critical";

type Event = Readonly<{ event_action: "trigger" | "resolve"; dedup_key: string; [more: string]: unknown }>;

const enqueue = async (options: PagerDutyOptions, event: Event): Promise<void> => {
  const { fetch = globalThis.fetch, endpoint = PAGERDUTY_ENDPOINTS.us, timeoutMs = TIMEOUT_MS } = options;
  const what = `PagerDuty, ${event.event_action} of ${event.dedup_key}`;
  const routingKey = await options.routingKey();
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ routing_key: routingKey, ...event }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    const isLate = cause instanceof Error && cause.name === "TimeoutError";
    throw new PagerDutyFailed(`${what}: ${isLate ? `no answer within ${timeoutMs} ms` : "no connection"}`, { cause });
  });
  const text = await response.text().catch(() => "");
  if (response.status === 202) return;
  throw new PagerDutyFailed(`${what}: ${refusalOf(response, text.replaceAll(routingKey, "the routing key"))}`);
};

const said = z.object({ message: z.string().default(""), errors: z.array(z.string()).default([]) });

const refusalOf = ({ status, headers }: Response, text: string): string => {
  const retryAfter = headers.get("retry-after");
  const later = retryAfter === null ? "" : `, not before ${cut(retryAfter, 40)} s`;
  if (status === 429) return `HTTP 429, throttled; it is worth trying again${later}`;
  if (status >= 500) return `HTTP ${status}; it is worth trying again${later}`;
  const { message, errors } = said.safeParse(parsed(text)).data ?? { message: "", errors: [] };
  return `HTTP ${status}, refused: ${cut([message, ...errors].join(": "), 200)}; look at the secret with the routing key, and at pager.region`;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
