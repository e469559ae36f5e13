import { z } from "zod";
import { incidentReport } from "../../core/incident-report.ts";
import type { IncidentRecord } from "../../core/record.ts";
import { type Pace, type Patience, patiently, REAL_PACE } from "../http/patiently.ts";
import type { Github } from "./client.ts";
import { githubFailure, TRY_MS, waitAfterGithub } from "./failures.ts";
import { reportBody, reportTitle, titleMark } from "./report-markdown.ts";

/** Files the report of an incident, and says where it lies; filing it again changes what is there. */
export type Reports = Readonly<{ file: (record: IncidentRecord) => Promise<string> }>;

/** A report that GitHub did not take. */
export class ReportNotFiled extends Error {
  override readonly name = "ReportNotFiled";
}

const FILING: Patience = { deadlineMs: 15_000, mostTries: 3 };
/** For people who look for them; nothing is found by it, for a token that may not write labels loses it. */
const LABEL = "quell";
const PER_PAGE = 100;
/** A thousand issues that changed since the incident opened: the newest are looked at first. */
const MOST_PAGES = 10;

/**
 * The report of each incident as one issue, found again by the incident's id at the start of its title. A reply that was
 * lost is met by looking again before another try, so a crash or a cut connection leaves one issue or none. Its words are
 * templates; what was read somewhere is rendered as code. Throws ReportNotFiled.
 */
export const githubReports = (
  github: Github,
  repository: Readonly<{ owner: string; name: string }>,
  pace: Pace = REAL_PACE,
): Reports => ({
  file: async (record) => {
    const { owner, name: repo } = repository;
    try {
      const file = () => fileOnce(github, { owner, repo }, record);
      return `${owner}/${repo}#${await patiently(FILING, pace, waitAfterGithub(pace.nowMs), file)}`;
    } catch (cause) {
      throw new ReportNotFiled(
        `the report of ${record.incident.id} was not filed in ${owner}/${repo}: ${githubFailure(cause)}`,
        { cause },
      );
    }
  },
});

const fileOnce = async (
  github: Github,
  repository: Readonly<{ owner: string; repo: string }>,
  record: IncidentRecord,
): Promise<number> => {
  const report = incidentReport(record);
  const title = reportTitle(record.incident.id, report);
  const body = reportBody(report);
  const request = { signal: AbortSignal.timeout(TRY_MS) };
  const number = await findIssue(github, repository, record.incident);
  if (number === null) {
    const made = { ...repository, title, body, labels: [LABEL], request };
    return numbered.parse((await github.request("POST /repos/{owner}/{repo}/issues", made)).data).number;
  }
  await github.request("PATCH /repos/{owner}/{repo}/issues/{issue_number}", {
    ...{ ...repository, issue_number: number, title, body, request },
  });
  return number;
};

const numbered = z.object({ number: z.number() });

const issues = z.array(numbered.extend({ title: z.string(), pull_request: z.unknown().optional() }));

/** Every report of an incident is younger than its alarm: nothing older is looked at, and search, which lags, is not asked. */
const findIssue = async (
  github: Github,
  repository: Readonly<{ owner: string; repo: string }>,
  { id, openedAt }: IncidentRecord["incident"],
): Promise<number | null> => {
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { data, headers } = await github.request("GET /repos/{owner}/{repo}/issues", {
      ...{ ...repository, state: "all", since: openedAt, sort: "created", direction: "desc" },
      ...{ per_page: PER_PAGE, page, request: { signal: AbortSignal.timeout(TRY_MS) } },
    });
    const found = issues
      .parse(data)
      .find(({ title, pull_request: pull }) => pull === undefined && title.startsWith(titleMark(id)));
    if (found !== undefined) return found.number;
    if (!/rel="next"/.test(headers.link ?? "")) return null;
  }
  return null;
};
