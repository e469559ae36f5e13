import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import type { IncidentRecord } from "../../core/record.ts";
import { REAL_PACE } from "../http/patiently.ts";
import { githubChanges } from "./changes.ts";
import { githubClient } from "./client.ts";
import { type GithubCall, githubServer } from "./github-server.fixture.ts";
import { githubReports } from "./report.ts";

const folder = process.env.QUELL_TEST_DATA;
const skip = folder === undefined ? "set QUELL_TEST_DATA to a folder with github/octokit-fixtures" : false;

const scenario = z.array(
  z.object({
    method: z.string(),
    path: z.string(),
    status: z.number(),
    response: z.unknown(),
    headers: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
);
const read = (...path: readonly string[]): unknown =>
  JSON.parse(readFileSync(join(folder ?? "", "github", ...path), "utf8"));
const stepsOf = (name: string) => scenario.parse(read("octokit-fixtures", `${name}.json`));

const payload = z.looseObject({ deployment: z.looseObject({ created_at: z.string() }) });
const release = z.looseObject({ release: z.looseObject({ published_at: z.string() }) });
const pull = z.looseObject({ pull_request: z.looseObject({ merged_at: z.string().nullable() }) });

const recordOf = (id: string): IncidentRecord => ({
  schema: 1,
  incident: {
    ...{ id, key: "1/eu-west-1/a", alarmName: "a", account: "1", region: "eu-west-1", service: "api" },
    ...{ environment: "production", severity: 2, openedAt: "2017-01-01T00:00:00.000Z" },
    closedAt: "2017-01-01T00:10:00.000Z",
  },
  terminal: "RESOLVED",
  because: { code: "recovered", detail: "it held" },
  hashes: { model: "", guardrails: "g", catalogue: "c", features: "f", prompt: "p", code: "" },
  effects: [],
  decisions: [],
});

const SERVICE = { name: "api", environment: "production", resources: ["arn:aws:ecs:eu-west-1:1:service/a/b"] };
const DAY_MS = 86_400_000;

describe("GitHub as it was recorded", { skip }, () => {
  it("an issue is looked for on every page that GitHub links to, and written when it is on none", async (t) => {
    const pages = stepsOf("paginate-issues");
    const server = await githubServer(t, (call: GithubCall) => {
      if (call.method === "POST") return { status: 201, body: { number: 14 } };
      const step = pages[Number(call.query.get("page")) - 1];
      return { status: step?.status ?? 404, body: step?.response, headers: { link: String(step?.headers.link ?? "") } };
    });
    const reports = githubReports(githubClient("token", server.url), { owner: "a", name: "b" });

    await reports.file(recordOf("quell-none"));

    assert.deepEqual(
      server.calls.map(({ method, query }) => method + (query.get("page") ?? "")),
      [...pages.map((_, index) => `GET${index + 1}`), "POST"],
    );
    assert.ok(pages.length > 2);
  });

  it("a validation error is no reason to try again, and its words are passed on", async (t) => {
    const [invalid] = stepsOf("errors");
    const server = await githubServer(t, (call) =>
      call.method === "GET" ? { status: 200, body: [] } : { status: invalid?.status ?? 0, body: invalid?.response },
    );
    const reports = githubReports(githubClient("token", server.url), { owner: "a", name: "b" });

    await assert.rejects(reports.file(recordOf("quell-one")), /Validation Failed.*"field":"color".*HTTP 422/s);

    assert.equal(server.calls.length, 2);
  });

  it("deployments, releases and pull requests of every recorded payload are read whole", async (t) => {
    const files = (kind: string): readonly unknown[] =>
      readdirSync(join(folder ?? "", "github", "octokit-webhooks", kind))
        .filter((name) => name.endsWith("payload.json"))
        .map((name) => read("octokit-webhooks", kind, name));
    const deployed = files("deployment").map((one) => payload.parse(one).deployment);
    const released = files("release").map((one) => release.parse(one).release);
    const pulled = files("pull_request").map((one) => pull.parse(one).pull_request);
    let rows: Readonly<Record<string, unknown>> = {};
    const server = await githubServer(t, ({ path }) => ({
      status: 200,
      body: rows[path.replace("/repos/a/b", "")] ?? [],
    }));
    const said: string[] = [];
    const changes = githubChanges(
      githubClient("token", server.url),
      [{ owner: "a", name: "b", service: "api" }],
      [SERVICE],
      { pace: REAL_PACE, say: (text) => said.push(text) },
    );
    const kinds: string[] = [];
    const around = async (at: string, given: Readonly<Record<string, unknown>>): Promise<void> => {
      rows = given;
      const read = await changes(SERVICE.resources, Date.parse(at) - DAY_MS, Date.parse(at) + DAY_MS);
      kinds.push(...read.map(({ id }) => id.split("/")[3] ?? ""));
    };

    for (const one of deployed)
      await around(one.created_at, { "/deployments": [{ ...one, environment: "production" }] });
    for (const one of released) await around(one.published_at, { "/releases": [one] });
    for (const one of pulled) await around(one.merged_at ?? "2020-01-01T00:00:00Z", { "/pulls": [one] });

    assert.deepEqual(said, []);
    const count = (kind: string): number => kinds.filter((one) => one === kind).length;
    assert.deepEqual(
      [count("deployment"), count("release"), count("pull")],
      [
        deployed.length,
        released.filter(({ draft, prerelease }) => draft === false && prerelease === false).length,
        pulled.filter(({ merged_at }) => merged_at !== null).length,
      ],
    );
    assert.ok(count("deployment") > 0 && count("release") > 0);
  });
});
