/** A deep copy of plain data (what JSON can hold); several times faster than `structuredClone`, which allows for more. */
export const copyOf = <T>(value: T): T => copied(value) as T;

const copied = (value: unknown): unknown => {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(copied);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copied((value as Readonly<Record<string, unknown>>)[key]);
  return copy;
};
