import { z } from "zod";
import { strictest } from "./guard-scope.ts";
import { hashOf, isoTime } from "./ids.ts";
import type { Json } from "./json.ts";
import { change } from "./ledger.ts";
import type { Ledger, Ports, Switch } from "./ports.ts";
import type { ServiceSettings, Settings } from "./settings.ts";
import type { Mode } from "./stages.ts";

/**
 * What people set while Quell runs and no deployment writes: the kill switch, the mode of a service, who chooses. Each is an
 * item of the ledger that says who set it, when and why. No function of the agent may write one.
 */
export const SWITCH_KEY = "switch#agent";
export const modeKey = (service: string): string => `mode#${service}`;
export const CHAMPION_KEY = "champion#policy";

/** Who, and why: nothing is set without both. */
export type Said = Readonly<{ by: string; because: string }>;

const said = { by: z.string().min(1), atMs: z.number(), because: z.string().min(1) };
const switchItem = z.strictObject({ position: z.enum(["on", "off"]), ...said });
const modeItem = z.strictObject({ mode: z.enum(["observe", "approve", "auto"]), ...said });
const championItem = z.strictObject({ policy: z.enum(["qnet", "rules"]), ...said });

export type Champion = z.infer<typeof championItem>["policy"];

/** The switch as it stands in the ledger, read anew at each call. Never set is off; a damaged item throws, which is off too. */
export const ledgerSwitch = (ledger: Pick<Ledger, "read">): Switch => ({
  read: async () => {
    const item = (await ledger.read(SWITCH_KEY))?.item ?? null;
    return item === null ? "off" : switchItem.parse(item).position;
  },
});

/**
 * The settings with the modes that people set since they were deployed. A mode that cannot be read acts for nobody without
 * asking: it is `approve` at most, so that people still hear of what happens. Never throws.
 */
export const withOverrides = async (ledger: Pick<Ledger, "read">, settings: Settings): Promise<Settings> => ({
  ...settings,
  services: await Promise.all(settings.services.map((service) => overridden(ledger, settings, service))),
});

const overridden = async (
  ledger: Pick<Ledger, "read">,
  settings: Settings,
  service: ServiceSettings,
): Promise<ServiceSettings> => {
  try {
    const item = (await ledger.read(modeKey(service.name)))?.item ?? null;
    return item === null ? service : { ...service, mode: modeItem.parse(item).mode };
  } catch {
    return { ...service, mode: strictest("approve", service.mode ?? settings.mode) };
  }
};

/**
 * Who chooses: the policy that people set, else the configured one. Where that cannot be read it is `rules`: a model may
 * have been taken back for good reasons. Never throws.
 */
export const championOf = async (ledger: Pick<Ledger, "read">, configured: Champion): Promise<Champion> => {
  try {
    const item = (await ledger.read(CHAMPION_KEY))?.item ?? null;
    return item === null ? configured : championItem.parse(item).policy;
  } catch {
    return "rules";
  }
};

type SetPorts = Pick<Ports, "ledger" | "clock" | "pager">;

/** `same`: it stood so already, and nobody is told. */
export type Set = "changed" | "same";

/** Sets the switch, and tells the people on call. Throws where it is not set, and where it is and nobody could be told. */
export const setSwitch = (ports: SetPorts, position: "on" | "off", who: Said): Promise<Set> =>
  set(ports, SWITCH_KEY, switchItem, { position }, who, `the switch is ${position}`);

/** Sets the mode of a configured service. Throws as `setSwitch` does, and a RangeError where no service is so named. */
export const setMode = async (
  ports: SetPorts,
  settings: Pick<Settings, "services">,
  service: string,
  mode: Mode,
  who: Said,
): Promise<Set> => {
  const names = settings.services.map(({ name }) => name);
  if (!names.includes(service)) throw new RangeError(`no service is named ${service}: ${names.join(", ")}`);
  return set(ports, modeKey(service), modeItem, { mode }, who, `${service} is in mode ${mode}`);
};

/** Sets who chooses. Throws as `setSwitch` does. */
export const setChampion = (ports: SetPorts, policy: Champion, who: Said): Promise<Set> =>
  set(ports, CHAMPION_KEY, championItem, { policy }, who, `${policy} chooses`);

const set = async (
  { ledger, clock, pager }: SetPorts,
  key: string,
  schema: z.ZodType<Json>,
  value: Readonly<Record<string, string>>,
  { by, because }: Said,
  words: string,
): Promise<Set> => {
  const atMs = clock.nowMs();
  const next = schema.parse({ ...value, by, atMs, because });
  const done = await change(ledger, key, (item) => {
    const stands = schema.safeParse(item).data ?? null;
    const isSame = stands !== null && Object.entries(value).every(([name, one]) => fieldOf(stands, name) === one);
    // Our own write, whose reply was lost, is told of as well.
    return isSame ? { stop: hashOf(stands) === hashOf(next) ? "mine" : "same" } : { write: next };
  });
  if ("stop" in done && done.stop === "same") return "same";
  await pager.page({
    incidentId: newsId(next),
    severity: 3,
    summary: `${words} since ${isoTime(atMs)}, by ${by}: ${because}`,
    details: [],
  });
  return "changed";
};

/**
 * Under which people are told of an item that was set. Whoever sets it tells them at once, and reconcile, which takes
 * nobody's word for that, within minutes again: a pager joins the two where it knows them by this.
 */
export const newsId = (item: Json): string => `quell-set-${hashOf(item).slice(0, 26)}`;

const fieldOf = (item: Json, name: string): Json | undefined => (item as Readonly<Record<string, Json>>)[name];
