import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { remembered, rememberedLast, rememberedTexts } from "./remembered.ts";

test("of the thing that is asked about, each question is answered once, and all as without a memory", () => {
  const asked = fc.array(fc.tuple(fc.nat(2), fc.constantFrom("a", "b", null, undefined)), { maxLength: 40 });

  fc.assert(
    fc.property(asked, (questions) => {
      const things = Array.from({ length: 3 }, (_, index) => ({ index }));
      const seen: string[] = [];
      const ask = remembered(({ index }: { index: number }, key: string | null | undefined) => {
        seen.push(`${index} ${key}`);
        return key === "b" ? null : `${index}/${key}`;
      });

      const answers = questions.map(([index, key]) => ask(things[index] as { index: number }, key));

      const turns = questions.map(([index], i) => index !== questions[i - 1]?.[0]);
      const about = questions.map(
        ([index, key], i) => `${turns.slice(0, i + 1).filter(Boolean).length} ${index} ${key}`,
      );
      assert.deepEqual(
        answers,
        questions.map(([index, key]) => (key === "b" ? null : `${index}/${key}`)),
      );
      assert.equal(seen.length, new Set(about).size);
    }),
  );
});

test("a question may ask another, of the same thing or of another thing, on its way to an answer", () => {
  type Link = Readonly<{ less: Link | null }>;
  const depth: (about: Link, times: number) => number = remembered((about, times) => {
    if (times > 0) return depth(about, times - 1) + 1;
    return about.less === null ? 0 : depth(about.less, times) + 1;
  });
  const about = { less: { less: null } };

  const answers = [depth(about, 3), depth(about, 3), depth(about.less, 3), depth(about, 1)];

  assert.deepEqual(answers, [4, 4, 3, 2]);
});

test("an answer that throws is asked for again", () => {
  let times = 0;
  const ask = remembered((_about: object, key: number) => {
    times += 1;
    if (times === 1) throw new Error("not yet");
    return key;
  });
  const about = {};

  assert.throws(() => ask(about, 7), /not yet/);

  assert.equal(ask(about, 7), 7);
});

test("of texts only answers that may be kept are remembered, and none of a long text", () => {
  const seen: string[] = [];
  const ask = rememberedTexts(
    (text) => {
      seen.push(text);
      return text.toUpperCase();
    },
    (answer) => !answer.includes("SECRET"),
  );
  const long = "a".repeat(300);
  const texts = ["name", "name", "my secret", "my secret", long, long];

  const answers = texts.map(ask);

  assert.deepEqual(
    answers,
    texts.map((text) => text.toUpperCase()),
  );
  assert.deepEqual(seen, ["name", "my secret", "my secret", long, long]);
});

test("a memory of texts that is full forgets, and answers as before", () => {
  let asked = 0;
  const ask = rememberedTexts((text) => {
    asked += 1;
    return `${text}!`;
  });

  for (let i = 0; i < 10_001; i += 1) ask(`${i}`);
  const again = [ask("10000"), ask("0")];

  assert.deepEqual(again, ["10000!", "0!"]);
  assert.equal(asked, 10_002);
});

test("only the answer about the thing that was asked about last is remembered", () => {
  const asked: object[] = [];
  const answerOf = rememberedLast((about: object): number => asked.push(about));
  const [one, other] = [{}, {}];

  const answers = [one, one, other, other, one].map(answerOf);

  assert.deepEqual(answers, [1, 1, 2, 2, 3]);
});
