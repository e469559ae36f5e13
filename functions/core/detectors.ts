import { isRandom } from "./detector-checks.ts";
import { GUESSES } from "./detector-guesses.ts";
import { KEYED } from "./detector-keyed.ts";

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
   * How sure it is. "token": it shows by itself that it is a secret, so that it is looked for everywhere, in ARNs, ids
   * and hashes too. "keyed": a word before it says so, which a name may hold as well (`auth-token:42`): looked for in
   * words. null: a guess (personal data, opaque text), made only where other people's words come in.
   */
  sure: "token" | "keyed" | null;
  /** What a pattern cannot say, by what was matched and what stands around it; absent where the pattern says it all. */
  holds?: (match: string, around: Around) => boolean;
}>;
/** At most 80 characters before a match, and as many after it. */
export type Around = Readonly<{ before: string; after: string }>;

const TOKEN_STARTS = "(?<![A-Za-z0-9_-])";
/** What a key's lines are made of, and what a log puts before each of them. */
const KEY_BODY = "[A-Za-z0-9+/=\\s\\\\:,.\"'|[\\]-]";

const exactly = (...parts: readonly string[]): RegExp => new RegExp(parts.join(""), "g");

export const DETECTORS: readonly Detector[] = [
  {
    name: "private-key",
    pattern: exactly(
      "-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----",
      `(?:[^{}]{0,8000}?-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|${KEY_BODY}{0,8000})`,
    ),
    hints: ["private key"],
    sure: "token",
  },
  {
    name: "aws-access-key",
    pattern: /(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])/g,
    hints: ["akia", "asia", "abia", "acca"],
    sure: "token",
  },
  {
    name: "aws-session-token",
    pattern: exactly(`${TOKEN_STARTS}(?:FwoG|IQoJ|FQoG)[A-Za-z0-9/+]{60,4000}={0,2}`),
    hints: ["fwog", "iqoj", "fqog"],
    sure: "token",
  },
  {
    name: "jwt",
    pattern: exactly(`${TOKEN_STARTS}eyJ[A-Za-z0-9_-]{10,4000}`, "(?:\\.[A-Za-z0-9_-]{0,8000})?".repeat(4)),
    hints: ["eyj"],
    sure: "token",
  },
  {
    name: "github-token",
    pattern: /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,251})/g,
    hints: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    sure: "token",
  },
  {
    name: "slack-token",
    pattern:
      /(?<![A-Za-z0-9])(?:xox[abceoprs]-[A-Za-z0-9-]{10,250}|xapp-[A-Za-z0-9-]{10,250}|hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/_-]{10,200})/g,
    hints: ["xox", "xapp-", "hooks.slack.com"],
    sure: "token",
  },
  {
    name: "anthropic-key",
    pattern: exactly(`${TOKEN_STARTS}sk-ant-[A-Za-z0-9_-]{10,250}`),
    hints: ["sk-ant-"],
    sure: "token",
  },
  {
    name: "sk-key",
    pattern: exactly(`${TOKEN_STARTS}sk-[A-Za-z0-9_-]{20,250}`),
    hints: ["sk-"],
    sure: "token",
    holds: (match) =>
      match.split(/[_-]/).some((part) => (part.length >= 16 && isRandom(part)) || /^[0-9a-f]{32,64}$/.test(part)),
  },
  {
    name: "stripe-key",
    pattern: /(?<![A-Za-z0-9])(?:(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,250}|whsec_[A-Za-z0-9+/]{20,100}={0,2})/g,
    hints: ["_live_", "_test_", "whsec_"],
    sure: "token",
  },
  {
    name: "google-key",
    pattern: exactly(
      TOKEN_STARTS,
      "(?:AIza[A-Za-z0-9_-]{35}|ya29\\.[A-Za-z0-9_-]{20,500}|GOCSPX-[A-Za-z0-9_-]{20,40})",
    ),
    hints: ["aiza", "ya29.", "gocspx-"],
    sure: "token",
  },
  { name: "npm-token", pattern: /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/g, hints: ["npm_"], sure: "token" },
  {
    name: "vendor-token",
    pattern: exactly(
      TOKEN_STARTS,
      "(?:glpat-[A-Za-z0-9_-]{20,100}|pypi-AgE[A-Za-z0-9_-]{40,250}|SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}|hf_[A-Za-z0-9]{30,60}|dop_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|hvs\\.[A-Za-z0-9_-]{24,200})",
      `|${TOKEN_STARTS}(?:dckr_pat_[A-Za-z0-9_-]{20,60}|gl(?:sa|c)_[A-Za-z0-9_=+/]{32,250}|ATATT3[A-Za-z0-9_=-]{50,250}|dapi[0-9a-f]{32}|AGE-SECRET-KEY-1[A-Z0-9]{40,60})`,
      `|${TOKEN_STARTS}(?:NRAK-[A-Z0-9]{27,40}|lin_api_[A-Za-z0-9]{32,60}|[0-9]{8,10}:AA[A-Za-z0-9_-]{32,35}|SK[0-9a-f]{32}|PMAK-[0-9a-f]{24}-[0-9a-f]{34})(?![A-Za-z0-9])`,
    ),
    hints: [
      ...["glpat-", "pypi-", "sg.", "hf_", "dop_v1_", "shp", "hvs.", "dckr_pat_", "glsa_", "glc_", "atatt3"],
      ...["dapi", "age-secret-key", "nrak-", "lin_api_", ":aa", "sk", "pmak-"],
    ],
    sure: "token",
  },
  {
    name: "url-credentials",
    // A password may hold a slash; what follows a host is a port.
    pattern:
      /(?<=:\/\/)(?:[^\s/?#:@"'<>]{0,200}:[^\s/"'<>]{1,256}|[^\s/?#:@"'<>]{16,256}|[^\s/?#:@"'<>[]{0,200}:(?![0-9]{1,5}[/?#])[^\s"'<>@]{1,256})(?=@)/g,
    hints: ["://"],
    sure: "token",
  },
  ...KEYED,
  ...GUESSES,
];
