import type { Context } from "./context.ts";
import { isSecretField } from "./detector-keyed.ts";
import type { Json } from "./json.ts";
import type { Drafted, Evidence, Ports } from "./ports.ts";
import { cut, redact, redactSure, redactTokens } from "./redact.ts";
import type { Card, Run } from "./stages.ts";

/**
 * The one gate between a decision and everybody else. What leaves (to a drafter, a person, a pager, a record, an episode)
 * holds no secret, and no word in it anything that cannot be seen; what people, tools and errors answer is cleaned before
 * it is written anywhere. What is compared or hashed later (ids, ARNs, parameters) and every number pass unchanged, and a
 * value in which nothing was found is the same object. All of it is text: each sink escapes for its own markup.
 */
const ERROR_CHARACTERS = 500;
const REASON_CHARACTERS = 300;
const MOST_FRAMES = 30;
const MOST_CAUSES = 3;

/** Fields whose text, or list of texts, names something: it must be equal to itself wherever else it stands. */
const IDENTITIES: ReadonlySet<string> = new Set([
  ...["id", "key", "keys", "arn", "arns", "target", "root", "dependsOn", "resources", "resource", "service", "type"],
  ...["incidentId", "decisionId", "executionId", "planHash", "hash", "documentHash", "undoHash", "digest", "modelHash"],
  ...["runbook", "version", "documentName", "clientToken", "seed", "policy", "person", "people", "group"],
  ...["alarmName", "account", "region", "environment", "from", "to", "evidence", "for", "against", "logGroup"],
  ...["namespace", "metricName", "stat", "model", "guardrails", "catalogue", "features", "prompt", "code"],
  ...["decision_id", "incident_id", "cluster_id", "candidate_key", "runbook_id", "executed_runbook", "features_hash"],
  ...["catalogue_hash", "guardrails_hash", "model_hash", "world_hash"],
]);
/** Fields whose keys and values do, all of them: a plan's hash covers its parameters, an undo takes a run's outputs. */
const IDENTITY_MAPS: ReadonlySet<string> = new Set(["params", "parameters", "outputs", "dimensions"]);
/** Values that the control plane names by its own words: identities too, but one may be named like a secret. */
const ATTRIBUTES = "attributes";

type Clean = (text: string) => string;
/** How the texts of a value are cleaned: `identity` those under a field that names something. */
type Cleaners = Readonly<{ words: Clean; identity: Clean }>;

const cleanText: Clean = (text) => redactSure(text).text;

const isNumeric = (value: Json): boolean => typeof value === "number" || value === null;
const isTexts = (value: Json): boolean =>
  typeof value === "string" || (Array.isArray(value) && value.every((item) => typeof item === "string"));

/** The same text stands in a document many times, as a key above all: it is looked at once. */
const once = (clean: Clean): Clean => {
  const known = new Map<string, string>();
  return (text) => {
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const left = clean(text);
    known.set(text, left);
    return left;
  };
};

const cleanJson = (value: Json | undefined, clean: Clean, by: Cleaners, isExact = false): Json | undefined => {
  if (typeof value === "string") return clean(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    if (value.every(isNumeric)) return value; // a series or a vector, and most of what there is
    const items = value.map((item) => cleanJson(item, clean, by, isExact) ?? null);
    return items.every((item, i) => item === value[i]) ? value : items;
  }
  const entries = Object.entries(value);
  const left = entries.map(([key, item]) => [clean(key), cleanField(key, item, clean, by, isExact)] as const);
  const isClean = left.every(([key, item], i) => key === entries[i]?.[0] && item === entries[i]?.[1]);
  return isClean ? value : (Object.fromEntries(left) as Json);
};

const cleanField = (key: string, item: Json, clean: Clean, by: Cleaners, isExact: boolean): Json | undefined => {
  if (isExact || IDENTITY_MAPS.has(key)) return cleanJson(item, by.identity, by, true);
  if (typeof item === "string" && isSecretField(key, item)) return "<password>";
  if (key === ATTRIBUTES) return cleanJson(item, by.identity, by);
  return cleanJson(item, IDENTITIES.has(key) && isTexts(item) ? by.identity : clean, by);
};

/**
 * A JSON value without secrets, its words without hidden or control characters, keys included; the same object where it
 * had none.
 */
export const cleaned = <T>(value: T): T => {
  const words = once(cleanText);
  return cleanJson(value as Json, words, { words, identity: once((text) => redactTokens(text).text) }) as T;
};

/** Like cleaned, for what only looks like a name: all of it is somebody's words. */
const cleanedWords = <T>(value: T): T => {
  const words = once(cleanText);
  return cleanJson(value as Json, words, { words, identity: words }) as T;
};

/** What a drafter named that is there keeps its names; what it made up is its own words, and nothing is compared with it. */
const cleanedDraft = (context: Context, drafted: Drafted): Drafted => ({
  ...cleaned(drafted),
  proposals: drafted.proposals.map((one) =>
    context.resources.some(({ arn }) => arn === one.target) ? cleaned(one) : cleanedWords(one),
  ),
  rejected: cleanedWords(drafted.rejected),
});

const cleanLines = (text: string): string => text.split("\n").map(cleanText).join("\n");

/** A message without a secret keeps its lines; one with a secret is made one line, so that none is cut in two. */
const cleanMessage = (message: string): string => {
  const { text, found } = redact(message, ERROR_CHARACTERS);
  return found.length > 0 ? text : cleanLines(cut(message, ERROR_CHARACTERS));
};

/** Where an error came from; the message, which its stack repeats, is not looked for there. */
const framesOf = (error: Error): readonly string[] =>
  (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s{1,8}at /.test(line))
    .slice(0, MOST_FRAMES);

/**
 * An error as it may be shown: its name and its frames, and its message and its causes cleaned, for those are a source's
 * or a tool's own words. The same error where nothing had to go; causes beyond the third are left out.
 */
const cleanedError = (error: unknown, causes = MOST_CAUSES): unknown => {
  if (!(error instanceof Error)) {
    const said = cleanMessage(String(error));
    return said === String(error) ? error : new Error(said);
  }
  const message = cleanMessage(error.message);
  const cause = error.cause === undefined || causes === 0 ? undefined : cleanedError(error.cause, causes - 1);
  if (message === error.message && cause === error.cause && redactSure(error.stack ?? "").found.length === 0)
    return error;
  const shown = new Error(message, cause === undefined ? {} : { cause });
  shown.name = error.name;
  shown.stack = [`${error.name}: ${message}`, ...framesOf(error).map(cleanText)].join("\n");
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

/** Other people's words on a card are read once more as they were when they came in. */
const presented = (card: Card): Card => ({
  ...cleaned(card),
  runnerUp: card.runnerUp === null ? null : redact(card.runnerUp).text,
  drafterSays: card.drafterSays === null ? null : redact(card.drafterSays).text,
});

export const quietPager = (pager: Ports["pager"]): Ports["pager"] => ({
  page: quiet((request) => pager.page(cleaned(request))),
  update: quiet((incidentId, text) => pager.update(incidentId, cleanText(text))),
  resolve: quiet((incidentId, text) => pager.resolve(incidentId, cleanText(text))),
});

export const quietRecords = (records: Ports["records"]): Ports["records"] => ({
  put: quiet((record) => records.put(cleaned(record))),
});

export const quietEpisodes = (episodes: Ports["episodes"]): Ports["episodes"] => ({
  append: quiet((row) => episodes.append(cleaned(row))),
});

/** These ports behind the gate; wrapped once, by the handler, so that Lambda and the laptop cannot differ. */
export const withEgress = (ports: Ports): Ports => {
  const { drafter, approvals, actuator, pager, records, episodes, scorer } = ports;
  return {
    ...ports,
    evidence: quietEvidence(ports.evidence),
    drafter: {
      draft: quiet(async (context, catalogue) =>
        cleanedDraft(context, await drafter.draft(cleaned(context), catalogue)),
      ),
    },
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
    pager: quietPager(pager),
    records: quietRecords(records),
    episodes: quietEpisodes(episodes),
  };
};
