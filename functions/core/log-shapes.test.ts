import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GUESSES } from "./detector-guesses.ts";
import type { LogLine } from "./evidence.ts";
import { digitsMatter, shapeOf } from "./log-shapes.ts";
import { reduced, TEMPLATE_PATTERNS, templatesOf } from "./log-templates.ts";
import { blindNegatives, blindPositives } from "./redaction-blind.fixture.ts";
import { identities, negatives, positives } from "./redaction-corpus.fixture.ts";

const BUDGET = { logLines: 5_000, logBytes: 1_000_000, logTemplates: 1_000 };

const CORPUS: readonly string[] = [
  ...positives().map(({ text }) => text),
  ...negatives().map(({ text }) => text),
  ...blindPositives().map(({ text }) => text),
  ...blindNegatives(),
  ...identities(3),
];
/** What numbers are made of, and what stands around them. */
const PIECES = [
  ..."0123456789",
  ...["3782", "4111", "1111", "5555", "371449635398431", "GB82", "WEST", "de89370400440532013000", "078", "05", "1120"],
  ...[
    "415-555-0100",
    "(212) 555-0199",
    "+49 30 901820",
    "8.8.8.8",
    "10.0.0.1",
    "2001:db8::1",
    "0x1f",
    "1x",
    "sha1-",
    "sha2",
  ],
  ...[
    "phone ",
    "ssn ",
    "tax_id=",
    "call ",
    "%41",
    "\\u0041",
    "&#65;",
    "ya29.",
    "v1_",
    "base64",
    "b64",
    "cookie2=",
    "h1:",
  ],
  ...[
    "deadbeef",
    "Zm9vYmFyMTIzNDU2Nzg5",
    "-",
    ".",
    " ",
    ":",
    "/",
    "=",
    "(",
    ")",
    "+",
    "_",
    "?",
    '"',
    "'",
    "ms",
    "request",
  ],
];
const made = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join(""));
const line = fc.oneof(fc.constantFrom(...CORPUS), made, fc.string({ unit: "grapheme" }));

/** The same line with other digits in it: `digits` in turn. */
const renumbered = (text: string, digits: readonly number[]): string => {
  let turn = 0;
  return text.replace(/[0-9]/g, () => {
    turn += 1;
    return String(digits[turn % digits.length]);
  });
};
const digits = fc.array(fc.nat(9), { minLength: 1, maxLength: 30 });

test("where digits do not matter, a line with any other digits has the same template, and the same is taken out of it", () => {
  fc.assert(
    fc.property(line, digits, (text, others) => {
      const other = renumbered(text, others);
      fc.pre(!digitsMatter(shapeOf(text)));

      assert.equal(shapeOf(other), shapeOf(text));
      assert.deepEqual(reduced(other), reduced(text));
    }),
    { numRuns: 4_000 },
  );
});

test("many lines have the templates, counts and redactions of each line on its own", () => {
  const family = fc.tuple(line, fc.array(digits, { maxLength: 4 }));

  fc.assert(
    fc.property(fc.array(family, { maxLength: 8 }), (families) => {
      const lines = families
        .flatMap(([text, others]) => [text, ...others.map((one) => renumbered(text, one))])
        .map((message, i): LogLine => ({ atMs: i, logGroup: i % 3 === 0 ? "/api" : "/web", message }));

      const all = templatesOf(lines, BUDGET);

      const each = lines.map((one) => templatesOf([one], BUDGET));
      const counts: Record<string, number> = {};
      const redactions: Record<string, number> = {};
      for (const { templates, redactions: found } of each) {
        for (const { id } of templates) counts[id] = (counts[id] ?? 0) + 1;
        for (const [name, times] of Object.entries(found)) redactions[name] = (redactions[name] ?? 0) + times;
      }
      assert.deepEqual(Object.fromEntries(all.templates.map(({ id, count }) => [id, count])), counts);
      assert.deepEqual(all.redactions, redactions);
    }),
    { numRuns: 500 },
  );
});

test("an ordinary line's digits do not matter, and a secret's do", () => {
  const ordinary = ["GET /items/42 200 in 17ms", "2026-03-26T12:00:00.123Z ERROR request=8123 timed out after 30 s"];
  const telling = ["card 4111 1111 1111 1111", "from 8.8.8.8", "AKIA0123", "\\u0041", "password=h4x", "at 0x1f"];

  const matter = [...ordinary, ...telling].map((text) => digitsMatter(shapeOf(text)));

  assert.deepEqual(matter, [false, false, true, true, true, true, true, true]);
});

/** Whether a pattern tells one digit from another: it names one, or a range that is not all of them. */
const namesDigits = ({ source }: RegExp): boolean => {
  const bare = source.replace(/\\u[0-9a-f]{4}|\\[^d]|\{[0-9]{1,6}(?:,[0-9]{0,6})?\}/g, "").replace(/0-9/g, "");
  return /[0-9]/.test(bare);
};

test("no other guess and no other placeholder names a digit than those that shapes know of", () => {
  const guesses = GUESSES.filter(({ pattern }) => namesDigits(pattern)).map(({ name }) => name);
  const judged = GUESSES.filter(({ holds }) => holds !== undefined).map(({ name }) => name);
  const placeholders = TEMPLATE_PATTERNS.filter(namesDigits).map(({ source }) => source.slice(0, 4));

  assert.deepEqual(guesses, ["card", "ssn", "phone", "phone", "ip"]);
  assert.deepEqual(judged, ["card", "iban", "phone", "phone", "ip", "ip", "blob"]);
  assert.deepEqual(placeholders, ["\\b0x"]);
});
