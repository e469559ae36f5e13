/** What can be remembered: anything but undefined. */
type Known = NonNullable<unknown> | null;

/**
 * Remembers what was answered about the thing that was asked about last: all runbooks ask the same of one context, one
 * after the other, and what one of them worked out serves the others. The thing must never change. An answer that throws
 * is asked for again. (A WeakMap would remember more, and its upkeep costs more than most of these answers.)
 */
export const remembered = <About extends object, Key, Answer extends Known>(
  answer: (about: About, key: Key) => Answer,
): ((about: About, key: Key) => Answer) => {
  let last: About | null = null;
  let memory = new Map<Key, Answer>();
  return (about, key) => {
    if (about !== last) {
      last = about;
      memory = new Map();
    }
    const answers = memory;
    const known = answers.get(key);
    if (known !== undefined) return known;
    const found = answer(about, key);
    answers.set(key, found);
    return found;
  };
};

/**
 * Remembers the answer about the thing that was asked about last, for what is asked of one thing again and again before
 * the next one's turn. The thing must never change, or the answer must change with it. (What a WeakMap holds outlives
 * every small garbage collection: worlds that come and go by the thousand would all be copied into the old heap.)
 */
export const rememberedLast = <About extends object, Answer extends Known>(
  answer: (about: About) => Answer,
): ((about: About) => Answer) => {
  let last: Readonly<{ about: About; answer: Answer }> | null = null;
  return (about) => {
    if (last?.about !== about) last = { about, answer: answer(about) };
    return last.answer;
  };
};

/**
 * Remembers the answers about single things, those that may be `kept`; with `most` of them the memory is full: it forgets
 * them all and begins again.
 */
export const rememberedEach = <Thing, Answer extends Known>(
  most: number,
  answer: (thing: Thing) => Answer,
  kept: (thing: Thing, answer: Answer) => boolean = () => true,
): ((thing: Thing) => Answer) => {
  const memory = new Map<Thing, Answer>();
  return (thing) => {
    const known = memory.get(thing);
    if (known !== undefined) return known;
    const found = answer(thing);
    if (!kept(thing, found)) return found;
    if (memory.size >= most) memory.clear();
    memory.set(thing, found);
    return found;
  };
};

/** A longer text is not remembered, so that what is remembered of so many stays within some megabytes. */
const LONGEST_TEXT = 256;
const MOST_TEXTS = 4_000;

/** Remembers answers about short texts, those that may be `kept`. */
export const rememberedTexts = <Answer extends Known>(
  answer: (text: string) => Answer,
  kept: (answer: Answer) => boolean = () => true,
): ((text: string) => Answer) =>
  rememberedEach(MOST_TEXTS, answer, (text, found) => text.length <= LONGEST_TEXT && kept(found));
