import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AuditStore } from "../../core/audit-store.ts";
import type { Json } from "../../core/json.ts";

/** A copy of the bucket lies here in the same layout, as `aws s3 sync` leaves it; the parts of a name are ids and days. */
const CHAINS = join("audit", "chains");
const MANIFESTS = join("audit", "manifests");
const GREW = join("audit", "grew");
const SEQ_DIGITS = 6;

/**
 * Chains in a folder, in the layout that they have in the bucket. What is written is never written again. What is no JSON
 * comes back as its text, for whoever verifies it to find. Throws what the file system throws.
 */
export const fileAuditStore = (root: string): AuditStore => ({
  put: async (entry) => {
    const link = `${String(entry.seq).padStart(SEQ_DIGITS, "0")}.json`;
    writeOnce(join(root, GREW, part(entry.at.slice(0, 10)), part(entry.incidentId)), "");
    return writeOnce(join(root, CHAINS, part(entry.incidentId), link), JSON.stringify(entry));
  },
  chain: async (incidentId) => documentsIn(join(root, CHAINS, part(incidentId))),
  grewOn: async (day) => namesIn(join(root, GREW, part(day))),
  putManifest: async (manifest) =>
    writeOnce(join(root, MANIFESTS, `${part(manifest.day)}.json`), JSON.stringify(manifest)),
  manifests: async () => documentsIn(join(root, MANIFESTS)),
});

/** Whether a folder holds chains at all. */
export const holdsAudit = (root: string): boolean => existsSync(join(root, "audit"));

/** False where one of that name is there. */
const writeOnce = (path: string, text: string): boolean => {
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
};

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).toSorted() : []);

const documentsIn = (folder: string): readonly Json[] =>
  namesIn(folder).map((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    try {
      return JSON.parse(text) as Json;
    } catch {
      // Whoever verifies the chain finds a link that is none.
      return text;
    }
  });

/** A part of a path: our ids and days, and nothing that leads elsewhere. Throws on anything else. */
const part = (text: string): string => {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(text))
    throw new Error(`${JSON.stringify(text)} cannot be the name of a file here`);
  return text;
};
