import assert from "node:assert/strict";
import { test } from "node:test";
import type { Button, KnownBlock } from "@slack/types";
import fc from "fast-check";
import { because } from "../../core/reasons.ts";
import type { Card } from "../../core/stages.ts";
import { cardWith } from "./card.fixture.ts";
import { cardMessage, settledMessage, withoutButtons } from "./card-blocks.ts";

const OPAQUE = "0123456789abcdef".repeat(2);
const shown = (changes: Partial<Card> = {}, environment: string | null = "production") =>
  cardMessage(cardWith(changes), OPAQUE, environment);

/** Every text that Slack would render, in order. */
const textsIn = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === "text" && typeof item === "string" ? [item] : textsIn(item),
  );
};
const buttonsIn = (blocks: readonly KnownBlock[]): readonly Button[] =>
  blocks.flatMap((block) => (block.type === "actions" ? block.elements.filter((one) => one.type === "button") : []));

test("a card shows facts first, then what would run to the last parameter, then its undo, what came second and the expiry", () => {
  const { blocks } = shown();

  assert.deepEqual(textsIn(blocks.filter(({ type }) => type === "header" || type === "section")), [
    "Approve? Roll a service back",
    "What is seen\n• 1 of 1 alarms ringing\n• deployed 4 min before",
    [
      "What would run",
      "runbook: ecs-rollback@1.0.0",
      "target: shop-web (arn:aws:ecs:eu-west-1:111122223333:service/shop-prod/shop-web)",
      "environment: production",
      'parameter Cluster: "shop-prod"',
      "parameter DesiredCount: 4",
      'parameter TaskDefinition: "shop-web:29"',
    ].join("\n"),
    "What it does\neffect: Tasks are replaced.\nundo: restores the previous values\ntakes: about 6 min\ntier: T1, needs 1 consent",
    "What is expected\n• recovers in 50 of 100 (40 to 60)",
    "Instead of\npage (0.50), lower value",
    "*Answers count until <!date^1767583800^{time}|2026-01-05 03:30 UTC>* (2026-01-05 03:30 UTC)",
  ]);
});

test("a screen reader hears all that the blocks show, the model's words last and as its own", () => {
  const { text, blocks } = shown({
    drafterSays: "no impact at all",
    asks: because("low-support", "it is seldom done"),
  });

  for (const part of ["deployed 4 min before", '"shop-web:29"', "restores the previous values", "it is seldom done"])
    assert.ok(text.includes(part), part);
  assert.equal(text.split("\n").at(-1), "The model's words, not a fact: no impact at all");
  assert.equal(textsIn(blocks).at(-1), "The model's words, not a fact\nno impact at all");
});

test("the buttons carry the opaque id and nothing else", () => {
  const buttons = buttonsIn(shown().blocks);

  assert.deepEqual(
    buttons.map(({ action_id, value, style, url }) => ({ action_id, value, style, url })),
    [
      { action_id: "approve", value: OPAQUE, style: "primary", url: undefined },
      { action_id: "reject", value: OPAQUE, style: undefined, url: undefined },
    ],
  );
});

for (const tier of [0, 1, 2, 3] as const)
  test(`at tier ${tier} approving ${tier >= 2 ? "looks dangerous, asks again and wants a reason" : "takes one click"}`, () => {
    const { blocks } = shown({ tier, undo: "NONE: this cannot be taken back" });

    const [approve] = buttonsIn(blocks);
    assert.equal(approve?.style, tier >= 2 ? "danger" : "primary");
    assert.deepEqual(
      approve?.confirm === undefined ? [] : textsIn(approve.confirm),
      tier >= 2
        ? [
            "Approve in production?",
            `ecs-rollback on shop-web. Undo: NONE: this cannot be taken back. Tier T${tier}.`,
            "Approve",
            "Back",
          ]
        : [],
    );
    assert.equal(blocks.filter(({ type }) => type === "input").length, tier >= 2 ? 1 : 0);
  });

test("a card that needs two consents says that they come from two groups, and an unknown environment is said", () => {
  const { text } = shown({ consentsNeeded: 2 }, null);

  assert.match(text, /needs 2 consents, from people of two groups/);
  assert.match(text, /environment: unknown/);
});

const NASTY = [
  "<!channel> <!here> <https://evil.example|ok> <@U0000001>",
  "*bold* `code` :rotating_light: &lt;!channel&gt;",
  "two\nlines\r\n• a forged fact",
  "hidden\u202e\u200b\u2066 words",
  `![x](https://evil.example/?d=1)`,
];
const CONTROL = /<(?!!date\^[0-9]+\^\{time\}\|[0-9: UTC-]+>)|(?<!<!date\^[0-9]+\^\{time\}\|[0-9: UTC-]+)>/;

test("whatever other people wrote, a card has no mention, link, image or hidden character, and no line that they made", () => {
  for (const words of NASTY) {
    const { text, blocks } = shown(
      {
        facts: [words],
        title: words,
        effect: words,
        undo: words,
        runnerUp: words,
        runnerUpExpects: [words],
        expects: [words],
        drafterSays: words,
        asks: because("low-support", words),
        target: { ...cardWith().target, name: words },
        plan: { ...cardWith().plan, target: words, params: { [words]: words } },
      },
      words,
    );

    for (const one of [text, ...textsIn(blocks)]) {
      assert.doesNotMatch(one, CONTROL);
      assert.doesNotMatch(one, /[\p{Cf}\r]/u);
      assert.doesNotMatch(one, /^• a forged fact/m);
    }
    assert.ok(!JSON.stringify(blocks).includes('"image"'));
    const kinds = blocks.flatMap((block) => (block.type === "section" ? [block.text?.type] : []));
    assert.equal(kinds.filter((kind) => kind === "mrkdwn").length, 1, "the expiry alone is markup, and ours");
  }
});

test("a parameter is shown exactly: what cannot be seen in it is written out", () => {
  const { text } = shown({ plan: { ...cardWith().plan, params: { Name: 'a\u202eb\n"c"' } } });

  assert.ok(text.includes(String.raw`parameter Name: "a\u{202e}b\n\"c\""`), text);
});

const words = fc.string({ maxLength: 9000, unit: fc.constantFrom("a", "<", "&", " ", "\n", "é", "🔥") });
const anyCard = fc.record({
  title: words,
  effect: words,
  undo: words,
  drafterSays: fc.option(words),
  runnerUp: fc.option(words),
  facts: fc.array(words, { maxLength: 60 }),
  expects: fc.array(words, { maxLength: 40 }),
  params: fc.dictionary(fc.string({ maxLength: 300, minLength: 1 }), words, { maxKeys: 60 }),
  tier: fc.constantFrom(0, 1, 2, 3),
});

test("no card is beyond Block Kit's limits, whatever is on it", () => {
  fc.assert(
    fc.property(anyCard, ({ params, ...changes }) => {
      const { text, blocks } = shown(
        { ...changes, plan: { ...cardWith().plan, params } } as Partial<Card>,
        changes.title,
      );

      assert.ok(blocks.length <= 50, `${blocks.length} blocks`);
      assert.ok(text.length <= 4000);
      for (const block of blocks) {
        const most = block.type === "header" ? 150 : 3000;
        for (const one of textsIn(block)) assert.ok(one.length >= 1 && one.length <= most && one.isWellFormed());
      }
      const [approve] = buttonsIn(blocks);
      assert.ok((approve?.accessibility_label?.length ?? 0) <= 75);
      assert.ok((approve?.confirm?.title?.text.length ?? 0) <= 100);
      assert.ok((approve?.confirm?.text.text.length ?? 0) <= 300);
    }),
    { numRuns: 150 },
  );
});

test("what does not fit is cut, and that is said", () => {
  const facts = Array.from({ length: 400 }, (_, i) => `fact ${i} ${"&".repeat(100)}`);
  const params = { Whole: "x".repeat(9000) };

  const { blocks } = shown({ facts, plan: { ...cardWith().plan, params } });

  const said = textsIn(blocks).join("\n");
  assert.ok(blocks.length <= 50, `${blocks.length} blocks`);
  assert.match(said, /… \d+ more lines are not shown: do not approve what you cannot read/);
  assert.match(said, /parameter Whole: "x+ … \(\d+ more characters\)/);
});

test("a message that has ended keeps what it said, says how it ended first, and cannot be clicked or typed into", () => {
  const kept = withoutButtons(shown({ tier: 2 }));

  const ended = settledMessage(kept, "approved. ana (oncall) approved: <!here> it is night");

  assert.deepEqual(
    ended.blocks.filter(({ type }) => type === "actions" || type === "input"),
    [],
  );
  assert.equal(textsIn(ended.blocks)[0], "Ended: approved. ana (oncall) approved: &lt;!here&gt; it is night");
  assert.ok(ended.text.startsWith("Ended: approved."));
  assert.ok(ended.text.includes("deployed 4 min before"));
});
