import type { AutomationDocument, AutomationStep } from "../core/automation-document.ts";
import { accessOf } from "./runbooks-permissions.ts";

/** One step of a document for people: its API as `service:Api` where it calls one, what it does, why, and what follows. */
export type StepWords = Readonly<{
  name: string;
  api: string | null;
  does: string;
  why: string | null;
  onward: string | null;
}>;

/** The steps of a document in their order. */
export const stepsOf = ({ content }: AutomationDocument): readonly StepWords[] =>
  content.mainSteps.map((step) => ({
    name: step.name,
    api: "Api" in step.inputs ? `${step.inputs.Service}:${step.inputs.Api}` : null,
    does: doesWords(step),
    why: step.description ?? null,
    onward: onwardWords(step),
  }));

const doesWords = (step: AutomationStep): string => {
  switch (step.action) {
    case "aws:executeAwsApi": {
      const { Service, Api, ...given } = step.inputs;
      const kept = (step.outputs ?? []).map(({ Name }) => Name);
      const verb = accessOf(Service, Api) === "write" ? "changes" : "reads";
      return `${verb} with ${Service}:${Api}${givenWords(given)}${kept.length === 0 ? "" : `; keeps ${kept.join(", ")}`}`;
    }
    case "aws:assertAwsResourceProperty": {
      const { Service, Api, PropertySelector, DesiredValues, ...given } = step.inputs;
      return `checks that ${Service}:${Api}${givenWords(given)} shows ${PropertySelector} = ${oneOf(DesiredValues)}`;
    }
    case "aws:waitForAwsResourceProperty": {
      const { Service, Api, PropertySelector, DesiredValues, ...given } = step.inputs;
      const most = step.timeoutSeconds === undefined ? "" : `, for at most ${step.timeoutSeconds} s`;
      return `waits until ${Service}:${Api}${givenWords(given)} shows ${PropertySelector} = ${oneOf(DesiredValues)}${most}`;
    }
    case "aws:branch": {
      const choices = step.inputs.Choices.map(
        ({ NextStep, ...condition }) => `goes to ${NextStep} where ${JSON.stringify(condition)}`,
      );
      const standard = step.inputs.Default;
      return [...choices, ...(standard === undefined ? [] : [`else goes to ${standard}`])].join("; ");
    }
    case "aws:sleep":
      return `waits ${spanWords(step.inputs.Duration)}`;
  }
};

const givenWords = (given: Readonly<Record<string, unknown>>): string => {
  const members = Object.entries(given).map(
    ([name, value]) => `${name} = ${plainly(typeof value === "string" ? value : JSON.stringify(value))}`,
  );
  return members.length === 0 ? "" : ` (${members.join(", ")})`;
};

const oneOf = (values: readonly string[]): string => values.map(plainly).join(" or ");

/** `{{ Name }}` as one word, so that no line breaks within it. */
const plainly = (text: string): string => text.replace(/\{\{\s*([^{}\s]+)\s*\}\}/g, "{{$1}}");

/** `PT1H30S` as `1 h 30 s`. */
const spanWords = (duration: string): string =>
  [...duration.matchAll(/(\d+)([HMS])/g)]
    .map(([, count, unit]) => `${count} ${unit === "H" ? "h" : unit === "M" ? "min" : "s"}`)
    .join(" ");

/** What is not simply "the next step", and what a failure leads to where the run does not end with it. */
const onwardWords = (step: AutomationStep): string | null => {
  const failure = step.onFailure?.startsWith("step:")
    ? `on failure goes to ${step.onFailure.slice("step:".length)}`
    : step.onFailure === "Continue"
      ? "goes on after a failure"
      : null;
  const success =
    step.isEnd === true ? "the run ends here" : step.nextStep === undefined ? null : `then ${step.nextStep}`;
  const words = [success, failure].filter((one) => one !== null);
  return words.length === 0 ? null : words.join("; ");
};
