/** One labelled line: `name` is the class, `secret` the exact substring of `text` that must not survive. */
export type BlindCase = Readonly<{ name: string; text: string; secret: string }>;

type Dice = Readonly<{
  below: (limit: number) => number;
  chars: (alphabet: string, length: number) => string;
  one: (options: readonly string[]) => string;
}>;
type Draw = (dice: Dice) => string;
/** A way to draw a value, the line that carries it, and (for long values) the part of it to look for. */
type Row = readonly [value: Draw, carry: (value: string) => string, part?: (value: string) => string];

/**
 * Every positive, class by class, the same on each call; the values are random, none is known to be live.
 * Where a text splits a value with line breaks or zero-width characters, `secret` reads with them removed.
 * Of a value over 160 characters `secret` is the last 64, of a PEM one full line: the end must go as well.
 */
export const blindPositives = (): readonly BlindCase[] =>
  Object.entries(rowsByClass).flatMap(([name, rows]) => {
    const dice = roll(name);
    return rows.map(([draw, carry, part = tail]) => {
      const value = draw(dice);
      return { name, text: carry(value), secret: part(value) };
    });
  });

/** Harmless operational lines, the same on each call; nothing in them belongs to any class above. */
export const blindNegatives = (): readonly string[] => {
  const dice = roll("harmless");
  return harmless.map((line) =>
    line.replace(/~([a-z]+)(\d*)~/g, (_, kind: string, length: string) => fill(dice, kind, Number(length))),
  );
};

// --- dice: FNV-1a of the class name seeds mulberry32, so that a row added to one class moves no other class

const roll = (seed: string): Dice => {
  let state = 0x811c9dc5;
  for (const letter of seed) state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
  const chars = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join("");
  const one = (options: readonly string[]): string => options[below(options.length)] ?? "";
  return { below, chars, one };
};

const DIGITS = "0123456789";
const HEX = "0123456789abcdef";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const ALNUM = DIGITS + UPPER + LOWER;
const BASE32 = `${UPPER}234567`;
const BASE64 = `${UPPER}${LOWER}${DIGITS}+/`;
const BASE64URL = `${UPPER}${LOWER}${DIGITS}-_`;
const BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const POD = "bcdfghjklmnpqrstvwxz2456789";

const hex =
  (length: number): Draw =>
  (d) =>
    d.chars(HEX, length);
const some =
  (prefix: string, alphabet: string, length: number, suffix = ""): Draw =>
  (d) =>
    prefix + d.chars(alphabet, length - 1) + d.chars(lastBefore[suffix] ?? alphabet, 1) + suffix;
/** Base64 padding leaves only these letters in front of it. */
const lastBefore: Readonly<Record<string, string>> = { "==": "AQgw", "=": "AEIMQUYcgkosw048" };
/** Joins draws, dice in order. */
const join =
  (...parts: readonly (Draw | string)[]): Draw =>
  (d) =>
    parts.map((part) => (typeof part === "string" ? part : part(d))).join("");
const encoded =
  (draw: Draw): Draw =>
  (d) =>
    encodeURIComponent(draw(d));
const uuid: Draw = (d) =>
  [hex(8)(d), hex(4)(d), `4${hex(3)(d)}`, d.one(["8", "9", "a", "b"]) + hex(3)(d), hex(12)(d)].join("-");

const tail = (value: string): string => (value.length > 160 ? value.slice(-64) : value);
const lines = (...all: readonly string[]): string => all.join("\n");
const veil = (value: string): string => `${value.slice(0, 7)}\u200b${value.slice(7, 12)}\u200d${value.slice(12)}`;
const split = (value: string): string => {
  const half = Math.ceil(value.length / 2);
  return `${value.slice(0, half)}\n${value.slice(half)}`;
};
const wrap = (value: string, width: number): string => value.match(new RegExp(`.{1,${width}}`, "g"))?.join("\n") ?? "";
const base64url = (text: string): string => btoa(text).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");

// --- values: one per vendor format

const WORDS = [
  "copper",
  "otter",
  "lunar",
  "marble",
  "falcon",
  "ginger",
  "harbor",
  "velvet",
  "tundra",
  "saffron",
] as const;
const cap = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
const user: Draw = (d) => d.one(["app", "svc_orders", "reporting", "deploy", "admin", "jmeyer"]);
const human: Draw = (d) =>
  `${cap(d.one(WORDS))}${cap(d.one(WORDS))}${2000 + d.below(27)}${d.one(["!", "*", "_x", "."])}`;
const strong: Draw = (d) => `${d.chars(LOWER, 1)}${d.chars(`${ALNUM}!%*_-+~^`, 15)}${d.chars(ALNUM, 2)}`;
const plain = some("", ALNUM, 20);
const slug: Draw = (d) => `${d.one(WORDS)}-${d.one(WORDS)}-${d.one(WORDS)}-${d.chars(DIGITS, 3)}`;
const phrase: Draw = (d) => [0, 1, 2, 3].map(() => d.one(WORDS)).join(" ");

const pemMark = (edge: string, kind: string): string => `-----${edge} ${kind}PRIV${"ATE KEY-----"}`;
const pem = (kind: string, body: string): string => lines(pemMark("BEGIN", kind), body, pemMark("END", kind));
const pemBody =
  (start: string, count: number): Draw =>
  (d) =>
    lines(
      start + d.chars(BASE64, 64 - start.length),
      ...Array.from({ length: count - 2 }, () => d.chars(BASE64, 64)),
      some("", BASE64, 38, "==")(d),
    );
const rsa = pemBody("MIIEpAIBAAKCAQEA", 8);
const pkcs8 = pemBody("MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQ", 8);
const ec = pemBody("MHcCAQEEI", 3);
const openssh = pemBody("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB", 7);
const row =
  (index: number) =>
  (body: string): string =>
    body.split("\n")[index] ?? "";

const awsId = some(`AK${"IA"}`, BASE32, 16);
const stsId = some(`AS${"IA"}`, BASE32, 16);
const awsSecret = some("", BASE64, 40);
const sts = some("IQoJb3JpZ2luX2Vj", BASE64, 682, "==");
const oldSts = some("FwoGZXIvYXdzE", BASE64, 342, "=");

const jwt =
  (header: string, claims: string, signature: number): Draw =>
  (d) =>
    [base64url(header), base64url(claims.replace("ID", d.chars(HEX, 12))), d.chars(BASE64URL, signature)].join(".");
const hs256 = jwt('{"alg":"HS256","typ":"JWT"}', '{"sub":"ID","iat":1718000000,"exp":1718003600}', 43);
const rs256 = jwt('{"alg":"RS256","kid":"k1","typ":"JWT"}', '{"iss":"https://idp.local","sub":"ID"}', 342);
const es256 = jwt('{"typ":"JWT","alg":"ES256"}', '{"aud":"billing","sub":"ID"}', 86);
const jwe: Draw = (d) =>
  [base64url('{"alg":"RSA-OAEP","enc":"A256GCM"}'), ...[342, 16, 180, 22].map((n) => d.chars(BASE64URL, n))].join(".");

/** GitHub and npm end a token with the CRC-32 of its body in base 62, six characters. */
const checked =
  (prefix: string): Draw =>
  (d) => {
    const body = d.chars(ALNUM, 30);
    let crc = 0xffffffff;
    for (const letter of body) {
      crc ^= letter.charCodeAt(0);
      for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    let rest = (crc ^ 0xffffffff) >>> 0;
    let check = "";
    for (let place = 0; place < 6; place += 1) {
      check = ALNUM.charAt(rest % 62) + check;
      rest = Math.floor(rest / 62);
    }
    return prefix + body + check;
  };
const ghp = checked(`gh${"p_"}`);
const gho = checked(`gh${"o_"}`);
const ghs = checked(`gh${"s_"}`);
const ghu = checked(`gh${"u_"}`);
const ghr = some(`gh${"r_"}`, ALNUM, 76);
const pat = join(some(`github${"_pat_"}11`, BASE32, 20), some("_", ALNUM, 59));
const npm = checked(`np${"m_"}`);

const slackBot = join(`xo${"xb-"}`, some("", DIGITS, 12), "-", some("", DIGITS, 13), "-", some("", ALNUM, 24));
const slackUser = join(
  `xo${"xp-"}`,
  some("", DIGITS, 12),
  "-",
  some("", DIGITS, 12),
  "-",
  some("", DIGITS, 13),
  "-",
  hex(32),
);
const slackApp = join(`xa${"pp-1-A0"}`, some("", BASE32, 9), "-", some("", DIGITS, 13), "-", hex(64));
const slackRotated = some(`xo${"xe.xo"}xb-1-`, BASE64URL, 146);
const slackHook = join(some("T0", BASE32, 8), some("/B0", BASE32, 9), some("/", ALNUM, 24));

const anthropic = some(`sk-${"ant-"}api03-`, BASE64URL, 93, "AA");
const anthropicAdmin = some(`sk-${"ant-"}admin01-`, BASE64URL, 93, "AA");
const anthropicOauth = some(`sk-${"ant-"}oat01-`, BASE64URL, 93, "AA");
const openai = join(some(`sk${"-"}`, ALNUM, 20), `T3Blbk${"FJ"}`, some("", ALNUM, 20));
const openaiProject = join(some(`sk${"-proj-"}`, BASE64URL, 74), `T3Blbk${"FJ"}`, some("", BASE64URL, 74));
const openaiService = join(some(`sk${"-svcacct-"}`, BASE64URL, 58), `T3Blbk${"FJ"}`, some("", BASE64URL, 58));
const openrouter = some(`sk${"-or-v1-"}`, HEX, 64);
const deepseek = some(`sk${"-"}`, HEX, 32);
const litellm = some(`sk${"-"}`, BASE64URL, 22);
const langfuse = join(`sk${"-lf-"}`, uuid);
const moonshot = some(`sk${"-"}`, ALNUM, 48);

const stripe = some(`sk${"_live_"}51`, ALNUM, 97);
const stripeShort = some(`sk${"_live_"}`, ALNUM, 24);
const stripeTest = some(`sk${"_test_"}51`, ALNUM, 97);
const stripeRestricted = some(`rk${"_live_"}51`, ALNUM, 97);
const stripeHook = some(`wh${"sec_"}`, ALNUM, 32);

const google = some(`AI${"za"}Sy`, BASE64URL, 33);
const googleAccess = some(`ya${"29."}a0`, BASE64URL, 140);
const googleRefresh = some(`1${"//0"}`, BASE64URL, 98);
const googleClient = some(`GOC${"SPX-"}`, BASE64URL, 28);

const basic: Draw = (d) => btoa(`${user(d)}:${strong(d)}`);
const opaque = some("", BASE64URL, 43);
const session = some("", `${LOWER}${DIGITS}`, 32);

const luhnDigit = (body: string): string => {
  let sum = 0;
  for (let at = 0; at < body.length; at += 1) {
    const doubled = Number(body.charAt(body.length - 1 - at)) * (at % 2 === 0 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return String((10 - (sum % 10)) % 10);
};
const card =
  (prefix: string, length = 16, group: readonly number[] = [length], gap = ""): Draw =>
  (d) => {
    const body = prefix + d.chars(DIGITS, length - 1 - prefix.length);
    const digits = body + luhnDigit(body);
    let from = 0;
    return group
      .map((size) => {
        from += size;
        return digits.slice(from - size, from);
      })
      .join(gap);
  };
const FOURS = [4, 4, 4, 4] as const;

const mod97 = (text: string): number => {
  let rest = 0;
  for (const letter of text) rest = Number(`${rest}${Number.parseInt(letter, 36)}`) % 97;
  return rest;
};
const iban =
  (country: string, bank: string, digits: number, gap = ""): Draw =>
  (d) => {
    const account = bank + d.chars(DIGITS, digits);
    const whole = country + String(98 - mod97(`${account}${country}00`)).padStart(2, "0") + account;
    return gap === "" ? whole : (whole.match(/.{1,4}/g)?.join(gap) ?? "");
  };

const ssn =
  (gap: string): Draw =>
  (d) =>
    [100 + d.below(560), 10 + d.below(89), 1000 + d.below(8999)].join(gap);

const mail: Draw = (d) =>
  `${d.one(["ines", "tomasz", "amelie", "rahul", "oskar"])}.${d.one(["lindqvist", "moreau", "okafor", "brandt"])}` +
  `@${d.one(WORDS)}-${d.one(["logistik.de", "freight.io", "retail.co.uk", "payments.com", "cloud.net"])}`;
const plusMail: Draw = (d) => mail(d).replace("@", `+alerts${d.below(90) + 10}@`);

/** Public by its first number; the rest stays clear of 0, 168 and 255, so no special range is met. */
const octet: Draw = (d) => String(1 + d.below(160));
const ipFrom =
  (gap: string): Draw =>
  (d) =>
    [d.one(["3", "13", "18", "34", "52", "54", "81", "93", "151", "185"]), octet(d), octet(d), octet(d)].join(gap);
const ip = ipFrom(".");
const ip6: Draw = (d) =>
  [
    d.one(["2600", "2a01", "2a02", "2406"]),
    ...[0, 1, 2, 3, 4, 5, 6].map(() => `${d.chars("123456789abcdef", 1)}${hex(3)(d)}`),
  ].join(":");
const ip6Short = join("2a01:4f8:", some("c", HEX, 3), ":", some("1", HEX, 3), "::", some("", "123456789", 1));

/** Numbers from the ranges that regulators keep for fiction, so that nobody's telephone rings. */
const phoneUs =
  (left: string, right: string): Draw =>
  (d) =>
    `${left}555${right}01${d.chars(DIGITS, 2)}`;
const phoneUk =
  (start: string): Draw =>
  (d) =>
    start + d.chars(DIGITS, 3);

// --- carriers: what the value stood in when somebody on call saw it

const privateKeys: readonly Row[] = [
  [rsa, (v) => lines("[12:04:11] + cat ./deploy/id_rsa", pem("RSA ", v), "[12:04:11] + chmod 600 id_rsa"), row(1)],
  [pkcs8, (v) => `TLS_KEY="${pem("", v).replaceAll("\n", "\\n")}\\n"\nTLS_PORT=8443`, row(2)],
  [
    pkcs8,
    (v) =>
      `{"type":"service_account","project_id":"shop-prod","private_key":"${pem("", v).replaceAll("\n", "\\n")}\\n",` +
      `"token_uri":"https://oauth2.googleapis.com/token"}`,
    row(6),
  ],
  [
    ec,
    (v) => `kind: Secret\nstringData:\n  tls.key: |\n    ${pem("EC ", v).replaceAll("\n", "\n    ")}\nimmutable: true`,
    row(1),
  ],
  [openssh, (v) => lines("$ cat <<EOF > ~/.ssh/id_ed25519", pem("OPENSSH ", v), "EOF"), row(3)],
  [
    ec,
    (v) =>
      lines(
        "Error: error:1E08010C:DECODER routines::unsupported",
        "    at createPrivateKey (node:internal/crypto/keys:620:12) {",
        `  input: '${pem("EC ", v).replaceAll("\n", "\\n' +\n    '")}'`,
        "}",
      ),
    row(1),
  ],
  [pkcs8, (v) => `nginx: [emerg] cannot load key "data:${pem("ENCRYPTED ", v)}": PEM_read_bio() failed`, row(4)],
  [
    rsa,
    (v) => lines('level=error msg="bad key" pem=', pemMark("BEGIN", "RSA "), v.slice(0, 300), "... (truncated)"),
    row(2),
  ],
  [rsa, (v) => `secret DEPLOY_KEY=${pem("RSA ", v).replaceAll("\n", " ")} exit code 1`, row(5)],
  [
    openssh,
    (v) =>
      pem("OPENSSH ", v)
        .split("\n")
        .map((line) => `Jun 11 04:12:09 ci-7 runner[2211]: ${line}`)
        .join("\n"),
    row(2),
  ],
  [
    (d) => btoa(pem("RSA ", rsa(d))),
    (v) => `users:\n- name: kube-admin\n  user:\n    client-key-data: ${v}`,
    (v) => v.slice(300, 380),
  ],
  [
    openssh,
    (v) =>
      lines(
        "PuTTY-User-Key-File-3: ssh-ed25519",
        "Encryption: none",
        "Comment: ops@bastion",
        "Public-Lines: 2",
        "AAAAC3NzaC1lZDI1NTE5AAAAIGx1bmFyLW90dGVyLWNvcHBlci1tYXJibGUtZm",
        "hYmNkZWY=",
        "Private-Lines: 7",
        v,
      ),
    row(1),
  ],
  [
    some("", BASE64, 42, "8="),
    (v) => lines("[Interface]", "Address = 10.8.0.2/24", `PrivateKey = ${v}`, "ListenPort = 51820"),
  ],
  [some(`AGE-SECRET-${"KEY-1"}`, BECH32, 58), (v) => `sops: loaded identity from $SOPS_AGE_KEY: ${v}`],
  [
    pemBody("lQcYBGZo", 7),
    (v) =>
      lines(
        `-----BEGIN PGP PRIV${"ATE KEY BLOCK-----"}`,
        "Version: GnuPG v2",
        "",
        v,
        "=aK3x",
        `-----END PGP PRIV${"ATE KEY BLOCK-----"}`,
      ),
    row(3),
  ],
  [some("", BASE64URL, 43), (v) => `{"kty":"EC","crv":"P-256","kid":"2024-06","use":"sig","d":"${v}"}`],
  [rsa, (v) => `<textarea name="key">${pem("RSA ", v).replaceAll("\n", "&#10;")}</textarea>`, row(3)],
  [rsa, (v) => lines("$ tail -n 5 server.pem", v.split("\n").slice(4).join("\n"), pemMark("END", "RSA "), "$"), row(5)],
];

const awsAccessKeys: readonly Row[] = [
  [
    awsId,
    (v) => `{"eventName":"CreateAccessKey","responseElements":{"accessKey":{"accessKeyId":"${v}","status":"Active"}}}`,
  ],
  [awsId, (v) => `[default]\naws_access_key_id = ${v}\nregion = eu-west-1`],
  [stsId, (v) => `export AWS_ACCESS_KEY_ID=${v} && aws s3 ls`],
  [
    awsId,
    (v) =>
      `botocore.exceptions.ClientError: (InvalidAccessKeyId) on HeadBucket: key ${v} does not exist in our records`,
  ],
  [
    awsId,
    (v) => `AWS4-HMAC-SHA256 Credential=${v}/20240611/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-date`,
  ],
  [
    stsId,
    (v) => `GET /report.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${v}%2F20240611%2Fus-east-1%2Fs3 403`,
  ],
  [awsId, (v) => `aws_iam_access_key.ci: Creation complete after 1s [id=${v}]`],
  [awsId, (v) => `<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>${v}</AWSAccessKeyId></Error>`],
  [
    stsId,
    (v) => `DEBUG c.a.auth.AWSCredentialsProviderChain - BasicSessionCredentials(awsAccessKey=${v}, expired=true)`,
  ],
  [
    awsId,
    (v) =>
      `panic: operation error STS: GetCallerIdentity, creds={Value:{AccessKeyID:${v} CanExpire:false}} goroutine 1`,
  ],
  [awsId, (v) => `kubectl logs shop-api: key ${veil(v)} denied`],
  [awsId, (v) => `  access key:\n${split(v)}\n  region: ap-south-1`],
  [awsId, (v) => `Der Zugriffsschlüssel „${v}“ wurde am Dienstag gesperrt, bitte rotieren.`],
  [awsId, (v) => `diff --git a/.env b/.env\n@@ -1 +1 @@\n-AWS_KEY=${v}\n+AWS_KEY=`],
  [awsId, (v) => `s3-browser://open?bucket=logs&key_${v}_eu`],
  [
    awsId,
    (v) => `Warning  FailedMount  kubelet  MountVolume.SetUp failed: mount -o url=https://s3 -o passwd=${v}: exit 32`,
  ],
];

const awsSecretKeys: readonly Row[] = [
  [awsSecret, (v) => `aws_secret_access_key=${v}`],
  [awsSecret, (v) => `docker run -e AWS_SECRET_ACCESS_KEY=${v} -e AWS_REGION=eu-west-1 amazon/aws-cli s3 ls`],
  [awsSecret, (v) => `{"Credentials":{"SecretAccessKey":"${v}","Expiration":"2024-06-11T12:00:00Z"}}`],
  [awsSecret, (v) => `AWSCredentials{secretKey='${v}', region='us-east-1'}`],
  [awsSecret, (v) => `provider "aws" {\n  region     = "us-west-2"\n  secret_key = "${v}"\n}`],
  [awsSecret, (v) => `$ aws configure set aws_secret_access_key ${v} --profile prod`],
  [awsSecret, (v) => `spring.cloud.aws.credentials.secret-key: ${v}`],
  [awsSecret, (v) => `new AWS.S3({ region: "eu-west-1", secretAccessKey: "${v}" })`],
  [awsSecret, (v) => `s3cmd: ERROR in ~/.s3cfg: secret_key = ${v}, host_base = s3.amazonaws.com`],
  [awsSecret, (v) => `msg="{\\"secretAccessKey\\":\\"${v}\\"}" level=debug logger=assume-role`],
  [encoded(awsSecret), (v) => `POST /setup body=region%3Deu-west-1&aws_secret_access_key=${v}&next=1`],
  [awsSecret, (v) => `AWS Secret Access Key [None]: ${v}\nDefault region name [None]: eu-west-1`],
  [awsSecret, (v) => `  AwsSecretKey:\n    Type: String\n    Default: ${v}\n    NoEcho: false`],
  [awsSecret, (v) => `Clave de acceso secreta: ${v} (cópiala, no se volverá a mostrar)`],
  [awsSecret, (v) => `secret_access_key = ${split(v)}\nregion = eu-north-1`],
  [awsSecret, (v) => `User name,Password,Access key ID,Secret access key\nci-bot,,(see vault),${v}`],
];

const awsSessionTokens: readonly Row[] = [
  [sts, (v) => `export AWS_SESSION_TOKEN="${v}"`],
  [sts, (v) => `{"Credentials":{"SessionToken":"${v}","Expiration":"2024-06-11T12:00:00Z"}}`],
  [oldSts, (v) => `[saml]\naws_session_token = ${v}\naws_security_token = (same)`],
  [sts, (v) => `> GET /bucket HTTP/1.1\n> x-amz-security-token: ${v}\n> host: s3.eu-west-1.amazonaws.com`],
  [
    encoded(sts),
    (v) => `"GET /o?X-Amz-Expires=900&X-Amz-Security-Token=${v}&X-Amz-SignedHeaders=host HTTP/2.0" 403 243`,
  ],
  [sts, (v) => `<AssumeRoleResult><Credentials><SessionToken>${v}</SessionToken></Credentials></AssumeRoleResult>`],
  [sts, (v) => `<SessionToken>\n${wrap(v, 76)}\n</SessionToken>`],
  [oldSts, (v) => `boto3.session.Session(aws_session_token='${v}', region_name='eu-west-1')`],
  [sts, (v) => `DEBUG o.a.h.fs.s3a - fs.s3a.session.token=${v}`],
  [sts, (v) => `Credentials { session_token: Some("${v}"), expires_after: Some("2024-06-11T12:00:00Z") }`],
  [sts, (v) => `{"RoleArn":"arn:aws:iam::123456789012:role/task","Token":"${v}","Code":"Success"}`],
  [sts, (v) => `aws configure set aws_session_token ${v} && terraform apply -auto-approve`],
  [sts, (v) => `message="headers={\\"X-Amz-Security-Token\\":[\\"${v}\\"]}" retry=2`],
  [oldSts, (v) => `Sitzungstoken abgelaufen: ${v}`],
  [sts, (v) => `env: [AWS_REGION=eu-west-1 AWS_SESSION_TOKEN=${v} HOME=/root]`],
];

const jwts: readonly Row[] = [
  [hs256, (v) => `JsonWebTokenError: invalid signature\n    at verify (/app/auth.js:41:9) token=${v}`],
  [rs256, (v) => `{"level":"warn","msg":"token rejected","access_token":"${v}","status":401}`],
  [hs256, (v) => `10.2.0.4 - - [11/Jun/2024:04:12:09 +0000] "GET /ws?token=${v} HTTP/1.1" 101 0`],
  [es256, (v) => `DEBUG jose: id_token ${v} aud mismatch`],
  [hs256, (v) => `$ kubectl config set-credentials ci --token=${v}`],
  [rs256, (v) => `Name: default-token-x7k2p\nType: kubernetes.io/service-account-token\n\ntoken:      ${v}`],
  [hs256, (v) => `jwt.exceptions.ExpiredSignatureError: Signature has expired: b'${v}'`],
  [hs256, (v) => `https://grafana.internal/login/jwt#id_token=${v}&state=af0`],
  [es256, (v) => `thread 'main' panicked at src/auth.rs:12: Err(ExpiredSignature), raw: "${v}"`],
  [jwe, (v) => `next-auth decrypt failed for ${v}`],
  [hs256, (v) => `curl https://db.internal/rest/v1/users -H "apikey: ${v}"`],
  [hs256, (v) => `Sec-WebSocket-Protocol: graphql-ws, ${v}`],
  [hs256, (v) => `jeton reçu : « ${veil(v)} » (expiré)`],
  [rs256, (v) => `<samp>${wrap(v, 80)}</samp>`],
  [jwt('{"alg":"none"}', '{"role":"admin","sub":"ID"}', 0), (v) => `accepted unsigned token ${v} from gateway`],
  [(d) => hs256(d).replaceAll(".", "%2E"), (v) => `redirect_uri=%2Fcb&assertion=${v}&grant_type=jwt-bearer`],
];

const githubTokens: readonly Row[] = [
  [ghp, (v) => `remote: https://x:${v}@github.com/acme/shop.git (fetch)`],
  [ghs, (v) => `Run actions/checkout@v4\n  with:\n    token: ${v}\n    fetch-depth: 1`],
  [ghp, (v) => `$ curl -H "Authorization: token ${v}" https://api.github.com/user`],
  [pat, (v) => `GITHUB_TOKEN=${v}`],
  [gho, (v) => `github.com:\n    oauth_token: ${v}\n    git_protocol: https`],
  [ghu, (v) => `{"access_token":"${v}","expires_in":28800,"token_type":"bearer","scope":""}`],
  [ghr, (v) => `refresh_token=${v}&refresh_token_expires_in=15811200`],
  [ghp, (v) => `HttpError: Bad credentials\n    at request (octokit.js:86:21) { auth: '${v}' }`],
  [pat, (v) => `echo ${v} | docker login ghcr.io -u acme --password-stdin`],
  [ghp, (v) => `Error: 128: fatal: could not read Password for 'https://${v}@github.com': No such device`],
  [ghp, (v) => `{"auths":{},"github-oauth":{"github.com":"${v}"}}`],
  [ghp, (v) => `commit 9f1c2aa: oops, remove token ${veil(v)} from config`],
  [ghs, (v) => `argocd-repo-server: failed to list refs: token\n${split(v)}`],
  [pat, (v) => `Пароль для git: ${v}, не коммитить!`],
  [ghp, (v) => `Set-Variable ghToken_${v}_prod`],
  [gho, (v) => `\\"oauth\\":\\"${v}\\"`],
];

const slackTokens: readonly Row[] = [
  [slackBot, (v) => `SLACK_BOT_TOKEN=${v}`],
  [slackUser, (v) => `slack_sdk.errors.SlackApiError: invalid_auth (token: ${v})`],
  [slackApp, (v) => `[ERROR] socket-mode:SocketModeClient:0 apps.connections.open failed appToken=${v}`],
  [slackHook, (v) => `curl -X POST https://hooks.slack.com/services/${v} -d '{"text":"deploy"}'`],
  [slackRotated, (v) => `{"ok":true,"access_token":"${v}","expires_in":43200}`],
  [slackHook, (v) => `receivers:\n- name: ops\n  slack_configs:\n  - api_url: https://hooks.slack.com/services/${v}`],
  [slackBot, (v) => `"GET /api/conversations.list?token=${v}&limit=200 HTTP/1.1" 200`],
  [slackUser, (v) => `resource "slack_conversation" "ops" {\n  token = "${v}"\n}`],
  [slackBot, (v) => `new WebClient('${v}') // belongs in the vault`],
  [slackHook, (v) => `dial tcp: Post "https://hooks.slack.com/services/${v}": context deadline exceeded`],
  [(d) => slackHook(d).replaceAll("/", "%2F"), (v) => `url=https%3A%2F%2Fhooks.slack.com%2Fservices%2F${v}&x=1`],
  [slackBot, (v) => `bot token ist ${veil(v)}`],
  [slackApp, (v) => `  app-level token: ${split(v)}`],
  [
    slackHook,
    (v) => `"webhook":"https:\\/\\/hooks.slack.com\\/services\\/${v.replaceAll("/", "\\/")}"`,
    (v) => v.slice(-24),
  ],
  [some(`xo${"xd-"}`, ALNUM, 120), (v) => `slackdump: using d=${v}; workspace acme`],
];

const anthropicKeys: readonly Row[] = [
  [anthropic, (v) => `ANTHROPIC_API_KEY=${v}`],
  [anthropic, (v) => `anthropic.AuthenticationError: Error code: 401 - invalid x-api-key '${v}'`],
  [
    anthropic,
    (v) => `curl https://api.anthropic.com/v1/messages -H "x-api-key: ${v}" -H "anthropic-version: 2023-06-01"`,
  ],
  [anthropicAdmin, (v) => `{"headers":{"x-api-key":["${v}"],"user-agent":["go-http/1.1"]}}`],
  [anthropicOauth, (v) => `{"claudeAiOauth":{"accessToken":"${v}","scopes":["user:inference"]}}`],
  [anthropic, (v) => `services:\n  bot:\n    environment:\n      - CLAUDE_KEY=${v}`],
  [anthropic, (v) => `helm upgrade bot ./chart --set anthropic.apiKey=${v} --wait`],
  [anthropic, (v) => `Anthropic { api_key: "${v}", base_url: None }`],
  [anthropic, (v) => `level=info key="${v}" msg="starting worker"`],
  [anthropic, (v) => `litellm_params:\n  model: claude\n  api_key: ${v}`],
  [anthropic, (v) => `la clé est ${veil(v)}, merci de la révoquer`],
  [anthropic, (v) => `key (wrapped by the pager):\n${wrap(v, 60)}`],
  [anthropic, (v) => `GET /proxy?provider=claude&key=${v}&stream=true 502`],
  [anthropicAdmin, (v) => `git log -S '${v}' --oneline`],
];

const skKeys: readonly Row[] = [
  [
    openai,
    (v) => `openai.error.AuthenticationError: Incorrect API key provided: ${v}. You can find your key at the dashboard`,
  ],
  [openaiProject, (v) => `OPENAI_API_KEY="${v}"`],
  [openaiService, (v) => `{"provider":"openai","apiKey":"${v}","organization":"org-acme"}`],
  [openrouter, (v) => `requests.post(url, headers={"Authorization": "Bearer ${v}"})`],
  [deepseek, (v) => `  - name: DEEPSEEK_API_KEY\n    value: ${v}`],
  [litellm, (v) => `litellm.proxy: virtual key ${v} exceeded budget 40.0`],
  [langfuse, (v) => `LANGFUSE_SECRET_KEY=${v} LANGFUSE_HOST=http://langfuse:3000`],
  [moonshot, (v) => `curl https://api.moonshot.cn/v1/models -H 'api-key: ${v}'`],
  [openaiProject, (v) => `    at OpenAI.makeStatusError (core.js:302) { headers: { authorization: 'Bearer ${v}' } }`],
  [openai, (v) => `openai-go: POST "https://api.openai.com/v1/chat": 401 key=${v}`],
  [openaiProject, (v) => `密钥：${v}（请勿外传）`],
  [openai, (v) => `chave ${veil(v)} revogada`],
  [openai, (v) => `OPENAI_KEY=\n${split(v)}`],
  [deepseek, (v) => `?model=chat&k=${v}#top`],
  [openrouter, (v) => `+ api_key = (sensitive) "${v}"`],
];

const stripeKeys: readonly Row[] = [
  [stripe, (v) => `STRIPE_SECRET_KEY=${v}`],
  [stripeShort, (v) => `curl https://api.stripe.com/v1/charges -u ${v}:`],
  [stripe, (v) => `Stripe::AuthenticationError: Expired API Key provided: ${v}`],
  [
    stripeTest,
    (v) => `com.stripe.exception.InvalidRequestException: No such customer; apiKey=${v}; request-id: req_9aB`,
  ],
  [stripeRestricted, (v) => `{"stripe":{"restrictedKey":"${v}","apiVersion":"2024-04-10"}}`],
  [
    stripeHook,
    (v) => `stripe listen --forward-to localhost:4242\n> Ready! Your webhook signing secret is ${v} (^C to quit)`,
  ],
  [stripeHook, (v) => `No signatures found matching the expected signature for payload. secret=${v}`],
  [stripeShort, (v) => `heroku config:set STRIPE_KEY=${v} -a shop-prod`],
  [stripe, (v) => `stripe.api_key = "${v}"`],
  [stripeRestricted, (v) => `Stripe-Account: acct_1\nAuthorization: Bearer ${v}`],
  [stripeShort, (v) => `Stripe-Schlüssel ${veil(v)} wurde geleakt`],
  [stripe, (v) => `key:\n${split(v)}\nmode: live`],
  [stripeTest, (v) => `&lt;add key=&quot;StripeKey&quot; value=&quot;${v}&quot;/&gt;`],
  [stripeShort, (v) => `UPDATE settings SET value='${v}' WHERE name='payments.secret'`],
];

const googleKeys: readonly Row[] = [
  [google, (v) => `https://maps.googleapis.com/maps/api/geocode/json?address=Kiel&key=${v}`],
  [google, (v) => `GOOGLE_API_KEY=${v}`],
  [googleAccess, (v) => `authorization: Bearer ${v}`],
  [googleRefresh, (v) => `{"refresh_token":"${v}","type":"authorized_user"}`],
  [googleClient, (v) => `{"web":{"client_id":"7-a.apps.googleusercontent.com","client_secret":"${v}"}}`],
  [google, (v) => `GEMINI_API_KEY: "${v}"`],
  [google, (v) => `googleapi: Error 400: API key not valid: ${v}, badRequest`],
  [google, (v) => `<meta-data android:name="com.google.android.geo.API_KEY" android:value="${v}"/>`],
  [googleAccess, (v) => `gcloud auth print-access-token\n${v}`],
  [googleClient, (v) => `oauth2: cannot fetch token: 401, client_secret=${v}&grant_type=refresh_token`],
  [google, (v) => `firebase.initializeApp({apiKey:'${v}',projectId:'shop'})`],
  [google, (v) => `clé API ${veil(v)} sans restriction`],
  [encoded(googleRefresh), (v) => `POST /token grant_type=refresh_token&refresh_token=${v}`],
  [google, (v) => `x-goog-api-key: ${v}`],
  [google, (v) => `key=${split(v)}`],
];

const npmTokens: readonly Row[] = [
  [npm, (v) => `//npm.example.com/:_authToken=${v}`],
  [npm, (v) => `NPM_TOKEN=${v}`],
  [npm, (v) => `npm ERR! code E401\nnpm ERR! Unable to authenticate, your token ${v} is invalid`],
  [npm, (v) => `ARG NPM_TOKEN=${v}\nRUN npm ci`],
  [npm, (v) => `$ npm config set //npm.example.com/:_authToken ${v}`],
  [uuid, (v) => `//npm.internal.acme.io/:_authToken="${v}"`],
  [npm, (v) => `npmAuthToken: "${v}"\nnpmAlwaysAuth: true`],
  [basic, (v) => `//nexus.acme.io/repository/npm/:_auth=${v}`],
  [
    (d) => btoa(strong(d)),
    (v) => `//nexus.acme.io/repository/npm/:username=ci\n//nexus.acme.io/repository/npm/:_password=${v}`,
  ],
  [npm, (v) => `docker build --build-arg NPM_TOKEN=${v} -t web:dev .`],
  [npm, (v) => `{"token":"${v}","key":"f00","readonly":false,"cidr_whitelist":null}`],
  [npm, (v) => `semantic-release: EINVALIDNPMTOKEN ${veil(v)}`],
  [npm, (v) => `published with\n${split(v)}`],
  [npm, (v) => `npm notice set authToken \\"${v}\\" for registry`],
];

const vendorTokens: readonly Row[] = [
  [some(`gl${"pat-"}`, BASE64URL, 20), (v) => `git clone failed, PRIVATE-TOKEN: ${v}`],
  [some(`gl${"rt-"}`, BASE64URL, 20), (v) => `[[runners]]\n  name = "ci-3"\n  token = "${v}"`],
  [some(`do${"p_v1_"}`, HEX, 64), (v) => `doctl auth init -t ${v}`],
  [join(some(`S${"G."}`, BASE64URL, 22), some(".", BASE64URL, 43)), (v) => `SENDGRID_API_KEY=${v}`],
  [some(`S${"K"}`, HEX, 32), (v) => `twilio.base.exceptions.TwilioRestException: HTTP 401 for key ${v}`],
  [some(`h${"f_"}`, ALNUM, 34), (v) => `huggingface-cli login --token ${v}`],
  [some(`da${"pi"}`, HEX, 32, "-2"), (v) => `DATABRICKS_TOKEN: ${v}`],
  [some(`shp${"at_"}`, HEX, 32), (v) => `X-Shopify-Access-Token: ${v}`],
  [some(`py${"pi-AgEIcHlwaS5vcmc"}`, BASE64URL, 150), (v) => `twine upload -u __token__ -p ${v} dist/*`],
  [
    some(`dckr${"_pat_"}`, BASE64URL, 27),
    (v) => `docker login -u acme -p ${v}\nWARNING! Using --password via the CLI is insecure.`,
  ],
  [some(`dp${".pt."}`, ALNUM, 43), (v) => `doppler: invalid token ${v}`],
  [some(`lin${"_api_"}`, ALNUM, 40), (v) => `{"linear":{"key":"${v}"}}`],
  [
    some(`hv${"s."}`, BASE64URL, 95),
    (v) => `Key                  Value\n---                  -----\ntoken                ${v}`,
  ],
  [
    join(some(`gl${"sa_"}`, ALNUM, 32), some("_", HEX, 8)),
    (v) => `Error: grafana 403, auth = "${v}" on main.tf line 4`,
  ],
  [some(`NR${"AK-"}`, `${UPPER}${DIGITS}`, 27), (v) => `newrelic: NEW_RELIC_API_KEY=${v} rejected`],
  [some(`pu${"l-"}`, HEX, 40), (v) => `PULUMI_ACCESS_TOKEN=${v} pulumi up`],
  [
    join(some("", ALNUM, 14), some(`.atlas${"v1."}`, BASE64URL, 67)),
    (v) => `credentials "app.terraform.io" {\n  token = "${v}"\n}`,
  ],
  [some(`ATATT${"3xFfGF0"}`, BASE64URL, 180), (v) => `jira-cli: 401 for ops with ${v}`],
  [
    join(some("", DIGITS, 10), some(":AA", BASE64URL, 33)),
    (v) => `POST https://api.telegram.org/bot${v}/sendMessage 429`,
  ],
  [some(`ruby${"gems_"}`, HEX, 48), (v) => `:rubygems_api_key: ${v}`],
  [
    join(some(`PM${"AK-"}`, HEX, 24), some("-", HEX, 34)),
    (v) => `newman run https://api.getpostman.com/c/1?apikey=${v}`,
  ],
  [join(some(`dt0${"c01."}`, BASE32, 24), some(".", BASE32, 64)), (v) => `Authorization: Api-Token ${v}`],
  [some(`gs${"k_"}`, ALNUM, 52), (v) => `groq.AuthenticationError: ${v}`],
  [some(`xa${"i-"}`, ALNUM, 80), (v) => `x.ai key „${v}“ eingetragen`],
  [some(`sb${"p_"}`, HEX, 40), (v) => `supabase link --token=${veil(v)}`],
  [some(`figd${"_"}`, BASE64URL, 40), (v) => `X-Figma-Token: ${split(v)}`],
  [(d) => `key-${d.chars(HEX, 32)}`, (v) => `curl -s --user 'api:${v}' https://api.mailgun.net/v3/mg.acme.io/messages`],
  [join(hex(32), "-us14"), (v) => `mailchimp.api.key=${v}`],
];

const authorizations: readonly Row[] = [
  [basic, (v) => `Authorization: Basic ${v}`],
  [basic, (v) => `{"method":"GET","headers":{"host":"api","authorization":"Basic ${v}"}}`],
  [basic, (v) => `$ curl -H 'Authorization: Basic ${v}' http://elastic:9200/_cat/indices`],
  [some("", HEX, 40), (v) => `DEBUG:urllib3: send: {'Authorization': 'Token ${v}', 'Accept': '*/*'}`],
  [basic, (v) => `map[Accept:[*/*] Authorization:[Basic ${v}] User-Agent:[Go-http-client/1.1]]`],
  [basic, (v) => `> GET / HTTP/1.1\r\n> Proxy-Authorization: Basic ${v}\r\n> Proxy-Connection: Keep-Alive`],
  [basic, (v) => `Authorization: Basic\n ${v}\nHost: registry.acme.io`],
  [opaque, (v) => `o.s.web.client.RestTemplate : headers=[authorization:"ApiKey ${v}", content-length:"0"]`],
  [basic, (v) => `[["host","svc"],["authorization","Basic ${v}"],["te","trailers"]]`],
  [basic, (v) => `{"name":"Authorization","value":"Basic ${v}"}`],
  [basic, (v) => `HeaderMap { "authorization": "Basic ${v}", "accept": "*/*" }`],
  [basic, (v) => `AUTHORIZATION=BASIC ${v}`],
  [encoded(basic), (v) => `/debug?h=Authorization%3A%20Basic%20${v}&v=1`],
  [some("", BASE64, 222, "=="), (v) => `authorization: Negotiate ${v}`],
  [hex(32), (v) => `Authorization: Digest username="ops", realm="solr", uri="/x", response="${v}"`],
  [basic, (v) => `HTTP_AUTHORIZATION => "Basic ${v}", REQUEST_METHOD => "POST"`],
  [basic, (v) => `{"auths":{"registry.acme.io":{"auth":"${v}"}}}`],
  [basic, (v) => `"msg":"req {\\"Authorization\\":\\"Basic ${v}\\"}"`],
  [uuid, (v) => `authorization: GenieKey ${v}`],
  [basic, (v) => `proxy_set_header Authorization "Basic ${veil(v)}";`],
];

const bearerTokens: readonly Row[] = [
  [opaque, (v) => `Authorization: Bearer ${v}`],
  [opaque, (v) => `{"request":{"headers":{"Authorization":"Bearer ${v}"}},"status":403}`],
  [opaque, (v) => `curl -sH "Authorization: Bearer ${v}" https://api.acme.io/v2/me`],
  [hex(64), (v) => `  headers: { authorization: 'bearer ${v}' }, timeout: 1000`],
  [opaque, (v) => `time=2024-06-11T04:12:09Z level=warn auth="Bearer ${v}" status=401`],
  [opaque, (v) => `prometheus: scrape_configs: bearer_token: ${v}`],
  [opaque, (v) => `feign.RequestTemplate - Authorization: [Bearer ${v}]`],
  [uuid, (v) => `oauth2 introspect failed: BEARER ${v}`],
  [plain, (v) => `AUTH_HEADER="Bearer ${v}"`],
  [opaque, (v) => `Authorization:\n  Bearer ${v}`],
  [encoded(some("", BASE64, 62, "==")), (v) => `header=Authorization%3A+Bearer+${v}`],
  [opaque, (v) => `httpx --headers Authorization "Bearer ${v}" https://svc`],
  [opaque, (v) => `Jeton Bearer : ${v}`],
  [opaque, (v) => `"Bearer ${veil(v)}" rejected`],
  [opaque, (v) => `Authorization: Bearer ${split(v)}`],
  [opaque, (v) => `reqwest::Error headers: {"authorization": "Bearer ${v}"}`],
  [opaque, (v) => `GET /events?access_token=${v} 200 12ms`],
];

const cookies: readonly Row[] = [
  [session, (v) => `Cookie: sessionid=${v}; theme=dark`],
  [some("", HEX.toUpperCase(), 32), (v) => `Set-Cookie: JSESSIONID=${v}; Path=/; HttpOnly`],
  [session, (v) => `"GET /account HTTP/1.1" 200 "-" "curl/8.1" "PHPSESSID=${v}"`],
  [join("s%3A", some("", BASE64URL, 32), ".", some("", ALNUM, 43)), (v) => `{"headers":{"cookie":"connect.sid=${v}"}}`],
  [opaque, (v) => `set-cookie: __Secure-next-auth.session-token=${v}; Secure; SameSite=Lax`],
  [some("", LOWER + DIGITS.slice(0, 6), 24), (v) => `ASP.NET_SessionId=${v}; .ASPXANONYMOUS=none`],
  [some("eyJpdiI6", BASE64URL, 220), (v) => `curl -b 'laravel_session=${v}' https://shop/cart`],
  [opaque, (v) => `req.cookies = { sid: '${v}', lang: 'de' }`],
  [session, (v) => `{'Cookie': 'csrftoken=none; sessionid=${v}'}`],
  [opaque, (v) => `Map(Cookie -> PLAY_SESSION=${v})`],
  [opaque, (v) => `{"cookies":[{"name":"auth_session","value":"${v}","httpOnly":true}]}`],
  [hex(64), (v) => `COOKIE: user_session=${v}`],
  [opaque, (v) => `Cookie: a=1;\n remember_token=${v}; b=2`],
  [opaque, (v) => `# Netscape HTTP Cookie File\n#HttpOnly_shop.local\tFALSE\t/\tTRUE\t0\tSESSION\t${v}`],
  [opaque, (v) => `http.Cookie{Name:"_oauth2_proxy", Value:"${v}", Path:"/"}`],
  [opaque, (v) => `document.cookie = "access=${veil(v)}; path=/"`],
  [encoded(some("", BASE64, 43, "=")), (v) => `Cookie%3A%20session%3D${v}%3B`],
];

const urlCredentials: readonly Row[] = [
  [plain, (v) => `DATABASE_URL=postgres://app:${v}@db.internal:5432/shop`],
  [
    plain,
    (v) => `sqlalchemy.exc.OperationalError: could not connect, engine=mysql+pymysql://orders:${v}@10.0.4.7/orders`,
  ],
  [plain, (v) => `MongoServerSelectionError: mongodb+srv://svc:${v}@cluster0.k2p9x.mongodb.net/?retryWrites=true`],
  [plain, (v) => `amqp.connect("amqps://worker:${v}@mq.internal:5671/%2Fprod")`],
  [plain, (v) => `redis://:${v}@cache.internal:6379/0`],
  [plain, (v) => `jdbc:postgresql://db:5432/app?user=app&password=${v}&ssl=true`],
  [plain, (v) => `jdbc:oracle:thin:scott/${v}@//ora1:1521/ORCLPDB1`],
  [plain, (v) => `jdbc:sqlserver://sql1:1433;databaseName=crm;user=crm;password=${v};encrypt=true`],
  [plain, (v) => `Driver={ODBC Driver 18 for SQL Server};Server=sql1;Uid=svc;Pwd=${v};Encrypt=yes;`],
  [slug, (v) => `origin  https://ci:${v}@git.acme.io/platform/infra.git (push)`],
  [
    encoded(join(some("", ALNUM, 8), "@#", some("", ALNUM, 6))),
    (v) => `pq: dial error postgresql://app:${v}@db:5432/app`,
  ],
  [plain, (v) => `wget ftp://backup:${v}@files.acme.io/dump.tgz`],
  [plain, (v) => `https_proxy=http://jmeyer:${v}@proxy.corp:3128`],
  [plain, (v) => `pip install --extra-index-url https://ci:${v}@pypi.acme.io/simple shoplib`],
  [
    some("", BASE64, 43, "="),
    (v) => `Endpoint=sb://bus.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=${v}`,
  ],
  [
    some("", BASE64, 86, "=="),
    (v) => `DefaultEndpointsProtocol=https;AccountName=logs;AccountKey=${v};EndpointSuffix=core.windows.net`,
  ],
  [
    encoded(some("", BASE64, 43, "=")),
    (v) => `https://logs.blob.core.windows.net/x?sv=2022-11-02&se=2024-06-12&sr=b&sig=${v}`,
  ],
  [hex(64), (v) => `https://b.s3.amazonaws.com/k?X-Amz-Date=20240611T041209Z&X-Amz-Signature=${v}`],
  [plain, (v) => `smtp://mailer:${v}@smtp.acme.io:587`],
  [plain, (v) => `celery: broker=sentinel://:${v}@s1:26379;sentinel://s2:26379`],
  [plain, (v) => `"uri":"mongodb:\\/\\/root:${v}@mongo:27017\\/admin"`],
  [plain, (v) => `url=http%3A%2F%2Fadmin%3A${v}%40kibana%3A5601%2F`],
  [plain, (v) => `server=db;port=3306;uid=root;pwd='${v}';database=shop`],
  [plain, (v) => `nats://edge:${veil(v)}@nats:4222`],
  [plain, (v) => `clickhouse://default:${split(v)}@ch:9000/logs`],
  [join(some("", ALNUM, 7), "@", some("", ALNUM, 7)), (v) => `postgres://app:${v}@db.internal/app refused`],
  [plain, (v) => `s3://access:${v}@minio:9000/backups`],
  [hex(32), (v) => `SENTRY_DSN=https://4f1d2c3b4a59:${v}@sentry.acme.io/4`],
];

const secretValues: readonly Row[] = [
  [strong, (v) => `{"Parameter":{"Name":"/prod/db/password","Type":"SecureString","Value":"${v}","Version":3}}`],
  [strong, (v) => `{"Name":"prod/shop","SecretString":"{\\"username\\":\\"app\\",\\"password\\":\\"${v}\\"}"}`],
  [
    (d) => btoa(strong(d)),
    (v) => `apiVersion: v1\nkind: Secret\ndata:\n  db-password: ${v}\nmetadata:\n  name: shop-db`,
  ],
  [strong, (v) => `kind: Secret\nstringData:\n  api-token: "${v}"\n  mode: live`],
  [slug, (v) => `$ kubectl create secret generic db --from-literal=token=${v} -n prod`],
  [strong, (v) => `  + secret_string = "${v}"\n  + version_stages = (known after apply)`],
  [plain, (v) => `{"ParameterKey":"MasterUserSecret","ParameterValue":"${v}"}`],
  [plain, (v) => `"environment":[{"name":"PAYMENT_SECRET","value":"${v}"},{"name":"PORT","value":"80"}]`],
  [plain, (v) => `$ vault kv get kv/shop\n====== Data ======\nKey       Value\n---       -----\nsecret    ${v}`],
  [plain, (v) => `aws ssm put-parameter --name /prod/pepper --type SecureString --value ${v} --overwrite`],
  [plain, (v) => `grant_type=client_credentials&client_id=orders&client_secret=${v}`],
  [plain, (v) => `oidc: {clientId: "grafana", clientSecret: "${v}", scopes: [openid]}`],
  [plain, (v) => `PARAMETER\tarn:aws:ssm:eu-west-1:123456789012:parameter/app/secret\tSecureString\t${v}\t1`],
  [plain, (v) => `gh secret set DEPLOY_SECRET --body "${v}" --repo acme/shop`],
  [plain, (v) => `"Env": ["PATH=/usr/bin", "DJANGO_SECRET_KEY=${v}"]`],
  [some("", `${ALNUM}!@#%^&*(-_=+)`, 50), (v) => `SECRET_KEY = 'django-insecure-${v}'`],
  [(d) => btoa(d.chars(ALNUM, 48)), (v) => `{"ARN":"arn:aws:secretsmanager:x","SecretBinary":"${v}"}`],
  [plain, (v) => `external-secrets: updated key "signing-secret" old="${v}" new=<hidden>`],
  [plain, (v) => `webhookSecret: ${v}`],
  [plain, (v) => `Geheimnis: ${v}`],
  [plain, (v) => `consul kv put app/hmac_secret ${v}`],
  [plain, (v) => `&quot;appSecret&quot;:&quot;${v}&quot;`],
  [plain, (v) => `Config(jwt_secret='${v}', debug=False)`],
  [plain, (v) => `SECRET_TOKEN : ${veil(v)}`],
  [(d) => btoa(d.chars(ALNUM, 90)), (v) => `data:\n  config.json: ${wrap(v, 60)}`],
  [
    join(some("", ALNUM, 3), "8Q~", some("", BASE64URL, 34)),
    (v) => `AADSTS7000215: Invalid client secret provided: ${v}`,
  ],
];

const keyedHexes: readonly Row[] = [
  [hex(32), (v) => `DD_API_KEY=${v}`],
  [hex(40), (v) => `datadog-agent: app_key: ${v}`],
  [hex(64), (v) => `{"signing_secret":"${v}","team":"ops"}`],
  [hex(128), (v) => `SECRET_KEY_BASE=${v}`],
  [hex(32), (v) => `GET /v1/forecast?lat=54.3&appid=1&api_key=${v} 200`],
  [hex(64), (v) => `encryption key ${v} has wrong length for AES-128`],
  [hex(32), (v) => `$ cat config/master.key\n${v}`],
  [hex(64), (v) => `HMAC_KEY: '${v}'`],
  [some("", "0123456789ABCDEF", 64), (v) => `sqlcipher> PRAGMA key = "x'${v}'";`],
  [hex(64), (v) => `ENCRYPTION-KEY = 0x${v}`],
  [hex(40), (v) => `sonar-scanner -Dsonar.login=${v}`],
  [hex(32), (v) => `twilio authToken: "${v}"`],
  [hex(40), (v) => `clave de API: ${v}`],
  [hex(64), (v) => `"apiSecret" => "${v}"`],
  [hex(32), (v) => `X-Auth-Key: ${v}`],
  [hex(64), (v) => `webhook secret\n${split(v)}`],
  [hex(32), (v) => `api%5Fkey=${v}&units=metric`],
  [hex(48), (v) => `consumerSecret=${veil(v)}`],
  [(d) => (hex(32)(d).match(/../g) ?? []).join(":"), (v) => `psk (hex) key: ${v}`],
];

const shellPasswords: readonly Row[] = [
  [plain, (v) => `mysql -uroot -p${v} -h db.internal shop < fix.sql`],
  [strong, (v) => `redis-cli -h cache -a ${v} info memory`],
  [plain, (v) => `curl -u admin:${v} http://grafana:3000/api/health`],
  [plain, (v) => `PGPASSWORD=${v} psql -h db -U app -c 'select 1'`],
  [slug, (v) => `keycloak/bin/kcadm.sh config credentials --user admin --password ${v}`],
  [human, (v) => `mongodump --uri mongo:27017 --password='${v}' --out /tmp/d`],
  [plain, (v) => `docker run -d -e MYSQL_ROOT_PASSWORD=${v} mysql:8`],
  [plain, (v) => `sshpass -p ${v} ssh deploy@10.0.3.9`],
  [plain, (v) => `echo ${v} | sudo -S systemctl restart nginx`],
  [slug, (v) => `ldapsearch -x -D cn=admin,dc=acme -w ${v} -b dc=acme`],
  [plain, (v) => `smbclient //nas/share -U svc_backup%${v}`],
  [plain, (v) => `openssl pkcs12 -in a.p12 -passin pass:${v} -nodes`],
  [plain, (v) => `htpasswd -b /etc/nginx/.htpasswd ops ${v}`],
  [plain, (v) => `echo "deploy:${v}" | chpasswd`],
  [plain, (v) => `helm upgrade pg bitnami/postgresql --set auth.postgresPassword=${v}`],
  [plain, (v) => `java -Djavax.net.ssl.keyStorePassword=${v} -jar app.jar`],
  [human, (v) => `net use Z: \\\\nas\\logs /user:ACME\\jmeyer ${v}`],
  [plain, (v) => `keytool -list -keystore k.jks -storepass ${v}`],
  [plain, (v) => `$ export DB_PASS=${v}; ./migrate up`],
  [plain, (v) => `sqlcmd -S sql1 -U sa -P ${v} -Q "select @@version"`],
  [plain, (v) => `rabbitmqctl add_user worker ${v}`],
  [plain, (v) => `wget --user=ops --http-password=${v} https://files/x`],
  [phrase, (v) => `gpg --batch --passphrase "${v}" -d dump.gpg`],
];

const writtenPasswords: readonly Row[] = [
  [strong, (v) => `spring.datasource.password=${v}`],
  [human, (v) => `{"username":"jmeyer","password":"${v}","remember":true}`],
  [strong, (v) => `database:\n  user: app\n  password: ${v}\n  pool: 5`],
  [plain, (v) => `CREATE USER 'app'@'%' IDENTIFIED BY '${v}';`],
  [plain, (v) => `STATEMENT:  ALTER USER app WITH PASSWORD '${v}';`],
  [human, (v) => `Passwort: ${v}`],
  [human, (v) => `mot de passe : ${v}`],
  [human, (v) => `contraseña=${v}`],
  [human, (v) => `пароль: ${v}`],
  [human, (v) => `密码：${v}`],
  [plain, (v) => `Started POST "/login" Parameters: {:user=>"ops", :password=>"${v}"}`],
  [plain, (v) => `panic: cfg={Host:db Port:5432 User:app Password:${v} SSL:false}`],
  [plain, (v) => `DbConfig { host: "db", password: "${v}" }`],
  [strong, (v) => `<datasource><user>app</user><password>${v}</password></datasource>`],
  [plain, (v) => `POST /login username=ops&password=${v}&submit=1`],
  [strong, (v) => `payload="{\\"user\\":\\"ops\\",\\"password\\":\\"${v}\\"}"`],
  [plain, (v) => `&lt;add name=&quot;x&quot; password=&quot;${v}&quot;/&gt;`],
  [human, (v) => `login failed for user jmeyer with password ${v}`],
  [human, (v) => `Hi team, the new root password is ${v} until Friday`],
  [strong, (v) => `ansible_become_pass: "${v}"`],
  [plain, (v) => `ADMIN_PASSWORD  ${v}`],
  [strong, (v) => `{'user': 'app', 'passwd': '${v}', 'db': 'shop'}`],
  [join(some("", ALNUM, 6), '\\"', some("", ALNUM, 6)), (v) => `{"dbPassword":"${v}","dbPort":5432}`],
  [phrase, (v) => `masterPassphrase: "${v}"`],
  [plain, (v) => `pass%77ord=${v}&user=ops`],
  [plain, (v) => `p\u200bassword=${v}`],
  [strong, (v) => `newPassword=${veil(v)}`],
  [plain, (v) => `PASSWORD:\n${v}\n`],
  [human, (v) => `wachtwoord "${v}" werkt niet meer`],
  [plain, (v) => `machine git.acme.io login ci password ${v}`],
  [plain, (v) => `db.internal:5432:shop:app:${v}  # .pgpass`],
];

const emails: readonly Row[] = [
  [mail, (v) => `postfix/smtp[2211]: 4VzK1: to=<${v}>, relay=none, delay=0.3, status=deferred`],
  [mail, (v) => `{"event":"login","user":"${v}","ok":false}`],
  [mail, (v) => `Author: Ines <${v}>\nDate:   Tue Jun 11 04:12:09 2024 +0200`],
  [mail, (v) => `Duplicate entry '${v}' for key 'users.email_unique'`],
  [plusMail, (v) => `com.acme.UserNotFound: no account for ${v}`],
  [encoded(mail), (v) => `GET /unsubscribe?email=${v}&list=7 HTTP/1.1`],
  [(d) => mail(d).replace("@", "&#64;"), (v) => `<td>${v}</td>`],
  [(d) => mail(d).replace("@", "\\u0040"), (v) => `{"contact":"${v}"}`],
  [(d) => mail(d).toUpperCase(), (v) => `CN=${v},O=ACME`],
  [mail, (v) => `mailto:${v}?subject=outage`],
  [mail, (v) => `arn:aws:sts::123456789012:assumed-role/Admin/${v}`],
  [mail, (v) => `Benutzer ${v} hat sich abgemeldet.`],
  [(d) => mail(d).replace("@", " [at] ").replaceAll(".", " [dot] "), (v) => `escalate to ${v}`],
  [mail, (v) => `sending mail to ${veil(v)}`],
  [(d) => `"on call"@${d.one(WORDS)}-ops.org`, (v) => `RCPT TO:<${v}> 550`],
  [(d) => `jürgen.${d.one(WORDS)}@müller-${d.one(WORDS)}.de`, (v) => `SMTPUTF8 rcpt ${v}`],
  [mail, (v) => `ValidationError(email='${v}')`],
  [mail, (v) => `user_${v}_session closed`],
];

const cards: readonly Row[] = [
  [card("4"), (v) => `charge declined pan=${v} code=51`],
  [card("4", 16, FOURS, " "), (v) => `Customer typed card ${v} into the chat`],
  [card("53", 16, FOURS, "-"), (v) => `{"cardNumber":"${v}","exp":"11/27"}`],
  [card("37", 15), (v) => `{"number":${v},"brand":"amex"}`],
  [card("34", 15, [4, 6, 5], " "), (v) => `AMEX ${v} refused`],
  [card("6011"), (v) => `<PaymentCard><CardNumber>${v}</CardNumber></PaymentCard>`],
  [card("2230"), (v) => `INSERT INTO payments (pan, amount) VALUES ('${v}', 1999)`],
  [card("3530"), (v) => `CardDetails(brand=JCB, primaryAccountNumber=${v}, cvv=***)`],
  [card("36", 14), (v) => `diners club card: ${v}`],
  [card("4", 16, FOURS, "%20"), (v) => `POST /pay?cc=${v}&amount=10`],
  [card("55", 16, FOURS, "."), (v) => `Kreditkarte ${v} abgelehnt`],
  [card("62", 19), (v) => `unionpay auth failed for ${v}`],
  [card("4", 16, FOURS, "\u00a0"), (v) => `carte n° ${v}`],
  [card("51"), (v) => `PAN ${veil(v)}`],
  [card("4"), (v) => `swipe ;${v}=27112011000012300000?`],
  [card("4", 16, FOURS, "\u2011"), (v) => `ticket 4411: card ${v}`],
  [card("4"), (v) => `order-${v}-retry`],
];

const ibans: readonly Row[] = [
  [iban("DE", "", 18), (v) => `SEPA transfer to ${v} failed: AC01`],
  [iban("DE", "", 18, " "), (v) => `Kontoverbindung: ${v}`],
  [iban("GB", "NWBK", 14), (v) => `{"iban":"${v}","currency":"GBP"}`],
  [iban("FR", "", 23, " "), (v) => `compte ${v} introuvable`],
  [iban("NL", "ABNA", 10), (v) => `<DbtrAcct><Id><IBAN>${v}</IBAN></Id></DbtrAcct>`],
  [iban("ES", "", 20), (v) => `InvalidIbanException: ${v} at com.acme.pay.Iban.of(Iban.java:31)`],
  [iban("CH", "", 17, " "), (v) => `IBAN ${v} (QR-Rechnung)`],
  [iban("NO", "", 11), (v) => `payout account=${v} status=held`],
  [iban("BE", "", 12, "-"), (v) => `rekening ${v}`],
  [iban("PL", "", 24), (v) => `UPDATE suppliers SET iban='${v}' WHERE id=7`],
  [iban("AT", "", 16), (v) => `:25:${v}\n:28C:00112/001`],
  [(d) => iban("DE", "", 18)(d).toLowerCase(), (v) => `search q=${v} hits=0`],
  [iban("IT", "X", 22), (v) => `bonifico verso ${v} respinto`],
  [iban("DK", "", 14), (v) => `iban=${veil(v)}`],
  [iban("FI", "", 14, "%20"), (v) => `/validate?iban=${v}`],
  [iban("PT", "", 21), (v) => `account ${split(v)} closed`],
  [iban("SE", "", 20, "\u00a0"), (v) => `Konto: ${v}`],
];

const ssns: readonly Row[] = [
  [ssn("-"), (v) => `{"name":"J. Doe","ssn":"${v}"}`],
  [ssn(""), (v) => `SSN=${v}`],
  [ssn("-"), (v) => `Validation failed for field socialSecurityNumber: '${v}'`],
  [ssn(" "), (v) => `social security number ${v} on file`],
  [ssn("-"), (v) => `INSERT INTO employees VALUES (17, 'Doe', '${v}');`],
  [ssn("-"), (v) => `<TaxpayerSSN>${v}</TaxpayerSSN>`],
  [ssn("-"), (v) => `W2Form(employee=Doe, ssn=${v}, year=2023)`],
  [ssn("-"), (v) => `payroll row 881 rejected: ${v} duplicates row 12`],
  [ssn("-"), (v) => `GET /verify?ssn=${v}&dob=1980-01-02 422`],
  [ssn("\u2011"), (v) => `Employee SSN: ${v}`],
  [ssn("-"), (v) => `número de seguro social: ${v}`],
  [ssn("-"), (v) => `ssn ${veil(v)}`],
  [ssn("%2D"), (v) => `q=ssn%3A${v}`],
  [ssn(""), (v) => `{\\"taxId\\":\\"${v}\\",\\"ssnType\\":\\"US\\"}`],
  [ssn("."), (v) => `SSN ${v} (OCR)`],
];

const phones: readonly Row[] = [
  [phoneUs("+1202", ""), (v) => `twilio: 21211 invalid To ${v}`],
  [phoneUs("(415) ", "-"), (v) => `On-call: ${v}`],
  [phoneUs("212-", "-"), (v) => `{"phone":"${v}","verified":false}`],
  [phoneUk("+44 7700 900"), (v) => `SMS to ${v} undelivered (30005)`],
  [phoneUk("020 7946 0"), (v) => `Call the NOC on ${v}`],
  [phoneUk("+49 30 23125 "), (v) => `Telefon: ${v}`],
  [phoneUk("+493023125"), (v) => `pagerduty contact_method=phone_contact address=${v}`],
  [phoneUk("0171 39200"), (v) => `Bereitschaft mobil ${v}`],
  [join(some("+33 6 39 98 ", DIGITS, 2), some(" ", DIGITS, 2)), (v) => `astreinte : ${v}`],
  [join(some("01.99.00.", DIGITS, 2), some(".", DIGITS, 2)), (v) => `tél. ${v}`],
  [phoneUs("1-303-", "-"), (v) => `mobile=${v} msg="otp sent"`],
  [phoneUk("+61 491 570 "), (v) => `sns publish PhoneNumber='${v}' throttled`],
  [phoneUk("%2B447700900"), (v) => `To=${v}&Body=alarm`],
  [phoneUk("0044 7700 900"), (v) => `asterisk: dialing ${v}`],
  [phoneUs("+1.646.", "."), (v) => `cell ${v}`],
  [phoneUk("+447700900"), (v) => `tel:${v}`],
  [phoneUk("+447700900"), (v) => `phone ${veil(v)}`],
  [phoneUk("+44 (0)20 7946 0"), (v) => `Signature: Ops desk, ${v}`],
  [phoneUk("+44\u00a07700\u00a0900"), (v) => `<b>${v}</b>`],
  [phoneUk("447700900"), (v) => `whatsapp:wa_id="${v}"`],
];

const ips: readonly Row[] = [
  [ip, (v) => `${v} - - [11/Jun/2024:04:12:09 +0000] "GET / HTTP/1.1" 200 612`],
  [ip, (v) => `h2 2024-06-11T04:12:09Z app/web/50dc6c495c0c9188 ${v}:2817 10.0.0.1:80 0.000 0.001 502`],
  [ip, (v) => `sshd[911]: Failed password for invalid user admin from ${v} port 51234 ssh2`],
  [ip, (v) => `{"sourceIPAddress":"${v}","eventName":"ConsoleLogin"}`],
  [ip, (v) => `X-Forwarded-For: ${v}, 10.0.3.7`],
  [ip6, (v) => `connect() to [${v}]:443 failed (110: Connection timed out)`],
  [ip6Short, (v) => `client ${v} rate limited`],
  [ip, (v) => `java.net.ConnectException: Connection refused: /${v}:5432`],
  [ip, (v) => `dial tcp ${v}:443: i/o timeout`],
  [ip, (v) => `+ cidr_blocks = ["${v}/32"]`],
  [ip, (v) => `SRC=${v} DST=10.0.0.4 LEN=40 PROTO=TCP SPT=443`],
  [ip, (v) => `http://${v}:8080/metrics`],
  [ipFrom("-"), (v) => `ec2-${v}.eu-west-1.compute.amazonaws.com unreachable`],
  [ip, (v) => `::ffff:${v} GET /health`],
  [ipFrom("[.]"), (v) => `IOC: ${v}`],
  [ipFrom("."), (v) => `${v}.in-addr.arpa PTR timeout`],
  [ip6, (v) => `AAAA ${v.toUpperCase()}`, (v) => v.toUpperCase()],
  [ip, (v) => `Zugriff von ${v} gesperrt`],
  [ip, (v) => `peer=${veil(v)}`],
  [ip6Short, (v) => `route ${v}/64 via fe80::1`],
  [ip, (v) => `node_${v}_up 0`],
];

const blobs: readonly Row[] = [
  [some("iVBORw0KGgoAAAANSUhEUgAA", BASE64, 322, "=="), (v) => `<img src="data:image/png;base64,${v}">`],
  [some("H4sIAAAAAAAA", BASE64, 263, "="), (v) => `{"awslogs":{"data":"${v}"}}`],
  [some("AQEB", BASE64, 302, "=="), (v) => `ReceiptHandle: ${v}`],
  [some("PHNhbWxwOlJlc3BvbnNl", BASE64, 380), (v) => `SAMLResponse=${v}&RelayState=x`],
  [some("gAAAAAB", BASE64URL, 152, "="), (v) => `cryptography.fernet.InvalidToken: ${v}`],
  [some("AQICAHh", BASE64, 223, "=="), (v) => `kms decrypt failed CiphertextBlob=${v}`],
  [some("", BASE64, 200), (v) => `{"NextToken":"${v}","Items":[]}`],
  [hex(256), (v) => `payload dump: ${v}`],
  [some("/wEPDwUK", BASE64, 260), (v) => `<input type="hidden" name="__VIEWSTATE" value="${v}" />`],
  [some("", BASE64, 300), (v) => lines("Content-Transfer-Encoding: base64", "", wrap(v, 76))],
  [some("", BASE64URL, 128), (v) => `state ${v} not found in store`],
  [some("", BASE32, 128), (v) => `otp seed import: ${v}`],
  [some("", DIGITS.concat("abcdef"), 240), (v) => `$ANSIBLE_VAULT;1.1;AES256\n${wrap(v, 80)}`],
  [encoded(some("", BASE64, 182, "==")), (v) => `/callback?p=${v}`],
  [some("eyJ1c2VyIjp7Im5hbWUi", BASE64, 240), (v) => `{"body":"${v}","isBase64Encoded":true}`],
  [some("d09GMgABAAAAA", BASE64, 259), (v) => `@font-face{src:url(data:font/woff2;base64,${v})}`],
  [some("", BASE64, 180), (v) => `frame ${veil(v)} dropped`],
  [some("Atza|IwEBI", BASE64URL, 200), (v) => `lwa refresh: ${v}`],
  [some("", BASE64, 212), (v) => `Nutzdaten: ${v.replaceAll("/", "\\/")}`, (v) => v.replaceAll("/", "\\/").slice(-64)],
];

/** Keys are the class names that the cases carry. */
const rowsByClass: Readonly<Record<string, readonly Row[]>> = {
  "private-key": privateKeys,
  "aws-access-key": awsAccessKeys,
  "aws-secret-key": awsSecretKeys,
  "aws-session-token": awsSessionTokens,
  jwt: jwts,
  "github-token": githubTokens,
  "slack-token": slackTokens,
  "anthropic-key": anthropicKeys,
  "sk-key": skKeys,
  "stripe-key": stripeKeys,
  "google-key": googleKeys,
  "npm-token": npmTokens,
  "vendor-token": vendorTokens,
  authorization: authorizations,
  "bearer-token": bearerTokens,
  cookie: cookies,
  "url-credentials": urlCredentials,
  "secret-value": secretValues,
  "keyed-hex": keyedHexes,
  password: [...shellPasswords, ...writtenPasswords],
  email: emails,
  card: cards,
  iban: ibans,
  ssn: ssns,
  phone: phones,
  ip: ips,
  blob: blobs,
};

// --- harmless lines: ~kind~ or ~kind12~ is filled in by the dice

const fill = (dice: Dice, kind: string, length: number): string => {
  if (kind === "uuid") return uuid(dice);
  if (kind === "ulid") return `01J0${dice.chars(CROCKFORD, 22)}`;
  if (kind === "dig") return notACard(dice.chars(DIGITS, length));
  const alphabet = alphabets[kind];
  if (alphabet === undefined) throw new Error(`no such kind of filler: ${kind}`);
  return dice.chars(alphabet, length);
};

const alphabets: Readonly<Record<string, string>> = {
  hex: HEX,
  alnum: ALNUM,
  base: BASE64,
  url: BASE64URL,
  up: UPPER + DIGITS,
  low: LOWER + DIGITS,
  pod: POD,
};

/** Long digits that happen to pass the Luhn check would be a card: one more on the last digit and they fail. */
const notACard = (digits: string): string => {
  const body = digits.slice(0, -1);
  return digits.endsWith(luhnDigit(body)) ? body + String((Number(digits.slice(-1)) + 1) % 10) : digits;
};

const harmless = [
  // identifiers of requests, traces and objects
  "request ~uuid~ finished in 212 ms",
  '{"traceId":"~hex32~","spanId":"~hex16~","level":"info","msg":"checkout ok"}',
  "traceparent: 00-~hex32~-~hex16~-01",
  "x-amzn-trace-id: Root=1-6667c2a9-~hex24~;Parent=~hex16~;Sampled=1",
  "x-amzn-requestid: ~uuid~",
  "x-amz-id-2: ~base76~",
  "START RequestId: ~uuid~ Version: $LATEST",
  "REPORT RequestId: ~uuid~ Duration: 102.31 ms Billed Duration: 103 ms Memory Size: 512 MB Max Memory Used: 88 MB",
  "correlation_id=~ulid~ consumer lag 12",
  "event ~ulid~ deduplicated",
  "span ~hex16~ exceeded budget by 40 ms",
  "cf-ray: ~hex16~-FRA",
  "X-Request-Id: ~hex32~",
  "x-b3-traceid=~hex32~ x-b3-sampled=1",
  "idempotency key ~uuid~ already used, returning the first result",
  "job ~uuid~ moved from waiting to active",
  "transaction ~hex16~ rolled back after deadlock",
  "ksuid ~alnum27~ not found in index orders",
  "saga ~ulid~ compensated: 3 of 3 steps",
  "message id ~uuid~ sent to DLQ after 5 receives",
  "shardId-000000000003 iterator age 91 s",
  "kafka cluster id ~url22~ broker 3 rejoined",
  "elasticsearch node ~url22~ left, reason: disconnected",
  "Correlation ID: ~uuid~ Timestamp: 2024-06-11 04:12:09Z",
  "sequence number 49~dig54~ checkpointed",
  // git, images, lockfiles
  "commit ~hex40~",
  "Merge branch 'main' into release/2024.6 (~hex7~..~hex7~)",
  "HEAD is now at ~hex7~ fix: close the pool on shutdown",
  "image: registry.internal/shop/cart@sha256:~hex64~",
  "Digest: sha256:~hex64~",
  "Status: Downloaded newer image for nginx@sha256:~hex64~",
  "deploying ~hex40~ to prod (3 of 9 hosts)",
  '"integrity": "sha512-~base86~=="',
  '"integrity": "sha1-~base27~="',
  'resolved "https://npm.example.com/lodash/-/lodash-4.17.21.tgz#~hex40~"',
  "github.com/pkg/errors v0.9.1 h1:~base43~=",
  'checksum = "~hex64~"',
  "    --hash=sha256:~hex64~",
  "specifier: ^4.17.21, integrity: sha512-~base86~==, dev: true",
  'ETag: "~hex32~"',
  'ETag: "~hex32~-17"',
  'If-None-Match: W/"~hex10~-18f"',
  "containerd: unpacked layer sha256:~hex64~ in 1.2s",
  "container ~hex12~ exited with code 137",
  "docker://~hex64~",
  "md5sum mismatch: expected ~hex32~, got ~hex32~",
  "sha256sum dump.tgz: ~hex64~",
  "build cache key linux-npm-~hex64~ restored",
  "tag v2.14.0 points at ~hex40~",
  "bisect: ~hex12~ is the first bad commit",
  "git@github.com:acme/shop.git: fetched 14 refs",
  "The authenticity of host 'bastion' can't be established. ED25519 key fingerprint is SHA256:~base43~.",
  "SHA1 Fingerprint=0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:0A:1B:2C:3D",
  "serial number of the expired certificate: ~hex36~",
  "subject key identifier 9F:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33",
  "go: downloading golang.org/x/net v0.0.0-20240611041209-~hex12~",
  "main.~hex8~.chunk.js 412 kB",
  "Cache-Control: max-age=31536000 for /static/js/vendor.~hex20~.js",
  // AWS names
  "arn:aws:iam::123456789012:role/ecs-task-orders",
  "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db/password-a1B2c3",
  "arn:aws:ssm:eu-west-1:123456789012:parameter/prod/db/password",
  "arn:aws:kms:eu-west-1:123456789012:key/~uuid~",
  "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/~hex16~",
  "arn:aws:ecs:eu-west-1:123456789012:task/prod/~hex32~",
  "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/~uuid~",
  "arn:aws:lambda:eu-west-1:123456789012:function:resize:42",
  "arn:aws:acm:us-east-1:123456789012:certificate/~uuid~ expires in 9 days",
  "i-0~hex16~ failed status check 2/2",
  "vol-0~hex16~ attached as /dev/sdf",
  "subnet-0~hex16~ has 3 free addresses",
  "sg-0~hex16~ rule 443 removed",
  "eni-0~hex16~ stuck in detaching",
  "ami-0~hex16~ deregistered",
  "snap-0~hex16~ 71 % complete",
  '"principalId":"AROA~up17~:ecs-deploy"',
  "user unique id AIDA~up17~ no longer exists, policy keeps the stale principal",
  "s3://logs-prod/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2024/06/11/lb_20240611T0410Z_a.log.gz",
  "s3 key exports/2024/06/11/part-00017-~uuid~-c000.snappy.parquet missing",
  "StackId=arn:aws:cloudformation:us-east-1:123456789012:stack/web/~uuid~ UPDATE_ROLLBACK_COMPLETE",
  "log stream 2024/06/11/[$LATEST]~hex32~",
  "log stream ecs/web/~hex32~",
  "hosted zone Z~up20~ has 14 records",
  "distribution E~up13~ deployed",
  "api gateway ~low10~ stage prod 5xx 0.4 %",
  "rds:shop-2024-06-11-04-10 snapshot available",
  "db-~up26~ wait event io/table/sql/handler",
  "change set arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c~dig9~/~uuid~",
  "queue https://sqs.eu-west-1.amazonaws.com/123456789012/orders-dlq depth 14",
  "User: arn:aws:sts::123456789012:assumed-role/ci/deploy is not authorized to perform: secretsmanager:GetSecretValue",
  "iam:PassRole denied on role prod-token-exchange",
  "kms:Decrypt throttled, key alias/prod-session-keys",
  "spot instance request sir-~low8~ fulfilled",
  "eks nodegroup ng-~hex12~ scaled from 3 to 5",
  "vpce-0~hex16~ policy changed",
  "tgw-rtb-0~hex16~ route 10.4.0.0/16 blackhole",
  // Kubernetes, hosts, networks
  "pod/checkout-~hex10~-~pod5~ OOMKilled",
  "pod web-~pod10~-~pod5~ back-off restarting failed container",
  "replicaset api-~hex9~ scaled to 0",
  "Normal  Scheduled  2m  default-scheduler  assigned prod/cart-~hex10~-~pod5~ to ip-10-0-3-7.ec2.internal",
  'Warning  FailedMount  secret "shop-db" not found',
  "secretKeyRef: {name: shop-db, key: password}",
  "envFrom:\n- secretRef:\n    name: payments-credentials",
  "secret/tls-web configured",
  "configmap/kube-root-ca.crt created",
  "serviceaccount/token-reviewer unchanged",
  "csi-secrets-store-provider-aws-~pod5~ Running 0 14d",
  'MountVolume.SetUp failed for volume "kube-api-access-~pod5~": context deadline exceeded',
  "node ip-10-0-12-44.eu-west-1.compute.internal NotReady",
  "kubectl rollout undo deployment/token-service -n prod",
  "helm upgrade web ./chart --set image.tag=~hex7~ --set replicas=4",
  'uid: ~uuid~ resourceVersion: "~dig9~"',
  "statefulset kafka-2 waiting for volume pvc-~uuid~",
  "upstream 10.0.4.7:8080 timed out",
  "dial tcp 192.168.12.3:5432: connect: connection refused",
  '172.16.4.19 - - [11/Jun/2024:04:12:09 +0000] "GET /health HTTP/1.1" 200 2',
  "listening on 0.0.0.0:9090",
  "127.0.0.1:6379> INFO memory",
  "curl http://169.254.169.254/latest/meta-data/instance-id",
  "[::1]:8080 accepted",
  "fe80::1%eth0 is the default router",
  "fd00:ec2::254 answered in 1 ms",
  "route 10.0.0.0/8 via 10.1.0.1 dev eth0 metric 100",
  "100.64.3.9 reached through the carrier NAT",
  "nameserver 10.96.0.10",
  "security group opened 0.0.0.0/0 on port 443",
  "mac 02:42:ac:11:00:02 on docker0",
  "eth0: link up, 10000 Mbps, mtu 9001",
  "netmask 255.255.255.0 broadcast 192.168.1.255",
  "multicast 239.1.2.3 join failed",
  "ports 80, 443, 3306, 5432, 6379, 9200 and 11211 open",
  "root@web-01:~# systemctl status nginx",
  "worker_connections 10240 are not enough",
  // times, numbers, versions
  "2024-06-11T04:12:09.123456789Z INFO started in 3.204 s",
  "started_at=1718079129 ended_at=1718079190",
  '"timestamp":1718079129123,"ingestionTime":1718079129444',
  "time_unix_nano=17180791291~dig8~",
  "duration_ns=~dig10~ retries=0",
  "heap 1073741824 of 2147483648 bytes",
  "Content-Length: 4294967296",
  "bytes_sent 18446744073709551615 looks like a wrapped counter",
  "free disk 12345678901 bytes (11.5 GiB)",
  "order 4500012345 shipped",
  "order number ~dig16~ not found in warehouse",
  "invoice 2024-0611-0042 paid",
  "parcel 00340~dig15~ scanned",
  "ticket INC0012345 assigned to platform",
  "JIRA-10442: raise the pool size",
  "PR 18231 merged after 3 approvals",
  "row count 4011223344556677 exceeds the limit",
  "offset 4000123412341235 lag 0",
  "gtid 3E11FA47-71CA-11E1-9E33-C80AA9429562:1-77",
  "binlog mysql-bin.004211 position 73811042",
  "xid 20240611-0412-0900 prepared",
  "LSN 16/B374D848 replayed",
  "p50=12ms p95=88ms p99=412ms p999=2100ms",
  "error rate 4.2 % over 5 minutes, budget left 61.3 %",
  "cpu 93.5%, memory 71.2%, load 14.02 13.11 9.80",
  "exit status 137 (128 + 9)",
  "HTTP/1.1 503 Service Unavailable, Retry-After: 120",
  "Chrome/125.0.6422.142 Safari/537.36",
  "node v24.1.0, npm 11.3.0, openssl 3.0.13",
  'openjdk version "17.0.11" 2024-04-16',
  "PostgreSQL 15.7 on aarch64-unknown-linux-gnu, compiled by gcc 11.4.1, 64-bit",
  "kernel 6.1.91-99.172.amzn2023.x86_64",
  "System.Text.Json, Version=8.0.0.0, Culture=neutral",
  "glibc-2.34-100.el9_4.2.x86_64 installed",
  "terraform 1.8.5, provider aws 5.53.0",
  "migration 20240611041209_add_password_hash applied",
  "schema version 20240610183000 -> 20240611041209",
  "epoch 1718079129.884213 drift 0.0021 s",
  "gc pause 412.7ms, 1234567890 ns total",
  "uptime 555-hour soak run passed",
  "batch 555-0612 of the night run completed",
  "maintenance window 02:00-04:30 UTC on 12.06.2024",
  "deadline 30/06/2024 23:59:59 +02:00",
  "room 415, building 7, floor 12",
  "cron 15 3 * * 1-5 fired",
  "coordinates 54.3233, 10.1228 outside the delivery area",
  "array index 123456789 out of bounds for length 1024",
  "pid 2211 tid 140234567890176 locked",
  "0x00007f8a1c0012a0: mov rax, rbx",
  "segfault at 7f3c2a1b9000 ip 000055d4c8a1e2b0 sp 00007ffc4a8b9d30 error 4",
  "iops 3000 throughput 125 burst 99.97",
  "account 123456789012 reached 80 % of its Lambda concurrency",
  "part number A100-20-300 out of stock",
  "temperature 36.6, humidity 41, fan 4200 rpm",
  "zip 90210-1234 not served",
  "EAN 4006381333931 has no price",
  // names of metrics, classes, files, fields
  "com.acme.security.PasswordResetTokenRepository#findByUserId",
  "org.springframework.security.authentication.BadCredentialsException: Bad credentials",
  "at com.acme.auth.JwtTokenFilter.doFilterInternal(JwtTokenFilter.java:57)",
  "java.lang.IllegalStateException: Cannot call sendError() after the response has been committed",
  "io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: no further information",
  'http_server_requests_seconds_count{method="GET",uri="/token",status="200"} 4211',
  "vault_token_ttl_seconds 3600",
  "aws_secretsmanager_rotation_failed_total 0",
  'kube_secret_info{namespace="prod",secret="shop-db"} 1',
  "password_reset_requests_total 17",
  'auth_tokens_issued_total{grant="client_credentials"} 99120',
  'rate(container_cpu_usage_seconds_total{pod=~"cart-.*"}[5m])',
  "ApproximateNumberOfMessagesVisible > 1000 for 3 datapoints",
  "AWS/ApplicationELB HTTPCode_Target_5XX_Count",
  "SELECT id, password_hash, created_at FROM users WHERE id = $1",
  "ALTER TABLE users DROP COLUMN legacy_password",
  "CREATE INDEX CONCURRENTLY idx_tokens_expires_at ON tokens (expires_at)",
  "GRANT SELECT ON orders TO reporting",
  "INSERT INTO audit (actor, action) VALUES ('system', 'PASSWORD_CHANGED')",
  "/etc/ssl/private/tls.key: permission denied",
  "/run/secrets/db_password is empty",
  "cannot read /var/run/secrets/kubernetes.io/serviceaccount/token",
  "open ~/.aws/credentials: no such file or directory",
  "PRIVATE_KEY_PATH=/etc/keys/jwt.pem",
  "GOOGLE_APPLICATION_CREDENTIALS=/var/secrets/google/key.json",
  "SecretsManagerRotationLambda timed out after 30.00 seconds",
  "TokenBucketRateLimiter refilled 50 tokens",
  "tokens_used=1834 prompt_tokens=1500 completion_tokens=334",
  "max_tokens: 4096",
  '"tokenCount": 812',
  "tokenizer.json loaded, 32000 entries",
  "CSRF token mismatch on POST /checkout",
  "session affinity cookie set for 86400 s",
  "cookie consent banner shown to 1204 visitors",
  "primaryKey: orderId, sortKey: createdAt",
  'partition key "tenant" is hot',
  "cache key product:4711:de expired",
  "object key too long: 1025 characters",
  "keyspace hits 99120, misses 412",
  'foreign key constraint "fk_orders_customer" violated',
  "publicKeyToken=null",
  "sort_key=created_at&page=2&per_page=50",
  "feature flag new-auth-flow on for 5 %",
  // sentences about secrets that hold none
  "token expired",
  "the access token has expired, refreshing",
  "password must have 12 characters",
  "Password must contain an upper-case letter, a digit and a symbol",
  'password authentication failed for user "app"',
  "FATAL: no password supplied",
  "Access denied for user 'app'@'10.0.3.7' (using password: YES)",
  "invalid password for user ops, 3 attempts left",
  "Enter password:",
  "password: ********",
  "password=[REDACTED]",
  '"password": null',
  '"password": ""',
  "password: $DB_PASSWORD",
  "password: {{ vault_db_password }}",
  "PASSWORD=$(aws secretsmanager get-secret-value --secret-id prod/db --query SecretString --output text)",
  "--password-stdin",
  "password_file: /run/secrets/pg",
  "password = var.db_password",
  "password = data.aws_ssm_parameter.db.value",
  "    password: process.env.DB_PASSWORD,",
  "const token = await getToken(session)",
  "if (!req.headers.authorization) return res.status(401).end()",
  "Authorization header missing",
  "Authorization: Bearer <token>",
  'Bearer error="invalid_token", error_description="The token is expired"',
  'WWW-Authenticate: Bearer realm="registry", scope="repository:shop/cart:pull"',
  'WWW-Authenticate: Basic realm="ops"',
  "API key not found",
  "api_key is required",
  "secret rotated successfully",
  "rotating secret prod/db/password, step finishSecret",
  "client secret expires in 14 days",
  "the private key does not match the certificate",
  "expected an RSA key, found an EC key",
  "Set-Cookie: theme=dark; Path=/; Max-Age=31536000",
  "Cookie: lang=de; theme=dark",
  "no credentials found in the chain: env, profile, container, instance",
  "could not load credentials from any providers",
  "passphrase prompt disabled in batch mode",
  "Passwort abgelaufen, bitte ändern",
  "mot de passe oublié : 14 demandes aujourd'hui",
  "la contraseña debe tener 12 caracteres",
  "two-factor code rejected 3 times",
  "secret santa list closed on Friday",
  "the password policy changed in March",
  "forgot-password mails are delayed by 4 minutes",
  "email delivery failed for 14 recipients",
  "email address is missing an @ sign",
  "phone number is not valid",
  "card declined: insufficient_funds",
  "card ending in 4242 declined",
  "card **** **** **** 1117 expires 11/27",
  "IBAN checksum is wrong",
  "DE supplier 89 has no account",
  "SSN field is encrypted at rest",
  "ssn: ***-**-1234",
  "credit card form p95 1.2 s",
  "jwt malformed",
  "jwks endpoint answered 200 with 3 keys",
  "signature does not match, check the clock",
  "unauthorized: authentication required",
  "token bucket empty, throttling for 200 ms",
  "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
  "unexpected token } at line 14, column 3",
  "secretless broker started",
  "key: value",
  "token: null, retries: 3",
  "secret: true",
  "auth: none",
  "user=app database=shop host=10.0.4.7 sslmode=require",
  "postgres://db.internal:5432/shop",
  "redis://cache.internal:6379/0",
  "amqp://mq.internal:5672/prod",
  "mongodb://mongo-0.mongo:27017,mongo-1.mongo:27017/shop?replicaSet=rs0",
  "jdbc:postgresql://db:5432/app?sslmode=require&connectTimeout=10",
  "https://grafana.internal/d/~low9~/checkout?orgId=1&from=1718075529000&to=1718079129000",
  "https://shop.acme.io/products?page=2&sort=price&q=red+shoes",
  'GET /v1/orders/~uuid~?include=lines HTTP/1.1" 200 4211',
  'POST /oauth/token HTTP/1.1" 401 52',
  "DELETE /api/sessions/current 204",
  "PUT /users/4711/password 400 12ms",
  "const retry = (n: number) => 2 ** n * 100;",
  "for i in $(seq 1 10); do curl -s -o /dev/null -w '%{http_code}\\n' localhost:8080/health; done",
  "docker run --rm -p 8080:80 -v /srv/data:/data nginx:1.27",
  "mysql -u root -p -h db.internal shop",
  "ssh -i ~/.ssh/deploy_ed25519 -p 2222 deploy@bastion",
  "psql -h db -U app -p 5432 -c 'select 1'",
  "redis-cli -h cache -p 6379 -n 2 ping",
  "tar -xzf app-2.14.0-linux-arm64.tar.gz -C /opt",
  "aws s3 cp s3://artifacts/app.zip . --region eu-west-1",
  "kubectl get secret shop-db -n prod -o name",
  "openssl s_client -connect api.acme.io:443 -servername api.acme.io",
  "java -Xmx512m -XX:+UseG1GC -jar app.jar --server.port=8080",
  '<?xml version="1.0" encoding="UTF-8"?><status code="0">ok</status>',
  "data: [DONE]",
  "content-type: text/html; charset=utf-8",
  "Accept-Encoding: gzip, deflate, br",
  "User-Agent: kube-probe/1.29",
  "ELB-HealthChecker/2.0",
  "Dear on-call, disk /dev/nvme1n1 on db-2 is 91 % full and grows 3 % a day",
] as const;
