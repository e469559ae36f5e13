import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EpisodeRow } from "../../functions/core/episode.ts";
import { CANDIDATE_FEATURES, FEATURE_SCHEMA, FEATURES_HASH } from "../../functions/core/features.ts";
import { POLICIES } from "../../functions/core/policies.ts";
import type { Scorer } from "../../functions/core/ports.ts";
import { vectorsOf } from "../../functions/core/replay-choose.ts";
import { emptyTrackRecord } from "../../functions/core/track-record.ts";
import { playDay } from "../../functions/rollout/days/day.ts";
import { testDays } from "../../functions/rollout/days/days.ts";
import { type GoldenScene, goldenFile } from "../../functions/rollout/golden.ts";
import { faultNamed } from "../../functions/world/faults/all-faults.ts";
import { FAMILIES, type Family } from "../../functions/world/faults/fault.ts";

/** Golden scenes lie here, one file a family: run this after a feature or the version of a runbook has changed. */
export const GOLDEN_FOLDER: string = join(import.meta.dirname, "golden");

/** No log is drawn from worlds of this name: those to learn from have none, and sealed ones have a model's hash. */
const STREAM = "golden scenes";
const SCENES_A_FAMILY = 7;
/** Some families seldom leave a decision to make: beyond so many of their days there is nothing to be found. */
const DAYS_A_FAMILY = 40;
/** Short enough to be read, and to be kept beside the code. */
const MOST_CANDIDATES = 14;
const HIGH_TIER = 2;
const STRANGE = 8;
const EFFECT = CANDIDATE_FEATURES.indexOf("effect");

/** Nine digits tell every float32 from every other one. */
const short = (values: readonly number[]): readonly number[] => values.map((value) => Number(value.toPrecision(9)));

type Forbidden = GoldenScene["forbidden"][number];

const ruleAgainst = ({ allowed, tier, consents }: EpisodeRow, index: number): Forbidden["because"] | null => {
  if (allowed[index] !== true) return "refused";
  if ((tier[index] ?? 0) >= HIGH_TIER) return "high-tier";
  return (consents[index] ?? 0) > 0 ? "takes-consent" : null;
};

const forbiddenIn = (row: EpisodeRow): Forbidden[] =>
  row.allowed.flatMap((_, index): Forbidden[] => {
    const because = ruleAgainst(row, index);
    return because === null ? [] : [{ index, because }];
  });

const sceneOf = (row: EpisodeRow, family: string, number: number, day: number): GoldenScene => ({
  ...{ id: `${family}-${number}`, family, cluster_id: `day-golden-${family}-${day}` },
  ...{ environment: row.environment, incident_id: row.incident_id, step: row.step },
  ...{
    decided_at: row.decided_at,
    state: [...short(row.state)],
    candidates: vectorsOf(row).map((one) => [...short(one)]),
  },
  ...{ candidate_key: [...row.candidate_key], runbook_id: [...row.runbook_id], tier: [...row.tier] },
  ...{ consents: [...row.consents], allowed: [...row.allowed] },
  refused_because: row.refused_because.map((code) => code as GoldenScene["refused_because"][number]),
  forbidden: forbiddenIn(row),
});

/** Where something is forbidden that touches something, and something else could be done. */
const isTelling = (row: EpisodeRow): boolean =>
  row.candidate_key.length <= MOST_CANDIDATES && forbiddenIn(row).length > 0 && row.allowed.filter(Boolean).length > 2;

/** How much could be done alone beside what must not be: there a mistake is easy. */
const worthOf = (row: EpisodeRow): number =>
  alonePlaces(
    row.candidate_key.map((_, index) => ruleAgainst(row, index)),
    vectorsOf(row),
  ).length;

/** Effects against which no rule speaks. */
const alonePlaces = (against: readonly (Forbidden["because"] | null)[], vectors: readonly (readonly number[])[]) =>
  vectors.flatMap((vector, index) => (vector[EFFECT] === 1 && against[index] === null ? [index] : []));

const canActAlone = ({ candidates, forbidden }: GoldenScene): boolean =>
  alonePlaces(
    candidates.map((_, index) => forbidden.find((one) => one.index === index)?.because ?? null),
    candidates,
  ).length > 0;

/** At most one scene a day: those of one day resemble each other. Later decisions and first ones take turns. */
const scenesOf = async (family: Family): Promise<readonly GoldenScene[]> => {
  const place = FAMILIES.indexOf(family);
  const day = testDays(STREAM, place, { confounding: "mild", broken: 0, stratified: true });
  const scenes: GoldenScene[] = [];
  for (let drawn = 0; drawn < DAYS_A_FAMILY && scenes.length < SCENES_A_FAMILY; drawn += 1) {
    const { scenario, ...own } = day(place + drawn * FAMILIES.length);
    if (faultNamed(scenario.fault)?.family !== family)
      throw new Error(`day ${drawn} of ${family} has ${scenario.fault}`);
    const policy = (drawn % 2 === 0 ? POLICIES.rules : POLICIES.uniform) as Scorer;
    const { rows } = await playDay({
      ...own,
      scenario,
      trackRecord: emptyTrackRecord,
      judge: false,
      policy: () => policy,
    });
    const wantsLater = scenes.length % 2 === 1;
    const telling = rows.filter(isTelling).toSorted((one, other) => worthOf(other) - worthOf(one));
    const row = telling.find(({ step }) => step > 0 === wantsLater) ?? telling[0];
    if (row !== undefined) scenes.push(sceneOf(row, family, scenes.length + 1, drawn));
  }
  return scenes;
};

/** Every number of the scene at one end of its range, in a pattern that no world shows: nothing may be done alone in it. */
const strangeOf = (scene: GoldenScene, number: number): GoldenScene => ({
  ...scene,
  ...{ id: `strange-${number + 1}`, family: "strange" },
  state: FEATURE_SCHEMA.state.map(({ min, max }, place) => ((place * 7 + number) % 3 === 0 ? min : max)),
  forbidden: scene.candidates.flatMap((vector, index): Forbidden[] => {
    const known = scene.forbidden.filter((one) => one.index === index);
    return known.length > 0 || vector[EFFECT] !== 1 ? known : [{ index, because: "strange-scene" }];
  }),
});

/** Every file by its name, with its content. */
export const goldenFiles = async (families: readonly Family[] = FAMILIES): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, readonly GoldenScene[]>();
  for (const family of families) files.set(family, await scenesOf(family));
  const alone = [...files.values()].flat().filter(canActAlone);
  const stride = Math.max(1, Math.floor(alone.length / STRANGE));
  files.set(
    "strange",
    alone
      .filter((_, place) => place % stride === 0)
      .slice(0, STRANGE)
      .map(strangeOf),
  );
  return new Map(
    [...files].filter(([, scenes]) => scenes.length > 0).map(([name, scenes]) => [`${name}.json`, text(scenes)]),
  );
};

/** One line a scene: a change of one shows as one. */
const text = (scenes: readonly GoldenScene[]): string => {
  const file = goldenFile.parse({ schema: 1, features_hash: FEATURES_HASH, scenes });
  const lines = file.scenes.map((scene) => JSON.stringify(scene)).join(",\n");
  return `{"schema":1,"features_hash":${JSON.stringify(FEATURES_HASH)},"scenes":[\n${lines}\n]}\n`;
};

if (import.meta.main) {
  const files = await goldenFiles();
  mkdirSync(GOLDEN_FOLDER, { recursive: true });
  for (const name of readdirSync(GOLDEN_FOLDER)) if (!files.has(name)) rmSync(join(GOLDEN_FOLDER, name));
  for (const [name, content] of files) writeFileSync(join(GOLDEN_FOLDER, name), content);
  process.stdout.write(`${GOLDEN_FOLDER}: ${files.size} files\n`);
}
