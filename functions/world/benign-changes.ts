import { noteConfigChange } from "./config-changes.ts";
import { nextVersion } from "./faults/bad-version.ts";
import { chance, pick, uniform } from "./random.ts";
import { releaseCode } from "./releases.ts";
import { isAppConfigFlags, isUnderWay, latestOf } from "./resources/appconfig-deployments.ts";
import { behaviourOf } from "./resources/resource-types.ts";
import type { PlannedFault } from "./scenario.ts";
import { MINUTE_MS, type ResourceState, streamOf, type World } from "./state.ts";
import type { System } from "./system.ts";

/** Somebody changes something meanwhile, and nothing comes of it: what looks guilty and is not. */
export type BenignChange = Readonly<{ kind: "deployment" | "config"; arn: string; atMs: number }>;

/** From which minute to which around the onset they are drawn: all that a decision looks back on, and an hour to decide in. */
const FROM_MINUTES = -70;
const TO_MINUTES = 60;

/**
 * Mean minutes from one to the next: 36 of 100 incidents have a release in the hour before, 1 - exp(-0.6 * 60 / 80). Nobody
 * has published it. A change right before an alarm is then innocent in a quarter of the incidents that have one.
 */
const MEAN_GAP_MINUTES = 80;

const CONFIG_SHARE = 0.4; // a team changes flags and settings a little less often than it releases

/** How often one is drawn among what the fault names, which is where anybody looks first. */
const BLAMED_SHARE = 0.2;
/** So long before the onset a change of what the fault names is over, or one could not tell which of the two it was. */
const APART_MINUTES = 6;

/** A Poisson process around the onset: as likely right before an alarm as at any other time. */
export const drawBenignChanges = (
  streams: string,
  system: System,
  faults: readonly PlannedFault[],
  onsetMs: number,
): readonly BenignChange[] => {
  const named = new Set(faults.flatMap(({ parameters }) => Object.values(parameters)));
  const stream = `${streams}|scenario|benign`;
  const changes: BenignChange[] = [];
  let minutes = FROM_MINUTES;
  for (let draw = 0; ; draw += 1) {
    minutes -= MEAN_GAP_MINUTES * Math.log(1 - uniform(`${stream}|gap`, draw));
    if (minutes >= TO_MINUTES) return changes;
    const kind = chance(`${stream}|kind`, draw, CONFIG_SHARE) ? "config" : "deployment";
    const open = system.states.filter((state) => canChange(kind, state));
    const blamed = open.filter((state) => named.has(state.arn) && !(kind === "config" && isAppConfigFlags(state)));
    const others = open.filter(({ arn }) => !named.has(arn));
    const isBlamed = minutes <= -APART_MINUTES && chance(`${stream}|blamed`, draw, BLAMED_SHARE);
    const among = isBlamed && blamed.length > 0 ? blamed : others;
    if (among.length === 0) continue;
    const { arn } = pick(`${stream}|where`, draw, among);
    changes.push({ kind, arn, atMs: onsetMs + Math.round(minutes * MINUTE_MS) });
  }
};

/** Code of ours is released; settings belong to whatever serves requests, and to flags. */
const canChange = (kind: BenignChange["kind"], state: ResourceState): boolean => {
  const { release, serve } = behaviourOf(state);
  return kind === "deployment" ? release !== null : serve !== null || isAppConfigFlags(state);
};

/** The change takes place: a release without a defect, a version of flags that does nothing to anybody, or other settings. */
export const changeHarmlessly = (world: World, { kind, arn }: Omit<BenignChange, "atMs">): void => {
  const state = world.resources[arn];
  if (kind === "deployment") releaseCode(world, arn, null);
  else if (state === undefined || !isAppConfigFlags(state)) noteConfigChange(world, arn);
  // AppConfig refuses a second deployment to an environment while one is under way.
  else if (!isUnderWay(latestOf(state))) nextVersion(world, state, [], drawStrategy(world, arn));
};

const drawStrategy = (world: World, arn: string): string =>
  chance(streamOf(world, arn, "benign-strategy"), world.nowMs, 0.5)
    ? "AppConfig.Linear20PercentEvery6Minutes"
    : "AppConfig.AllAtOnce";
