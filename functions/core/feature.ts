/**
 * One feature declares itself: its name, unit and range, and how it answers. `kind`: a "code" is an identity to embed,
 * whose size means nothing. `group`: what an ablation may switch off together.
 */
export type Feature<Of> = Readonly<{
  name: string;
  unit: string;
  kind: "number" | "flag" | "code";
  min: number;
  max: number;
  group?: "drafter" | "history";
  of: (of: Of) => number;
}>;

export const flag = <Of>(name: string, holds: (of: Of) => boolean): Feature<Of> => ({
  ...{ name, unit: "flag", kind: "flag", min: 0, max: 1 },
  of: (of) => (holds(of) ? 1 : 0),
});

export const number = <Of>(
  name: string,
  unit: string,
  [min, max]: readonly [min: number, max: number],
  of: (of: Of) => number,
): Feature<Of> => ({ name, unit, kind: "number", min, max, of });

/** The same features, named as parts of a group. */
export const grouped = <Of>(group: "drafter" | "history", features: readonly Feature<Of>[]): readonly Feature<Of>[] =>
  features.map((feature) => ({ ...feature, group }));

/** What the schema says of features: all but their answers. */
export const described = (features: readonly Feature<never>[]) =>
  features.map(({ of: _of, ...described }) => described);

/**
 * A value outside its range is clamped; one that is not a number stays NaN, so that choose abstains. Each is a float32, as
 * rows and models hold it: whoever scores a row scores what was scored when it was written.
 */
export const encoded = <Of>(features: readonly Feature<Of>[], of: Of): readonly number[] =>
  features.map((feature) => {
    const value = feature.of(of);
    return Number.isFinite(value) ? Math.fround(Math.min(feature.max, Math.max(feature.min, value))) : Number.NaN;
  });

/** `own` and `errors` make `ownErrors`. */
export const joined = (first: string, second: string): string =>
  first + second.slice(0, 1).toUpperCase() + second.slice(1);
