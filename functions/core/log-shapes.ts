import { DETECTORS } from "./detectors.ts";
import { anyOf } from "./redact.ts";

/**
 * Lines of one program differ in their numbers, and mostly in nothing else. Two lines have one shape where they are the
 * same but for which digits stand in them. Where no digit of a shape can matter, all its lines are redacted alike and
 * have one template, so that one of them is looked through for all.
 */
export const shapeOf = (line: string): string => line.replace(/[0-9]/g, "0");

/** Whatever may be surely a secret is looked through line by line. */
const SURE_HINTS = anyOf(DETECTORS.flatMap(({ sure, hints }) => (sure === null ? [] : hints.map(shapeOf))));

/** Not plain, or maybe escaped: then a digit may be a part of another character. */
const MAY_BE_WRITTEN_OTHERWISE = /[^ -~]|%0|\\|&/;

/**
 * What has to be in a shape for a guess or a placeholder to depend on which digits they are. Each is a pattern of
 * detector-guesses.ts, or the only one of log-templates.ts that names a digit, with all digits made one and without what
 * only narrows it. All other patterns take any digit for any other.
 */
const DIGITS_MATTER = new RegExp(
  [
    "0(?:[ .-]?0){12}", // a card's first digits and its check digit
    "[A-Z]{2}00[ -]?[A-Z0]{4}[ -]?[A-Z0]{4}|[a-z]{2}0{13}", // an IBAN's check digits
    "000-00-0000", // no social security number begins with 000
    "000\\)? ?-?000-0000", // no number of North America begins with 1
    "\\+0[0 ().-]{6}", // no country's code begins with 0
    "0(?:\\.0{1,3}){3}", // private addresses
    "0[0a-fA-F]{3}:", // global addresses
    "[A-Za-z0+/_-]{32}", // digests, which are no blobs
    "0[xX]", // hexadecimal numbers
  ].join("|"),
);

/** Whether lines of this shape may be redacted differently, or have different templates. False is certain. */
export const digitsMatter = (shape: string): boolean =>
  MAY_BE_WRITTEN_OTHERWISE.test(shape) || DIGITS_MATTER.test(shape) || SURE_HINTS.test(shape.toLowerCase());
