import { catalogue } from "../../runbooks/catalogue.ts";
import { type Finding, lintCatalogue } from "../core/runbook-lint.ts";
import type { ExitCode, Write } from "./errors.ts";
import { aligned } from "./timeline.ts";

/** `quell runbooks list`: what Quell can do, one line a runbook. */
export const listRunbooks = async (json: boolean, write: Write): Promise<ExitCode> => {
  const runbooks = catalogue.runbooks.map(({ id, version, kind, tier, targetType, reversal, title }) => ({
    id,
    version,
    kind,
    tier,
    targetType,
    reversal,
    title,
  }));
  const rows = runbooks.map((runbook) => [
    `${runbook.id}@${runbook.version}`,
    `T${runbook.tier}`,
    runbook.targetType ?? "-",
    runbook.kind === "effect" ? runbook.reversal : "-",
    runbook.title,
  ]);
  const table = aligned([["runbook", "tier", "target", "undo", "title"], ...rows]);
  write(json ? `${JSON.stringify({ schema: 1, hash: catalogue.hash, runbooks })}\n` : `${table.join("\n")}\n`);
  return 0;
};

/** `quell runbooks lint`: every reason why a runbook may not be deployed; 1 where there is one. */
export const lintRunbooks = async (json: boolean, write: Write): Promise<ExitCode> => {
  const findings = lintCatalogue(catalogue);
  const summary = `runbooks: ${catalogue.runbooks.length} runbooks, ${findings.length} findings`;
  const lines = [...findings.map(findingLine), summary];
  write(
    json
      ? `${JSON.stringify({ schema: 1, runbooks: catalogue.runbooks.length, findings })}\n`
      : `${lines.join("\n")}\n`,
  );
  return findings.length === 0 ? 0 : 1;
};

const findingLine = ({ runbook, rule, where, message }: Finding): string =>
  `${runbook}: ${rule} at ${where}: ${message}`;
