import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DETECTORS } from "./detectors.ts";
import { TEMPLATE_PATTERNS } from "./log-templates.ts";
import { plainText, redact, redactSure } from "./redact.ts";
import { identities, negatives, positives, showsPartOf } from "./redaction-corpus.fixture.ts";

/** What of a pattern's source may repeat: each quantifier, with the most it allows and what it repeats. */
type Quantified = Readonly<{ most: number; of: string }>;

/** Reads a pattern's source: escapes, classes and groups are units; a quantifier belongs to the unit before it. */
const quantifiersOf = (source: string): readonly Quantified[] => {
  const found: Quantified[] = [];
  const open: number[] = [];
  let unit = "";
  for (let i = 0; i < source.length; ) {
    const rest = source.slice(i);
    const [token = ""] =
      /^\\./.exec(rest) ??
      /^\[(?:\\.|[^\]\\])*\]/.exec(rest) ??
      /^\((?:\?(?:[:=!]|<[=!]|<\w+>))?/.exec(rest) ??
      /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(rest) ??
      rest.slice(0, 1);
    if (token.startsWith("(")) open.push(i);
    const isQuantifier = i > 0 && /^(?:[*+?]|\{\d)/.test(token) && token !== "";
    if (isQuantifier) {
      const [, least = "", comma, most = ""] = /^\{(\d+)(,)?(\d*)/.exec(token) ?? [];
      const limit = /^[*+]/.test(token)
        ? Infinity
        : token.startsWith("?")
          ? 1
          : comma === undefined
            ? Number(least)
            : most === ""
              ? Infinity
              : Number(most);
      found.push({ most: limit, of: unit });
    }
    i += token.length;
    if (token === ")") unit = source.slice(open.pop() ?? 0, i);
    else if (!isQuantifier) unit = token;
  }
  return found;
};

const repeats = (source: string): readonly Quantified[] => quantifiersOf(source).filter(({ most }) => most > 1);

test("the reader of patterns sees what is unbounded and what is nested", () => {
  assert.deepEqual(
    quantifiersOf("a+b{2,}c*"),
    ["a", "b", "c"].map((of) => ({ most: Infinity, of })),
  );
  assert.deepEqual(quantifiersOf("(?:a{1,3}[+*]){2,5}"), [
    { most: 3, of: "a" },
    { most: 5, of: "(?:a{1,3}[+*])" },
  ]);
  assert.deepEqual(quantifiersOf("\\+a{3}(b)?"), [
    { most: 3, of: "a" },
    { most: 1, of: "(b)" },
  ]);
});

const PATTERNS = [
  ...DETECTORS,
  ...TEMPLATE_PATTERNS.map((pattern, i) => ({ name: `template variable ${i}`, pattern })),
];

for (const { name, pattern } of PATTERNS)
  test(`no quantifier of the pattern for ${name} is unbounded, and no repeated group repeats anything: ${pattern.source.slice(0, 24)}`, () => {
    const all = quantifiersOf(pattern.source);

    assert.deepEqual(
      all.filter(({ most }) => most === Infinity),
      [],
    );
    assert.deepEqual(
      all.filter(({ most, of }) => most > 1 && of.startsWith("(") && repeats(of).length > 0),
      [],
    );
    assert.ok(pattern.global && !pattern.sticky);
  });

/** Beginnings of every class, again and again: each makes a pattern start and fail as often and as late as it can. */
const STARTS = [
  ...[
    "a",
    "A1b",
    "a@",
    "a.",
    "a-",
    "a_",
    "=",
    ":",
    " ",
    '"',
    "'",
    "\\",
    "\\n",
    "%",
    "%2",
    "%3D",
    "%25",
    "\n",
    "\n ",
    "+1 ",
    "4111 ",
    "DE00 ",
    "2001:",
    "::",
    "1.",
    "<",
    "&",
  ],
  ...[
    "password",
    "password=",
    'password="',
    "password:\\",
    "secret",
    "token=<",
    "--token ",
    "<password>",
    "api_key",
    "eyJ",
    "eyJaaaaaaaaaa.",
    "-----BEGIN PRIVATE KEY-----",
  ],
  ...[
    "ghp_",
    "xoxb-",
    "sk-",
    "sk-ant-",
    "AKIA",
    "AIza",
    "npm_",
    "Bearer ",
    "Basic aaaaaaaa",
    "Authorization: ",
    "Cookie: a=b;",
    "cookie:a=",
    "://",
    "://a:",
    "http://a:b",
  ],
  ...[
    "secretstring:",
    'secretstring":"',
    '"securestring"',
    '"value":"',
    "aws_secret",
    "secret key ",
    "hmac key ",
    "IQoJ",
    "session_token=",
    "\u001b[",
    "\u200b",
    "\ufdfa",
  ],
];

test("fifty thousand characters of anything are read to their end, whatever they are made of", () => {
  for (const start of STARTS) {
    const text = `${start.repeat(Math.ceil(50_000 / start.length))}!`;

    const sure = redactSure(text);
    const whole = redact(text, 50_000);

    assert.ok(sure.text.length <= 60_000 && whole.text.length <= 50_000, start);
  }
  assert.equal(redactSure(`${"a".repeat(50_000)}!`).found.length, 0);
});

test("every secret of the corpus is gone, and no eight characters of it are left", () => {
  const left = positives().filter(({ text, secret }) => showsPartOf(redact(text, 4000).text, secret));

  assert.deepEqual(left, []);
  assert.ok(positives().length >= 15 * new Set(DETECTORS.map(({ name }) => name)).size);
});

test("every sure secret of the corpus is gone at the way out alone", () => {
  const sure = new Set(DETECTORS.filter((one) => one.sure).map(({ name }) => name));
  const left = positives().filter(
    ({ name, text, secret }) => sure.has(name) && showsPartOf(redactSure(text).text, secret),
  );

  assert.deepEqual(left, []);
});

test("every class has fifteen positives or more, and no sure secret is in the corpus twice", () => {
  const all = positives();

  for (const { name } of DETECTORS) assert.ok(all.filter((one) => one.name === name).length >= 15, name);
  const sure = all.filter(({ name }) => DETECTORS.some((one) => one.sure && one.name === name));
  assert.equal(new Set(sure.map(({ secret }) => secret)).size, sure.length);
});

test("ARNs, ids, digests, versions, times, paths and sentences about secrets are left as they are", () => {
  const all = negatives();

  assert.ok(all.length >= 300);
  assert.deepEqual(
    all.map(({ text }) => ({ text, found: redact(text, 2000).found })).filter(({ found }) => found.length > 0),
    [],
  );
});

test("no identity is changed on the way out: equality survives", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
      for (const identity of identities(seed)) assert.equal(redactSure(identity).text, identity);
    }),
    { numRuns: 500 },
  );
});

test("redacting what was redacted changes nothing more", () => {
  for (const { text } of [...positives(), ...negatives()]) {
    const once = redact(text, 4000).text;

    assert.equal(redact(once, 4000).text, once);
    assert.equal(redactSure(once).text, once);
  }
});

test("a hint never hides a secret: each match of a class holds one of its hints", () => {
  for (const { name, text } of positives())
    for (const { pattern, hints } of DETECTORS.filter((one) => one.name === name))
      for (const [match] of text.matchAll(pattern))
        assert.ok(
          hints.length === 0 ||
            hints.some((hint) => match.toLowerCase().includes(hint) || text.toLowerCase().includes(hint)),
          match,
        );
});

test("a secret that the cut would halve is not left in half", () => {
  for (const { name, secret } of positives().filter(({ how }) => how === "end of line"))
    for (const before of [480, 490, 499]) {
      const { text } = redact(`${"- ".repeat(250).slice(0, before)} ${secret}`);

      assert.ok(!showsPartOf(text, secret), `${name}: ${text.slice(-40)}`);
    }
});

test("text that leaves has no control, format or escape sequence in it, in any language", () => {
  const unit = fc.oneof(
    fc.constantFrom(
      "\u001b[2J",
      "\u009b31m",
      "\u200b",
      "\u202e",
      "\r\n",
      "\u2028",
      "\ufe0f",
      "\u{e0041}",
      "\u034f",
      "\u0007",
      "\ud800",
    ),
    fc.constantFrom("a", "B", " ", "\u00e9", "\u4e2d", "\u{1f600}"),
  );
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const { text: rest } = redactSure(text);

      assert.doesNotMatch(rest, /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
      assert.ok(!rest.includes("[2J") && rest.isWellFormed());
    }),
  );
});

test("in a sink that renders markup other people's words are words: no link, image, mention or tag", () => {
  const said = plainText(
    "<!channel> <https://evil.example|ok> ![x](https://evil.example/?d=1) [ok](http://evil.example) a & b",
  );

  assert.doesNotMatch(said, /[<>]|:\/\/|!\[|\]\(/);
  assert.ok(said.startsWith("&lt;!channel&gt;") && said.endsWith("a &amp; b"));
});
