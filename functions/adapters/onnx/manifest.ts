import { z } from "zod";
import { hashOf } from "../../core/ids.ts";

/** Lower-case hex sha256. */
const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** The same, or "" where nothing of the kind took part. */
const origin = z.string().regex(/^([0-9a-f]{64})?$/);
const count = z.number().int().min(0).max(1e12);
const share = z.number().min(0).max(1);
const text = z.string().max(1000);
const names = z.array(z.string().min(1).max(200)).max(1000);

const isAscending = (values: readonly number[]): boolean =>
  values.every((value, i) => i === 0 || value > (values[i - 1] ?? value));

/** One calibrated quantity: at each raw value the mean that was seen, and its range. Constant outside, linear between. */
const knots = (number: z.ZodType<number>) =>
  z
    .strictObject({
      raw: z.array(z.number()).min(1).max(1000),
      mean: z.array(number).max(1000),
      low: z.array(number).max(1000),
      high: z.array(number).max(1000),
    })
    .refine(({ raw, mean, low, high }) => [mean, low, high].every((one) => one.length === raw.length), {
      message: "raw, mean, low and high have one number a knot",
    })
    .refine(({ raw }) => isAscending(raw), { message: "raw rises from knot to knot" })
    .refine(({ mean, low, high }) => mean.every((one, i) => (low[i] ?? one) <= one && one <= (high[i] ?? one)), {
      message: "low <= mean <= high at every knot",
    });
export type Knots = Readonly<Record<"raw" | "mean" | "low" | "high", readonly number[]>>;

const TIERS = [0, 1, 2, 3] as const;
const tier = z.strictObject({ tier: z.literal(TIERS), maxHarm: share });

/** What is said of a model, in the file beside it. No key may be missing, and none may be added. */
const schema = z.strictObject({
  schema: z.literal(1),
  model: z.strictObject({ sha256: hash, bytes: count.min(1), opset: count }),
  features_hash: hash,
  reward_hash: origin,
  catalogue_hash: origin,
  simulator_hash: origin,
  data_hash: origin,
  code_revision: text,
  shapes: z.strictObject({ S: count.min(1), A: count.min(1), members: count.min(1).max(64) }),
  rank: z
    .strictObject({ q: z.number().min(0), value: z.number().min(0), support: z.number().min(0) })
    .refine(({ q, value, support }) => q + value + support > 0, { message: "some weight is above 0" }),
  evidence: z.strictObject({ source: z.enum(["simulated", "account"]), incidents: count, decisions: count }),
  thresholds: z.strictObject({
    m: z.number().min(0),
    delta: z.number().min(0),
    support: share,
    distance: z.number().min(0),
    tie: z.number().min(0),
    tiers: z
      .array(tier)
      .length(TIERS.length)
      .refine((all) => TIERS.every((one) => all.some((own) => own.tier === one)), {
        message: "every tier from 0 to 3 has one limit",
      }),
  }),
  calibration: z.strictObject({
    horizonMinutes: z.number().positive().max(1440),
    recover: knots(share),
    harm: knots(share),
    value: knots(z.number()),
  }),
  gate: z.strictObject({
    verdict: z.enum(["passed", "refused", "NOT EVALUABLE", "none"]),
    reasons: z.array(text).max(1000),
    undecided: names,
    approval: names,
  }),
  report: z.string().regex(/^[\w-][\w.-]*$/),
  createdAt: z.iso.datetime({ offset: true }),
  manifest_hash: hash,
});
type Mutable = z.infer<typeof schema>;
/** CONTRACTS: the model's manifest. Hashes are hex sha256; thresholds are shares 0..1 or in the reward's scale. */
export type Manifest = Readonly<Mutable>;

/** The manifest, or one sentence of why it is none. */
type ManifestRead = Readonly<{ kind: "manifest"; manifest: Manifest }> | Readonly<{ kind: "refused"; detail: string }>;

/** Hex sha256 of the RFC 8785 canonical JSON of everything but the hash itself. */
export const manifestHash = (manifest: Readonly<Record<string, unknown>>): string => {
  const { manifest_hash: _own, ...rest } = manifest;
  return hashOf(rest);
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const refused = (detail: string): ManifestRead => ({ kind: "refused", detail });

/** Reads the text of a manifest.json. Never throws: what it is not is said in one sentence. */
export const readManifest = (content: string): ManifestRead => {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    return refused("the manifest is not JSON");
  }
  if (!isObject(json)) return refused("the manifest is no JSON object");
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return refused(`the manifest's ${issue?.path.join(".") || "shape"} cannot be used: ${issue?.message ?? "unknown"}`);
  }
  if (manifestHash(json) !== parsed.data.manifest_hash)
    return refused("the manifest is not the one that its hash was made of");
  return { kind: "manifest", manifest: parsed.data };
};
