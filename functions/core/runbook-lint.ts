import type { AutomationDocument } from "./automation-document.ts";
import { capturedBeforeChange, lintDocument, outputNamesOf } from "./document-lint.ts";
import type { Catalogue, Runbook } from "./runbook.ts";

/** One reason why a runbook may not be deployed. `where` names the document's step, parameter or member. */
export type Finding = Readonly<{ runbook: string; rule: string; where: string; message: string }>;
type Rule = Readonly<{
  rule: string;
  check: (runbook: Runbook) => readonly Readonly<{ where: string; message: string }>[];
}>;

/** Every reason why a runbook may not be deployed: its promises first, then its documents one by one. */
export const lintRunbook = (runbook: Runbook): readonly Finding[] => {
  const promises = RULES.flatMap(({ rule, check }) => check(runbook).map((finding) => ({ rule, ...finding })));
  const documents = documentsOf(runbook).flatMap(({ kind, document }) =>
    lintDocument(document.content).map(({ rule, where, message }) => ({ rule, where: `${kind}: ${where}`, message })),
  );
  return [...promises, ...documents].map((finding) => ({ runbook: runbook.id, ...finding }));
};

/** The findings of all runbooks, and those that only the whole list shows. */
export const lintCatalogue = (catalogue: Catalogue): readonly Finding[] => {
  const ids = catalogue.runbooks.map(({ id }) => id);
  const repeated = ids
    .filter((id, index) => ids.indexOf(id) !== index)
    .map((id) => ({ runbook: id, rule: "repeated-id", where: "catalogue", message: "two runbooks have this id" }));
  const absent = (["wait", "page"] as const)
    .filter((kind) => catalogue.runbooks.filter((runbook) => runbook.kind === kind).length !== 1)
    .map((kind) => ({
      runbook: kind,
      rule: "always-there",
      where: "catalogue",
      message: `there must be one way to ${kind}`,
    }));
  return [...catalogue.runbooks.flatMap(lintRunbook), ...repeated, ...absent];
};

const documentsOf = ({ documents }: Runbook): readonly Readonly<{ kind: string; document: AutomationDocument }>[] => [
  ...(documents === null ? [] : [{ kind: "automation", document: documents.automation }]),
  ...(documents === null || documents.undo === null ? [] : [{ kind: "undo", document: documents.undo }]),
];

const wrong = (is: boolean, where: string, message: string) => (is ? [{ where, message }] : []);

const RULES: readonly Rule[] = [
  {
    rule: "name",
    check: ({ id, version }) =>
      wrong(
        !/^[a-z][a-z0-9-]{1,39}$/.test(id) || !/^\d+\.\d+\.\d+$/.test(version),
        "id",
        "ids are lower-case words, versions three numbers",
      ),
  },
  {
    rule: "kind",
    check: ({ kind, documents, targetType }) =>
      wrong(
        (kind === "effect") !== (documents !== null) || (kind === "effect") !== (targetType !== null),
        "kind",
        "an effect has documents and a target, and nothing else has",
      ),
  },
  {
    rule: "undo-missing",
    check: ({ kind, tier, reversal, documents }) =>
      wrong(
        kind === "effect" && tier < 2 && reversal !== "not-needed" && (documents?.undo ?? null) === null,
        "documents.undo",
        "an automatic tier needs an undo unless there is nothing to reverse",
      ),
  },
  {
    rule: "reversal",
    check: ({ reversal, documents }) =>
      wrong(
        (reversal === "inverse") !== ((documents?.undo ?? null) !== null),
        "reversal",
        "reversal is inverse where there is an undo, and only there",
      ),
  },
  {
    rule: "irreversible-tier",
    check: ({ tier, reversal }) =>
      wrong(reversal === "none" && tier < 2, "tier", "what cannot be reversed is never automatic"),
  },
  {
    rule: "undo-parameter",
    check: ({ documents }) => {
      const undo = documents?.undo ?? null;
      if (documents === null || undo === null) return [];
      const { content } = documents.automation;
      const names = outputNamesOf(content);
      const early = capturedBeforeChange(content);
      return Object.entries(undo.content.parameters).flatMap(([name, { default: standard }]) => [
        ...wrong(!names.includes(name), name, "an undo's parameters are outputs of the automation"),
        ...wrong(names.indexOf(name) !== names.lastIndexOf(name), name, "two steps have an output of this name"),
        ...wrong(
          names.includes(name) && standard === undefined && !early.includes(name),
          name,
          "without a default, it must be captured before the first change",
        ),
      ]);
    },
  },
];
