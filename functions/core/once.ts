/**
 * Makes a value when it is first asked for, and hands it to everybody from then on. A failure is not kept: the next
 * caller tries anew.
 */
export const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
};
