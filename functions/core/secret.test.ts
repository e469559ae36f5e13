import assert from "node:assert/strict";
import { test } from "node:test";
import { BadConfiguration, type Configuration, parseConfiguration } from "./configuration.ts";
import { service } from "./example.fixture.ts";
import { secretText } from "./secret.ts";

const KEY = "arn:aws:kms:eu-west-1:123456789012:key/0f5a6e3d-2c1b-4a59-8d7e-9f8a7b6c5d4e";

const naming = (tokenSecret: unknown): Configuration =>
  parseConfiguration({
    github: { tokenSecret },
    settings: { account: "123456789012", region: "eu-west-1", services: [service] },
  });

for (const [named, is] of [
  ["quell/github", { secret: "quell/github" }],
  ["/quell/github", { secret: "/quell/github" }],
  [{ secret: "quell/github" }, { secret: "quell/github" }],
  [
    { secret: "quell/github", key: KEY },
    { secret: "quell/github", key: KEY },
  ],
  [{ parameter: "/quell/github" }, { parameter: "/quell/github" }],
  [{ parameter: "quell-github" }, { parameter: "quell-github" }],
  [
    { parameter: "/quell/github", key: KEY },
    { parameter: "/quell/github", key: KEY },
  ],
] as const)
  test(`a secret named ${JSON.stringify(named)} is known by its store and name, however often it is parsed`, () => {
    const once = naming(named).github?.tokenSecret;
    const again = naming(once).github?.tokenSecret;

    assert.deepEqual([once, again], [is, is]);
  });

for (const [named, says] of [
  ["parameter:/quell/github", /github\.tokenSecret: the name of a secret .*, or \{ parameter: "\/quell\/slack" \}/],
  ["arn:aws:ssm:eu-west-1:123456789012:parameter/quell", /github\.tokenSecret: the name of a secret/],
  ["", /github\.tokenSecret: the name of a secret/],
  [7, /github\.tokenSecret: the name of a secret/],
  [{ parameter: "/quell/github", secret: "quell/github" }, /github\.tokenSecret: the name of a secret/],
  [{ parameter: "/quell/github", version: 3 }, /github\.tokenSecret: the name of a secret/],
  [{ secret: "quell github" }, /github\.tokenSecret\.secret: the name of a secret in Secrets Manager/],
  [{ parameter: "/quell/*" }, /github\.tokenSecret\.parameter: the name of a parameter .*letters, digits/],
  [{ parameter: "quell/github" }, /github\.tokenSecret\.parameter: .*such as \/quell\/slack/],
  [{ parameter: "/quell//github" }, /github\.tokenSecret\.parameter/],
  [{ parameter: `/a${"/a".repeat(15)}` }, /github\.tokenSecret\.parameter/],
  [{ parameter: `/${"a".repeat(900)}` }, /github\.tokenSecret\.parameter: .*900 characters at most/],
  [{ parameter: "/aws/reference/secretsmanager/quell" }, /github\.tokenSecret\.parameter: .*AWS's own/],
  [{ parameter: "SSM-quell" }, /github\.tokenSecret\.parameter: .*AWS's own/],
  [{ parameter: "/quell/github", key: "alias/quell" }, /github\.tokenSecret\.key: the ARN of a KMS key, .*; no alias/],
  [{ secret: "quell/github", key: KEY.replace("key/", "alias/") }, /github\.tokenSecret\.key: .*no alias/],
] as const)
  test(`a secret named ${JSON.stringify(named).slice(0, 60)} is refused by its field, with what is allowed`, () => {
    assert.throws(() => naming(named), BadConfiguration);
    assert.throws(() => naming(named), says);
  });

test("a message names the store as well as the name: one name may stand in both", () => {
  const texts = [{ secret: "/quell/github" }, { parameter: "/quell/github" }].map(secretText);

  assert.deepEqual(texts, ["the secret /quell/github", "the parameter /quell/github"]);
});
