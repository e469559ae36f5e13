import { AwsCallFailed } from "../call.ts";

/** Calls that one kind of resource makes side by side: control planes allow some tens a second for a whole account. */
const SIDE_BY_SIDE = 5;

/** Asks for each, some side by side, in the order given. Throws the first failure once those under way have ended. */
export const eachOf = async <T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<readonly R[]> => {
  const answers: R[] = [];
  for (const batch of batches(items, SIDE_BY_SIDE)) {
    const settled = await Promise.allSettled(batch.map(ask));
    for (const one of settled) {
      if (one.status === "rejected") throw one.reason;
      answers.push(one.value);
    }
  }
  return answers;
};

export const batches = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

/** Several things in the words of one sentence: the first, and how many more. */
export const fewWords = (names: readonly string[]): string =>
  names.length > 1 ? `${names[0]} and ${names.length - 1} more` : (names[0] ?? "nothing");

/** More pages than this hold nothing of one incident. */
const MOST_PAGES = 20;

/** All pages of a listing, twenty at most. @param page answers with its rows and the mark of the next one */
export const pagesOf = async <T>(
  page: (mark: string | undefined) => Promise<Readonly<{ rows: readonly T[] | undefined; next: string | undefined }>>,
): Promise<readonly T[]> => {
  const all: T[] = [];
  let mark: string | undefined;
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const { rows, next } = await page(mark);
    all.push(...(rows ?? []));
    if (next === undefined || next === "") break;
    mark = next;
  }
  return all;
};

/** Null where the answer is that there is no such thing. @param names the errors that say so */
export const orAbsent = async <T>(names: readonly string[], ask: () => Promise<T>): Promise<T | null> => {
  try {
    return await ask();
  } catch (error) {
    if (isNamed(error, names)) return null;
    throw error;
  }
};

/** An attribute that may be missing: what cannot be read is left out. */
export const ifReadable = async <T>(ask: () => Promise<T>): Promise<T | null> => {
  try {
    return await ask();
  } catch {
    return null;
  }
};

const isNamed = (error: unknown, names: readonly string[]): boolean => {
  const cause = error instanceof AwsCallFailed ? error.cause : error;
  return cause instanceof Error && names.includes(cause.name);
};

type Attributes = Readonly<Record<string, number | string | boolean | null>>;

/** Attributes without those that were not read. */
export const known = (attributes: Readonly<Record<string, number | string | boolean | null | undefined>>): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, Attributes[string]] => entry[1] !== undefined),
  );

type Word = string | undefined;
type Tag = Readonly<{ Key?: Word; Value?: Word; key?: Word; value?: Word }>;

/** Tags as control planes list them, in any of their spellings. */
export const tagsOf = (tags: readonly Tag[] | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (tags ?? []).flatMap(({ Key, Value, key, value }) => {
      const name = Key ?? key;
      return name === undefined ? [] : [[name, Value ?? value ?? ""]];
    }),
  );

/** A time as the SDK gives it, in ms; undefined where it gives none. */
export const timeOf = (date: Date | undefined): number | undefined => date?.getTime();
