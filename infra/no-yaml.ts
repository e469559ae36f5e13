/** Stands in a bundle for the parser of YAML, which weighs a tenth of it: every document lies beside it as JSON. */
export const parse = (): never => {
  throw new Error("a bundle cannot read YAML; infra/bundle-files.ts lays its documents beside it as JSON");
};
