import type { AutomationContent, AutomationStep } from "../core/automation-document.ts";
import type { Json } from "../core/json.ts";

/** Answers what `{{ reference }}` stands for; undefined where nothing of that name exists (yet). */
export type Scope = (reference: string) => Json | undefined;

type ApiStep = Extract<AutomationStep, { action: "aws:executeAwsApi" }>;
type Output = NonNullable<ApiStep["outputs"]>[number];
type ValueType = Output["Type"];

const REFERENCE = /\{\{\s*([A-Za-z0-9_.:-]+)\s*\}\}/g;
const WHOLE_REFERENCE = /^\{\{\s*([A-Za-z0-9_.:-]+)\s*\}\}$/;

/** What references stand for in one execution: `global:NAME`, a parameter, or `Step.Name` in its declared type. */
export const scopeOf =
  (
    execution: Readonly<{
      content: AutomationContent;
      parameters: Readonly<Record<string, Json>>;
      globals: Readonly<Record<string, string>>;
      outputs: Readonly<Record<string, string>>;
    }>,
  ): Scope =>
  (reference) => {
    if (reference.startsWith("global:")) return execution.globals[reference.slice("global:".length)];
    if (Object.hasOwn(execution.parameters, reference)) return execution.parameters[reference];
    const text = Object.hasOwn(execution.outputs, reference) ? execution.outputs[reference] : undefined;
    const [stepName, outputName] = reference.split(".");
    const step = execution.content.mainSteps.find(({ name }) => name === stepName);
    if (text === undefined || step?.action !== "aws:executeAwsApi") return undefined;
    const declared = step.outputs?.find(({ Name }) => Name === outputName);
    return declared === undefined ? undefined : typed(declared.Type, text);
  };

/** Names of the references in a value for which the scope has no answer, each once. */
export const unresolvedReferences = (value: Json, scope: Scope): readonly string[] => [
  ...new Set(referencesIn(value).filter((reference) => scope(reference) === undefined)),
];

/** Every `{{ reference }}` in a value, keys aside, in the order in which they stand. */
export const referencesIn = (value: Json): readonly string[] => {
  if (typeof value === "string") return [...value.matchAll(REFERENCE)].map((match) => match[1] ?? "");
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap((member: Json) => referencesIn(member));
};

/**
 * Puts values in the place of references, once: what comes in is never read for references again.
 * A text that is one reference alone takes the value with its type; inside a longer text it is written out.
 * A reference without an answer stays as it is; ask `unresolvedReferences` first.
 */
export const substitute = (value: Json, scope: Scope): Json => {
  if (typeof value === "string") {
    const whole = WHOLE_REFERENCE.exec(value)?.[1];
    if (whole !== undefined) return scope(whole) ?? value;
    return value.replace(REFERENCE, (text, reference: string) => {
      const found = scope(reference);
      return found === undefined ? text : textOf(found);
    });
  }
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((member: Json) => substitute(member, scope));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, substitute(member, scope)]));
};

/** A value as SSM shows it: text as it is, numbers and booleans written out, lists and maps as JSON. */
export const textOf = (value: Json): string =>
  value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);

const SELECTOR = /^\$(\.[A-Za-z0-9_-]+|\[\d+\])*$/;

/** Follows `$.a.b[0].c`. Undefined where the path leads nowhere or the selector is outside this subset of JSONPath. */
export const select = (value: Json, selector: string): Json | undefined => {
  if (!SELECTOR.test(selector)) return undefined;
  let found: Json | undefined = value;
  for (const [, member, index] of selector.matchAll(/\.([A-Za-z0-9_-]+)|\[(\d+)\]/g)) {
    if (found === undefined || found === null || typeof found !== "object") return undefined;
    const container: object = found;
    if (Array.isArray(container) !== (index !== undefined)) return undefined;
    found = Object.entries(container).find(([key]) => key === (member ?? String(Number(index))))?.[1];
  }
  return found;
};

/** Whether a property's value is one of the desired texts. Booleans match in any case: SSM writes them `True` and `False`. */
export const isDesired = (value: Json | undefined, desired: readonly string[]): boolean => {
  if (value === undefined || value === null) return false;
  const text = textOf(value);
  if (typeof value !== "boolean") return desired.includes(text);
  return desired.some((wanted) => wanted.toLowerCase() === text);
};

/** Reads a text or a value as a declared type; undefined where it does not fit. */
export const typed = (type: ValueType, value: Json): Json | undefined => {
  switch (type) {
    case "String":
      return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
    case "Integer": {
      const number = typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
      return Number.isSafeInteger(number) ? number : undefined;
    }
    case "Boolean":
      if (typeof value === "boolean") return value;
      return value === "true" ? true : value === "false" ? false : undefined;
    case "StringList":
    case "StringMap": {
      const parsed = typeof value === "string" ? parsedJson(value) : value;
      if (parsed === undefined || parsed === null || typeof parsed !== "object") return undefined;
      return Array.isArray(parsed) === (type === "StringList") ? parsed : undefined;
    }
  }
};

const parsedJson = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};

/** Parameters with their declared types, or why StartAutomationExecution would refuse them. */
export const parsedParameters = (
  content: AutomationContent,
  given: Readonly<Record<string, Json>>,
): Readonly<{ ok: true; parameters: Readonly<Record<string, Json>> }> | Readonly<{ ok: false; reason: string }> => {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(content.parameters, name));
  if (unknown !== undefined) return { ok: false, reason: `the document has no parameter ${unknown}` };
  const parameters: Record<string, Json> = {};
  for (const [name, { type, default: standard, allowedPattern }] of Object.entries(content.parameters)) {
    const raw = given[name] ?? standard;
    if (raw === undefined) return { ok: false, reason: `the parameter ${name} is missing` };
    const value = typed(type, raw);
    if (value === undefined) return { ok: false, reason: `the parameter ${name} is not of type ${type}` };
    const text = textOf(value);
    if (text.includes("{{")) return { ok: false, reason: `the parameter ${name} holds a reference` };
    if (allowedPattern !== undefined && !new RegExp(allowedPattern).test(text))
      return { ok: false, reason: `the parameter ${name} does not match ${allowedPattern}` };
    parameters[name] = value;
  }
  return { ok: true, parameters };
};

/** The declared outputs of a reply as texts, or the name of the first that the reply does not hold in its type. */
export const capturedOutputs = (
  step: string,
  outputs: readonly Output[],
  reply: Json,
): Readonly<{ ok: true; outputs: Readonly<Record<string, string>> }> | Readonly<{ ok: false; missing: string }> => {
  const captured: Record<string, string> = {};
  for (const { Name, Selector, Type } of outputs) {
    const found = select(reply, Selector);
    const value = found === undefined ? undefined : typed(Type, found);
    if (value === undefined) return { ok: false, missing: `${Name} (${Selector})` };
    captured[`${step}.${Name}`] = textOf(value);
  }
  return { ok: true, outputs: captured };
};

/** Milliseconds of an ISO 8601 duration of the form PT1H2M3S; 0 where it is of another form. */
export const durationMs = (duration: string): number => {
  const [, hours, minutes, seconds] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(duration) ?? [];
  return ((Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0)) * 1000;
};
