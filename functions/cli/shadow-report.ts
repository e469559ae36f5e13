import type { Estimate } from "../core/stages.ts";
import { alignedRows, printable } from "./aligned.ts";
import type { ShadowEpisode } from "./shadow-one.ts";
import { type Saved, savedInAll } from "./shadow-savings.ts";

/** The whole of a shadow run: one JSON document. Keys are only ever added. */
export type Shadow = Readonly<{
  schema: 1;
  account: string;
  region: string;
  since: string;
  until: string;
  policy: string;
  alarms: number;
  metricsRead: number;
  /** Longest first. */
  episodes: readonly ShadowEpisode[];
  /** What limits all of it, a sentence each. */
  cannotSee: readonly string[];
  /** Episodes that would have been an incident of their own, and their minutes. */
  incidents: number;
  minutes: number;
  /** Proposals of an effect, and how many of those would have needed a person. */
  proposals: number;
  asked: number;
  savedMinutes: Saved;
  /** Effects that would have had to be undone, made it worse, or ended unknown; null where no model says. */
  wrongActions: Estimate | null;
}>;

/** Adds episodes up. */
export const shadowOf = (
  told: Pick<Shadow, "account" | "region" | "since" | "until" | "policy" | "alarms" | "metricsRead" | "cannotSee">,
  episodes: readonly ShadowEpisode[],
): Shadow => {
  const proposed = episodes.flatMap((one) => one.proposed ?? []);
  const own = episodes.filter(({ joins }) => joins === null);
  return {
    schema: 1,
    ...told,
    episodes: episodes.toSorted((a, b) => b.minutes - a.minutes),
    incidents: own.length,
    minutes: tenth(own.reduce((sum, { minutes }) => sum + minutes, 0)),
    proposals: proposed.length,
    asked: proposed.filter(({ consents }) => consents > 0).length,
    savedMinutes: savedInAll(episodes.map(({ saved }) => saved)),
    wrongActions: harmsInAll(proposed.map(({ harms }) => harms)),
  };
};

const tenth = (value: number): number => Math.round(value * 10) / 10;

const harmsInAll = (each: readonly (Estimate | null)[]): Estimate | null => {
  const known = each.filter((one) => one !== null);
  if (known.length < each.length) return null;
  const sum = (part: (one: Estimate) => number): number => tenth(known.reduce((total, one) => total + part(one), 0));
  return { mean: sum(({ mean }) => mean), low: sum(({ low }) => low), high: sum(({ high }) => high) };
};

const HEADER = ["minutes", "alarm", "service", "opened", "would have proposed", "after", "might have saved"] as const;

/** One line an episode, the longest first. */
export const shadowTable = ({ episodes }: Shadow): string =>
  alignedRows([HEADER, ...episodes.map(cellsOf)].map((cells) => cells.map(printable)));

const cellsOf = ({
  minutes,
  endedAt,
  alarm,
  service,
  openedAt,
  joins,
  proposed,
  instead,
  saved,
}: ShadowEpisode): readonly string[] => [
  `${minutes}${endedAt === null ? "+" : ""}`,
  alarm,
  service ?? "-",
  `${openedAt.slice(0, 16)}Z`,
  proposed === null
    ? joins === null
      ? (instead ?? "-")
      : `joins ${joins}`
    : `${proposed.runbook} ${proposed.target.split(/[:/]/).at(-1) ?? ""}`,
  proposed === null
    ? "-"
    : `${proposed.atMinutes} min${proposed.consents > 0 ? `, asks ${counted(proposed.consents, "person", "people")}` : ""}`,
  proposed === null ? "-" : savedWords(saved),
];

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** 12 (0 to 30), or 0 to 30 where nobody says how probable it was. */
const savedWords = ({ low, mean, high }: Saved): string =>
  mean === null ? `${low} to ${high} min` : `${mean} (${low} to ${high}) min`;

/** What it comes to, and what it does not. */
export const shadowSummary = (shadow: Shadow): readonly string[] => {
  const { episodes, proposals, asked, minutes, savedMinutes, wrongActions, cannotSee } = shadow;
  return [
    `${counted(shadow.alarms, "alarm")} rang ${counted(episodes.length, "time")} from ${shadow.since} to ${shadow.until}: ${counted(shadow.incidents, "incident")}, ${counted(minutes, "minute")}`,
    `policy ${shadow.policy}: an effect proposed in ${proposals} of them, ${asked} of those with a question to a person`,
    `might have saved ${savedWords(savedMinutes)}: an estimate and no evidence, for nothing was done`,
    ...(proposals === 0
      ? []
      : [
          wrongActions === null
            ? "how many of these effects would have done harm, nobody says: the rules know no probability"
            : `of these effects ${wrongActions.mean} (${wrongActions.low} to ${wrongActions.high}) would have been undone, or done harm`,
        ]),
    ...cannotSee.map((sentence) => `not seen: ${sentence}`),
  ];
};

/** The same as a page of Markdown. */
export const shadowMarkdown = (shadow: Shadow): string => {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => printable(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    `# What Quell would have proposed in ${shadow.account} ${shadow.region}`,
    "",
    ...shadowSummary(shadow).map((sentence) => `- ${sentence}`),
    "",
    row(HEADER),
    row(HEADER.map(() => "---")),
    ...shadow.episodes.map((one) => row(cellsOf(one))),
    "",
    "Minutes saved of an episode: what it took, less the minute of the proposal, the runbook's expected minutes, the soak and",
    "the minutes until a person answers, times the model's probability of recovery. The lower bound takes nobody to be awake",
    "where somebody is asked; the upper one that the answer comes at once. The bounds of all episodes are added up.",
    "",
  ].join("\n");
};
