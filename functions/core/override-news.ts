import { hashOf, isoTime } from "./ids.ts";
import type { Json } from "./json.ts";
import { change } from "./ledger.ts";
import { CHAMPION_KEY, modeKey, newsId, SWITCH_KEY } from "./overrides.ts";
import type { Ports } from "./ports.ts";
import { redact } from "./redact.ts";
import type { Settings } from "./settings.ts";

/** What people were told of last, by key: the hash of the item. */
const TOLD_KEY = "told#overrides";

/**
 * Pages where the switch, a mode or who chooses was set since people were last told, by whatever hand: what was written
 * past every command is told as well. The page comes before the note of it, so that a crash tells twice and never not at
 * all. The first run only takes note. @returns how many were told of. Throws where the ledger or the pager does.
 */
export const tellOfOverrides = async (
  ports: Pick<Ports, "ledger" | "pager">,
  settings: Pick<Settings, "services">,
): Promise<number> => {
  const keys = [SWITCH_KEY, CHAMPION_KEY, ...settings.services.map(({ name }) => modeKey(name))];
  const items = await Promise.all(keys.map(async (key) => (await ports.ledger.read(key))?.item ?? null));
  const now = Object.fromEntries(keys.map((key, i) => [key, hashOf(items[i] ?? null)]));
  const told = (await ports.ledger.read(TOLD_KEY))?.item as Readonly<Record<string, string>> | undefined;
  const none = hashOf(null);
  const news = told === undefined ? [] : keys.filter((key) => now[key] !== (told[key] ?? none));
  for (const key of news)
    await ports.pager.page({
      incidentId: newsId(items[keys.indexOf(key)] ?? null),
      severity: 3,
      summary: inWords(key, items[keys.indexOf(key)] ?? null),
      details: [],
    });
  if (told === undefined || news.length > 0) await change(ports.ledger, TOLD_KEY, () => ({ write: now }));
  return news.length;
};

const WORDS_CHARACTERS = 200;

/** Whoever wrote it may have written anything. */
const inWords = (key: string, item: Json): string => {
  const said = redact(JSON.stringify(timed(item)), WORDS_CHARACTERS).text;
  return `${key} was set by hand: ${said}`;
};

const timed = (item: Json): Json => {
  if (item === null || typeof item !== "object" || !("atMs" in item)) return item;
  const { atMs, ...rest } = item as Readonly<Record<string, Json>>;
  return typeof atMs === "number" && Math.abs(atMs) < 8.64e15 ? { ...rest, at: isoTime(atMs) } : item;
};
