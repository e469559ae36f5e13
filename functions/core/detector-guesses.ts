import { isBlob, isIban, isLuhn, isPhone, isPublicIpv4, isPublicIpv6 } from "./detector-checks.ts";
import type { Detector } from "./detectors.ts";

/** Personal data and opaque text: what looks like it may be something else, so it is looked for at the boundary alone. */
export const GUESSES: readonly Detector[] = [
  {
    name: "email",
    pattern:
      /(?<![A-Za-z0-9._%+-])(?!git@)[A-Za-z0-9._%+-]{1,128}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}(?![A-Za-z0-9-])/g,
    hints: ["@"],
    sure: null,
  },
  {
    name: "card",
    pattern:
      /(?<![0-9A-Za-z.-])(?:3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}|3(?:0[0-5]|[68][0-9])[0-9]{11}|62[0-9]{15,17}|[2-6][0-9]{3}([ .-]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4})(?![0-9A-Za-z-])/g,
    hints: [],
    sure: null,
    holds: isLuhn,
  },
  {
    name: "iban",
    pattern: new RegExp(
      `(?<![A-Za-z0-9])(?:[A-Z]{2}[0-9]{2}${"[ -]?[A-Z0-9]{4}".repeat(2)}${"(?:[ -]?[A-Z0-9]{4})?".repeat(5)}(?:[ -]?[A-Z0-9]{1,3})?|[a-z]{2}[0-9]{13,30})(?![A-Za-z0-9])`,
      "g",
    ),
    hints: [],
    sure: null,
    holds: isIban,
  },
  {
    name: "ssn",
    pattern: /(?<![\w-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w-])/g,
    hints: ["-"],
    sure: null,
  },
  {
    name: "ssn",
    pattern:
      /(?<![a-z])(?:ssn|social security(?: (?:number|no\.?))?|tax_?id)["'\\]{0,8}\s{0,3}[:=]?\s{0,3}["'\\]{0,8}[0-9]{3}[ .-]?[0-9]{2}[ .-]?[0-9]{4}(?![0-9])/gi,
    hints: ["ssn", "social", "tax"],
    sure: null,
  },
  {
    // As written at home, after what says that it is one.
    name: "phone",
    pattern:
      /(?<![a-z])(?:(?:tele)?phone|t[e\u00e9]l|mobile?|fax|call|dial(?:ing)?|sms|msisdn|wa_id)\.?["'\\]{0,8} {0,2}[:=]? {0,2}["'\\]{0,8}[0-9(][0-9 ().-]{7,18}[0-9](?![0-9A-Za-z])/gi,
    hints: ["phone", "tel", "t\u00e9l", "mobil", "fax", "call", "dial", "sms", "msisdn", "wa_id"],
    sure: null,
    holds: isPhone,
  },
  {
    // As written in North America.
    name: "phone",
    pattern: /(?<![\w+.(-])(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}-)[2-9][0-9]{2}-[0-9]{4}(?![\w-])/g,
    hints: ["-"],
    sure: null,
  },
  {
    name: "phone",
    pattern: /(?<![\w+.-])\+[1-9][0-9 ().-]{6,18}[0-9](?![0-9A-Za-z])/g,
    hints: ["+"],
    sure: null,
    holds: isPhone,
  },
  {
    name: "ip",
    pattern:
      /(?<![A-Za-z0-9._-]|[A-Za-z0-9]\/)[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9A-Za-z_-]|\.[0-9A-Za-z])/g,
    hints: ["."],
    sure: null,
    holds: isPublicIpv4,
  },
  {
    name: "ip",
    pattern: /(?<![A-Za-z0-9:.])[23][0-9a-f]{3}:[0-9a-f:]{2,36}(?![A-Za-z0-9:])/gi,
    hints: [":"],
    sure: null,
    holds: isPublicIpv6,
  },
  {
    name: "blob",
    pattern: /(?<![A-Za-z0-9_-])[A-Za-z0-9+/_-]{32,100000}={0,2}/g,
    hints: [],
    sure: null,
    holds: isBlob,
  },
];
