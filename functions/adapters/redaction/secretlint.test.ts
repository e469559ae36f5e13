import assert from "node:assert/strict";
import { test } from "node:test";
import { positives } from "../../core/redaction-corpus.fixture.ts";
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
    `//registry.npmjs.org/:_authToken=${tokenOf("jwt")}`,
    `https://a:b${"c".repeat(40)}@x.example.com/`,
  ];
  const prompt = JSON.stringify(rows.flatMap((row) => [{ row }, { after: "kept" }]));

  const masked = await redactAgain(prompt);

  const parsed = JSON.parse(masked) as readonly unknown[];
  assert.equal(parsed.length, rows.length * 2);
  assert.ok(!masked.includes(GITHUB));
  assert.equal(masked.split('"after":"kept"').length - 1, rows.length);
});

test("two hundred thousand hostile characters are read to their end, and a longer text is cut", async () => {
  const starts = [
    "SG.a.",
    "ghs_1_a",
    "http://a:",
    "xoxb-a-",
    "-----BEGIN PRIVATE KEY-----",
    "postgres://a:b",
    "aws_secret_access_key ",
    "ops_ey",
    "\n",
    "glc_A",
    "tskey-a-",
  ];
  for (const start of starts) {
    const masked = await redactAgain(start.repeat(Math.ceil(250_000 / start.length)));

    assert.ok(masked.length <= 400_000, start);
  }
  assert.equal((await redactAgain("a".repeat(250_000))).length, 200_000);
});
