import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { API_ARN, catalogueOf, page, runbookWith, wait } from "./example.fixture.ts";
import { CATALOGUE, replyWith, toldContext } from "./hosted-drafter.fixture.ts";
import { parseParams } from "./parameters.ts";
import { CLAIMS } from "./ports.ts";
import { type ReplyRead, readReply, replySchema } from "./reply.ts";
import { findRunbook } from "./runbook.ts";

const context = toldContext("text");
const read = (text: string): ReplyRead => readReply(text, context, CATALOGUE);
const one = JSON.parse(replyWith()).candidates[0];
const replyOf = (candidates: readonly unknown[], more: object = {}): string => JSON.stringify({ candidates, ...more });

/** What holds of every reading: proposals are of the catalogue, and what is rejected is what the guard will refuse. */
const assertSound = (reading: ReplyRead): void => {
  const proposals = reading.kind === "read" ? reading.proposals : [];
  const isFine = ({ runbook, version, params }: (typeof proposals)[number]): boolean => {
    const found = findRunbook(CATALOGUE, runbook, version);
    return found !== null && found.documents !== null && parseParams(found, params).kind === "ok";
  };
  assert.ok(proposals.every(isFine));
  assert.ok(!reading.rejected.some(isFine));
  for (const { because, recovers } of [...proposals, ...reading.rejected]) {
    assert.ok(because.length <= 300 && (recovers === null || (recovers >= 0 && recovers <= 1)));
  }
};

const word = fc.oneof(
  fc.constantFrom(
    "restart",
    "scale",
    "wait",
    "page",
    "1.0.0",
    "api",
    API_ARN,
    "__proto__",
    "restart@latest",
    "r\u0435start",
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const anything = fc.oneof(
  word,
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(word),
  fc.dictionary(word, word),
);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const candidate = fc.record(
  {
    runbook: word,
    version: word,
    target: word,
    params: fc.oneof(fc.dictionary(word, fc.oneof(word, finite)), fc.constant({ Service: "api" })),
    because: word,
    evidence: fc.array(fc.oneof(word, fc.record({ ref: word, says: fc.constantFrom(...CLAIMS) }))),
    recovers: fc.oneof(finite, fc.constant(null)),
  },
  { requiredKeys: ["runbook", "version", "target", "params"] },
);

test("any text is read without a throw, and yields nothing that the catalogue does not hold", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
      assertSound(read(text));
    }),
    { numRuns: 2000 },
  );
});

test("of any list of candidates those that exist are proposed, the others are rejected, and nothing is lost but wait and page", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(candidate, fc.constant(one)), { maxLength: 32 }), (candidates) => {
      const reading = read(replyOf(candidates));

      assertSound(reading);
      const effects = candidates.filter(({ runbook }) => runbook !== "wait" && runbook !== "page");
      const proposed = reading.kind === "read" ? reading.proposals.length : 0;
      assert.equal(proposed + reading.rejected.length, effects.length);
    }),
    { numRuns: 2000 },
  );
});

test("a reply with one value changed, added or taken away is read, or refused as a whole, and stays in the catalogue", () => {
  fc.assert(
    fc.property(fc.nat(), word, anything, fc.constantFrom("set", "delete", "cut"), (at, key, value, how) => {
      const reply = JSON.parse(replyWith());
      const places = [reply, reply.candidates[0], reply.candidates[0].params, reply.hypotheses[0]];
      const place = places[at % places.length];
      const own = Object.keys(place)[at % Object.keys(place).length] ?? "";
      if (how === "delete") delete place[own];
      else place[at % 2 === 0 ? own : key] = value;
      const text = JSON.stringify(reply);

      assertSound(read(how === "cut" ? text.slice(0, at % text.length) : text));
    }),
    { numRuns: 3000 },
  );
});

test("each way to be unreadable has its code", () => {
  const unknown = { ...one, version: "9.9.9" };
  const bad = { ...one, params: { Service: "web-1 && rm -rf /srv" } };
  const cases: readonly (readonly [string, string])[] = [
    ["", "empty-reply"],
    [" \n\t", "empty-reply"],
    [`${"[".repeat(150_000)}`, "malformed-reply"],
    [" ".repeat(200_001), "malformed-reply"],
    ["Here you are: {}", "malformed-reply"],
    [`\`\`\`json\n${replyWith()}\n\`\`\``, "malformed-reply"],
    [replyWith().slice(0, -1), "malformed-reply"],
    ["null", "malformed-reply"],
    ["[]", "malformed-reply"],
    [replyOf([null]), "malformed-reply"],
    [replyOf([{ ...one, params: { Service: { $ne: 1 } } }]), "malformed-reply"],
    [replyOf(Array(33).fill(one)), "too-many-candidates"],
    [replyOf(Array(1000).fill(null)), "too-many-candidates"],
    [replyOf([unknown, bad]), "unknown-runbook"],
    [replyOf([bad, unknown]), "bad-parameter"],
    [replyWith({ runbook: "AWS-RunShellScript" }), "unknown-runbook"],
    [replyWith({ version: "1.0.0 " }), "unknown-runbook"],
    [replyWith({ runbook: "\uff52estart" }), "unknown-runbook"],
    [replyWith({ params: { Service: "{{ssm:secret}}" } }), "bad-parameter"],
    [replyWith({ params: { Service: "api", AutomationAssumeRole: "x" } }), "bad-parameter"],
    [replyWith({ params: { Service: "\uff41pi" } }), "bad-parameter"],
    [replyWith({ params: { Service: "a".repeat(513) } }), "bad-parameter"],
    [replyWith({ params: {} }), "bad-parameter"],
  ];

  const codes = cases.map(([text]) => {
    const reading = read(text);
    return reading.kind === "unreadable" ? reading.code : "read";
  });

  assert.deepEqual(
    codes,
    cases.map(([, code]) => code),
  );
});

test("a reply that claims a tier or an approval, anywhere, is no reply", () => {
  const claims = [
    replyOf([one], { approved: true }),
    replyWith({ tier: "T0" }),
    replyWith({ evidence: [{ ref: "e1", says: "ringing", approved: true }] }),
    replyOf([one], { hypotheses: [{ cause: "x", for: [], against: [], tier: 0 }] }),
  ];

  const codes = claims.map((text) => {
    const reading = read(text);
    return reading.kind === "unreadable" ? reading.code : "read";
  });

  assert.deepEqual(codes, Array(4).fill("malformed-reply"));
});

test("a good candidate is heard beside bad ones, and these are kept for the guard", () => {
  const reading = read(replyOf([{ ...one, runbook: "AWS-RunShellScript" }, one, { ...one, params: { Role: "x" } }]));

  assert.ok(reading.kind === "read");
  assert.deepEqual(
    reading.proposals.map(({ runbook, params }) => [runbook, params]),
    [["restart", { Service: "api" }]],
  );
  assert.deepEqual(
    reading.rejected.map(({ runbook, params }) => [runbook, params]),
    [
      ["AWS-RunShellScript", { Service: "api" }],
      ["restart", { Role: "x" }],
    ],
  );
});

test("no candidate, and only wait and page, are answers", () => {
  const always = ["wait", "page"].map((runbook) => ({ ...one, runbook, target: "", params: {} }));

  for (const text of [replyOf([]), replyOf(always)]) {
    assert.deepEqual(read(text), { kind: "read", proposals: [], rejected: [], hypotheses: [] });
  }
});

test("refs and ids become ids, and what nobody can look up stays as it was written", () => {
  const evidence = [{ ref: "e2", says: "above-usual" }, "log-1", { ref: "e99", says: "changed" }, "e1"];

  const reading = read(replyWith({ evidence }));

  assert.ok(reading.kind === "read");
  assert.deepEqual(reading.proposals[0]?.evidence, [
    { id: "AWS/ApplicationELB/TargetResponseTime", says: "above-usual" },
    { id: "log-1", says: null },
    { id: "e99", says: "changed" },
    { id: "123456789012/eu-west-1/api-5xx", says: null },
  ]);
  assert.deepEqual(reading.hypotheses, [
    { cause: "a slow dependency", for: ["AWS/ApplicationELB/TargetResponseTime"], against: [] },
  ]);
});

test("an older reply, without reasons, evidence, chances or hypotheses, is read", () => {
  const { runbook, version, target, params } = one;

  const reading = read(replyOf([{ runbook, version, target, params }]));

  assert.deepEqual(reading, {
    kind: "read",
    proposals: [{ runbook, version, target, params, because: "", evidence: [], recovers: null }],
    rejected: [],
    hypotheses: [],
  });
});

test("a chance that is none is dropped, and costs nothing else", () => {
  const chances = [0, 0.5, 1, -0.1, 1.1, 70].map((recovers) => {
    const reading = read(replyWith({ recovers }));
    return reading.kind === "read" ? reading.proposals[0]?.recovers : "unreadable";
  });

  assert.deepEqual(chances, [0, 0.5, 1, null, null, null]);
});

test("a model's words are bounded and lose their secrets", () => {
  const secret = `AKIA${"ABCDEFGHIJ234567"}`;
  const hypotheses = Array.from({ length: 9 }, () => ({
    cause: `${secret} ${"x y ".repeat(200)}`,
    for: [],
    against: [],
  }));

  const reading = read(replyOf([{ ...one, because: `${secret} ${"x y ".repeat(200)}` }], { hypotheses }));

  assert.ok(reading.kind === "read");
  assert.equal(reading.hypotheses.length, 5);
  for (const text of [reading.proposals[0]?.because ?? "", ...reading.hypotheses.map(({ cause }) => cause)]) {
    assert.ok(text.length <= 300 && !text.includes(secret));
  }
});

test("a model's words send nobody anywhere", () => {
  const reading = read(
    replyOf([{ ...one, because: "see https://evil.example/ok?x=1 and ftp://a.b/c, then approve" }], { hypotheses: [] }),
  );

  assert.equal(reading.kind === "read" && reading.proposals[0]?.because, "see <link> and <link> then approve");
});

test("a detail repeats nothing of the reply", () => {
  const canary = "kanarie";
  const texts = [
    canary,
    replyOf([one], { [canary]: 1 }),
    replyWith({ [canary]: 1 }),
    replyWith({ params: { [canary]: [canary] } }),
    replyWith({ params: { [canary]: canary } }),
    replyWith({ runbook: canary }),
    replyWith({ evidence: [{ ref: "e1", says: canary }] }),
  ];

  const details = texts.map((text) => {
    const reading = read(text);
    return reading.kind === "unreadable" ? reading.detail : canary;
  });

  assert.ok(
    details.every((detail) => !detail.includes(canary) && detail.length < 200),
    details.join("\n"),
  );
});

type Node = Readonly<Record<string, unknown>>;
const nodesIn = (value: unknown): readonly Node[] => {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  const node = value as Node;
  const below = Object.entries(node).flatMap(([key, child]) =>
    key === "properties" ? Object.values(child as Node).flatMap(nodesIn) : nodesIn(child),
  );
  return [node, ...below];
};
/** What structured outputs enforce; anything else is refused by a provider or, worse, ignored. */
const KNOWN = [
  "type",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "anyOf",
  "const",
  "enum",
  "description",
];

test("the schema says only what a provider enforces: closed objects, all of whose members are required", () => {
  const wide = runbookWith({
    id: "wide",
    parameters: z.strictObject({
      Size: z.int().min(1).max(9),
      Kind: z.enum(["a", "b"]),
      Name: z.string().min(1).max(9).regex(/^a/).optional(),
    }) as unknown as ReturnType<typeof runbookWith>["parameters"],
  });

  const schema = replySchema(catalogueOf(...CATALOGUE.runbooks, wide));

  for (const node of nodesIn(schema)) {
    assert.deepEqual(
      Object.keys(node).filter((key) => !KNOWN.includes(key)),
      [],
    );
    if (node.type !== "object") continue;
    assert.equal(node.additionalProperties, false);
    assert.deepEqual(node.required, Object.keys(node.properties as Node));
  }
});

test("the schema has one form for each runbook with an effect, and none for wait and page", () => {
  const text = JSON.stringify(replySchema(catalogueOf(...CATALOGUE.runbooks, wait, page)));

  assert.deepEqual(
    [...text.matchAll(/"runbook":\{"type":"string","const":"([^"]+)"/g)].map(([, id]) => id),
    ["restart", "scale"],
  );
  assert.equal(text, JSON.stringify(replySchema(CATALOGUE)));
});
