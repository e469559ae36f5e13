import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Pace } from "../http/patiently.ts";
import { githubChanges } from "./changes.ts";
import { githubClient } from "./client.ts";
import { type GithubAnswer, type GithubCall, githubServer, refusal } from "./github-server.fixture.ts";

const ARN = "arn:aws:ecs:eu-west-1:123456789012:service/main/api";
const OTHER = "arn:aws:rds:eu-west-1:123456789012:db:api";
const NOW_MS = Date.UTC(2026, 0, 5, 10);
const HOUR_MS = 3_600_000;
const at = (minutesAgo: number): string => new Date(NOW_MS - minutesAgo * 60_000).toISOString().replace(".000", "");
const sha = (letter: string): string => letter.repeat(40);

const deployment = (id: number, minutesAgo: number, letter: string, environment = "Production") => ({
  ...{ id, sha: sha(letter), ref: "main", task: "deploy", environment, payload: {} },
  ...{ created_at: at(minutesAgo), updated_at: at(minutesAgo), creator: { login: "robot", id: 1 } },
});
const commit = (letter: string, message: string) => ({
  ...{ sha: sha(letter), author: { login: "ana" }, commit: { message, author: { name: "Ana", email: "a@b.c" } } },
});
const pull = (number: number, mergedMinutesAgo: number | null, letter: string) => ({
  ...{ number, title: `pull ${number}`, user: { login: "ben" }, merge_commit_sha: sha(letter) },
  merged_at: mergedMinutesAgo === null ? null : at(mergedMinutesAgo),
});
const release = (id: number, minutesAgo: number, tag: string, more: object = {}) => ({
  ...{ id, tag_name: tag, name: null, draft: false, prerelease: false, published_at: at(minutesAgo) },
  ...{ author: { login: "cat" }, ...more },
});

/** A repository by the ends of its paths; what is not there is empty. */
const REPOSITORY: Readonly<Record<string, unknown>> = {
  "/deployments": [
    deployment(9, 5, "e", "staging"),
    deployment(8, 10, "d"),
    deployment(7, 300, "a"),
    deployment(6, 400, "f"),
  ],
  "/deployments/8/statuses": [{ state: "success" }],
  "/commits": [
    commit("d", "merge of 12\n\nlong words"),
    commit("c", "tidy <up>"),
    commit("a", "was deployed"),
    commit("f", "older"),
  ],
  "/pulls": [pull(12, 20, "d"), pull(11, null, "b"), pull(10, 900, "a")],
};

const answered =
  (
    rows: Readonly<Record<string, unknown>>,
    odd: (call: GithubCall, number: number) => GithubAnswer | null = () => null,
  ) =>
  (call: GithubCall, number: number): GithubAnswer => {
    const end = call.path.replace("/repos/shop/api", "");
    return odd(call, number) ?? { status: 200, body: rows[end] ?? [] };
  };

const reader = async (
  t: TestContext,
  answer: (call: GithubCall, number: number) => GithubAnswer,
  deadlineMs = 8_000,
) => {
  const server = await githubServer(t, answer);
  const said: string[] = [];
  const waits: number[] = [];
  let nowMs = NOW_MS;
  const pace: Pace = {
    nowMs: () => nowMs,
    wait: async (ms) => {
      waits.push(ms);
      nowMs += ms;
    },
  };
  const changes = githubChanges(
    githubClient("token", server.url),
    [{ owner: "shop", name: "api", service: "api" }],
    [{ name: "api", environment: "production", resources: [ARN, OTHER] }],
    { deadlineMs, pace, say: (text) => said.push(text) },
  );
  const read = (arns = [ARN, OTHER]) => changes(arns, NOW_MS - 4 * HOUR_MS, NOW_MS);
  return { read, server, said, waits };
};

test("a deployment, what it brought and what was merged are changes of the service's first resource", async (t) => {
  const { read, said } = await reader(t, answered(REPOSITORY));

  const changes = await read();

  const common = { target: ARN, from: null, to: null };
  assert.deepEqual(changes, [
    {
      ...{ id: "github/shop/api/deployment/8", ...common, kind: "deployment", atMs: NOW_MS - 600_000, ref: sha("d") },
      ...{ author: "robot", title: "deployment of ddddddd to Production: success" },
    },
    {
      ...{ id: `github/shop/api/commit/${sha("c")}`, ...common, kind: "commit", atMs: NOW_MS - 600_000, ref: sha("c") },
      ...{ author: "ana", title: "tidy <up>" },
    },
    {
      ...{ id: "github/shop/api/pull/12", ...common, kind: "commit", atMs: NOW_MS - 1_200_000, ref: sha("d") },
      ...{ author: "ben", title: "#12 pull 12" },
    },
  ]);
  assert.deepEqual(said, []);
});

test("nothing that GitHub is asked for holds a diff", async (t) => {
  const { read, server } = await reader(t, answered(REPOSITORY));

  await read();

  const asked = server.calls.map(({ path }) => path.replace("/repos/shop/api", ""));
  assert.deepEqual(asked.toSorted(), ["/commits", "/deployments", "/deployments/8/statuses", "/pulls"]);
});

test("what a deployment brought is not guessed where the one before it is not close behind", async (t) => {
  const { read } = await reader(t, answered({ ...REPOSITORY, "/commits": [commit("d", "x"), commit("c", "y")] }));

  const changes = await read();

  assert.deepEqual(
    changes.map(({ id }) => id),
    ["github/shop/api/deployment/8", "github/shop/api/pull/12"],
  );
});

test("a repository without deployments to this environment is told by its releases", async (t) => {
  const releases = [
    release(4, 1, "v3-rc", { prerelease: true }),
    release(3, 2, "v3-draft", { draft: true, published_at: null }),
    release(2, 15, "v2"),
    release(1, 5000, "v1"),
  ];
  const { read } = await reader(t, (call) => {
    if (call.path.endsWith("/commits"))
      return {
        status: 200,
        body: call.query.get("sha") === "v1" ? [commit("a", "old")] : [commit("b", "new"), commit("a", "old")],
      };
    return answered({ "/releases": releases, "/deployments": [deployment(9, 5, "e", "staging")] })(call, 1);
  });

  const changes = await read();

  assert.deepEqual(
    changes.map(({ id, title }) => [id, title]),
    [
      ["github/shop/api/release/2", "release v2"],
      [`github/shop/api/commit/${sha("b")}`, "new"],
    ],
  );
});

test("a service whose first resource is not asked about, and one without a repository, cost no call", async (t) => {
  const { read, server } = await reader(t, answered(REPOSITORY));

  const changes = await read([OTHER]);

  assert.deepEqual([changes, server.calls], [[], []]);
});

const limited = (headers: Readonly<Record<string, string>>, message = "You have exceeded a secondary rate limit") =>
  refusal(403, message, headers);

for (const [name, answer, waits] of [
  ["asks to wait", limited({ "retry-after": "2" }), [2000]],
  ["asks to wait by 429", refusal(429, "too many", { "retry-after": "1" }), [1000]],
  [
    "is out of calls until a time",
    limited(
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_MS / 1000 + 3) },
      "API rate limit exceeded",
    ),
    [3000],
  ],
  ["fails", refusal(502, "Bad Gateway"), [500]],
  ["tears the connection", "reset", [500]],
] as const)
  test(`where GitHub ${name} at first, it is asked again in time, and nothing is missing`, async (t) => {
    let refused = 0;
    const odd = (call: GithubCall): GithubAnswer | null => {
      if (!call.path.endsWith("/pulls") || refused > 0) return null;
      refused += 1;
      return answer;
    };
    const { read, said, waits: waited } = await reader(t, answered(REPOSITORY, odd));

    const changes = await read();

    assert.equal(changes.length, 3);
    assert.deepEqual([waited, said], [waits, []]);
  });

for (const [name, answer, words] of [
  ["wants a longer wait than there is", limited({ "retry-after": "60" }), /secondary rate limit/],
  ["names no time to wait", limited({}), /secondary rate limit/],
  [
    "is out of calls for the hour",
    limited({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1799999999" }),
    /rate/,
  ],
  ["does not let it read", refusal(403, "Resource not accessible"), /let the token read the repository/],
  ["does not know the repository", refusal(404, "Not Found"), /let the token read the repository/],
  ["does not know the token", refusal(401, "Bad credentials"), /github\.tokenSecret/],
  ["is down", refusal(500, "oops"), /HTTP 500/],
  ["answers something else", { status: 200, body: { message: "moved" } }, /expected array/],
] as const)
  test(`where GitHub ${name}, the rest is told, what is missing is said, and nothing is waited for`, async (t) => {
    const odd = (call: GithubCall): GithubAnswer | null => (call.path.endsWith("/pulls") ? answer : null);
    const { read, said, waits } = await reader(t, answered(REPOSITORY, odd));

    const changes = await read();

    assert.deepEqual(
      changes.map(({ id }) => id),
      ["github/shop/api/deployment/8", `github/shop/api/commit/${sha("d")}`, `github/shop/api/commit/${sha("c")}`],
    );
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /^done without the pull requests of shop\/api: /);
    assert.match(said[0] ?? "", words);
    assert.ok(waits.reduce((sum, ms) => sum + ms, 0) < 8_000);
  });

test("deployments that cannot be read are not taken for none: no release speaks for them", async (t) => {
  const odd = (call: GithubCall): GithubAnswer | null =>
    call.path.endsWith("/deployments") ? refusal(403, "Resource not accessible") : null;
  const { read, said } = await reader(t, answered({ ...REPOSITORY, "/releases": [release(2, 15, "v2")] }, odd));

  const changes = await read();

  assert.deepEqual(
    changes.map(({ id }) => id),
    ["github/shop/api/pull/12"],
  );
  assert.equal(said.length, 1);
});

test("a GitHub that never answers costs the deadline and no more", async (t) => {
  const { read, said } = await reader(t, () => "silence", 60);
  const startedMs = performance.now();

  const changes = await read();

  assert.deepEqual(changes, []);
  assert.equal(said.length, 2);
  assert.ok(performance.now() - startedMs < 5_000);
});
