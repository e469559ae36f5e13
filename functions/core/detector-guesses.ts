import { isBlob, isIban, isLuhn, isPhone, isPublicIpv4, isPublicIpv6 } from "./detector-checks.ts";
import type { Detector } from "./detectors.ts";

/** Personal data and opaque text: what looks like it may be something else, so it is looked for at the boundary alone. */
export const GUESSES: readonly Detector[] = [
  {
    name: "email",
    pattern:
      /(?<![A-Za-z0-9._%+-])(?!git@)[A-Za-z0-9._%+-]{1,128}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}(?![A-Za-z0-9-])/g,
    hints: ["@"],
    sure: false,
  },
  {
    name: "card",
    pattern:
      /(?<![0-9A-Za-z.-])(?:3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}|[2-6][0-9]{3}([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4})(?![0-9A-Za-z-])/g,
    hints: [],
    sure: false,
    holds: isLuhn,
  },
  {
    name: "iban",
    pattern: new RegExp(
      `(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}${" ?[A-Z0-9]{4}".repeat(2)}${"(?: ?[A-Z0-9]{4})?".repeat(5)}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])`,
      "g",
    ),
    hints: [],
    sure: false,
    holds: isIban,
  },
  {
    name: "ssn",
    pattern: /(?<![\w-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w-])/g,
    hints: ["-"],
    sure: false,
  },
  {
    name: "phone",
    pattern: /(?<![\w+.-])\+[1-9][0-9 ().-]{6,18}[0-9](?![0-9A-Za-z])/g,
    hints: ["+"],
    sure: false,
    holds: isPhone,
  },
  {
    name: "ip",
    pattern:
      /(?<![A-Za-z0-9._-]|[A-Za-z0-9]\/)[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9A-Za-z_-]|\.[0-9A-Za-z])/g,
    hints: ["."],
    sure: false,
    holds: isPublicIpv4,
  },
  {
    name: "ip",
    pattern: /(?<![A-Za-z0-9:.])[23][0-9a-f]{3}:[0-9a-f:]{2,36}(?![A-Za-z0-9:])/gi,
    hints: [":"],
    sure: false,
    holds: isPublicIpv6,
  },
  {
    name: "blob",
    pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9+/_-]{32,100000}={0,2}/g,
    hints: [],
    sure: false,
    holds: isBlob,
  },
];
