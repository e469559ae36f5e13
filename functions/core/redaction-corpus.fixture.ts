/**
 * A labelled corpus of secrets that are none and of texts that only look like secrets. All of it is drawn from a seeded
 * stream, the same every time; tokens are put together from pieces, so that no scanner takes this file for a leak.
 */
export type Labelled = Readonly<{ name: string; text: string; secret: string; how: string }>;
export type Harmless = Readonly<{ kind: string; text: string }>;

type Draw = Readonly<{
  below: (n: number) => number;
  chars: (alphabet: string, length: number) => string;
  one: <T>(all: readonly T[]) => T;
}>;

/** Numerical Recipes' linear congruential generator: enough for test data. */
const drawing = (seed: number): Draw => {
  let state = seed >>> 0;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const chars = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[below(alphabet.length)]).join("");
  return { below, chars, one: (all) => all[below(all.length)] as (typeof all)[number] };
};

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const UPPER = LOWER.toUpperCase();
const ALNUM = UPPER + LOWER + DIGITS;
const BASE64 = `${ALNUM}+/`;
const URL64 = `${ALNUM}-_`;
const HEX = "0123456789abcdef";
const glued = (...parts: readonly string[]): string => parts.join("");
/** Has every kind of character, as a random key of its length all but surely has. */
const mixed = (d: Draw, alphabet: string, length: number): string =>
  `${d.chars(alphabet, length - 4)}${d.chars(UPPER, 1)}${d.chars(DIGITS, 1)}${d.chars(LOWER, 1)}${d.chars(DIGITS, 1)}`;
const password = (d: Draw): string =>
  `${d.chars(LOWER, 5)}${d.one(["!", "$", "%", "#", "^", "*", "?", "~"])}${d.chars(ALNUM, 6)}${d.chars(DIGITS, 2)}`;
const base64Of = (text: string): string => {
  const bits = [...text].map((c) => c.charCodeAt(0).toString(2).padStart(8, "0")).join("");
  const chars = (bits.match(/.{1,6}/g) ?? []).map((six) => BASE64[Number.parseInt(six.padEnd(6, "0"), 2)]).join("");
  return chars.padEnd(Math.ceil(chars.length / 4) * 4, "=");
};

/** Where a token may stand. */
const AROUND: readonly (readonly [how: string, put: (token: string) => string])[] = [
  ["log line", (t) => `2026-01-05T10:00:01Z ERROR upstream refused ${t} after 3 tries`],
  ["commit", (t) => `fix: take ${t} out of the configuration`],
  ["JSON", (t) => `{"level":"error","detail":"sent ${t}","status":500}`],
  ["query string", (t) => `GET /v1/items?page=2&k=${t}&sort=asc 403`],
  ["quotes", (t) => `got '${t}' from the environment`],
  ["brackets", (t) => `call(${t}, 3) failed`],
  ["end of line", (t) => `using ${t}`],
  ["start of line", (t) => `${t} is not valid`],
  ["YAML", (t) => `env:\n  - name: X\n    value: ${t}\n`],
  ["comma list", (t) => `args=[a,${t},b]`],
];
/** How a token may be hidden from a pattern. */
const HIDING: readonly (readonly [how: string, hide: (token: string) => string])[] = [
  ["zero-width space", (t) => `${t.slice(0, 9)}\u200b${t.slice(9)}`],
  ["soft hyphen", (t) => `${t.slice(0, 6)}\u00ad${t.slice(6)}`],
  ["tag character", (t) => `${t.slice(0, 11)}\u{e0041}${t.slice(11)}`],
  ["variation selector", (t) => `${t.slice(0, 7)}\ufe0f${t.slice(7)}`],
  ["two lines", (t) => `${t.slice(0, 12)}\n${t.slice(12)}`],
  ["two indented lines", (t) => `${t.slice(0, 10)}\r\n    ${t.slice(10)}`],
  [
    "fullwidth letters",
    (t) => [...t].map((c) => (c > " " && c <= "~" ? String.fromCodePoint(c.charCodeAt(0) + 0xfee0) : c)).join(""),
  ],
  ["colours", (t) => `${t.slice(0, 8)}\u001b[31m${t.slice(8)}`],
  [
    "percent escapes",
    (t) => t.replace(/[_:=./+-]|[A-Z](?=[a-z])/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
  ],
  ["double percent escapes", (t) => t.replace(/[_:=./+-]/g, (c) => `%25${c.charCodeAt(0).toString(16).toUpperCase()}`)],
];

const TOKENS: Readonly<Record<string, (d: Draw) => string>> = {
  "aws-access-key": (d) => glued(d.one(["AK", "AS"]), "IA", d.chars(UPPER + DIGITS, 16)),
  jwt: (d) =>
    [
      base64Of('{"alg":"HS256","typ":"JWT"}'),
      base64Of(`{"sub":"${d.chars(LOWER, 6 + d.below(60))}"}`),
      d.chars(URL64, 43),
    ]
      .map((part) => part.replace(/=/g, ""))
      .join("."),
  "github-token": (d) =>
    d.below(4) === 0
      ? glued("github", "_pat_", d.chars(ALNUM, 22), "_", d.chars(ALNUM, 59))
      : glued("gh", d.one(["p", "o", "s", "u", "r"]), "_", d.chars(ALNUM, 36)),
  "slack-token": (d) =>
    d.below(3) === 0
      ? glued("hooks.slack", ".com/services/T", d.chars(UPPER, 8), "/B", d.chars(UPPER, 8), "/", d.chars(ALNUM, 24))
      : glued(
          "xox",
          d.one(["b", "p", "a"]),
          "-",
          d.chars(DIGITS, 11),
          "-",
          d.chars(DIGITS, 12),
          "-",
          d.chars(ALNUM, 24),
        ),
  "anthropic-key": (d) => glued("sk-", "ant-api03-", mixed(d, URL64, 93)),
  "sk-key": (d) => glued("sk-", d.one(["proj-", "", "svcacct-"]), mixed(d, ALNUM, 48)),
  "stripe-key": (d) => glued(d.one(["sk", "rk"]), "_", d.one(["live", "test"]), "_", d.chars(ALNUM, 24)),
  "google-key": (d) => glued("AI", "za", d.chars(URL64, 35)),
  "npm-token": (d) => glued("np", "m_", d.chars(ALNUM, 36)),
  "vendor-token": (d) =>
    d.one([
      glued("glp", "at-", d.chars(URL64, 20)),
      glued("h", "f_", d.chars(ALNUM, 34)),
      glued("S", "G.", d.chars(URL64, 22), ".", d.chars(URL64, 43)),
      glued("hv", "s.", d.chars(URL64, 90)),
    ]),
};

/** Secrets that are known by what stands before them: the text and the secret in it. */
const KEYED: Readonly<Record<string, readonly ((d: Draw) => readonly [text: string, secret: string])[]>> = {
  "aws-secret-key": [
    "aws_secret_access_key = ",
    "AWS_SECRET_ACCESS_KEY=",
    '"SecretAccessKey": "',
    "secretAccessKey: '",
    "secret key is ",
  ].map((before) => (d) => {
    const s = mixed(d, BASE64, 40);
    return [`${before}${s}`, s];
  }),
  "aws-session-token": ['"SessionToken": "', "AWS_SESSION_TOKEN=", "aws_session_token = ", "X-Amz-Security-Token="].map(
    (before) => (d) => {
      const s = glued("IQo", "J", d.chars(BASE64, 200 + d.below(300)));
      return [`${before}${s}`, s];
    },
  ),
  "private-key": ["RSA ", "EC ", "", "OPENSSH "].map((kind) => (d) => {
    const lines = Array.from({ length: 5 + d.below(8) }, () => d.chars(BASE64, 64));
    const joint = d.one(["\n", "\\n", " "]);
    return [
      `key: ${glued("-----BEGIN ", kind, "PRIV", "ATE KEY-----")}${joint}${lines.join(joint)}${joint}-----END ${kind}${glued("PRIV", "ATE KEY")}-----`,
      lines[1] ?? "",
    ];
  }),
  authorization: [
    "Authorization: Basic ",
    '"authorization":"Bearer ',
    "Proxy-Authorization: Bearer ",
    "'Authorization': 'token ",
  ].map((before) => (d) => {
    const s = before.includes("Basic") ? base64Of(`user:${password(d)}`) : mixed(d, URL64, 30);
    return [`${before}${s}`, s.replace(/=+$/, "")];
  }),
  "bearer-token": ["sent Bearer ", "header was bearer ", "got Basic "].map((before) => (d) => {
    const s = mixed(d, URL64, 12 + d.below(60));
    return [`${before}${s} again`, s];
  }),
  cookie: [
    (d) => {
      const s = mixed(d, ALNUM, 26);
      return [`Cookie: theme=dark; session=${s}; lang=en`, s];
    },
    (d) => {
      const s = mixed(d, URL64, 40);
      return [`Set-Cookie: sid=${s}; Path=/; HttpOnly`, s];
    },
    (d) => {
      const s = mixed(d, ALNUM, 32);
      return [`{"cookie":"JSESSIONID=${s}"}`, s];
    },
  ],
  "url-credentials": [
    "postgres://app:%@db.internal:5432/main",
    "mongodb+srv://root:%@cluster0.example.net/x",
    "amqp://svc:%@mq:5672/",
    "https://deploy:%@git.example.com/a.git",
    "redis://:%@cache:6379/0",
  ].map((shape) => (d) => {
    const s = password(d).replace(/[?#%]/g, "!");
    return [`cannot connect to ${shape.replace("%", () => s)}`, s];
  }),
  "secret-value": [
    (d) => {
      const s = password(d);
      return [`{"Name":"prod/db","SecretString":"{\\"username\\":\\"app\\",\\"value\\":\\"${s}\\"}"}`, s];
    },
    (d) => {
      const s = password(d);
      return [`{"Parameter":{"Name":"/prod/db","Type":"SecureString","Value":"${s}","Version":3}}`, s];
    },
    (d) => {
      const s = password(d);
      return [`{"Parameter":{"Value":"${s}","Name":"/prod/db","Type":"SecureString"}}`, s];
    },
  ],
  "keyed-hex": [
    "signing secret: ",
    "SLACK_SIGNING_SECRET=",
    '"hmac_key": "',
    "webhook secret is ",
    "encryption-key=",
  ].map((before) => (d) => {
    const s = d.chars(HEX, d.one([32, 64]));
    return [`${before}${s}`, s];
  }),
  password: [
    "password=",
    "DB_PASSWORD=",
    '"password": "',
    "password: ",
    "spring.datasource.password=",
    "api_key=",
    "apiKey: '",
    "client_secret=",
    "?access_key=",
    "token=",
    "--password ",
    "--api-key=",
    "Server=db;User Id=app;Password=",
    "AccountKey=",
    "pwd=",
    "PASSPHRASE='",
    "<password>",
    'secret := "',
    "credentials => ",
    "password%3D",
    "api%5Fkey%3D",
    "client%255Fsecret%253D",
    "the password is ",
    "curl -u deploy:",
    "session_id=",
    "GET /blob?sig=",
  ].map((before) => (d) => {
    const s = password(d).replace(/[?%]/g, "!");
    const after = before.startsWith("<") ? "</password>" : before.endsWith('"') ? '"' : before.endsWith("'") ? "'" : "";
    return [`${before}${s}${after}`, s];
  }),
};

const withCheckDigit = (digits: string): string => {
  const sum = [...`${digits}0`]
    .toReversed()
    .reduce((total, c, i) => total + (i % 2 === 0 ? Number(c) : Number(c) * 2 - (Number(c) > 4 ? 9 : 0)), 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
};
const iban = (d: Draw): string => {
  const account = d.chars(DIGITS, 18);
  const rest = [...`${account}131400`].reduce((left, c) => (left * 10 + Number(c)) % 97, 0); // DE00 behind the account
  return `DE${String(98 - rest).padStart(2, "0")}${account}`;
};

/** Personal data and opaque text, by kind. */
const GUESSED: Readonly<Record<string, (d: Draw) => readonly [text: string, secret: string]>> = {
  email: (d) => {
    const s = `${d.chars(LOWER, 4)}.${d.chars(LOWER, 6)}${d.one(["", "+x"])}@${d.one(["example.com", "mail.example.co.uk"])}`;
    return [`${d.one(["user", "sent to", "owner:"])} ${s} ${d.one(["failed", "bounced"])}`, s];
  },
  card: (d) => {
    const s = withCheckDigit(glued(d.one(["4", "51", "55"]), d.chars(DIGITS, 15)).slice(0, 15));
    const sep = d.one(["", " ", "-"]);
    return [`charge of card ${[s.slice(0, 4), s.slice(4, 8), s.slice(8, 12), s.slice(12)].join(sep)} declined`, s];
  },
  iban: (d) => {
    const s = iban(d);
    return [`transfer to ${d.below(2) === 0 ? s : (s.match(/.{1,4}/g) ?? []).join(" ")} refused`, s];
  },
  ssn: (d) => {
    const s = `${1 + d.below(5)}${d.chars("12345678", 2)}-${d.chars("12345678", 2)}-${d.chars("12345678", 4)}`;
    return [`customer ${s} not found`, s];
  },
  phone: (d) => {
    const s = d.one([
      `+49 30 ${d.chars("123456789", 8)}`,
      `+1 (555) ${d.chars("123456789", 3)}-${d.chars("123456789", 4)}`,
      `+44${d.chars("123456789", 10)}`,
    ]);
    return [`sms to ${s} failed`, s];
  },
  ip: (d) => {
    const s = d.one([
      `203.0.113.${d.below(256)}`,
      `198.51.${d.below(256)}.${d.below(256)}`,
      `2001:db8:${d.chars(HEX, 4)}::${d.chars("123456789", 2)}`,
    ]);
    return [`client ${s} ${d.one(["closed the connection", "sent 1000 requests"])}`, s];
  },
  blob: (d) => {
    const s = mixed(d, d.one([BASE64, URL64, ALNUM]), 40 + d.below(300));
    return [`payload ${s} rejected`, s];
  },
};

const A_CLASS = 24;

/** At least 24 positives of every class, each in another place or form. */
export const positives = (seed = 20260105): readonly Labelled[] => {
  const d = drawing(seed);
  const tokens = Object.entries(TOKENS).flatMap(([name, token]) => [
    ...Array.from({ length: A_CLASS }, (_, i) => {
      const [how, put] = AROUND[i % AROUND.length] ?? ["", (t: string) => t];
      const secret = token(d);
      return { name, how, secret, text: put(secret) };
    }),
    ...HIDING.map(([how, hide]) => {
      const secret = token(d);
      return { name, how, secret, text: `using ${hide(secret)} now` };
    }),
  ]);
  const keyed = Object.entries(KEYED).flatMap(([name, shapes]) =>
    Array.from({ length: Math.max(A_CLASS, shapes.length) }, (_, i) => {
      const [text, secret] = shapes[i % shapes.length]?.(d) ?? ["", ""];
      const [how, put] = d.one([
        ["alone", (t: string) => t],
        ["log line", (t: string) => `ERROR at start: ${t}`],
        ["next to others", (t: string) => `retry=3 ${t} host=db`],
      ] as const);
      return { name, how, secret, text: put(text) };
    }),
  );
  const guessed = Object.entries(GUESSED).flatMap(([name, make]) =>
    Array.from({ length: A_CLASS }, () => {
      const [text, secret] = make(d);
      return { name, how: "log line", secret, text };
    }),
  );
  return [...tokens, ...keyed, ...guessed];
};

const uuid = (d: Draw): string => [8, 4, 4, 4, 12].map((n) => d.chars(HEX, n)).join("-");
const arnOf = (d: Draw): string => {
  const account = d.chars("123456789", 12);
  const region = d.one(["eu-west-1", "us-east-1", "ap-southeast-2"]);
  const name = `${d.one(["checkout", "Payments-API", "orders_v2", "search"])}-${d.one(["prod", "Staging", "eu1"])}`;
  return d.one([
    `arn:aws:ecs:${region}:${account}:service/main/${name}`,
    `arn:aws:ecs:${region}:${account}:task/main/${d.chars(HEX, 32)}`,
    `arn:aws:ecs:${region}:${account}:task-definition/${name}:${d.below(900)}`,
    `arn:aws:lambda:${region}:${account}:function:${name}:live`,
    `arn:aws:rds:${region}:${account}:db:${name}`,
    `arn:aws:sqs:${region}:${account}:${name}-queue`,
    `arn:aws:elasticloadbalancing:${region}:${account}:loadbalancer/app/${name}/${d.chars(HEX, 16)}`,
    `arn:aws:secretsmanager:${region}:${account}:secret:prod/${name}-${d.chars(ALNUM, 6)}`,
    `arn:aws:ssm:${region}:${account}:parameter/prod/${name}/password`,
    `arn:aws:iam::${account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`,
    `arn:aws:states:${region}:${account}:execution:${name}:${uuid(d)}`,
    `arn:aws:cloudformation:${region}:${account}:stack/${name}/${uuid(d)}`,
    `arn:aws:cloudwatch:${region}:${account}:alarm:${name}-5xx`,
  ]);
};

/** Everything by which something is named and compared: no redaction may change one of them. */
export const IDENTITIES: Readonly<Record<string, (d: Draw) => string>> = {
  arn: arnOf,
  uuid,
  "git sha": (d) => d.chars(HEX, d.one([7, 40])),
  "sha256 digest": (d) => `sha256:${d.chars(HEX, 64)}`,
  "bare sha256": (d) => d.chars(HEX, 64),
  "trace id": (d) => `1-${d.chars(HEX, 8)}-${d.chars(HEX, 24)}`,
  "incident id": (d) => `quell-${d.chars(`${LOWER}234567`, 26)}`,
  "log template id": (d) => `log-${d.chars(HEX, 8)}`,
  "metric id": (d) =>
    `AWS/ApplicationELB/HTTPCode_Target_5XX_Count{LoadBalancer=app/checkout/${d.chars(HEX, 16)}} Sum 60s`,
  "candidate key": (d) => `ecs-rollback@1.${d.below(9)}.0#${d.chars(HEX, 16)}`,
  image: (d) => `${d.chars(DIGITS, 12)}.dkr.ecr.eu-west-1.amazonaws.com/checkout@sha256:${d.chars(HEX, 64)}`,
  "instance id": (d) => `i-0${d.chars(HEX, 16)}`,
};

const HARMLESS: Readonly<Record<string, (d: Draw) => string>> = {
  ...IDENTITIES,
  "ISO time": (d) => `2026-0${1 + d.below(9)}-1${d.below(9)}T1${d.below(9)}:0${d.below(9)}:59.${d.chars(DIGITS, 3)}Z`,
  "epoch milliseconds": (d) => `started at 17${d.chars(DIGITS, 11)} took ${d.below(9000)} ms`,
  "epoch nanoseconds": (d) => `ts=17${d.chars(DIGITS, 17)}`,
  "request id": (d) => `RequestId: ${uuid(d)} Duration: ${d.below(900)}.12 ms Billed Duration: 100 ms`,
  "log stream": (d) => `2026/01/05/[$LATEST]${d.chars(HEX, 32)}`,
  "private address": (d) =>
    `connect to ${d.one([`10.0.${d.below(256)}.${d.below(256)}`, `172.16.${d.below(256)}.7`, `192.168.1.${d.below(256)}`, "127.0.0.1", "169.254.170.2"])}:5432 refused`,
  "private name": (d) => `ip-10-0-${d.below(256)}-${d.below(256)}.eu-west-1.compute.internal`,
  "user agent": (d) =>
    `Mozilla/5.0 (X11; Linux x86_64) Chrome/${d.below(200)}.0.${d.below(9999)}.${d.below(200)} Safari/537.36`,
  package: (d) =>
    d.one(["@types/node@24.19.2", "lodash@4.17.21", "pkg:npm/left-pad@1.3.0", "git@github.com:acme/checkout.git"]),
  "stack frame": (d) =>
    `at com.acme.checkout.internal.PaymentTokenServiceImpl.refreshAuthorization(PaymentTokenServiceImpl.java:${d.below(900)})`,
  "word about secrets": (d) =>
    d.one([
      "password: required",
      "token expired, refreshing",
      "invalid token: expired",
      "the password is required",
      "password was changed by the owner",
      "docker run -u 1000:1000 checkout",
      "the token is invalid",
      "the secret was rotated yesterday",
      "no basic authentication configured",
      "bearer authentication failed for the client",
      "Authorization: none",
      "secret: not found",
      "max_tokens: 4000",
      "next page token missing",
      "tokens=300 used of 4000",
      "passwordless login enabled",
      "cookie: missing",
      glued("api_key=$", "{API_KEY}"),
      "password={{resolve:secretsmanager:prod/db}}",
      "DB_PASSWORD_SECRET_ARN is set",
      "password=****",
      'key "tokenizer" not in vocabulary',
      "SecretsManagerClient: AccessDeniedException",
      "task skipped: sk-lookup-service not ready",
    ]),
  path: (d) => `/srv/app/node_modules/@aws-sdk/client-secrets-manager/dist-cjs/commands/index.js:${d.below(900)}`,
  "long name": (d) => `checkout-service-production-blue-green-deployment-target-group-${d.below(99)}`,
  URL: (d) => `https://inventory.internal:8443/api/v2/items/${d.below(9999)}?page=2&sort=asc`,
  image: (d) => `checkout:${d.chars(HEX, 7)}-${d.below(900)}`,
  SQL: (d) => `SELECT id, token_type, password_hash FROM users WHERE id = ${d.below(9999)} LIMIT 10`,
  "class name": () => "org.springframework.security.web.authentication.www.BasicAuthenticationFilter",
  "mac address": (d) => [1, 2, 3, 4, 5, 6].map(() => d.chars(HEX, 2)).join(":"),
  "time of day": (d) => `1${d.below(9)}:3${d.below(9)}:5${d.below(9)}`,
  "code path": (d) => `std::sync::mpsc::SendError at src/main.rs:${d.below(900)}`,
  version: (d) => `v1.${d.below(99)}.${d.below(99)}.${d.below(99)} of the agent`,
  numbers: (d) => `heap ${d.chars("123456789", 9)} of ${d.chars("123456789", 10)} bytes, order 7${d.chars(DIGITS, 15)}`,
  "port range": (d) => `tcp 0.0.0.0:${d.below(9999)} -> 10.0.0.${d.below(200)}:443`,
};

/** Fourteen of every kind of harmless text. */
export const negatives = (seed = 7): readonly Harmless[] => {
  const d = drawing(seed);
  return Object.entries(HARMLESS).flatMap(([kind, make]) =>
    Array.from({ length: 14 }, () => ({ kind, text: make(d) })),
  );
};

/** Identities of every kind, from a seed of the caller's. */
export const identities = (seed: number): readonly string[] => {
  const d = drawing(seed);
  return Object.values(IDENTITIES).map((make) => make(d));
};

/** Whether eight characters in a row of a secret, or all of a shorter one, can be read in a text. */
export const showsPartOf = (text: string, secret: string): boolean => {
  const read = text.replace(/[^!-~]/g, "");
  const plain = secret.replace(/[^!-~]/g, "");
  const most = Math.min(8, plain.length);
  return Array.from({ length: plain.length - most + 1 }, (_, i) => plain.slice(i, i + most)).some((part) =>
    read.includes(part),
  );
};

/** Whether a secret can be read in a text, whatever its line ends and its forms of letters. */
export const showsAllOf = (text: string, secret: string): boolean => {
  const [read, plain] = [text, secret].map((one) => one.normalize("NFKC").replace(/[^!-~]/g, ""));
  return read !== undefined && plain !== undefined && read.includes(plain);
};
