import { policyToJson } from "@cedar-policy/cedar-wasm/nodejs";
import { REFUSED, type RefusedCode } from "../../core/reasons.ts";
import type { Consents } from "../../core/stages.ts";

/** What a policy says when it holds: a permit says how many consents it takes, a forbid why. */
export type Saying =
  | Readonly<{ effect: "permit"; consents: Consents }>
  | Readonly<{ effect: "forbid"; because: RefusedCode }>;

const CONSENTS: Readonly<Record<string, Consents>> = { "0": 0, "1": 1, "2": 2 };

/** Reads a policy's annotation, or says as one sentence what is wrong with it. Never throws. */
export const sayingOf = (name: string, text: string): Saying | string => {
  const parsed = policyToJson(text);
  if (parsed.type === "failure") return `${name}: ${parsed.errors.map((error) => error.message).join("; ")}`;
  const { effect, annotations } = parsed.json;
  if (effect === "permit") {
    const consents = CONSENTS[annotations?.approvals ?? ""];
    return consents === undefined ? `${name}: a permit needs @approvals("0"|"1"|"2")` : { effect, consents };
  }
  const because = REFUSED.find((code) => code === annotations?.because);
  return because === undefined ? `${name}: a forbid needs @because with a code of reasons.ts` : { effect, because };
};
