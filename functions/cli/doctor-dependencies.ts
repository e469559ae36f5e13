import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Finding, few, ok, problem, type Setup, warning } from "./doctor-finding.ts";

/** One entry of a lockfile's `packages`, by the folder that it is installed in. */
type Locked = Readonly<{
  version?: string;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  link?: boolean;
  dependencies?: Readonly<Record<string, string>>;
  devDependencies?: Readonly<Record<string, string>>;
}>;

/** What is installed, against the lockfile to the exact version, and the lockfile against package.json. */
export const dependenciesCheck = ({ root }: Setup): Finding => {
  const lockfile = join(root, "package-lock.json");
  if (!existsSync(lockfile))
    return problem("package-lock.json is missing", "take it from the repository, then run npm ci");
  const { packages } = read(lockfile) as Readonly<{ packages: Readonly<Record<string, Locked>> }>;
  const asked = read(join(root, "package.json")) as Locked;
  const drifted = driftBetween(asked, packages[""] ?? {});
  if (drifted.length > 0)
    return problem(
      `package.json and the lockfile differ in ${few(drifted)}`,
      "run npm install and look at what it changes",
    );
  const locked = Object.entries(packages).filter(([folder, { link }]) => folder !== "" && link !== true);
  const faults = locked.flatMap(([folder, entry]) => faultOf(root, folder, entry));
  const bad = faults.filter(({ isNeeded }) => isNeeded).map(({ says }) => says);
  if (bad.length > 0) return problem(few(bad), "run npm ci");
  const tools = faults.map(({ says }) => says);
  if (tools.length > 0) return warning(`only for development: ${few(tools)}`, "run npm ci before you run the tests");
  return ok(`${locked.length} packages as the lockfile has them`);
};

const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

/** Names of direct dependencies that one of the two has otherwise. */
const driftBetween = (asked: Locked, locked: Locked): readonly string[] =>
  (["dependencies", "devDependencies"] as const).flatMap((kind) => {
    const [one, other] = [asked[kind] ?? {}, locked[kind] ?? {}];
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => one[name] !== other[name]);
  });

type Fault = Readonly<{ says: string; isNeeded: boolean }>;

/** A package that is optional may be absent: it is made for another system. */
const faultOf = (root: string, folder: string, entry: Locked): readonly Fault[] => {
  const file = join(root, folder, "package.json");
  const isNeeded = entry.dev !== true && entry.devOptional !== true;
  const name = folder.split("node_modules/").at(-1) ?? folder;
  if (!existsSync(file))
    return entry.optional === true || entry.devOptional === true
      ? []
      : [{ says: `${name} is not installed`, isNeeded }];
  const { version } = read(file) as Locked;
  return version === entry.version
    ? []
    : [{ says: `${name} is ${version ?? "without a version"}, not ${entry.version ?? "locked"}`, isNeeded }];
};
