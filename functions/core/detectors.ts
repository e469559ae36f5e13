import { isAssigned, isCredential } from "./detector-checks.ts";
import { GUESSES } from "./detector-guesses.ts";

/**
 * What a secret looks like, class by class. Every pattern is linear-time: all its quantifiers are bounded, none stands in
 * a quantified group, and a run of token characters is only entered at its start. The order is that of their use: what
 * is most exact comes first, so that a text is called by its best name.
 */
export type Detector = Readonly<{
  name: string;
  pattern: RegExp;
  /** Lower-case texts of which one stands in every match: most texts are let off by them. None: always looked at. */
  hints: readonly string[];
  /**
   * A structured secret that no ARN, id, hash or metric name can be taken for, so that it may be looked for everywhere.
   * The others (personal data, opaque text) are guesses, made only where other people's words come in.
   */
  sure: boolean;
  /** What a pattern cannot say; absent where the pattern says it all. */
  holds?: (match: string) => boolean;
}>;

const TOKEN_STARTS = "(?<![A-Za-z0-9_-])";
const KEY_WORD =
  "(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|api[_.-]?key|access[_.-]?key|private[_.-]?key|account[_.-]?key|signing[_.-]?key|encryption[_.-]?key|auth[_.-]?key|client[_.-]?key|session[_.-]?id|sas|x-amz-signature)";
/** Not after a colon: `:secret:` is a part of an ARN. Not `token_type`, but `token_value` and `password1`. */
const KEY = `(?<!:(?=secret:))${KEY_WORD}(?:[_.-]?(?:key|value|hash|string|b64|base64|old|new))?[0-9]{0,2}`;
const ASSIGNS = `["'\\\\\\]]{0,3}\\s{0,3}(?:=>|:=|=|:)\\s{0,3}`;
const QUOTED = `\\\\?"(?:[^"\\\\]|\\\\.){1,500}\\\\?"|\\\\?'[^']{1,500}'`;
const COOKIE = "[^\\s\"',;:=]{1,100}=[^\\s\"',;]{1,4000}";
const KEY_BODY = "[A-Za-z0-9+/=\\s\\\\:,.-]";

const built = (...parts: readonly string[]): RegExp => new RegExp(parts.join(""), "gi");
const exactly = (...parts: readonly string[]): RegExp => new RegExp(parts.join(""), "g");

export const DETECTORS: readonly Detector[] = [
  {
    name: "private-key",
    pattern: exactly(
      "-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----",
      `(?:${KEY_BODY}{0,8000}?-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|${KEY_BODY}{0,8000})`,
    ),
    hints: ["private key"],
    sure: true,
  },
  {
    name: "aws-access-key",
    pattern: /(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])/g,
    hints: ["akia", "asia", "abia", "acca"],
    sure: true,
  },
  {
    name: "aws-secret-key",
    pattern:
      /(?:secret[_. -]?(?:access[_. -]?)?key|aws[_. -]?secret)["'\\]{0,3}[\s:=,>]{1,6}(?:is\s)?["'\\]{0,2}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])={0,2}/gi,
    hints: ["secret"],
    sure: true,
  },
  {
    name: "aws-session-token",
    pattern: exactly(
      "(?:[Ss]ession[_. -]?[Tt]oken|SESSION_TOKEN|[Ss]ecurity-[Tt]oken)[\"'\\\\]{0,3}[\\s:=>]{1,6}[\"'\\\\]{0,2}[A-Za-z0-9/+_-]{16,4000}={0,2}",
      `|${TOKEN_STARTS}(?:FwoG|IQoJ|FQoG)[A-Za-z0-9/+]{60,4000}={0,2}`,
    ),
    hints: ["token", "fwog", "iqoj", "fqog"],
    sure: true,
  },
  {
    name: "jwt",
    pattern: exactly(`${TOKEN_STARTS}eyJ[A-Za-z0-9_-]{10,4000}`, "(?:\\.[A-Za-z0-9_-]{0,8000})?".repeat(4)),
    hints: ["eyj"],
    sure: true,
  },
  {
    name: "github-token",
    pattern: /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,251})/g,
    hints: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    sure: true,
  },
  {
    name: "slack-token",
    pattern:
      /(?<![A-Za-z0-9])(?:xox[abceoprs]-[A-Za-z0-9-]{10,250}|xapp-[A-Za-z0-9-]{10,250}|hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/_-]{10,200})/g,
    hints: ["xox", "xapp-", "hooks.slack.com"],
    sure: true,
  },
  {
    name: "anthropic-key",
    pattern: exactly(`${TOKEN_STARTS}sk-ant-[A-Za-z0-9_-]{10,250}`),
    hints: ["sk-ant-"],
    sure: true,
  },
  {
    name: "sk-key",
    pattern: exactly(`${TOKEN_STARTS}sk-[A-Za-z0-9_-]{20,250}`),
    hints: ["sk-"],
    sure: true,
    holds: (match) => /[0-9]/.test(match) && /[A-Z]/.test(match),
  },
  {
    name: "stripe-key",
    pattern: /(?<![A-Za-z0-9])(?:(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,250}|whsec_[A-Za-z0-9+/]{20,100}={0,2})/g,
    hints: ["_live_", "_test_", "whsec_"],
    sure: true,
  },
  {
    name: "google-key",
    pattern: exactly(
      TOKEN_STARTS,
      "(?:AIza[A-Za-z0-9_-]{35}|ya29\\.[A-Za-z0-9_-]{20,500}|GOCSPX-[A-Za-z0-9_-]{20,40})",
    ),
    hints: ["aiza", "ya29.", "gocspx-"],
    sure: true,
  },
  { name: "npm-token", pattern: /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/g, hints: ["npm_"], sure: true },
  {
    name: "vendor-token",
    pattern: exactly(
      TOKEN_STARTS,
      "(?:glpat-[A-Za-z0-9_-]{20,100}|pypi-AgE[A-Za-z0-9_-]{40,250}|SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}|hf_[A-Za-z0-9]{30,60}|dop_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|hvs\\.[A-Za-z0-9_-]{24,200})",
    ),
    hints: ["glpat-", "pypi-", "sg.", "hf_", "dop_v1_", "shp", "hvs."],
    sure: true,
  },
  {
    name: "authorization",
    pattern: built(
      "(?<![a-z])(?:proxy-)?authorization[\"'\\\\\\]]{0,3}\\s{0,3}[:=]\\s{0,3}[\"'\\\\[]{0,3}",
      "(?:(?:basic|bearer|digest|token|apikey|negotiate|aws4-hmac-sha256)\\s{1,3})?[^\\s\"',;<>]{4,4000}",
    ),
    hints: ["authorization"],
    sure: true,
    holds: isCredential,
  },
  {
    name: "bearer-token",
    pattern: /(?<![A-Za-z])(?:bearer|basic)\s{1,3}[A-Za-z0-9._~+/-]{8,4000}={0,2}/gi,
    hints: ["bearer", "basic"],
    sure: true,
    holds: isCredential,
  },
  {
    name: "cookie",
    pattern: built(
      `(?<![a-z])(?:set-)?cookies?2?["'\\\\]{0,3}\\s{0,3}[:=]\\s{0,3}["'\\\\[]{0,3}${COOKIE}`,
      `(?:;\\s{0,2}${COOKIE})?`.repeat(8),
    ),
    hints: ["cookie"],
    sure: true,
  },
  {
    name: "url-credentials",
    pattern: /(?<=:\/\/)(?:[^\s/?#:@"'<>]{0,200}:[^\s/"'<>]{1,256}|[^\s/?#:@"'<>]{16,256})(?=@)/g,
    hints: ["://"],
    sure: true,
  },
  {
    name: "secret-value",
    pattern: built(
      `(?<![a-z])secret(?:string|binary)["'\\\\]{0,3}\\s{0,3}[:=]\\s{0,3}(?:"(?:[^"\\\\]|\\\\.){1,4000}"|[^\\s,;]{1,4000})`,
      `|"securestring"[^}]{0,400}?"value"\\s{0,3}:\\s{0,3}"(?:[^"\\\\]|\\\\.){1,4000}"`,
      `|"value"\\s{0,3}:\\s{0,3}"(?:[^"\\\\]|\\\\.){1,4000}"(?=[^{}]{0,400}"securestring")`,
    ),
    hints: ["secret", "securestring"],
    sure: true,
  },
  {
    name: "keyed-hex",
    pattern:
      /(?:signing|hmac|webhook|encryption|client|master|shared|private)[_. -]?(?:secret|key|salt)["'\\]{0,3}[\s:=>]{1,6}(?:is\s)?["'\\]{0,2}[0-9a-f]{32,128}(?![0-9a-z])/gi,
    hints: ["secret", "key", "salt"],
    sure: true,
  },
  {
    name: "password",
    pattern: built(
      `${KEY}${ASSIGNS}(?:${QUOTED}|(?!<[a-z])[^\\s&"'<]{1,500})`,
      `|<(${KEY_WORD})>[^<]{1,500}<\\/\\1>`,
      `|--[a-z-]{0,30}${KEY_WORD}\\s{1,3}(?:${QUOTED}|[^\\s-][^\\s]{0,500})`,
      `|${KEY_WORD}\\s(?:is|was)\\s[^\\s"'<]{6,200}`,
      "|[?&]sig=[^\\s&]{6,500}|(?<=\\s)(?:-u|--user)\\s{1,3}[^\\s:]{1,100}:[^\\s]{4,200}",
    ),
    hints: ["pass", "pwd", "secret", "token", "credential", "key", "session", "sas", "sig", "-u"],
    sure: true,
    holds: isAssigned,
  },
  ...GUESSES,
];
