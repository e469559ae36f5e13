import { z } from "zod";
import type { Github } from "./client.ts";

/** A repository, as Octokit's calls take it. */
export type Repository = Readonly<{ owner: string; repo: string }>;

const atMs = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const login = z
  .object({ login: z.string() })
  .nullish()
  .transform((user) => user?.login ?? "unknown");
/** Of a commit's message, the line that says what it is. */
const firstLine = z.string().transform((text) => text.split("\n", 1)[0] ?? "");

const deployment = z
  .object({ id: z.number(), sha: z.string(), environment: z.string(), created_at: atMs, creator: login })
  .transform(({ created_at, creator, ...row }) => ({ ...row, atMs: created_at, author: creator }));
const status = z.object({ state: z.string() });
const commit = z
  .object({ sha: z.string(), author: login, commit: z.object({ message: firstLine }) })
  .transform(({ sha, author, commit: { message } }) => ({ sha, author, title: message }));
const pull = z
  .object({
    number: z.number(),
    title: z.string(),
    merged_at: atMs.nullable(),
    merge_commit_sha: z.string().nullable(),
    user: login,
  })
  .transform(({ number, title, merged_at, merge_commit_sha, user }) => ({
    ...{ number, title, author: user, sha: merge_commit_sha ?? "", mergedAtMs: merged_at },
  }));
const release = z
  .object({
    id: z.number(),
    tag_name: z.string(),
    name: z.string().nullish(),
    draft: z.boolean(),
    prerelease: z.boolean(),
    published_at: atMs.nullable(),
    author: login,
  })
  .transform(({ id, tag_name, name, published_at, ...row }) => ({
    ...{ id, tag: tag_name, name: name || tag_name, atMs: published_at, author: row.author },
    isOut: !row.draft && !row.prerelease,
  }));

export type Deployment = Readonly<z.output<typeof deployment>>;
export type Commit = Readonly<z.output<typeof commit>>;
export type Release = Readonly<{ id: number; tag: string; name: string; atMs: number; author: string }>;
export type Pull = Readonly<{ number: number; title: string; author: string; sha: string; mergedAtMs: number }>;

/** The newest deployments first, to whatever environment. Throws Octokit's RequestError, or on rows of another shape. */
export const deployments = async (
  github: Github,
  repository: Repository,
  signal: AbortSignal,
): Promise<readonly Deployment[]> => {
  const { data } = await github.request("GET /repos/{owner}/{repo}/deployments", {
    ...{ ...repository, per_page: 100, request: { signal } },
  });
  return z.array(deployment).parse(data);
};

/** A deployment's newest state, if it has one. */
export const statuses = async (
  github: Github,
  repository: Repository,
  id: number,
  signal: AbortSignal,
): Promise<readonly Readonly<{ state: string }>[]> => {
  const { data } = await github.request("GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", {
    ...{ ...repository, deployment_id: id, per_page: 1, request: { signal } },
  });
  return z.array(status).parse(data);
};

/** Commits that lead up to one, the newest first; without their files. @param most at most 100 */
export const commits = async (
  github: Github,
  repository: Repository,
  head: string,
  most: number,
  signal: AbortSignal,
): Promise<readonly Commit[]> => {
  const { data } = await github.request("GET /repos/{owner}/{repo}/commits", {
    ...{ ...repository, sha: head, per_page: most, request: { signal } },
  });
  return z.array(commit).parse(data);
};

/** Pull requests that were merged, of the fifty that changed last, the newest first. */
export const pulls = async (github: Github, repository: Repository, signal: AbortSignal): Promise<readonly Pull[]> => {
  const { data } = await github.request("GET /repos/{owner}/{repo}/pulls", {
    ...{ ...repository, state: "closed", sort: "updated", direction: "desc", per_page: 50, request: { signal } },
  });
  return z
    .array(pull)
    .parse(data)
    .flatMap(({ mergedAtMs, ...row }) => (mergedAtMs === null ? [] : [{ ...row, mergedAtMs }]))
    .toSorted((a, b) => b.mergedAtMs - a.mergedAtMs);
};

/** Releases that are out, of the ten that were made last, the newest first. */
export const releases = async (
  github: Github,
  repository: Repository,
  signal: AbortSignal,
): Promise<readonly Release[]> => {
  const { data } = await github.request("GET /repos/{owner}/{repo}/releases", {
    ...{ ...repository, per_page: 10, request: { signal } },
  });
  return z
    .array(release)
    .parse(data)
    .flatMap(({ isOut, atMs: publishedMs, ...row }) =>
      isOut && publishedMs !== null ? [{ ...row, atMs: publishedMs }] : [],
    )
    .toSorted((a, b) => b.atMs - a.atMs);
};
