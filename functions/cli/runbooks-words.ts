import type { Catalogue } from "../core/runbook.ts";
import { type Counts, type Helped, NEVER } from "./runbooks-counts.ts";
import type { DocumentWords, Sheet } from "./runbooks-sheet.ts";
import { aligned, type Paint } from "./terminal-text.ts";

/** A line that fits the narrowest terminal that anybody answers incidents on. */
const WIDTH = 100;
const HEADER = ["runbook", "tier", "consents", "undo", "runs", "helped", "undone", "harm"];

/** The list as lines of at most 100 columns: a row of figures a runbook, and below it what it does and when it suits. */
export const listLines = (sheets: readonly Sheet[], counts: Counts | null, paint: Paint): readonly string[] => {
  const [header = "", ...rows] = aligned([HEADER, ...sheets.map((sheet) => cellsOf(sheet, counts))]);
  const told = sheets.flatMap((sheet, index) => [
    rows[index] ?? "",
    ...wrapped(`${sheet.title}${sheet.targetType === null ? "" : ` (${sheet.targetType})`}.`, "    "),
    ...wrapped(`When: ${sheet.suitsWhen}`, "    ").map((line) => paint("dim", line)),
  ]);
  return [paint("bold", header), ...told, "", ...notesOn(counts).flatMap((note) => wrapped(note, ""))];
};

const cellsOf = (sheet: Sheet, counts: Counts | null): readonly string[] => [
  `${sheet.id}@${sheet.version}`,
  `T${sheet.leastTier}`,
  String(sheet.needs),
  sheet.kind === "effect" ? sheet.reversal : "-",
  ...figures(helpedBy(sheet, counts)),
];

const helpedBy = ({ id }: Sheet, counts: Counts | null): Helped | null =>
  counts === null ? null : (counts.helped.get(id) ?? NEVER);

const figures = (helped: Helped | null): readonly string[] =>
  helped === null
    ? ["-", "-", "-", "-"]
    : [helped.runs, helped.recovered, helped.undone, helped.harm].map((figure) => String(figure));

const notesOn = (counts: Counts | null): readonly string[] => [
  "Tiers and consents (in production, mode auto) are the least; the blast radius on a target may ask for more.",
  ...(counts === null
    ? ["Counts: `quell gameday --store FILE`, then `quell runbooks list --store FILE`."]
    : [
        `Counts are of ${counts.decisions} decisions; helped: the alarm recovered by it; harm: not ruled out.`,
        ...(counts.foreign === 0
          ? []
          : [`${counts.foreign} of them were made from another catalogue: runbooks may have changed since.`]),
      ]),
  "More about one: `quell runbooks show ID`.",
];

/** The list as a document; `helped` is null where no store was named. */
export const listJson = ({ hash }: Catalogue, sheets: readonly Sheet[], counts: Counts | null) => ({
  schema: 1,
  hash,
  counts: counts === null ? null : { decisions: counts.decisions, foreign: counts.foreign },
  runbooks: sheets.map((sheet) => ({
    id: sheet.id,
    version: sheet.version,
    kind: sheet.kind,
    tier: sheet.tier,
    leastTier: sheet.leastTier,
    consents: sheet.needs,
    targetType: sheet.targetType,
    reversal: sheet.reversal,
    title: sheet.title,
    effect: sheet.effect,
    suitsWhen: sheet.suitsWhen,
    helped: helpedBy(sheet, counts),
  })),
});

/** Everything about one runbook as lines of at most 100 columns. */
export const sheetLines = (sheet: Sheet, paint: Paint): readonly string[] => [
  paint("bold", `${sheet.id}@${sheet.version}  ${sheet.title}`),
  ...fact("effect", sheet.effect),
  ...fact("suits when", sheet.suitsWhen),
  ...(sheet.targetType === null ? [] : fact("target", sheet.targetType)),
  ...fact("tier", `T${sheet.leastTier}: ${sheet.tierWords}`),
  ...fact("consents", `${sheet.needsWords} (production, mode auto)`),
  ...fact("blast radius", sheet.blastRadius),
  ...fact("undo", sheet.undoWords),
  ...fact("takes", `about ${sheet.expectedMinutes} min`),
  ...fact("cooldown", sheet.cooldown),
  ...(sheet.kind === "effect" ? meanwhile(sheet) : []),
  ...fact("treats", sheet.treats.length === 0 ? "no metric by itself" : sheet.treats.join(", ")),
  ...sheet.permissions.flatMap(({ action, access }, index) => fact(index === 0 ? "IAM" : "", `${action} (${access})`)),
  ...documentLines("automation", sheet.automation, paint),
  ...documentLines("undo", sheet.undo, paint),
];

const meanwhile = ({ whenRecovered, duringDeployment }: Sheet): readonly string[] => [
  ...fact("recovered", `if the alarm recovers while it runs, ${whenRecovered}`),
  ...fact("deployment", `while one is in progress on its target, ${duringDeployment}`),
];

const documentLines = (role: string, document: DocumentWords | null, paint: Paint): readonly string[] =>
  document === null
    ? []
    : [
        "",
        paint("bold", `${role}: ${document.name}`),
        ...wrapped(document.says, "  "),
        ...document.parameters.flatMap(({ name, type, pattern, standard, says }) => [
          ...wrapped(`${name}: ${type}. ${says}${standard === null ? "" : ` Default ${standard}.`}`, "  - "),
          // A pattern is copied and compared, so it stays in one piece however long it is.
          ...(pattern === null ? [] : [`      ${pattern}`]),
        ]),
        ...document.steps.flatMap(({ name, does, why, onward }, index) => [
          ...wrapped(`${name} ${does}${onward === null ? "" : `; ${onward}`}.`, `  ${index + 1}. `),
          ...(why === null ? [] : wrapped(why, "     ").map((line) => paint("dim", line))),
        ]),
      ];

const NAME_WIDTH = "blast radius".length;
const fact = (name: string, text: string): readonly string[] => wrapped(text, `  ${name.padEnd(NAME_WIDTH)}  `);

/** Breaks a text between words; the first line begins with `lead`, the others with as many blanks. */
const wrapped = (text: string, lead: string): readonly string[] => {
  const lines: string[] = [];
  let line = lead;
  let isFresh = true;
  for (const word of text.split(" ")) {
    if (!isFresh && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = " ".repeat(lead.length);
      isFresh = true;
    }
    line += isFresh ? word : ` ${word}`;
    isFresh = false;
  }
  return [...lines, line];
};
