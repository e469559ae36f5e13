import { isAssigned, isBehind, isCredential, isMeant, isPaired, isSaid, isSession } from "./detector-checks.ts";
import type { Detector } from "./detectors.ts";
import { rememberedTexts } from "./remembered.ts";

/** Secrets that are known by a word before them: a field's name, a header, a command's flag. */
const LEFT = "(?<![a-z])";
/** A new word: `pass` in `db_pass` and `dbPass`, and not in `compass`. */
const WORD_STARTS = "(?:(?<![a-z])|(?-i:(?<=[a-z])(?=[A-Z])))";
const NAMED_KEY =
  "(?:api|access|private|account|sign(?:ing)?|encrypt(?:ion)?|auth|client|license|subscription|master|shared|storage|secret|hmac|consumer|admin|app|application|webhook|deploy|root)[ _.-]?key";
/** The word in other tongues of those who write logs and tickets. */
const FOREIGN =
  "mot de passe|contrase(?:\u00f1|n)a|passwort|kennwort|geheimnis|wachtwoord|senha|has\u0142o|parola|l\u00f6senord|\u043f\u0430\u0440\u043e\u043b\u044c|\u5bc6\u7801|\u5bc6\u78bc|\u30d1\u30b9\u30ef\u30fc\u30c9|\ube44\ubc00\ubc88\ud638";
const KEY_WORD = `(?:pass(?:word|wd|phrase|code)|passwrd|${FOREIGN}|pwd|secret|token|credentials?|${NAMED_KEY}|sess(?:ion)?[_.-]?id|x-amz-signature|${WORD_STARTS}(?:pass|pw|sas))`;
/** Not `token_type`, but `token_value` and `password1`. */
const KEY = `${KEY_WORD}(?:[_.-]?(?:key|value|hash|string|b64|base64|old|new))?[0-9]{0,2}`;
/** As deep as JSON is quoted within JSON within JSON. */
const ASSIGNS = `["'\\\\\\]]{0,8}\\s{0,3}(?:=>|->|:=|=|:)\\s{0,3}`;
const QUOTED = `[bu]?(?:\\\\{1,7}"[^"\\\\]{1,500}(?:\\\\{1,7}"|$)|"(?:[^"\\\\]|\\\\.){1,500}(?:"|$)|\\\\{0,7}'[^']{1,500}(?:'|$))`;
const BARE = `(?!<[a-z][a-z0-9:-]{0,40}>)<?\\\\{0,7}["']?[^\\s&"'<]{1,500}`;
const VALUE = `(?:${QUOTED}|${BARE})`;
const COOKIE = `[^\\s"',;:=]{1,100}=[^\\s"',;]{1,4000}`;

const built = (...parts: readonly string[]): RegExp => new RegExp(parts.join(""), "gi");

const KEY_HINTS = [
  ...FOREIGN.replace("(?:\u00f1|n)a", "").split("|"),
  ...["pass", "pw", "secret", "token", "credential", "key", "session", "sas", "sess", "sig", "x-amz"],
];

const KEY_AT_END = new RegExp(`${KEY}$`, "i");
/** Fields have few names, and every resource has them. */
const isKey = rememberedTexts((name) => KEY_AT_END.test(name));
/** Whether a field of this name and value holds a secret: `env.DB_PASSWORD`, but not `passwordChangedAt`, nor a reference. */
export const isSecretField = (name: string, value: string): boolean =>
  isKey(name) && isAssigned(`key=${value}`, { before: "", after: "" });

export const KEYED: readonly Detector[] = [
  {
    name: "aws-secret-key",
    pattern:
      /(?:secret[_. -]?(?:access[_. -]?)?key|aws[_. -]?secret)["'\\]{0,8}[\s:=,>]{1,6}(?:is\s)?["'\\]{0,8}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])={0,2}/gi,
    hints: ["secret"],
    sure: "keyed",
  },
  {
    name: "aws-session-token",
    pattern:
      /(?:[Ss]ession[_. -]?[Tt]oken|SESSION_TOKEN|[Ss]ecurity-[Tt]oken)["'\\]{0,8}[\s:=>]{1,6}["'\\]{0,8}[A-Za-z0-9/+_-]{16,4000}={0,2}/g,
    hints: ["token"],
    sure: "keyed",
  },
  {
    name: "authorization",
    pattern: built(
      `${LEFT}(?:proxy-)?authorization["'\\\\\\]]{0,8}\\s{0,3}[:=]\\s{0,3}["'\\\\[]{0,8}`,
      "(?:digest\\s[^\\r\\n<>]{8,2000}|(?:[a-z0-9-]{3,30}\\s{1,3})?[^\\s\"',;<>]{4,4000})",
    ),
    hints: ["authorization"],
    sure: "keyed",
    holds: isCredential,
  },
  {
    name: "bearer-token",
    pattern: built(`${LEFT}(?:bearer[\\s:=]|basic\\s)\\s{0,2}["']?[A-Za-z0-9._~+/-]{8,4000}={0,2}`),
    hints: ["bearer", "basic"],
    sure: "keyed",
    holds: isCredential,
  },
  {
    name: "cookie",
    pattern: built(
      `${LEFT}(?:set-)?cookies?2?["'\\\\]{0,8}\\s{0,3}[:=]\\s{0,3}["'\\\\[]{0,8}${COOKIE}`,
      `(?:;\\s{0,2}${COOKIE})?`.repeat(8),
    ),
    hints: ["cookie"],
    sure: "keyed",
    holds: isSession,
  },
  {
    name: "secret-value",
    pattern: built(
      `${LEFT}secret(?:string|binary)["'\\\\]{0,8}\\s{0,3}[:=]\\s{0,3}(?:"(?:[^"\\\\]|\\\\.){1,4000}"|[^\\s,;]{1,4000})`,
      `|"securestring"[^}]{0,400}?"value"\\s{0,3}:\\s{0,3}"(?:[^"\\\\]|\\\\.){1,4000}"`,
      `|"value"\\s{0,3}:\\s{0,3}"(?:[^"\\\\]|\\\\.){1,4000}"(?=[^{}]{0,400}"securestring")`,
      "|securestring\\s{1,6}(?:--value\\s{1,3})?[\"']?[^\\s\"'<:,]{6,4000}",
    ),
    hints: ["secret", "securestring"],
    sure: "keyed",
  },
  {
    name: "keyed-hex",
    pattern:
      /(?:signing|hmac|webhook|encryption|client|master|shared|private)[_. -]?(?:secret|key|salt)["'\\]{0,8}[\s:=>]{1,6}(?:is\s)?["'\\]{0,8}[0-9a-f]{32,128}(?![0-9a-z])/gi,
    hints: ["secret", "key", "salt"],
    sure: "keyed",
  },
  {
    // {"name": "DB_PASSWORD", "value": "..."}, ParameterKey=DbPassword,ParameterValue=..., <add key="..." value="..."/>
    name: "password",
    pattern: built(
      `(?:name|key)["'\\\\]{0,8}\\s{0,3}[:=]\\s{0,3}["'\\\\]{0,8}[\\w./-]{0,60}${KEY}["'\\\\]{0,8}[,;\\s]{1,4}`,
      `["'\\\\]{0,8}(?:parameter)?value["'\\\\]{0,8}\\s{0,3}[:=]\\s{0,3}${VALUE}`,
    ),
    hints: ["value"],
    sure: "keyed",
    holds: isPaired,
  },
  {
    name: "password",
    pattern: built(`${KEY}${ASSIGNS}${VALUE}`),
    hints: KEY_HINTS,
    sure: "keyed",
    holds: isAssigned,
  },
  {
    name: "password",
    pattern: built(
      `<([\\w.:-]{0,30}${KEY_WORD})(?:\\s[^<>]{0,100})?>[^<]{1,500}<\\/\\1>`,
      `|(?<!\\S)--?[a-z-]{0,30}(?:${KEY_WORD}|pass)\\s{1,3}(?:${QUOTED}|[^\\s-][^\\s]{0,500})`,
      "|[?&]sig=[^\\s&]{6,500}",
    ),
    hints: KEY_HINTS,
    sure: "keyed",
  },
  {
    name: "password",
    pattern: built(
      `${KEY_WORD}(?:\\s(?:for|of)\\s[^\\s]{1,60})?\\s(?:is|was|(?:re)?set to|changed to)[\\s:]\\s?["']?[^\\s"'<]{4,200}`,
    ),
    hints: KEY_HINTS,
    sure: "keyed",
    holds: isSaid,
  },
  {
    name: "password",
    pattern: built(`${KEY}["']?\\s{1,12}["']?[^\\s"'<]{8,200}`),
    hints: KEY_HINTS,
    sure: "keyed",
    holds: isBehind,
  },
  {
    // SQL, and the short flags of the commands that take a password by one.
    name: "password",
    pattern: built(
      `(?:passw(?:or)?d|${FOREIGN}|identified\\s{1,3}by)\\s{1,3}(?:'[^']{1,500}'|"[^"]{1,500}")`,
      "|(?<=\\s)-p\\s?(?<=(?:mysql|maria|mongo|sshpass|docker login)[^|;]{0,200}\\s-p\\s?)[^\\s-][^\\s]{0,200}",
      "|(?<=\\s)-[wP]\\s(?<=(?:ldap(?:search|modify|add|delete|whoami)|sqlcmd)[^|;]{0,200}\\s-[wP]\\s)[^\\s-][^\\s]{0,200}",
      "|(?<=\\s)-a\\s(?<=redis-cli[^|;]{0,200}\\s-a\\s)[^\\s-][^\\s]{0,200}",
    ),
    hints: [...KEY_HINTS, "identified", "mysql", "maria", "mongo", "docker login", "redis-cli", "ldap", "sqlcmd"],
    sure: "keyed",
    holds: isMeant,
  },
  {
    name: "password",
    pattern: /(?<=\s)(?:-u|--user)\s{1,3}[^\s:]{1,100}:[^\s]{4,200}/g,
    hints: ["-u", "--user"],
    sure: "keyed",
    // The ids of a user and of a group are none.
    holds: (match) => !/\s[0-9]{1,10}:[0-9]{1,10}$/.test(match),
  },
];
