import { hashOf } from "../../core/ids.ts";
import { once } from "../../core/once.ts";
import type { Guardrails } from "../../core/ports.ts";
import { because } from "../../core/reasons.ts";
import type { cedarGuardrails } from "./guardrails.ts";

/**
 * The guardrails that cedarGuardrails gives, with an engine that the first question loads: four megabytes of WebAssembly,
 * and most invocations ask nothing. An engine that cannot be loaded refuses with `guard-error`.
 */
export const guardrailsWhenAsked = (
  policies: Readonly<Record<string, string>>,
  schema: string,
  load: () => Promise<Readonly<{ cedarGuardrails: typeof cedarGuardrails }>> = () => import("./guardrails.ts"),
): Guardrails => {
  const engine = once(async () => (await load()).cedarGuardrails(policies, schema));
  return {
    hash: hashOf({ policies, schema }),
    ask: async (request) => {
      try {
        return await (await engine()).ask(request);
      } catch (cause) {
        const detail = `The policy engine was not loaded: ${cause instanceof Error ? cause.message : String(cause)}.`;
        return { kind: "refused", because: because("guard-error", detail), policies: [] };
      }
    },
  };
};
