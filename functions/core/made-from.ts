/**
 * What is made from a value that may change, such as a client from its token: made anew once the value is another, else
 * the same again. Where the value cannot be read any more, what was made of the last one goes on. What could not be made
 * is not kept.
 * @param read throws where there is no value; whoever asks then hears it, unless something was made before
 */
export const madeFrom = <V, T>(read: () => Promise<V>, make: (value: V) => T | Promise<T>): (() => Promise<T>) => {
  let last: Readonly<{ value: V; made: Promise<T> }> | null = null;
  return async () => {
    const value = await read().catch((error: unknown) => {
      if (last === null) throw error;
      return last.value;
    });
    if (last !== null && last.value === value) return last.made;
    const next = { value, made: (async () => make(value))() };
    last = next;
    next.made.catch(() => {
      if (last === next) last = null;
    });
    return next.made;
  };
};
