import { type AbstainedCode, type Because, because, type ExcludedCode } from "./reasons.ts";
import type { Limits, Outlook } from "./stages.ts";
import { isEffect, type Standing } from "./standing.ts";

/** A share as people say it: so many of 100, a tenth at most, rounded so that a limit that was passed shows as passed. */
const upOf100 = (share: number): number => Math.ceil(share * 1000 - HAIR) / 10;
const downOf100 = (share: number): number => Math.floor(share * 1000 + HAIR) / 10;
/** What a product of a float64 is off by, and more: 0.07 * 1000 is a little above 70. */
const HAIR = 1e-9;
const readable = (value: number): string => String(Number(value.toFixed(2)));
/** A lead in rank; a lead in value is told as better or worse, so that nobody takes one for the other. */
const ranked = (lead: number): string =>
  Number.isFinite(lead) ? `ranked ${readable(Math.abs(lead))} ${lead < 0 ? "below" : "above"}` : "not ranked above";

/**
 * Why an effect is too likely to harm to be proposed at all, or null. It is held against the upper end of what a model
 * expects; a tier without a limit allows none. What has no outlook is not judged here.
 */
export const exclusionOf = (limits: Limits, standing: Standing): Because<ExcludedCode> | null => {
  const harms = standing.score?.outlook?.harms;
  if (!isEffect(standing) || standing.refused !== null || harms === undefined) return null;
  const limit = limits.tiers.find(({ tier }) => tier === standing.tier);
  if (limit === undefined) return because("harm-limit", `no limit of harm is known at tier ${standing.tier}`);
  if (harms.high <= limit.maxHarm) return null;
  const allowed = `${downOf100(limit.maxHarm)} allowed at tier ${standing.tier}`;
  return because("harm-limit", `harm in up to ${upOf100(harms.high)} of 100 such runs, ${allowed}`);
};

/**
 * Why a person is to be asked about a candidate, or null where the model's word is enough: the first that holds of no
 * better than calling a person, members that disagree about that, seldom done by people in such a scene, a scene unlike
 * those learnt from, a runbook that the gate could not judge, a model that may not act at all. Waiting and handing over
 * take no question. What has no outlook is asked about where the limits say so, and is else no matter of this file.
 */
export const questionOn = (
  limits: Limits,
  one: Standing,
  page: Standing | undefined,
): Because<AbstainedCode> | null => {
  if (!isEffect(one)) return null;
  const outlook = one.score?.outlook;
  const doubts = outlook === undefined ? limits.asks : questionOf(limits, outlook, page?.score?.outlook);
  if (doubts !== null) return doubts;
  if (limits.approval.includes(one.runbook))
    return because("autonomy-not-earned", `too few runs of ${one.runbook} were judged for it to be done unasked`);
  return limits.asks;
};

/**
 * Why waiting on the model's word is not enough, so that a person is called: the same that would have an effect asked
 * about. Nobody consents to waiting. Null where it is enough, and for all but `wait`.
 */
export const callOn = (limits: Limits, one: Standing, page: Standing | undefined): Because<AbstainedCode> | null => {
  const outlook = one.score?.outlook;
  return one.kind !== "wait" || outlook === undefined ? null : questionOf(limits, outlook, page?.score?.outlook);
};

const questionOf = (limits: Limits, outlook: Outlook, page: Outlook | undefined): Because<AbstainedCode> | null => {
  const { mean, sd } = lead(outlook, page);
  const wanted = `at least ${readable(limits.delta)} above is wanted`;
  // Each is passed only where it is shown to hold: a number that cannot be compared asks.
  if (!(mean >= limits.delta)) return because("not-better-than-page", `${ranked(mean)} calling a person, ${wanted}`);
  if (!(mean - limits.m * sd >= limits.delta)) {
    const least = `${ranked(mean - limits.m * sd)} at ${limits.m} standard deviations of its members less`;
    return because("ensemble-disagrees", `${ranked(mean)} calling a person and ${least}, ${wanted}`);
  }
  if (!(outlook.support >= limits.support)) {
    const often = `${downOf100(outlook.support)} for each 100 of what they do most`;
    return because(
      "low-support",
      `people seldom do it in such a scene: ${often}, ${upOf100(limits.support)} are wanted`,
    );
  }
  if (!(outlook.distance <= limits.distance)) {
    const far = `${readable(outlook.distance)} from the scenes that were learnt from`;
    return because("out-of-distribution", `the scene is ${far}, ${readable(limits.distance)} allowed`);
  }
  return null;
};

/** By how much it beats calling a person, over the members, paired. Not at all where nobody can be called. */
const lead = ({ members }: Outlook, page: Outlook | undefined): Readonly<{ mean: number; sd: number }> => {
  if (page === undefined) return { mean: Number.NaN, sd: Number.NaN };
  const leads = members.map((rank, k) => rank - (page.members[k] ?? Number.NaN));
  const mean = leads.reduce((sum, one) => sum + one, 0) / leads.length;
  const variance = leads.reduce((sum, one) => sum + (one - mean) ** 2, 0) / leads.length;
  return { mean, sd: Math.sqrt(variance) };
};
