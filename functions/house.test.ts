import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { test } from "node:test";
import { catalogue } from "../runbooks/catalogue.ts";
import { FAULTS } from "./world/faults/all-faults.ts";

/** Files that only tests read: they may be long, and name what a test is about. Nothing that runs imports them. */
const HELPERS = /\.(fixture|contract)\.ts$/;
/**
 * Recorded inputs are other people's and lie outside the project: a test file that reads them says once, by a skip with
 * its reason, that it was not given them.
 */
const READS_RECORDED = /process\.env\.QUELL_TEST_DATA\b/;
const isTest = (path: string): boolean => path.endsWith(".test.ts");
const isCode = (path: string): boolean => path.endsWith(".ts") && !isTest(path);
const isShipped = (path: string): boolean => isCode(path) && !HELPERS.test(path);
const isIn = (path: string, ...folders: readonly string[]): boolean =>
  folders.some((folder) => path.startsWith(`functions/${folder}/`));

const ROOT = join(import.meta.dirname, "..");

/** A file of the tree, and a finding in it: where, and what stands there. */
type File = Readonly<{ path: string; text: string }>;
type Rule = Readonly<{
  /** The sentence that stays true. */
  name: string;
  concerns: (path: string) => boolean;
  findings: (file: File) => readonly string[];
  /** A file that breaks the rule, and one that does not although it looks like it. */
  breaks: File;
  keeps: File;
}>;

/** What git knows and what it will know: a new file keeps the rules before it is added. */
const tree = (): readonly File[] =>
  execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" })
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(ROOT, path)))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));

const lineOf = (text: string, index: number): number => text.slice(0, index).split("\n").length;
const linesIn = (text: string): number => text.trimEnd().split("\n").length;

/** Every match of a pattern as `path:line: what stands there`. */
const found = ({ path, text }: File, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map((match) => `${path}:${lineOf(text, match.index)}: ${match[0].trim()}`);

const COMMENT = String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`;
const QUOTED = String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`;
const HOLE = String.raw`\$\{(?:[^{}\x60]|\{[^{}]*\}|\x60(?:\\.|[^\x60\\])*\x60)*\}`;
const TEMPLATE = String.raw`\x60(?:\\.|${HOLE}|[^\x60\\])*\x60`;
// A slash divides unless it stands where a value begins.
const PATTERN = String.raw`(?<=(?:[(,=:[!&|?{};>]|\breturn)\s*)\/(?![*\/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^\/\\\n[])+\/[a-z]*`;

const blank = (text: string): string => text.replace(/[^\n]/g, " ");

/** The file without its comments, and, where asked, without what its strings and patterns say; every line stays in place. */
const masked = (file: File, withoutStrings: boolean): File => {
  const tokens = new RegExp([COMMENT, QUOTED, TEMPLATE, PATTERN].join("|"), "g");
  const mask = (text: string): string =>
    text.replace(tokens, (token) => {
      if (/^\/[/*]/.test(token)) return blank(token);
      if (!withoutStrings) return token;
      if (!token.startsWith("`")) return blank(token);
      const holes = [...token.matchAll(new RegExp(HOLE, "g"))];
      return holes.reduce(
        (kept, { index, 0: hole }) => kept.slice(0, index) + mask(hole) + kept.slice(index + hole.length),
        blank(token),
      );
    });
  return { path: file.path, text: mask(file.text) };
};
const code = (file: File): File => masked(file, true);
const uncommented = (file: File): File => masked(file, false);

const SPECIFIER = /(?:from|import)\s*\(?\s*"([^"]+)"/y;

/** What a file imports, each as it stands there and, where it is relative, as a path from the root. */
const importsOf = (file: File): readonly Readonly<{ where: string; specifier: string; target: string }>[] => {
  const { path, text } = uncommented(file);
  return [...code(file).text.matchAll(/\b(from|import)\b/g)].flatMap(({ index }) => {
    SPECIFIER.lastIndex = index;
    const specifier = SPECIFIER.exec(text)?.[1];
    if (specifier === undefined) return [];
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;
    return [{ where: `${path}:${lineOf(text, index)}: ${specifier}`, specifier, target }];
  });
};

const importsBut = (file: File, isAllowed: (target: string) => boolean): readonly string[] =>
  importsOf(file)
    .filter(({ target }) => !isAllowed(target))
    .map(({ where }) => where);

const OF_IDS = ["node:crypto", "canonicalize", "uuid"];
const IDS = [...catalogue.runbooks, ...FAULTS].map(({ id }) => id);
const COMPARISON = /([\w.?\])]*)\s*[!=]==?\s*"([^"\n]*)"|"([^"\n]*)"\s*[!=]==?\s*([\w.?]*)|\bcase\s+"([^"\n]*)"\s*:/g;

/** Whether the value that is compared is a `kind`: `wait` and `page` are kinds of runbook as well as ids. */
const isOfKind = (text: string, match: RegExpMatchArray): boolean => {
  const [, left, , , right] = match;
  const operand = left ?? right ?? text.slice(0, match.index).match(/switch \(([^)]*)\)(?![\s\S]*switch \()/)?.[1];
  return /(^|\.)kind$/.test(operand ?? "");
};

const idsCompared = (file: File): readonly string[] => {
  const { path, text } = uncommented(file);
  return [...text.matchAll(COMPARISON)]
    .filter(([, , after, before, , label]) => IDS.includes(after ?? before ?? label ?? ""))
    .filter((match) => !isOfKind(text, match))
    .map((match) => `${path}:${lineOf(text, match.index ?? 0)}: ${match[0].trim()}`);
};

const tooLong = (file: File, mostLines: number): readonly string[] =>
  linesIn(file.text) > mostLines ? [`${file.path}: ${linesIn(file.text)} lines`] : [];

/** What a lockfile says of each package but the project itself, by where it is put. */
const lockedIn = (text: string) =>
  Object.entries((JSON.parse(text) as { packages: Readonly<Record<string, Readonly<Locked>>> }).packages).filter(
    ([name]) => name !== "",
  );
type Locked = { integrity?: string; inBundle?: boolean; hasInstallScript?: boolean };

const lines = (count: number): string => "export {};\n".repeat(count);
const somewhere = ["", "home", "somebody", "quell"].join("/");

const RULES: readonly Rule[] = [
  {
    name: "no file is longer than 250 lines, tests and their helpers aside",
    concerns: isShipped,
    findings: (file) => tooLong(file, 250),
    breaks: { path: "functions/core/long.ts", text: lines(251) },
    keeps: { path: "functions/core/short.ts", text: lines(250) },
  },
  {
    name: "no handler is longer than 60 lines",
    concerns: (path) => isShipped(path) && isIn(path, "handlers"),
    findings: (file) => tooLong(file, 60),
    breaks: { path: "functions/handlers/long.ts", text: lines(61) },
    keeps: { path: "functions/handlers/short.ts", text: lines(60) },
  },
  {
    name: "core imports zod and itself; its ids.ts alone also hashes and names",
    concerns: (path) => isCode(path) && isIn(path, "core"),
    findings: (file) =>
      importsBut(
        file,
        (target) =>
          target === "zod" ||
          isIn(target, "core") ||
          (file.path === "functions/core/ids.ts" && OF_IDS.includes(target)),
      ),
    breaks: { path: "functions/core/a.ts", text: 'import { createHash } from "node:crypto";' },
    keeps: { path: "functions/core/ids.ts", text: 'import { createHash } from "node:crypto";\nimport "./json.ts";' },
  },
  {
    name: "world imports core and itself",
    concerns: (path) => isCode(path) && isIn(path, "world"),
    findings: (file) => importsBut(file, (target) => isIn(target, "core", "world")),
    breaks: { path: "functions/world/a.ts", text: 'import type { Flow } from "../handlers/flow.fixture.ts";' },
    keeps: { path: "functions/world/a.ts", text: '// from "../cli/quell.ts"\nimport "../core/ids.ts";' },
  },
  {
    name: "no adapter imports a handler, a rollout or the command line",
    concerns: (path) => isCode(path) && isIn(path, "adapters"),
    findings: (file) => importsBut(file, (target) => !isIn(target, "handlers", "rollout", "cli")),
    breaks: { path: "functions/adapters/aws/a.ts", text: 'await import("../../handlers/intake.ts");' },
    keeps: { path: "functions/adapters/aws/a.ts", text: 'import { z } from "zod";' },
  },
  {
    name: "no rollout imports the command line",
    concerns: (path) => isCode(path) && isIn(path, "rollout"),
    findings: (file) => importsBut(file, (target) => !isIn(target, "cli")),
    breaks: { path: "functions/rollout/a.ts", text: 'import { codeHash } from "../cli/code-hash.ts";' },
    keeps: { path: "functions/rollout/a.ts", text: 'import { intakeWith } from "../handlers/intake.ts";' },
  },
  {
    name: "core and world know no clock, no chance, no process and no console",
    concerns: (path) => isCode(path) && isIn(path, "core", "world"),
    findings: (file) =>
      found(
        code(file),
        /\bMath\.random\b|\bDate\.now\b|\bnew Date(?!\s*\(\s*[^)\s])|\b(process|console|performance)\??\./g,
      ),
    breaks: { path: "functions/core/a.ts", text: `const a = () => \`\${new Date().toISOString()}\`;` },
    keeps: { path: "functions/core/a.ts", text: 'const a = new Date(ms); // Date.now()\nconst b = "process.env";' },
  },
  {
    name: "no shared code asks which runbook or which fault it holds",
    concerns: (path) =>
      isShipped(path) &&
      isIn(path, "core", "adapters", "handlers", "rollout", "cli", "world") &&
      !path.startsWith("functions/world/faults/"),
    findings: idsCompared,
    breaks: { path: "functions/core/a.ts", text: `switch (runbook.id) {\n  case "${IDS.at(0)}": tier = 3;\n}` },
    keeps: { path: "functions/core/a.ts", text: 'if (runbook.kind === "page") stop();\nconst a = "ecs-rollback";' },
  },
  {
    name: "no test is skipped, singled out or put off",
    concerns: isTest,
    findings: (file) => {
      const pattern = /\b(test|it|suite|describe|context|t)\.(skip|only|todo)\b|[{,]\s*(skip|only|todo)\s*(?=[:,}])/g;
      return found(code(file), pattern).slice(READS_RECORDED.test(file.text) ? 1 : 0);
    },
    breaks: { path: "functions/core/a.test.ts", text: 'test("a", { skip: process.platform === "win32" }, () => {});' },
    keeps: { path: "functions/core/a.test.ts", text: 'test("no test.skip here, and no { only: true }", () => {});' },
  },
  {
    name: "no code says any, silences the type checker with `!`, or declares an enum or a default export",
    concerns: isCode,
    findings: (file) =>
      found(code(file), /(?<![.\w])any\b(?!\s*[(:?])|[\w)\]]+!(?![=\w])|\benum\s+\w+|\bexport\s+default\b/g),
    breaks: { path: "runbooks/a.ts", text: "const first = values[0]!.name;" },
    keeps: { path: "runbooks/a.ts", text: `if (!a && b !== c) z.enum(["any"]).parse(\`any \${d}!\`); // any of them!` },
  },
  {
    name: "every relative import names its file in full",
    concerns: (path) => path.endsWith(".ts"),
    findings: (file) =>
      importsOf(file)
        .filter(({ specifier }) => specifier.startsWith(".") && !specifier.endsWith(".ts"))
        .map(({ where }) => where),
    breaks: { path: "functions/core/a.ts", text: 'import { because } from "./reasons";' },
    keeps: { path: "functions/core/a.ts", text: 'import { because } from "./reasons.ts";' },
  },
  {
    name: "no file names a folder of somebody's machine",
    concerns: () => true,
    findings: (file) => found(file, /(?<![\w.])\/(?:home|Users|root|work)\/[\w.-]+/g),
    breaks: { path: "README.md", text: `run it in ${somewhere}` },
    keeps: { path: "README.md", text: "see https://example.com/home/docs and app/home/1" },
  },
  {
    name: "the lockfile names no registry",
    concerns: (path) => path === "package-lock.json",
    findings: (file) => found(file, /"resolved":\s*"[\w+]+:[^"]*"/g),
    breaks: { path: "package-lock.json", text: '"resolved": "https://registry.example.com/zod.tgz"' },
    keeps: {
      path: "package-lock.json",
      text: '{ "packages": { "": {}, "node_modules/a": { "integrity": "sha512-x" } } }',
    },
  },
  {
    name: "every package of the lockfile is pinned by the hash of its content, its own or that of the one that it came in",
    concerns: (path) => path === "package-lock.json",
    findings: ({ path, text }) =>
      lockedIn(text)
        .filter(([, { integrity, inBundle }]) => integrity === undefined && inBundle !== true)
        .map(([name]) => `${path}: ${name}`),
    breaks: {
      path: "package-lock.json",
      text: '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.0" }, "node_modules/b": { "integrity": "sha512-x" } } }',
    },
    keeps: {
      path: "package-lock.json",
      text: '{ "packages": { "": {}, "node_modules/a": { "integrity": "sha512-x" }, "node_modules/a/node_modules/b": { "inBundle": true } } }',
    },
  },
];

const TREE = tree();

for (const rule of RULES) {
  test(rule.name, () => {
    const files = TREE.filter(({ path }) => rule.concerns(path));

    const findings = files.flatMap(rule.findings);

    assert.ok(files.length > 0, "the rule concerns no file at all");
    assert.deepEqual(findings, []);
  });

  test(`a file that breaks it is found: ${rule.name}`, () => {
    const { breaks, keeps, concerns, findings } = rule;

    assert.ok(concerns(breaks.path) && concerns(keeps.path));
    assert.equal(findings(breaks).length, 1);
    assert.deepEqual(findings(keeps), []);
  });
}

/** What a folder of runbooks lacks, by the files in the tree. */
const lacking = (paths: readonly string[], ids: readonly string[]): readonly string[] => {
  const folders = new Set(paths.flatMap((path) => /^runbooks\/([^/]+)\//.exec(path)?.[1] ?? []));
  return [...folders].flatMap((folder) => [
    ...(paths.includes(`runbooks/${folder}/runbook.ts`) ? [] : [`${folder} has no runbook.ts`]),
    ...(paths.some((path) => path.startsWith(`runbooks/${folder}/`) && isTest(path)) ? [] : [`${folder} has no test`]),
    ...(ids.includes(folder) ? [] : [`${folder} is not in the catalogue`]),
  ]);
};

test("every folder of runbooks/ is a runbook of the catalogue, with a test", () => {
  const paths = TREE.map(({ path }) => path);
  const ids = catalogue.runbooks.map(({ id }) => id);

  const missing = lacking(paths, ids);

  assert.deepEqual(missing, []);
  assert.ok(paths.some((path) => path.startsWith("runbooks/") && path.endsWith("/runbook.ts")));
});

test("a folder of runbooks/ that lacks something is found", () => {
  const missing = lacking(["runbooks/half/automation.yaml", "runbooks/whole/runbook.ts"], ["whole"]);

  assert.deepEqual(missing, [
    "half has no runbook.ts",
    "half has no test",
    "half is not in the catalogue",
    "whole has no test",
  ]);
});

/** Packages whose scripts run when they are installed, and why no other way is left. */
const RUNS: Readonly<Record<string, string>> = {
  node: "it fetches the Node that runs all this, where the machine's own is older",
};

/** Packages with a script of installation that `allowScripts` says nothing of, and what it says of others. */
const unanswered = (lockfile: string, allowed: Readonly<Record<string, boolean>>): readonly string[] => {
  const scripted = lockedIn(lockfile).flatMap(([name, { hasInstallScript }]) =>
    hasInstallScript === true ? [name.replace(/^.*node_modules\//, "")] : [],
  );
  return [
    ...scripted.filter((name) => !(name in allowed)).map((name) => `${name} is not answered for`),
    ...Object.keys(allowed)
      .filter((name) => !scripted.includes(name))
      .map((name) => `${name} has no script`),
  ];
};

test("a package's script runs at installation only where it must, and one that nobody answered for fails the installation", () => {
  const [manifest, lockfile, settings] = ["package.json", "package-lock.json", ".npmrc"].map((path) =>
    readFileSync(join(ROOT, path), "utf8"),
  );
  const { allowScripts } = JSON.parse(manifest ?? "") as { allowScripts: Readonly<Record<string, boolean>> };

  const found = unanswered(lockfile ?? "", allowScripts);

  assert.deepEqual(found, []);
  assert.deepEqual(
    Object.keys(allowScripts).filter((name) => allowScripts[name]),
    Object.keys(RUNS),
  );
  // Without it npm runs what is not named, and says so only.
  assert.match(settings ?? "", /^strict-allow-scripts=true$/m);
});

test("a script that nobody answered for is found, and an answer that nobody asked for", () => {
  const lockfile = '{ "packages": { "": {}, "node_modules/a/node_modules/@b/c": { "hasInstallScript": true } } }';

  const found = unanswered(lockfile, { d: false });

  assert.deepEqual(found, ["@b/c is not answered for", "d has no script"]);
});

test("every file that the README links to exists", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? "");

  assert.ok(links.length > 20, `${links.length} links`);
  assert.deepEqual(
    links.filter((link) => !existsSync(join(ROOT, link))),
    [],
  );
});
