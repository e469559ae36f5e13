import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { type AutomationDocument, automationDocument } from "../functions/core/automation-document.ts";

/**
 * Reads the documents of one runbook's folder; `undo` is null where the folder has no undo.yaml.
 * Throws a ZodError that names the member at fault, or the file system's own error where automation.yaml is absent.
 */
export const loadDocuments = (
  id: string,
): Readonly<{ automation: AutomationDocument; undo: AutomationDocument | null }> => {
  const undo = new URL(`./${id}/undo.yaml`, import.meta.url);
  return {
    automation: load(`Quell-${id}`, new URL(`./${id}/automation.yaml`, import.meta.url)),
    undo: existsSync(undo) ? load(`Quell-${id}-undo`, undo) : null,
  };
};

const load = (name: string, file: URL): AutomationDocument =>
  automationDocument(name, contentOf(readFileSync(file, "utf8")));

/** JSON is YAML too, and is read a hundred times as fast: bundles hold the documents so. */
const contentOf = (text: string): unknown =>
  text.startsWith("{") ? JSON.parse(text) : parse(text, { uniqueKeys: true, maxAliasCount: 0 });
