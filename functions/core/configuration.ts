import { z } from "zod";
import { secretSchema } from "./secret.ts";
import { settingsSchema } from "./settings.ts";

/** Names that CloudFormation, IAM and CloudWatch all take. */
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,30}$/, "letters, digits and hyphens, 31 at most");

const approver = z.strictObject({
  /** As Slack knows the person: `U...` or `W...`; a display name proves nothing. */
  slackUser: z.string().regex(/^[UW][A-Z0-9]{5,}$/, "a Slack user id, such as U012AB3CD"),
  /** As cards and records name the person. */
  person: z.string().min(1),
});

const slack = z.strictObject({
  /** Of the workspace whose people may answer, `T...`. */
  teamId: z.string().regex(/^T[A-Z0-9]{5,}$/, "a Slack team id, such as T012AB3CD"),
  /** Where cards are posted, `C...` or `G...`. */
  channelId: z.string().regex(/^[CG][A-Z0-9]{5,}$/, "a Slack channel id, such as C012AB3CD"),
  botTokenSecret: secretSchema,
  signingSecret: secretSchema,
  /** Where Slack's Web API answers: GovSlack has another host than everybody else. The token goes there. */
  apiUrl: z
    .string()
    .regex(/^(https:\/\/|http:\/\/127\.0\.0\.1[:/])/, "https, or plain http on loopback")
    .default("https://slack.com/api/"),
});

const repository = z.strictObject({ owner: z.string().min(1), name: z.string().min(1) });

const github = z.strictObject({
  tokenSecret: secretSchema,
  /** Where each service's code lies: its deployments, releases and merged pull requests are evidence. */
  repositories: z.array(repository.extend({ service: z.string().min(1) })).default([]),
  /** Where the report of each incident becomes an issue; nowhere where it is left out. */
  reports: repository.optional(),
});

const pager = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("sns"), emails: z.array(z.email()).default([]) }),
  z.strictObject({
    kind: z.literal("pagerduty"),
    routingKeySecret: secretSchema,
    /** The service Region of the account, as its address says: app.pagerduty.com is us, app.eu.pagerduty.com is eu. */
    region: z.enum(["us", "eu"]).default("us"),
    emails: z.array(z.email()).default([]),
  }),
]);

/** As AWS names what it makes: eight hexadecimal digits where it is old, else seventeen. */
const awsId = (kind: "subnet" | "sg", what: string) =>
  z.string().regex(new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`), `${what}, such as ${kind}-0123456789abcdef0`);
/** Where a function stands in a VPC, and no more of either than Lambda takes (docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html). */
const place = z.strictObject({
  /** Private ones of one VPC, in two zones or more: a function has no public address, whatever its subnet is. */
  subnetIds: z.array(awsId("subnet", "the id of a subnet")).min(1, "one at least").max(16, "16 at most"),
  securityGroupIds: z.array(awsId("sg", "the id of a security group")).min(1, "one at least").max(5, "5 at most"),
});

/** The owner's VPC, by ids, so that a synthesis looks nothing up. Lambda knows the VPC by its subnets. */
const network = place.extend({
  /** Where draft alone stands, which reads what strangers wrote: let it out to its model and to its key, and nowhere else. */
  draft: place.optional(),
  /**
   * Through which hosts beyond AWS are spoken to; the SDK of AWS knows no proxy. With no name and password: it stands in
   * the functions' environment.
   */
  proxy: z
    .string()
    .regex(
      /^https?:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?\/?$/,
      "a proxy's URL, such as http://proxy.example.com:3128, with no user in it",
    )
    .optional(),
});

const reservedConcurrency = z.int().min(1).max(1000);

/** Everything that `quell.config.ts` says: what the agent needs to know, and how it stands in the account. */
export const configurationSchema = z
  .strictObject({
    /** Of the stacks and of what they hold. The runbooks' documents and roles have names of their own: one agent an account and Region. */
    name: name.default("quell"),
    settings: settingsSchema,
    /** Alarms whose names begin so are answered. Empty: every alarm of the account and Region. */
    alarmNamePrefix: z.string().max(200).default(""),
    /** Who may consent, by group: two consents must come from two groups. */
    approvers: z.array(z.strictObject({ group: z.string().min(1), people: z.array(approver).min(1) })).default([]),
    slack: slack.optional(),
    pager: pager.prefault({ kind: "sns" }),
    github: github.optional(),
    /** The key of the Anthropic API; needed where `settings.drafter.name` is "anthropic". */
    anthropicKeySecret: secretSchema.optional(),
    /** Who chooses: the released model, or the catalogue's own rules. */
    policy: z.enum(["qnet", "rules"]).default("qnet"),
    /** Taken from the account's own limit; new accounts cannot reserve any, so nothing is by default. */
    reservedConcurrency: z
      .strictObject({ intake: reservedConcurrency.optional(), respond: reservedConcurrency.optional() })
      .default({}),
    /** Every function stands in it, where it is given: what runs in an account then goes out by ways its owner watches. */
    network: network.optional(),
    architecture: z.enum(["arm64", "x86_64"]).default("arm64"),
    logRetentionDays: z.union([z.literal(30), z.literal(90), z.literal(180), z.literal(365)]).default(90),
    /** A synthetic alarm a day walks the real path, in observe mode; its missing success rings an alarm. */
    drill: z.boolean().default(true),
  })
  .superRefine((config, context) => {
    const { settings, slack: asks } = config;
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    const modes = [settings.mode, ...settings.services.flatMap(({ mode }) => (mode === undefined ? [] : [mode]))];
    if (modes.some((mode) => mode !== "observe")) {
      if (asks === undefined) complain(["slack"], "needed where a mode is approve or auto: people are asked in Slack");
      if (config.approvers.length === 0) complain(["approvers"], "needed where a mode is approve or auto");
    }
    if (settings.drafter.name === "anthropic" && config.anthropicKeySecret === undefined)
      complain(["anthropicKeySecret"], 'needed where settings.drafter.name is "anthropic"');
    if (!/^[0-9]{12}$/.test(settings.account)) complain(["settings", "account"], "the 12 digits of an AWS account");
    if (!/^[a-z]{2}(-[a-z]+)+-[0-9]$/.test(settings.region))
      complain(["settings", "region"], "an AWS Region, such as eu-west-1");
    const known = new Set(settings.services.map(({ name: service }) => service));
    if (known.size < settings.services.length) complain(["settings", "services"], "two services have one name");
    for (const [index, { dependsOn }] of settings.services.entries())
      for (const [at, callee] of dependsOn.entries())
        if (!known.has(callee))
          complain(
            ["settings", "services", index, "dependsOn", at],
            `no service is named ${callee}: ${[...known].join(", ")}`,
          );
    for (const [alarm, service] of Object.entries(settings.alarms))
      if (!known.has(service))
        complain(["settings", "alarms", alarm], `no service is named ${service}: ${[...known].join(", ")}`);
    for (const [index, { service }] of (config.github?.repositories ?? []).entries())
      if (!known.has(service))
        complain(
          ["github", "repositories", index, "service"],
          `no service is named ${service}: ${[...known].join(", ")}`,
        );
    const people = config.approvers.flatMap(({ people: members }) => members.map(({ slackUser }) => slackUser));
    if (new Set(people).size < people.length) complain(["approvers"], "one person is in two groups");
  });

export type Configuration = z.infer<typeof configurationSchema>;
/** What `quell.config.ts` exports as `config`: what has a default may be left out. */
export type ConfigurationInput = z.input<typeof configurationSchema>;

/** A configuration with a fault: each line names the file, the field and what is allowed there. */
export class BadConfiguration extends Error {
  override readonly name = "BadConfiguration";
}

/** A parser that zod compiles costs more than one parse of it saves. */
const ONCE = { jitless: true };

/** Parses a configuration. Throws BadConfiguration. @param file as messages name it */
export const parseConfiguration = (raw: unknown, file = "quell.config.ts"): Configuration => {
  const parsed = configurationSchema.safeParse(raw, ONCE);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${file}: ${pathText(path)}: ${message}`);
  throw new BadConfiguration(lines.join("\n"));
};

const pathText = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? "the whole of it"
    : path.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${String(part)}`)).join("");
