import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { MODEL_POLICIES } from "../adapters/onnx/onnx-scorer.ts";
import { recordedDrafter } from "../adapters/recorded/drafter.ts";
import { recordedEvidence } from "../adapters/recorded/evidence.ts";
import {
  type Recording,
  RecordingUnreadable,
  readRecording,
  recordingEndsAtMs,
} from "../adapters/recorded/recording.ts";
import { settingsForRecording } from "../adapters/recorded/settings.ts";
import { draftOffline } from "../core/draft.ts";
import { POLICIES } from "../core/policies.ts";
import type { Scorer } from "../core/ports.ts";
import type { IncidentRecord } from "../core/record.ts";
import { settingsSchema } from "../core/settings.ts";
import type { Mode } from "../core/stages.ts";
import { BadInput, type ExitCode } from "./errors.ts";
import { isModelPolicy, servedModel } from "./released-model.ts";
import { compared, comparedReport } from "./replay-compare.ts";
import { answerDry } from "./replay-dry.ts";
import { type ReplayRow, replayReport } from "./replay-report.ts";

export type ReplayFlags = Readonly<{ mode: string; policy: string; json?: true }>;
type Io = Readonly<{ write: (text: string) => void; writeError: (text: string) => void }>;

const MODES: readonly Mode[] = ["observe", "approve", "auto"];
/** Policies that need no world to look into. */
const REPLAYED: readonly string[] = [...Object.keys(POLICIES), ...MODEL_POLICIES];

/**
 * `quell replay DIR`: the whole agent over a recorded incident, or over every one in a folder of them, under one policy or
 * several side by side. Nothing can be changed in a recording, so effects are only written down.
 */
export const replay = async (dir: string, flags: ReplayFlags, io: Io): Promise<ExitCode> => {
  const mode = MODES.find((one) => one === flags.mode);
  if (mode === undefined) throw new BadInput(`--mode ${flags.mode}: cannot be used; give ${MODES.join(", ")}`);
  const names = policiesIn(flags.policy);
  const recordings = recordingsIn(dir).map((folder) => opened(folder, io));
  const rows = new Map<string, readonly ReplayRow[]>();
  for (const name of names) rows.set(name, await replayedUnder(name, recordings, mode, io));
  const [first = []] = rows.values();
  if (names.length > 1) showCompared(rows, flags, io);
  else if (flags.json !== true) io.write(replayReport(first));
  else {
    const records = first.map(({ record }) => record);
    io.write(`${JSON.stringify(isRecording(dir) ? records[0] : records)}\n`);
  }
  return 0;
};

/** The policies of a list with commas. Throws BadInput where one is not built or named twice. */
const policiesIn = (list: string): readonly string[] => {
  const names = list.split(",");
  for (const name of names) {
    if (!REPLAYED.includes(name))
      throw new BadInput(
        `--policy ${name}: not built; give one of ${REPLAYED.join(", ")}, or some with commas between`,
      );
    if (names.indexOf(name) !== names.lastIndexOf(name))
      throw new BadInput(`--policy ${list}: names ${name} twice; name each policy once`);
  }
  return names;
};

const replayedUnder = async (
  name: string,
  recordings: readonly Recording[],
  mode: Mode,
  io: Io,
): Promise<readonly ReplayRow[]> => {
  const { scorer, close } = await scorerNamed(name, io);
  try {
    const rows: ReplayRow[] = [];
    for (const recording of recordings) rows.push(await replayOne(recording, mode, scorer));
    return rows;
  } finally {
    await close();
  }
};

/** The scorer of a policy of `replay`, with what ends it. Throws BadInput where it is not built. */
export const scorerNamed = async (
  name: string,
  io: Io,
): Promise<Readonly<{ scorer: Scorer; close: () => Promise<void> }>> => {
  const built = POLICIES[name];
  if (built !== undefined) return { scorer: built, close: async () => {} };
  if (!isModelPolicy(name)) throw new BadInput(`--policy ${name}: not built`);
  const { scorer, model } = await servedModel(name, io.writeError, { isolation: "none" });
  return { scorer, close: async () => model?.inference.close() };
};

const showCompared = (rows: ReadonlyMap<string, readonly ReplayRow[]>, { json }: ReplayFlags, io: Io): void => {
  const all = compared(new Map([...rows].map(([name, own]) => [name, own.map(({ record }) => record)])));
  io.write(json === true ? `${JSON.stringify(all)}\n` : comparedReport(all));
};

const isRecording = (dir: string): boolean => existsSync(join(dir, "alarm.json"));

const recordingsIn = (dir: string): readonly string[] => {
  if (!existsSync(dir) || !statSync(dir).isDirectory())
    throw new BadInput(`${dir}: no such folder; give a recorded incident, or a folder of them`);
  if (isRecording(dir)) return [dir];
  const inside = readdirSync(dir)
    .sort()
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isDirectory() && isRecording(path));
  if (inside.length === 0)
    throw new BadInput(`${dir}: neither it nor a folder in it holds alarm.json; a recording needs at least that file`);
  return inside;
};

const opened = (folder: string, io: Io): Recording => {
  try {
    const recording = readRecording(folder);
    for (const { source, because } of recording.damaged) io.writeError(`quell: ${join(folder, source)}: ${because}\n`);
    return recording;
  } catch (cause) {
    if (cause instanceof RecordingUnreadable) throw new BadInput(cause.message, { cause });
    throw cause;
  }
};

/** Runs one recording to its end on a clock of its own, and reads what became of it from its record. */
export const replayOne = async (recording: Recording, mode: Mode, scorer: Scorer): Promise<ReplayRow> => {
  const horizonMs = recordingEndsAtMs(recording);
  const { record, saw } = await answerDry(
    {
      alarm: recording.alarm,
      settings: settingsSchema.parse({ ...settingsForRecording(recording, mode), horizonMs }),
      evidence: (clock) => recordedEvidence(recording, clock),
      drafter:
        recording.drafter === null
          ? { draft: async (context, catalogue) => draftOffline(context, catalogue, null) }
          : recordedDrafter(recording.drafter.reply),
    },
    scorer,
  );
  return { record: withDamage(record, recording), saw };
};

/** What was dropped of a damaged recording was missing at every decision. */
const withDamage = (record: IncidentRecord, { damaged }: Recording): IncidentRecord => ({
  ...record,
  decisions: record.decisions.map((decision) => ({
    ...decision,
    context: { ...decision.context, missing: [...decision.context.missing, ...damaged] },
  })),
});
