import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { positives, showsPartOf } from "../../core/redaction-corpus.fixture.ts";
import { secondRedactor, secondRules } from "./secretlint.ts";

const redactAgain = secondRedactor();
const tokenOf = (class_: string): string =>
  positives().find(({ name, how }) => name === class_ && how === "end of line")?.secret ?? "";
const GITHUB =
  positives().find(({ name, secret }) => name === "github-token" && /^gh[a-z]_/.test(secret))?.secret ?? "";

test("no comment inside a text switches the rules off", async () => {
  const comments = [
    "// secretlint-disable",
    "# secretlint-disable",
    "/* secretlint-disable */",
    "<!-- secretlint-disable -->",
  ];
  for (const comment of [...comments, "// secretlint-disable-next-line", "// secretlint-disable-line"]) {
    const masked = await redactAgain(`${comment}\n${GITHUB} ${comment}\n${GITHUB}`);

    assert.ok(!masked.includes(GITHUB), masked);
  }
  assert.ok(secondRules.length > 20 && secondRules.every((id) => !id.includes("filter-comments")));
});

test("a prompt without secrets comes back as it was, ARNs, account ids and digests included", async () => {
  const prompt = JSON.stringify({
    arn: "arn:aws:ecs:eu-west-1:123456789012:service/main/checkout",
    account: "AWS_ACCOUNT_ID=123456789012",
    image: `checkout@sha256:${"0a".repeat(32)}`,
    log: "ERROR \u4e2d\u{1f600} password=<password> postgres://<url-credentials>@db.internal/main",
  });

  assert.equal(await redactAgain(prompt), prompt);
});

test("what is masked never reaches beyond its JSON string: the prompt stays JSON", async () => {
  const rows = [
    GITHUB,
    `//npm.example.com/:_authToken=${tokenOf("jwt")}`,
    `https://a:b${"c".repeat(40)}@x.example.com/`,
  ];
  const prompt = JSON.stringify(rows.flatMap((row) => [{ row }, { after: "kept" }]));

  const masked = await redactAgain(prompt);

  const parsed = JSON.parse(masked) as readonly unknown[];
  assert.equal(parsed.length, rows.length * 2);
  assert.ok(!masked.includes(GITHUB));
  assert.equal(masked.split('"after":"kept"').length - 1, rows.length);
});

/** Not one that AWS publishes as an example: those are let through. */
const SECRET_KEY = "kH7fQ2+zXp9LmB3vRt6YwN1cDs8JgE5uAo4iTqZ7";

test("a secret key is masked to its end, by whatever name, quotes and sign it is given", async () => {
  const names = ["AWS_SECRET_ACCESS_KEY", "aws_secret_access_key", "SecretAccessKey"];
  const shapes = names.flatMap((name) => [
    `${name}=${SECRET_KEY}`,
    `${name}: ${SECRET_KEY}`,
    `${name}="${SECRET_KEY}"`,
    `'${name}' => '${SECRET_KEY}'`,
    `"${name}" = '${SECRET_KEY}'`,
    `${name}=${SECRET_KEY}/`,
  ]);

  const masked = await Promise.all(shapes.map((shape) => redactAgain(`before ${shape} after`)));

  assert.deepEqual(
    masked.filter((text) => showsPartOf(text, SECRET_KEY) || !/^before .* after$/.test(text)),
    [],
  );
});

test("a secret key that is a JSON property is masked, and the prompt stays JSON", async () => {
  const prompt = JSON.stringify([
    { AWS_SECRET_ACCESS_KEY: SECRET_KEY, after: "kept" },
    { log: `aws_secret_access_key=${SECRET_KEY}`, after: "kept" },
    { log: `connect to "postgres://app:Hunter2xQ9@db.internal/main" failed`, after: "kept" },
  ]);

  const masked = await redactAgain(prompt);

  assert.deepEqual([showsPartOf(masked, SECRET_KEY), masked.includes("Hunter2xQ9")], [false, false]);
  assert.equal(masked.split('"after":"kept"').length - 1, 3);
  assert.equal((JSON.parse(masked) as readonly unknown[]).length, 3);
});

test("of two secrets that touch, neither is left, whichever of them hides the other", async () => {
  const [stripe, named] = [tokenOf("stripe-key"), `AWS_SECRET_ACCESS_KEY=${SECRET_KEY}`];

  const masked = await Promise.all([`${stripe}${named}`, `${named}${stripe}`, `${named}${GITHUB}`].map(redactAgain));

  const left = masked.map((text) => [stripe, SECRET_KEY, GITHUB].filter((one) => showsPartOf(text, one)));
  assert.ok(stripe !== "" && GITHUB !== "");
  assert.deepEqual(left, [[], [], []]);
});

test("a text in which secrets still come to light after some rounds of masking is not sent", async () => {
  // With so many digits it is one only where nothing follows: each hides the one before it.
  const hidden = ["sk", "live", "7".repeat(98)].join("_");

  const masked = await redactAgain(`${hidden.repeat(2)}${GITHUB}`);

  assert.doesNotMatch(masked, /7777/);
  await assert.rejects(redactAgain(`${hidden.repeat(5)}${GITHUB}`), /after 3 rounds/);
});

test("whatever quotes and escapes stand around a secret, nothing of it is left and the prompt stays JSON", async () => {
  const around = fc.string({ unit: fc.constantFrom('"', "'", "\\", " ", "=", ":", "a", "\n"), maxLength: 6 });
  const secrets = [GITHUB, `AWS_SECRET_ACCESS_KEY=${SECRET_KEY}`, "postgres://app:Hunter2xQ9@db.internal/main"];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...secrets), around, around, async (secret, before, after) => {
      const prompt = JSON.stringify({ log: `${before} ${secret} ${after}`, after: "kept" });

      const masked = JSON.parse(await redactAgain(prompt)) as Readonly<{ log: string; after: string }>;

      assert.equal(masked.after, "kept");
      assert.ok(
        !["Hunter2xQ9", SECRET_KEY, GITHUB].some((one) => secret.includes(one) && showsPartOf(masked.log, one)),
      );
    }),
    { numRuns: 60 },
  );
});

test("two hundred thousand hostile characters are read to their end, and a longer text is not sent at all", async () => {
  const starts = [
    "SG.a.",
    "ghs_1_a",
    "http://a:",
    "xoxb-a-",
    "-----BEGIN PRIVATE KEY-----",
    "postgres://a:b",
    "aws_secret_access_key ",
    `SecretAccessKey=${SECRET_KEY} `,
    "ops_ey",
    "\n",
    "\\",
    "glc_A",
    "tskey-a-",
  ];
  for (const start of starts) {
    const masked = await redactAgain(start.repeat(Math.floor(200_000 / start.length)));

    assert.ok(masked.length <= 400_000 && !showsPartOf(masked, SECRET_KEY), start);
  }
  await assert.rejects(redactAgain("a".repeat(200_001)), /200001 characters/);
});
