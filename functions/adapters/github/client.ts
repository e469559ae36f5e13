import { Octokit } from "@octokit/rest";

/** What is called of Octokit. */
export type Github = Pick<Octokit, "request">;

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * GitHub's REST API, each call tried once. Octokit's own plugins for retries and throttling are left out: their waits (1, 4
 * and 9 s, and whatever GitHub asks for) know no deadline, and an incident makes a dozen calls.
 * @param apiUrl other than GitHub's own for GitHub Enterprise, and in tests
 */
export const githubClient = (token: string, apiUrl?: string): Octokit =>
  new Octokit({
    auth: token,
    userAgent: "quell",
    log: silent,
    request: { log: silent },
    ...(apiUrl === undefined ? {} : { baseUrl: apiUrl }),
  });
