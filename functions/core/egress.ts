import type { Json } from "./json.ts";
import type { Evidence, Ports } from "./ports.ts";
import { plainText, redact, redactSure } from "./redact.ts";
import type { Card, Run } from "./stages.ts";

/**
 * The one gate between a decision and everybody else. What leaves (to a drafter, a person, a pager, a record, an episode)
 * holds no secret and nothing that cannot be seen; what people, tools and errors answer is cleaned before it is written
 * anywhere. Numbers, ids, ARNs and hashes pass unchanged, and a value in which nothing was found is the same object.
 */
const ERROR_CHARACTERS = 500;
const REASON_CHARACTERS = 300;

const cleanText = (text: string): string => redactSure(text).text;

const isNumeric = (value: Json): boolean => typeof value === "number" || value === null;

/** The same text stands in a document many times, as a key above all: it is looked at once. */
const cleaner = (): ((text: string) => string) => {
  const known = new Map<string, string>();
  return (text) => {
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const clean = cleanText(text);
    known.set(text, clean);
    return clean;
  };
};

const cleanJson = (value: Json | undefined, clean: (text: string) => string): Json | undefined => {
  if (typeof value === "string") return clean(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    if (value.every(isNumeric)) return value; // a series or a vector, and most of what there is
    const items = value.map((item) => cleanJson(item, clean) ?? null);
    return items.every((item, i) => item === value[i]) ? value : items;
  }
  const entries = Object.entries(value);
  const cleaned = entries.map(([key, item]) => [clean(key), cleanJson(item, clean)] as const);
  const isClean = cleaned.every(([key, item], i) => key === entries[i]?.[0] && item === entries[i]?.[1]);
  return isClean ? value : (Object.fromEntries(cleaned) as Json);
};

/** A JSON value without secrets and without hidden or control characters, keys included; the same object where it had none. */
export const cleaned = <T>(value: T): T => cleanJson(value as Json, cleaner()) as T;

/** An error as it may be shown: its message is a source's or a tool's own words, and its stack repeats them. */
const cleanedError = (error: unknown): unknown => {
  const message = error instanceof Error ? error.message : String(error);
  const { text, found } = redact(message, ERROR_CHARACTERS);
  if (found.length === 0 && text === message) return error;
  const shown = new Error(text);
  shown.name = error instanceof Error ? error.name : shown.name;
  return shown;
};

/** The same call, whose failures say nothing that may not be written down. */
const quiet =
  <Given extends readonly unknown[], Answer>(call: (...given: Given) => Promise<Answer>) =>
  async (...given: Given): Promise<Answer> => {
    try {
      return await call(...given);
    } catch (error) {
      throw cleanedError(error);
    }
  };

const quietEvidence = (evidence: Evidence): Evidence => ({
  alarms: quiet(evidence.alarms),
  metrics: quiet(evidence.metrics),
  logs: quiet(evidence.logs),
  changes: quiet(evidence.changes),
  resources: quiet(evidence.resources),
  history: quiet(evidence.history),
});

/** What an automation says of itself. Its outputs are an undo's parameters: ids, which nothing here changes. */
const cleanedRun = (run: Run): Run => ({
  ...cleaned(run),
  failedStep: run.failedStep === null ? null : redact(run.failedStep, REASON_CHARACTERS).text,
  reason: run.reason === null ? null : redact(run.reason, REASON_CHARACTERS).text,
});

/** Other people's words are shown as words: no link, image or mention of theirs is rendered. */
const presented = (card: Card): Card => ({
  ...cleaned(card),
  runnerUp: card.runnerUp === null ? null : plainText(redact(card.runnerUp).text),
  drafterSays: card.drafterSays === null ? null : plainText(redact(card.drafterSays).text),
});

/** These ports behind the gate; wrapped once, by the handler, so that Lambda and the laptop cannot differ. */
export const withEgress = (ports: Ports): Ports => {
  const { drafter, approvals, actuator, pager, records, episodes, scorer } = ports;
  return {
    ...ports,
    evidence: quietEvidence(ports.evidence),
    drafter: { draft: quiet(async (context, catalogue) => cleaned(await drafter.draft(cleaned(context), catalogue))) },
    scorer: { ...scorer, score: quiet(scorer.score) },
    approvals: {
      ask: quiet((card) => approvals.ask(presented(card))),
      votes: quiet(async (decisionId) =>
        (await approvals.votes(decisionId)).map((vote) => ({
          ...cleaned(vote),
          reason: redact(vote.reason, REASON_CHARACTERS).text,
        })),
      ),
      settle: quiet((decisionId, text) => approvals.settle(decisionId, cleanText(text))),
    },
    actuator: {
      start: quiet(async (request) => {
        const answer = await actuator.start(request);
        return answer.kind === "refused"
          ? { ...answer, detail: redact(answer.detail, REASON_CHARACTERS).text }
          : answer;
      }),
      poll: quiet(async (executionId) => cleanedRun(await actuator.poll(executionId))),
      stop: quiet(actuator.stop),
    },
    pager: {
      page: quiet((request) => pager.page(cleaned(request))),
      update: quiet((incidentId, text) => pager.update(incidentId, cleanText(text))),
      resolve: quiet((incidentId, text) => pager.resolve(incidentId, cleanText(text))),
    },
    records: { put: quiet((record) => records.put(cleaned(record))) },
    episodes: { append: quiet((row) => episodes.append(cleaned(row))) },
  };
};
