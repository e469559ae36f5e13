import type { Card } from "../core/stages.ts";
import { type Paint, plain } from "./terminal-text.ts";

/**
 * The card as lines for a terminal: computed facts first, then exactly what would run, how it is undone, why a person is
 * asked, what is expected of it, what came second and until when the answer counts; last, and labelled, what a model said. Other people's words are stripped of control
 * characters.
 */
export const cardLines = (card: Card, nowMs: number, paint: Paint): readonly string[] => [
  paint("bold", plain(card.title)),
  ...card.facts.map((fact) => `  fact        ${plain(fact)}`),
  `  runbook     ${card.plan.runbook}@${card.plan.version}`,
  `  target      ${plain(card.plan.target)}`,
  ...Object.entries(card.plan.params)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `  parameter   ${plain(name)} = ${plain(JSON.stringify(value))}`),
  `  effect      ${plain(card.effect)}`,
  `  undo        ${plain(card.undo)}`,
  `  takes       about ${card.expectedMinutes} min`,
  `  tier        T${card.tier}, needs ${card.consentsNeeded === 1 ? "1 consent" : `${card.consentsNeeded} consents`}`,
  ...(card.asks === null ? [] : [`  asks        ${plain(`${card.asks.code}: ${card.asks.detail}`)}`]),
  ...card.expects.map((sentence) => `  expected    ${plain(sentence)}`),
  `  runner-up   ${card.runnerUp === null ? "none" : plain(card.runnerUp)}`,
  ...card.runnerUpExpects.map((sentence) => `              ${plain(sentence)}`),
  `  expires     in ${Math.max(0, Math.round((card.expiresAtMs - nowMs) / 60_000))} min`,
  `  plan        ${card.plan.hash.slice(0, 12)}`,
  ...(card.drafterSays === null ? [] : [`  the model's words, not a fact: ${plain(card.drafterSays)}`]),
];
