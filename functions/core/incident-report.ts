import { isoTime } from "./ids.ts";
import type { CandidateRecord, DecisionRecord, IncidentRecord } from "./record.ts";

/** Words that were read somewhere, or that people chose: whoever renders them escapes them for its own markup. */
export type Said = Readonly<{ said: string }>;
/** A line of a report: our own words as text, everything else as what somebody said. */
export type ReportLine = readonly (string | Said)[];
export type ReportSection = Readonly<{ heading: string; lines: readonly ReportLine[] }>;
export type IncidentReport = Readonly<{ title: ReportLine; sections: readonly ReportSection[] }>;

const said = (text: string): Said => ({ said: text });

/**
 * What an incident came to, told from its record alone: what happened and when, what was decided and why, what was done
 * and undone, what it departs from, who consented, what could not be read. The same record tells the same report.
 */
export const incidentReport = (record: IncidentRecord): IncidentReport => ({
  title: [`${record.terminal}: `, said(record.incident.alarmName), " of ", said(serviceIn(record))],
  sections: [
    { heading: "What happened", lines: happened(record) },
    { heading: "When", lines: timeline(record) },
    { heading: "What was decided, and why", lines: record.decisions.flatMap(decided) },
    { heading: "What was done, and undone", lines: done(record) },
    { heading: "What departs from infrastructure as code", lines: drifts(record) },
    { heading: "Who consented", lines: record.decisions.flatMap(consents) },
    { heading: "What was missing", lines: record.decisions.flatMap(missing) },
    { heading: "What it rested on", lines: rested(record) },
  ].filter(({ lines }) => lines.length > 0),
});

/** The same as text, for a terminal, a mail or a pager. */
export const plainReport = ({ title, sections }: IncidentReport): string => {
  const plain = (line: ReportLine): string =>
    line.map((part) => (typeof part === "string" ? part : part.said)).join("");
  return [
    plain(title),
    ...sections.map(({ heading, lines }) => [heading, ...lines.map((one) => `- ${plain(one)}`)].join("\n")),
  ]
    .join("\n\n")
    .concat("\n");
};

const serviceIn = ({ incident }: IncidentRecord): string => incident.service || "no known service";

const minutesBetween = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / 60_000);

const happened = ({ incident, terminal, because, decisions }: IncidentRecord): readonly ReportLine[] => [
  [
    "the alarm ",
    said(incident.alarmName),
    " of ",
    incident.service === "" ? "no known service" : said(incident.service),
    " rang in ",
    said(incident.environment),
    `, severity ${incident.severity}, in `,
    said(`${incident.account}/${incident.region}`),
  ],
  [
    `it ended ${terminal} after ${minutesBetween(incident.openedAt, incident.closedAt)} min and ${counted(decisions.length, "decision")}: `,
    said(because.detail),
  ],
];

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

type Moment = Readonly<{ atMs: number; line: ReportLine }>;

const timeline = (record: IncidentRecord): readonly ReportLine[] => {
  const { incident, decisions, effects, terminal } = record;
  const moment = (at: string, ...line: ReportLine): Moment => ({ atMs: Date.parse(at), line: [`${at} `, ...line] });
  const ends = (decision: DecisionRecord): Moment => {
    const atMs = Date.parse(decision.decidedAt) + decision.outcome.afterSeconds * 1000;
    return moment(isoTime(atMs), `decision ${decision.step} came to: ${OUTCOMES[decision.outcome.kind]}`);
  };
  const moments = [
    moment(incident.openedAt, "the alarm rang"),
    ...decisions.map((one) => moment(one.decidedAt, `decision ${one.step}: `, ...choiceWords(one))),
    ...decisions.flatMap(({ step, consent }) =>
      consent === null || consent.by === "policy" ? [] : [moment(consent.at, `decision ${step} was approved`)],
    ),
    ...decisions.flatMap(({ step, refusal }) =>
      refusal === null ? [] : [moment(refusal.at, `decision ${step} was not approved: ${refusal.kind}`)],
    ),
    ...effects.map((effect) => moment(effect.at, ...effectWords(effect))),
    ...decisions.map(ends),
    moment(incident.closedAt, `closed as ${terminal}`),
  ];
  // What happened at one moment stays in the order in which it is told above.
  return moments.toSorted((a, b) => a.atMs - b.atMs).map(({ line }) => line);
};

const OUTCOMES: Readonly<Record<DecisionRecord["outcome"]["kind"], string>> = {
  recovered: "it recovered",
  "not-recovered": "it did not recover",
  "rolled-back": "it did not help and was taken back",
  "undo-failed": "it did not help and COULD NOT be taken back",
  unknown: "nobody knows how it ended",
  "not-run": "it was not started after all",
  "refused-by-people": "people did not want it",
  paged: "a person was called",
  observed: "it was only observed",
};

const chosenIn = ({ choice, candidates }: DecisionRecord): CandidateRecord | undefined =>
  choice === null ? undefined : candidates[choice.candidate];

const choiceWords = (decision: DecisionRecord): ReportLine => {
  const chosen = chosenIn(decision);
  return chosen === undefined
    ? [`nothing was chosen: ${decision.abstention?.because.code ?? "no reason is recorded"}`]
    : ["chose ", ...nameOf(chosen)];
};

const nameOf = ({ runbook, version, target }: CandidateRecord): ReportLine => [
  said(`${runbook}@${version}`),
  ...(target === null || target === "" ? [] : [" on ", said(target)]),
];

const decided = (decision: DecisionRecord): readonly ReportLine[] => {
  const { step, mode, policy, candidates, choice, runnerUp, abstention, drafter, outcome } = decision;
  const chosen = chosenIn(decision);
  const second = runnerUp === null ? undefined : candidates[runnerUp.candidate];
  const because = abstention?.because ?? choice?.asks ?? null;
  const refused = candidates.filter(({ verdict }) => verdict !== "allowed");
  return [
    [
      `decision ${step} (mode ${mode}, policy `,
      said(policy),
      ", drafted by ",
      said(drafter.name),
      "): ",
      ...choiceWords(decision),
      ...(chosen?.q == null ? [] : [`, value ${chosen.q.mean.toFixed(2)}`]),
      `; ${OUTCOMES[outcome.kind]}`,
    ],
    ...(because === null ? [] : [[`decision ${step}, why: ${because.code}, `, said(because.detail)]]),
    ...(second === undefined || runnerUp === null
      ? []
      : [[`decision ${step}, second: `, ...nameOf(second), ", ", said(runnerUp.lost)]]),
    ...refused.map((one) => [
      `decision ${step}, ${one.verdict}: `,
      ...nameOf(one),
      ` (${one.because?.code ?? "no reason is recorded"})`,
    ]),
  ];
};

const effectWords = ({ runbook, target, dryRun }: IncidentRecord["effects"][number]): ReportLine => [
  dryRun ? "would have started " : "started ",
  said(runbook),
  " on ",
  said(target),
];

const done = ({ effects, decisions }: IncidentRecord): readonly ReportLine[] => {
  if (effects.length === 0) return [["nothing was changed"]];
  return effects.flatMap((effect) => {
    const decision = decisions.find(({ step }) => step === effect.step);
    const params = Object.entries(decision?.plan?.params ?? {});
    return [
      [
        ...effectWords(effect),
        ` at ${effect.at}`,
        ...(decision === undefined ? [] : [`: ${OUTCOMES[decision.outcome.kind]}`]),
      ],
      ...params.map(([name, value]) => ["with ", said(`${name} = ${JSON.stringify(value)}`)]),
    ];
  });
};

const drifts = ({ effects, decisions }: IncidentRecord): readonly ReportLine[] =>
  decisions.flatMap(({ step, plan }) =>
    typeof plan?.drift === "string" && effects.some((effect) => effect.step === step)
      ? [[`decision ${step}: `, said(plan.drift)]]
      : [],
  );

const consents = ({ step, consent, refusal }: DecisionRecord): readonly ReportLine[] => {
  if (consent !== null)
    return consent.by === "policy"
      ? [[`decision ${step}: nobody had to, by the guardrails`]]
      : [
          [
            `decision ${step}: `,
            ...(consent.people.length > 0 ? listed(consent.people) : ["people"]),
            ` at ${consent.at}`,
          ],
        ];
  if (refusal === null) return [];
  return [
    [
      `decision ${step}: ${refusal.kind}`,
      ...(refusal.by === null ? [] : [" by ", said(refusal.by)]),
      ` at ${refusal.at}`,
    ],
  ];
};

const listed = (names: readonly string[]): ReportLine =>
  names.flatMap((name, index) => (index === 0 ? [said(name)] : [", ", said(name)]));

const missing = ({ step, context, drafter }: DecisionRecord): readonly ReportLine[] => [
  ...context.missing.map(({ source, because }) => [`decision ${step}: ${source} could not be read: `, said(because)]),
  ...context.cut.map(({ source, kept, of, unit }) => [
    `decision ${step}: only ${kept} of ${of} ${unit} were kept of ${source}`,
  ]),
  ...(drafter.because === null
    ? []
    : [[`decision ${step}: the drafter did not speak: ${drafter.because.code}, `, said(drafter.because.detail)]]),
];

const rested = ({ incident, hashes }: IncidentRecord): readonly ReportLine[] => [
  ["incident ", said(incident.id), ", alarm ", said(incident.key)],
  [
    ...["code ", said(hashes.code || "none"), ", model ", said(hashes.model || "none")],
    ...[", guardrails ", said(hashes.guardrails), ", catalogue ", said(hashes.catalogue)],
  ],
];
