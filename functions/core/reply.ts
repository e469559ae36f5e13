import { z } from "zod";
import { idsIn } from "./citations.ts";
import type { Context } from "./context.ts";
import { MOST_CANDIDATES } from "./draft.ts";
import { parseParams } from "./parameters.ts";
import { type Citation, CLAIMS, type Hypothesis, type Proposal } from "./ports.ts";
import type { Because, DraftedOfflineCode } from "./reasons.ts";
import { cut, redact } from "./redact.ts";
import { type Catalogue, findRunbook, type Runbook } from "./runbook.ts";

/** What is wrong with a reply, among the codes of a drafter that did not speak. */
export type UnreadableCode = Extract<
  DraftedOfflineCode,
  "empty-reply" | "malformed-reply" | "too-many-candidates" | "unknown-runbook" | "bad-parameter"
>;

/**
 * A model's reply, read. `proposals` name runbooks of the catalogue with parameters that these take; `rejected` is what
 * it named besides. `detail` is one sentence that repeats nothing of the reply.
 */
export type ReplyRead =
  | Readonly<{
      kind: "read";
      proposals: readonly Proposal[];
      rejected: readonly Proposal[];
      hypotheses: readonly Hypothesis[];
    }>
  | Readonly<{ kind: "unreadable"; code: UnreadableCode; detail: string; rejected: readonly Proposal[] }>;

/** The longest answer that a model may give has a tenth of this; more is not even parsed. */
const MOST_CHARACTERS = 200_000;
const WORDS_CHARACTERS = 300;
const ID_CHARACTERS = 512;
/** Beyond each of these one more is kept, so that the guard refuses what was too long as too long. */
const PARAMETERS_KEPT = 17;
const VALUE_CHARACTERS_KEPT = 513;
const MOST_CITATIONS = 16;
const MOST_HYPOTHESES = 5;

const candidateRead = z.strictObject({
  runbook: z.string(),
  version: z.string(),
  target: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  because: z.string().default(""),
  evidence: z
    .array(z.union([z.string(), z.strictObject({ ref: z.string(), says: z.enum(CLAIMS).nullable().default(null) })]))
    .default([]),
  recovers: z.number().nullable().default(null),
});
const hypothesisRead = z.strictObject({
  cause: z.string(),
  for: z.array(z.string()).default([]),
  against: z.array(z.string()).default([]),
});
/** Strict all the way down: a reply that claims a tier or an approval is no reply. */
const envelope = z.strictObject({ candidates: z.array(z.unknown()), hypotheses: z.array(hypothesisRead).default([]) });

const unreadable = (code: UnreadableCode, detail: string, rejected: readonly Proposal[] = []): ReplyRead => ({
  kind: "unreadable",
  code,
  detail,
  rejected,
});

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON text has this value, and the envelope refuses it
  }
};

/** Where the shape breaks, by the envelope's own names: what stands deeper is the reply's. */
const malformed = (error: z.ZodError, ...path: readonly (string | number)[]): ReplyRead => {
  const where = [...path, ...(error.issues[0]?.path ?? [])].slice(0, 3).map(String).join("/");
  return unreadable("malformed-reply", `The reply is not the JSON that was asked for, at /${where}.`);
};

/** Reads the text of a reply. Never throws, whatever the text. Candidates are judged one by one, the shape as a whole. */
export const readReply = (text: string, context: Context, catalogue: Catalogue): ReplyRead => {
  if (text.length > MOST_CHARACTERS) {
    return unreadable("malformed-reply", `The reply has ${text.length} characters, more than ${MOST_CHARACTERS}.`);
  }
  if (text.trim() === "") return unreadable("empty-reply", "The reply holds no text.");
  const reply = envelope.safeParse(parsedJson(text));
  if (!reply.success) return malformed(reply.error);
  const { candidates, hypotheses } = reply.data;
  if (candidates.length > MOST_CANDIDATES) {
    const detail = `The reply names ${candidates.length} candidates, more than ${MOST_CANDIDATES}.`;
    return unreadable("too-many-candidates", detail);
  }
  const idOf = idsIn(context);
  const proposals: Proposal[] = [];
  const refused: Readonly<{ proposal: Proposal; because: Because<UnreadableCode> }>[] = [];
  for (const [i, raw] of candidates.entries()) {
    const candidate = candidateRead.safeParse(raw);
    if (!candidate.success) return malformed(candidate.error, "candidates", i);
    const proposal = proposalOf(candidate.data, idOf);
    if (isAlwaysThere(catalogue, proposal.runbook)) continue;
    const fault = faultOf(proposal, catalogue);
    if (fault === null) proposals.push(proposal);
    else refused.push({ proposal, because: fault });
  }
  const rejected = refused.map(({ proposal }) => proposal);
  const [first] = refused;
  if (first !== undefined && proposals.length === 0) {
    return unreadable(first.because.code, first.because.detail, rejected);
  }
  return {
    kind: "read",
    proposals,
    rejected,
    hypotheses: hypotheses.slice(0, MOST_HYPOTHESES).map(hypothesisOf(idOf)),
  };
};

const isAlwaysThere = (catalogue: Catalogue, id: string): boolean =>
  catalogue.runbooks.some((runbook) => runbook.id === id && runbook.documents === null);

/** The guard asks the same of a candidate, so what is rejected here is refused there. */
const faultOf = (proposal: Proposal, catalogue: Catalogue): Because<"unknown-runbook" | "bad-parameter"> | null => {
  const runbook = findRunbook(catalogue, proposal.runbook, proposal.version);
  if (runbook === null) {
    return { code: "unknown-runbook", detail: "The reply names a runbook or a version that is not in the catalogue." };
  }
  const params = parseParams(runbook, proposal.params);
  return params.kind === "ok" ? null : { code: "bad-parameter", detail: params.because.detail };
};

/** A model has no business to send anybody anywhere: links come from the settings alone. */
const LINK = /\b[a-z]{2,12}:\/\/[^\s"'<>)]{1,300}/gi;

const wordsOf = (text: string): string => redact(text, WORDS_CHARACTERS).text.replace(LINK, "<link>");

type IdOf = ReturnType<typeof idsIn>;

/** What nobody can look up stays as it was written: the second opinion doubts it. */
const citedId = (idOf: IdOf, written: string): string => idOf(written) ?? redact(written, WORDS_CHARACTERS).text;

/** Bounds everything and changes no name: an id or a parameter that is cleaned could become one that exists. */
const proposalOf = (read: z.infer<typeof candidateRead>, idOf: IdOf): Proposal => ({
  runbook: cut(read.runbook, ID_CHARACTERS),
  version: cut(read.version, ID_CHARACTERS),
  target: cut(read.target, ID_CHARACTERS),
  params: Object.fromEntries(
    Object.entries(read.params)
      .slice(0, PARAMETERS_KEPT)
      .map(([name, value]) => [
        cut(name, ID_CHARACTERS),
        typeof value === "string" ? cut(value, VALUE_CHARACTERS_KEPT) : value,
      ]),
  ),
  because: wordsOf(read.because),
  evidence: read.evidence
    .slice(0, MOST_CITATIONS)
    .map(
      (one): Citation =>
        typeof one === "string"
          ? { id: citedId(idOf, one), says: null }
          : { id: citedId(idOf, one.ref), says: one.says },
    ),
  recovers: read.recovers !== null && read.recovers >= 0 && read.recovers <= 1 ? read.recovers : null,
});

const hypothesisOf =
  (idOf: IdOf) =>
  (read: z.infer<typeof hypothesisRead>): Hypothesis => {
    const ids = (written: readonly string[]): readonly string[] =>
      written.slice(0, MOST_CITATIONS).map((one) => citedId(idOf, one));
    return { cause: wordsOf(read.cause), for: ids(read.for), against: ids(read.against) };
  };

type Schema = Readonly<Record<string, unknown>>;

const objectOf = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const listOf = (items: Schema): Schema => ({ type: "array", items });
const TEXT: Schema = { type: "string" };

/** Of what zod says of one value, what a provider enforces; bounds and patterns are checked when the reply is read. */
const ENFORCED = ["type", "const", "enum"];

const paramsSchema = (runbook: Runbook): Schema => {
  const described = runbook.documents?.automation.content.parameters ?? {};
  const { properties = {} } = z.toJSONSchema(runbook.parameters);
  return objectOf(
    Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => {
        const enforced = Object.entries(schema as object).filter(([key]) => ENFORCED.includes(key));
        return [name, { ...Object.fromEntries(enforced), description: described[name]?.description ?? name }];
      }),
    ),
  );
};

const candidateSchema = (runbook: Runbook): Schema =>
  objectOf({
    runbook: { type: "string", const: runbook.id },
    version: { type: "string", const: runbook.version },
    target: { type: "string", description: `ARN of a resource of type ${runbook.targetType}` },
    params: paramsSchema(runbook),
    because: TEXT,
    evidence: listOf(objectOf({ ref: TEXT, says: { type: "string", enum: [...CLAIMS] } })),
    recovers: { type: "number", description: "P(recover), 0 to 1" },
  });

/** JSON schema of a reply: one candidate form for each runbook with an effect. The same bytes for one catalogue. */
export const replySchema = (catalogue: Catalogue): Schema =>
  objectOf({
    hypotheses: listOf(objectOf({ cause: TEXT, for: listOf(TEXT), against: listOf(TEXT) })),
    candidates: listOf({
      anyOf: catalogue.runbooks.filter(({ documents }) => documents !== null).map(candidateSchema),
    }),
  });
