import {
  catalogueCheck,
  decisionCheck,
  documentsCheck,
  guardCheck,
  guardrailsCheck,
  redactionCheck,
} from "./doctor-agent.ts";
import { dependenciesCheck } from "./doctor-dependencies.ts";
import type { Check } from "./doctor-finding.ts";
import { clockCheck, nodeCheck, sqliteCheck, storeCheck } from "./doctor-machine.ts";
import { modelCheck } from "./doctor-model.ts";
import { drafterCheck, testDataCheck } from "./doctor-surroundings.ts";

/** What `quell doctor` looks at, in this order: first what the rest stands on. Adding a check is a line here. */
export const CHECKS: readonly Check[] = [
  { name: "node", run: nodeCheck },
  { name: "sqlite", run: sqliteCheck },
  { name: "dependencies", run: dependenciesCheck },
  { name: "clock", run: clockCheck },
  { name: "store", run: storeCheck },
  { name: "catalogue", run: catalogueCheck },
  { name: "documents", run: documentsCheck },
  { name: "guardrails", run: guardrailsCheck },
  { name: "guard", run: guardCheck },
  { name: "redaction", run: redactionCheck },
  { name: "decision", run: decisionCheck },
  { name: "model", run: modelCheck },
  { name: "drafter", run: drafterCheck },
  { name: "test data", run: testDataCheck },
];
