import { z } from "zod";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import type { Configuration } from "../core/configuration.ts";
import type { Json } from "../core/json.ts";
import {
  CHAMPION_KEY,
  modeKey,
  type Said,
  SWITCH_KEY,
  setChampion,
  setMode as writeMode,
  setSwitch as writeSwitch,
} from "../core/overrides.ts";
import type { Pager } from "../core/ports.ts";
import type { Mode } from "../core/stages.ts";
import { callerIn } from "./account-caller.ts";
import { type Access, type AccountClients, accountClients } from "./account-clients.ts";
import { awsFault } from "./account-errors.ts";
import { accountLedger } from "./account-ledger.ts";
import { deployedNames } from "./account-stack.ts";
import { readConfiguration } from "./configuration-file.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import type { Screen } from "./screen.ts";
import { aligned, plain } from "./terminal-text.ts";

/** The flags as commander hands them over. */
export type SwitchFlags = Readonly<{ config: string; table?: string; because?: string; json?: true }>;

/** What is set in the ledger and by no deployment, by the words that name it. */
type Setting = Readonly<{ what: string; key: string; field: "position" | "mode" | "policy"; whenUnset: string }>;

const SWITCH: Setting = { what: "switch", key: SWITCH_KEY, field: "position", whenUnset: "off: never set" };
const policySetting = ({ policy }: Configuration): Setting => ({
  ...{ what: "policy", key: CHAMPION_KEY, field: "policy" },
  whenUnset: `${policy}: as configured`,
});
const modeSetting = (name: string, configured: Mode): Setting => ({
  ...{ what: `mode ${name}`, key: modeKey(name), field: "mode" },
  whenUnset: `${configured}: as configured`,
});

/** `quell switch on|off`: lets the agent change things, or stops it before the next. Throws BadInput. */
export const setSwitch = async (position: string, flags: SwitchFlags, screen: Screen): Promise<ExitCode> => {
  if (position !== "on" && position !== "off")
    throw new BadInput(`quell switch ${position}: cannot be used; give on, off or status`);
  return set(flags, screen, () => ({
    ...{ setting: SWITCH, value: position },
    write: (ports, who) => writeSwitch(ports, position, who),
  }));
};

const MODES: readonly Mode[] = ["observe", "approve", "auto"];

/** `quell mode SERVICE MODE`: how one service is served, whatever the configuration says. Throws BadInput. */
export const setMode = async (service: string, asked: string, flags: SwitchFlags, screen: Screen): Promise<ExitCode> =>
  set(flags, screen, ({ settings, slack, approvers }) => {
    const own = settings.services.find(({ name }) => name === service);
    if (own === undefined) {
      const names = settings.services.map(({ name }) => name).join(", ");
      throw new BadInput(`${service}: no service of ${flags.config}; give one of ${names}`);
    }
    const mode = MODES.find((one) => one === asked);
    if (mode === undefined)
      throw new BadInput(`quell mode ${service} ${asked}: cannot be used; give ${MODES.join(", ")}`);
    if (mode !== "observe" && (slack === undefined || approvers.length === 0))
      throw new BadInput(
        `quell mode ${service} ${mode}: nobody could be asked; name slack and approvers in ${flags.config}, and deploy`,
      );
    return {
      ...{ setting: modeSetting(service, own.mode ?? settings.mode), value: mode },
      write: (ports, who) => writeMode(ports, settings, service, mode, who),
    };
  });

/** `quell policy NAME`: who chooses from the next decision on. Throws BadInput. */
export const setPolicy = async (policy: string, flags: SwitchFlags, screen: Screen): Promise<ExitCode> => {
  if (policy !== "qnet" && policy !== "rules")
    throw new BadInput(`quell policy ${policy}: cannot be used; give qnet or rules`);
  return set(flags, screen, (configuration) => ({
    ...{ setting: policySetting(configuration), value: policy },
    write: (ports, who) => setChampion(ports, policy, who),
  }));
};

/** What stands in the ledger, and who put it there. */
type Standing = Readonly<{ value: string; by: string; atMs: number; because: string }>;
type Chosen = Readonly<{
  setting: Setting;
  value: string;
  write: (ports: Parameters<typeof writeSwitch>[0], who: Said) => ReturnType<typeof writeSwitch>;
}>;

const set = async (
  flags: SwitchFlags,
  screen: Screen,
  chosen: (configuration: Configuration) => Chosen,
): Promise<ExitCode> => {
  const because = flags.because?.trim() ?? "";
  if (because === "") throw new BadInput('--because: missing; say why, for whoever reads it at night: --because "..."');
  const configuration = await readConfiguration(flags.config);
  const { setting, value, write } = chosen(configuration);
  const { clients, ledger, table, by, names } = await opened(configuration, flags, "write");
  const { pager, untold } = await tellingPager(clients, names.topicArn);
  const { was, done } = await asked(table, async () => {
    const before = parsed((await ledger.read(setting.key))?.item ?? null, setting.field);
    return { was: before, done: await write({ ledger, clock: { nowMs: Date.now }, pager }, { by, because }) };
  });
  const told = done === "changed" && untold() === null;
  const before = was === null ? setting.whenUnset : was.value;
  const words = done === "same" ? `it stood so already: ${before}` : `it was ${before}`;
  if (flags.json === true)
    screen.write(
      `${JSON.stringify({ schema: 1, what: setting.what, value, was: was?.value ?? null, done, by, because, told })}\n`,
    );
  else screen.write(`${setting.what}: ${value}, by ${by}; ${words}\n`);
  if (done === "changed" && !told)
    screen.writeError(
      `quell: it is set, but people could not be told (${plain(untold() ?? "")}); tell them yourself\n`,
    );
  return 0;
};

/** Tells whoever is paged by the stack's topic. That nobody could be told is kept: what was set is set. */
const tellingPager = async (clients: AccountClients, topicArn: string) => {
  const { snsPager } = await import("../adapters/aws/sns-pager.ts");
  // The page goes out once: this process is the only one that sends it, and people may write no page into the ledger.
  const topic = snsPager(await clients.sns(), topicArn, simulatedLedger());
  let failure: string | null = null;
  const pager: Pager = {
    ...topic,
    page: async (request) => {
      try {
        await topic.page(request);
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
      }
    },
  };
  return { pager, untold: () => failure };
};

/** `quell switch status`: every position that was set by hand, and what holds where none was. Throws BadInput. */
export const switchStatus = async (flags: SwitchFlags, screen: Screen): Promise<ExitCode> => {
  const configuration = await readConfiguration(flags.config);
  const { ledger, table } = await opened(configuration, flags, "read");
  const { services, mode } = configuration.settings;
  const settings = [
    SWITCH,
    policySetting(configuration),
    ...services.map((one) => modeSetting(one.name, one.mode ?? mode)),
  ];
  const read = await asked(table, () =>
    Promise.all(
      settings.map(async (setting) => ({
        setting,
        standing: parsed((await ledger.read(setting.key))?.item ?? null, setting.field),
      })),
    ),
  );
  if (flags.json === true) {
    const positions = read.map(({ setting: { what, whenUnset }, standing }) => ({ what, whenUnset, standing }));
    screen.write(`${JSON.stringify({ schema: 1, positions })}\n`);
  } else screen.write(`${aligned(read.map(({ setting, standing }) => lineOf(setting, standing))).join("\n")}\n`);
  return 0;
};

const lineOf = ({ what, whenUnset }: Setting, standing: Standing | null): readonly string[] =>
  standing === null
    ? [what, whenUnset]
    : [
        what,
        plain(
          `${standing.value} since ${new Date(standing.atMs).toISOString()}, by ${standing.by}: ${standing.because}`,
        ),
      ];

const setBySomebody = z.looseObject({ by: z.string(), atMs: z.number(), because: z.string() });

const parsed = (item: Json | null, field: Setting["field"]): Standing | null => {
  const read = setBySomebody.safeParse(item);
  if (!read.success) return null;
  const { by, atMs, because, [field]: value } = read.data;
  return typeof value === "string" ? { value, by, atMs, because } : null;
};

const opened = async (configuration: Configuration, flags: SwitchFlags, access: Access) => {
  const clients = accountClients(configuration.settings.region, access);
  const caller = await callerIn(configuration, flags.config, clients);
  const names = await deployedNames(configuration);
  const table = flags.table ?? names.tables.ledger;
  return { clients, names, table, ledger: await accountLedger(clients, table), by: caller.arn };
};

/** A ledger that does not answer is told as input that cannot be used: nothing was set, or it can be set again. */
const asked = async <T>(table: string, ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (cause) {
    const { kind, code, message } = awsFault(cause);
    const advice =
      kind === "absent"
        ? "deploy the agent with `npx cdk deploy --all`, or name its ledger with --table"
        : "look with `quell switch status` whether it was set, and set it again";
    throw new BadInput(`the ledger ${table} does not answer (${code}: ${message}); ${advice}`, { cause });
  }
};
