import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Guardrails } from "../core/ports.ts";
import type { Catalogue, Tier } from "../core/runbook.ts";
import type { GuardRequest } from "../core/stages.ts";
import { type Finding, few, ok, problem, type Setup } from "./doctor-finding.ts";

/**
 * Whether Quell itself is whole. Each check loads what it looks at when it runs, so that what does not even load is a
 * finding of one check and not the end of all.
 */

/** The rules that every runbook must keep. */
export const catalogueCheck = async (): Promise<Finding> => {
  const { catalogue } = await import("../../runbooks/catalogue.ts");
  const { lintCatalogue } = await import("../core/runbook-lint.ts");
  const findings = lintCatalogue(catalogue).map(({ runbook, rule, where }) => `${runbook}: ${rule} at ${where}`);
  return findings.length === 0
    ? ok(`${catalogue.runbooks.length} runbooks, no finding; hash ${catalogue.hash.slice(0, 12)}`)
    : problem(few(findings), "run `quell runbooks lint` for every finding, and mend the runbooks");
};

/** What would be deployed is what the files say: each is read anew and hashed without the parser of the catalogue. */
export const documentsCheck = async ({ root }: Setup): Promise<Finding> => {
  const { catalogue } = await import("../../runbooks/catalogue.ts");
  return documentsFinding(catalogue, join(root, "runbooks"));
};

/** The same for any catalogue and the folder that it should be in. */
export const documentsFinding = async (catalogue: Catalogue, folder: string): Promise<Finding> => {
  const { parse } = await import("yaml");
  const { hashOf } = await import("../core/ids.ts");
  const documents = catalogue.runbooks.flatMap(({ id, documents }) =>
    documents === null
      ? []
      : [
          { file: join(id, "automation.yaml"), document: documents.automation },
          ...(documents.undo === null ? [] : [{ file: join(id, "undo.yaml"), document: documents.undo }]),
        ],
  );
  const faults = documents.flatMap(({ file, document }) => {
    const hash = hashOf(parse(readFileSync(join(folder, file), "utf8")));
    return hash === document.hash && document.name.endsWith(`-${hash.slice(0, 12)}`) ? [] : [file];
  });
  return faults.length === 0
    ? ok(`${documents.length} documents are what their files say`)
    : problem(`not what their files say: ${few(faults)}`, "take runbooks/ from the repository again");
};

/** The policies fit their schema and each says what it asks. */
export const guardrailsCheck = async (): Promise<Finding> => {
  const { loadGuardrails } = await import("../../policies/guardrails/load.ts");
  const { faultsOf } = await import("../../policies/guardrails/validate.ts");
  const files = loadGuardrails();
  const faults = faultsOf(files);
  return faults.length === 0
    ? ok(`${Object.keys(files.policies).length} policies are valid`)
    : problem(few(faults), "mend policies/guardrails; node policies/guardrails/validate.ts says all that is wrong");
};

/** The engine loads, and with the switch off it denies every effect, whatever the tier, the environment and the mode. */
export const guardCheck = async (): Promise<Finding> => {
  const { loadGuardrails } = await import("../../policies/guardrails/load.ts");
  const { cedarGuardrails } = await import("../adapters/cedar/guardrails.ts");
  const { policies, schema } = loadGuardrails();
  return guardFinding(cedarGuardrails(policies, schema));
};

const TIERS: readonly Tier[] = [0, 1, 2, 3];
const ENVIRONMENTS = ["production", "other"] as const;
const MODES = ["observe", "approve", "auto"] as const;

/** The same for any guardrails; a page must be permitted all the same. */
export const guardFinding = async (guardrails: Guardrails): Promise<Finding> => {
  const { NO_FACTS } = await import("../core/guard-facts.ts");
  const requests: readonly GuardRequest[] = TIERS.flatMap((tier) =>
    ENVIRONMENTS.flatMap((environment) =>
      MODES.map((mode) => ({ effect: true, tier, environment, mode, facts: { ...NO_FACTS, switchOn: false } })),
    ),
  );
  const advice = "do not let this copy of Quell act; take policies/ from the repository and run npm ci";
  const answers = await Promise.all(requests.map((request) => guardrails.ask(request)));
  const wrong = answers.filter((answer) => answer.kind === "permitted" || answer.because.code !== "kill-switch").length;
  if (wrong > 0)
    return problem(`with the switch off it denies only ${requests.length - wrong} of ${requests.length}`, advice);
  const page = await guardrails.ask({
    effect: false,
    tier: 0,
    environment: "production",
    mode: "auto",
    facts: NO_FACTS,
  });
  if (page.kind === "refused") return problem(`it refuses to call a person: ${page.because.detail}`, advice);
  return ok(`with the switch off it denies ${requests.length} of ${requests.length} effects, and still calls people`);
};

/** Made up, and put together here so that no scanner takes this file for a leak. */
const PLANTED: Readonly<Record<string, string>> = {
  "an AWS access key": ["AKIA", "Q7M2ZX4T9W6K3V8R"].join(""),
  "a GitHub token": ["ghp_", "q8Zt3Vx1Lm9Rb5Kc7Wd2Ns4Py6Hf0JgTaEuXo"].join(""),
  "a password": ["password=", "vK9mTq2wXz7Rb"].join(""),
};

/** Secrets that nobody has, planted in a log line, do not come through. */
export const redactionCheck = async (): Promise<Finding> => {
  const { redact } = await import("../core/redact.ts");
  return redactionFinding((text) => redact(text).text);
};

/** The same for any redaction: a problem where one of the planted secrets is still in its answer. */
export const redactionFinding = (redact: (text: string) => string): Finding => {
  const survived = Object.entries(PLANTED).filter(([, secret]) => {
    const value = secret.split("=").at(-1) ?? secret;
    return redact(`checkout failed with ${secret} at 10:00`).includes(value);
  });
  return survived.length === 0
    ? ok(`${Object.keys(PLANTED).length} planted secrets do not come through`)
    : problem(
        `${few(survived.map(([name]) => name))} came through`,
        "do not use a hosted drafter with this copy of Quell; take functions/core from the repository",
      );
};

/** One simulated incident, in memory: alarm, evidence, decision, runbook, recovery, record. */
export const decisionCheck = async (): Promise<Finding> => {
  const { gameday } = await import("./gameday.ts");
  let said = "";
  const code = await gameday(
    {
      incidents: "1",
      seed: "1",
      mode: "auto",
      policy: "rules",
      drafter: "offline",
      approve: "yes",
      speed: "1",
      json: true,
    },
    {
      write: (text) => {
        said += text;
      },
      writeError: () => {},
      paint: (_format, text) => text,
      isLive: false,
      canAsk: false,
    },
  );
  const advice = "run `npm test`, and report what fails";
  const { incidents, terminal, actions } = JSON.parse(said) as Readonly<{
    incidents: number;
    terminal: Readonly<Record<string, number>>;
    actions: number;
  }>;
  const ends = Object.entries(terminal).flatMap(([state, count]) => (count === 0 ? [] : [state]));
  if (code !== 0) return problem("a simulated incident did not end, or an effect was doubled", advice);
  if (incidents === 0) return problem("a simulated alarm opened no incident", advice);
  return ok(`a simulated incident ended ${ends.join(", ")} after ${actions} ${actions === 1 ? "action" : "actions"}`);
};
