import { isDrill } from "./drill.ts";
import type { DecisionRecord, IncidentRecord } from "./record.ts";

/** One number for CloudWatch. It has no unit of minutes, nor of money: those are `None`, and the name says which. */
export type Measure = Readonly<{
  name: string;
  unit: "Count" | "None";
  value: number;
  dimensions: Readonly<Record<string, string>>;
}>;

/**
 * What an incident's record counts, for a dashboard: by how it ended and by why it abstained, never by service or alarm, for
 * each pair of a dimension and its value is a metric that is paid for. Of a drill there is one number and no other, so that
 * no figure about real incidents moves. What was only written down is no effect.
 */
export const measuresOf = (record: IncidentRecord): readonly Measure[] => {
  if (isDrill(record.incident)) return [counted("DrillsCompleted", 1)];
  const { decisions, terminal } = record;
  const real = record.effects.filter(({ dryRun }) => !dryRun);
  const runs = new Set(real.map(({ step }) => step)).size;
  const recovered = terminal === "RESOLVED" || terminal === "SELF_RECOVERED";
  return [
    counted("Incidents", 1, { Terminal: terminal }),
    counted("Decisions", decisions.length),
    ...abstentionsIn(decisions),
    counted("ConsentsAsked", decisions.filter(isAsked).length),
    counted(
      "ConsentsGiven",
      total(decisions, ({ consent }) => (consent?.by === "people" ? consent.people.length : 0)),
    ),
    counted("Effects", runs),
    counted("Undos", real.length - runs),
    ...(recovered ? [plain("RecoveryMinutes", minutesOf(record), { Terminal: terminal })] : []),
    counted(
      "Tokens",
      total(decisions, ({ drafter }) => drafter.inputTokens + drafter.outputTokens),
    ),
    plain(
      "CostUSD",
      total(decisions, ({ drafter }) => drafter.usd),
    ),
  ];
};

const counted = (name: string, value: number, dimensions: Measure["dimensions"] = {}): Measure => ({
  ...{ name, unit: "Count", value, dimensions },
});

const plain = (name: string, value: number, dimensions: Measure["dimensions"] = {}): Measure => ({
  ...{ name, unit: "None", value, dimensions },
});

const total = (decisions: readonly DecisionRecord[], of: (decision: DecisionRecord) => number): number =>
  decisions.reduce((sum, decision) => sum + of(decision), 0);

const minutesOf = ({ incident }: IncidentRecord): number =>
  Math.max(0, Date.parse(incident.closedAt) - Date.parse(incident.openedAt)) / 60_000;

const abstentionsIn = (decisions: readonly DecisionRecord[]): readonly Measure[] => {
  const counts = new Map<string, number>();
  for (const { abstention } of decisions)
    if (abstention !== null) counts.set(abstention.because.code, (counts.get(abstention.because.code) ?? 0) + 1);
  return [...counts].map(([code, count]) => counted("Abstentions", count, { Because: code }));
};

/** Whether people were asked: the guard, or a doubt about the choice, wanted a consent for a plan that could be carried out. */
const isAsked = ({ mode, plan, choice, candidates }: DecisionRecord): boolean =>
  mode !== "observe" &&
  plan !== null &&
  choice !== null &&
  (choice.asks !== null || (candidates[choice.candidate]?.consents ?? 0) > 0);
