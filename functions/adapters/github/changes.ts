import type { Change } from "../../core/evidence.ts";
import type { ServiceSettings } from "../../core/settings.ts";
import type { Say } from "../http/courtesy.ts";
import { type Pace, patiently, REAL_PACE } from "../http/patiently.ts";
import type { Github } from "./client.ts";
import { githubFailure, TRY_MS, waitAfterGithub } from "./failures.ts";
import {
  type Commit,
  commits,
  type Deployment,
  deployments,
  pulls,
  type Release,
  type Repository,
  releases,
  statuses,
} from "./rows.ts";

export type ChangesOptions = Readonly<{
  /** All calls together, waits included, in ms. */
  deadlineMs?: number;
  pace?: Pace;
  /** Hears what could not be read: evidence without GitHub is evidence all the same. */
  say: Say;
}>;

const DEADLINE_MS = 8_000;
const MOST_TRIES = 3;
/** Of one repository; an incident keeps 40 changes of all sources. */
const MOST_DEPLOYMENTS = 5;
const MOST_COMMITS = 10;
const MOST_PULLS = 10;
/** How far behind the deployed commit the one before is looked for. */
const FAR_COMMITS = 50;

type Read = <T>(what: string, none: T, call: (signal: AbortSignal) => Promise<T>) => Promise<T>;
type Place = Readonly<{ github: Github; repository: Repository; read: Read; target: string; environment: string }>;

/**
 * What developers changed: deployments to the service's environment (the names must be equal, in any case), what they
 * brought with them, and the pull requests merged in the window, each as a change of the service's first resource. A
 * repository without such deployments is told by its releases. Ids, commits, authors, times and titles only: no diff is
 * ever fetched, and GitHub's comparison of two commits opens with one, so commits are listed instead. What cannot be read
 * before the deadline is left out, and told to `say`. Never throws.
 */
export const githubChanges =
  (
    github: Github,
    repositories: readonly Readonly<{ owner: string; name: string; service: string }>[],
    services: readonly Pick<ServiceSettings, "name" | "environment" | "resources">[],
    { deadlineMs = DEADLINE_MS, pace = REAL_PACE, say }: ChangesOptions,
  ) =>
  async (arns: readonly string[], fromMs: number, toMs: number): Promise<readonly Change[]> => {
    const endMs = pace.nowMs() + deadlineMs;
    const changes = await Promise.all(
      repositories.map(async ({ owner, name, service }) => {
        const { resources: [target] = [], environment = "" } = services.find((one) => one.name === service) ?? {};
        if (target === undefined || !arns.includes(target)) return [];
        const read = readBefore(endMs, pace, say, `${owner}/${name}`);
        return changesOf({ github, repository: { owner, repo: name }, read, target, environment }, fromMs, toMs);
      }),
    );
    return changes.flat().filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  };

/** Reads one thing, waiting as GitHub asks while there is time; what cannot be read is told, and is `none`. */
const readBefore =
  (endMs: number, pace: Pace, say: Say, where: string): Read =>
  async (what, none, call) => {
    const patience = { deadlineMs: endMs - pace.nowMs(), mostTries: MOST_TRIES };
    try {
      return await patiently(patience, pace, waitAfterGithub(pace.nowMs), (leftMs) =>
        call(AbortSignal.timeout(Math.max(1, Math.min(TRY_MS, leftMs)))),
      );
    } catch (error) {
      say(`done without the ${what} of ${where}: ${githubFailure(error)}`);
      return none;
    }
  };

const changesOf = async (place: Place, fromMs: number, toMs: number): Promise<readonly Change[]> => {
  const { github, repository, read, environment } = place;
  const [deployed, merged] = await Promise.all([
    read("deployments", null, (signal) => deployments(github, repository, signal)),
    read("pull requests", [], (signal) => pulls(github, repository, signal)),
  ]);
  const ours = deployed?.filter((one) => one.environment.toLowerCase() === environment.toLowerCase()) ?? null;
  // Unread is not the same as none: then nothing is told of releases either.
  const brought =
    ours === null
      ? []
      : ours.length > 0
        ? await byDeployments(place, ours, fromMs, toMs)
        : await byReleases(place, fromMs, toMs);
  const pullRequests = merged
    .filter(({ mergedAtMs }) => mergedAtMs >= fromMs && mergedAtMs <= toMs)
    .slice(0, MOST_PULLS)
    .map(({ number, sha, author, title, mergedAtMs }) =>
      changeOf(place, {
        what: `pull/${number}`,
        kind: "commit",
        atMs: mergedAtMs,
        ref: sha,
        author,
        title: `#${number} ${title}`,
      }),
    );
  const told = new Set(pullRequests.map(({ ref }) => ref));
  return [...brought.filter(({ kind, ref }) => kind !== "commit" || !told.has(ref)), ...pullRequests];
};

const byDeployments = async (
  place: Place,
  ours: readonly Deployment[],
  fromMs: number,
  toMs: number,
): Promise<readonly Change[]> => {
  const { github, repository, read } = place;
  const recent = ours.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).slice(0, MOST_DEPLOYMENTS);
  const states = await Promise.all(
    recent.map(({ id }) => read("deployment statuses", [], (signal) => statuses(github, repository, id, signal))),
  );
  const changes = recent.map(({ id, atMs, sha, author, environment }, index) => {
    const title = `deployment of ${sha.slice(0, 7)} to ${environment}: ${states[index]?.[0]?.state ?? "state unknown"}`;
    return changeOf(place, { what: `deployment/${id}`, kind: "deployment", atMs, ref: sha, author, title });
  });
  const [newest] = recent;
  if (newest === undefined) return changes;
  const before = ours.find((one) => one.atMs < newest.atMs && one.id !== newest.id);
  return [...changes, ...(await commitsUpTo(place, newest.sha, before?.sha ?? null, newest.atMs))];
};

const byReleases = async (place: Place, fromMs: number, toMs: number): Promise<readonly Change[]> => {
  const { github, repository, read } = place;
  const all: readonly Release[] = await read("releases", [], (signal) => releases(github, repository, signal));
  const [newest, before] = all;
  if (newest === undefined || newest.atMs < fromMs || newest.atMs > toMs) return [];
  const { id, tag, atMs, author, name } = newest;
  const release = changeOf(place, {
    what: `release/${id}`,
    kind: "deployment",
    atMs,
    ref: tag,
    author,
    title: `release ${name}`,
  });
  if (before === undefined) return [release];
  const [base] = await read("commits", [], (signal) => commits(github, repository, before.tag, 1, signal));
  return [release, ...(await commitsUpTo(place, tag, base?.sha ?? null, atMs))];
};

/**
 * What a deployment brought, stamped with it: until then a commit changes nothing that runs. Where the one deployed before
 * is not close behind (it was a rollback, or the histories parted), nobody knows what came with it: none is told.
 */
const commitsUpTo = async (
  place: Place,
  head: string,
  base: string | null,
  atMs: number,
): Promise<readonly Change[]> => {
  const { github, repository, read } = place;
  if (base === null || base === head) return [];
  const listed: readonly Commit[] = await read("commits", [], (signal) =>
    commits(github, repository, head, FAR_COMMITS, signal),
  );
  const length = listed.findIndex(({ sha }) => sha === base);
  return listed
    .slice(0, Math.max(0, length))
    .slice(0, MOST_COMMITS)
    .map(({ sha, author, title }) =>
      changeOf(place, { what: `commit/${sha}`, kind: "commit", atMs, ref: sha, author, title }),
    );
};

type Told = Pick<Change, "kind" | "atMs" | "ref" | "author" | "title"> & Readonly<{ what: string }>;

/** What GitHub calls a version is none of the control plane's words: `from` and `to` stay empty. */
const changeOf = ({ repository, target }: Place, { what, ...told }: Told): Change => ({
  id: `github/${repository.owner}/${repository.repo}/${what}`,
  target,
  from: null,
  to: null,
  ...told,
});
