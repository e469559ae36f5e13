import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  eventStream,
  eventsOf,
  messageOf,
  openReplayServer,
  replayServer,
  saying,
} from "../adapters/llm/replay-server.fixture.ts";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { sqliteRecords } from "../adapters/sqlite/records.ts";
import { gameday as quellGameday } from "./gameday.ts";

const QUELL = join(import.meta.dirname, "quell.ts");
const KEY = "sk-ant-test-0123456789";

type Said = Readonly<{ code: number; out: string; err: string }>;

/** A process of its own: the key and the URL come from its environment, and nobody else's do. */
const gameday = (args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Said> =>
  new Promise((resolve) => {
    const env = { PATH: process.env.PATH, ...environment };
    execFile(process.execPath, [QUELL, "gameday", "--incidents", "1", ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

/** Where drafts come from in a store that a gameday has written. */
const draftersIn = (store: string) =>
  sqliteRecords(openDatabase(store))
    .all()
    .flatMap(({ decisions }) => decisions.map(({ drafter }) => drafter));

const newStore = (): string => join(mkdtempSync(join(tmpdir(), "quell-drafter-")), "gameday.sqlite");

/** In this process, where nothing is waited for between tries; `url` is the provider's, as the environment says it. */
const playedHere = async (t: TestContext, drafter: string, url: string) => {
  for (const [name, value] of Object.entries({ ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url })) {
    process.env[name] = value;
    t.after(() => delete process.env[name]);
  }
  const said = { out: "", err: "" };
  const pauses: number[] = [];
  const store = newStore();
  const flags = { incidents: "1", seed: "1", mode: "auto", policy: "rules", speed: "1", json: true, store } as const;
  const terminal = {
    write: (text: string) => {
      said.out += text;
    },
    writeError: (text: string) => {
      said.err += text;
    },
    ...{ paint: (_format: unknown, text: string) => text, isLive: false, canAsk: false },
  };
  const code = await quellGameday({ ...flags, drafter }, terminal, async (ms) => {
    pauses.push(ms);
  });
  return { code, ...said, pauses, drafters: draftersIn(store) };
};

const playedBy = async (environment: Readonly<Record<string, string>>, drafter = "anthropic") => {
  const store = newStore();
  const said = await gameday(["--drafter", drafter, "--json", "--store", store], environment);
  return { ...said, drafters: draftersIn(store) };
};

/** A reply that the schema allows and that names nothing of this world: the guard has the last word on it. */
const REPLY = JSON.stringify({
  hypotheses: [{ cause: "the new version fails", for: ["e1"], against: [] }],
  candidates: [
    {
      ...{ runbook: "ecs-rollback", version: "1.0.0", because: "it began with it", evidence: [], recovers: 0.5 },
      target: "arn:aws:ecs:eu-west-1:123456789012:service/main/nobody",
      params: { Cluster: "main", Service: "nobody", TaskDefinition: "a:1", ExpectedTaskDefinition: "a:2" },
    },
  ],
});
const shapeOf = (out: string): readonly string[] => Object.keys(JSON.parse(out));

test("a hosted model that is named drafts, and the report has the shape that it has without one", async (t) => {
  const server = await replayServer(t, saying(REPLY));
  const environment = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: server.url, ANTHROPIC_LOG: "debug" };

  const { code, out, err, drafters } = await playedBy(environment);

  const offline = await playedHere(t, "offline", server.url);
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(shapeOf(out), shapeOf(offline.out));
  assert.ok(server.received.length >= 1);
  assert.deepEqual([drafters[0]?.name, drafters[0]?.because], ["anthropic", null]);
  assert.equal(drafters[0]?.hypotheses.length, 1);
  // Its logs are on in this environment: the key is in the request's header all the same, and in no other place.
  assert.ok(server.received.every(({ headers, text }) => headers.authorization?.endsWith(KEY) && !text.includes(KEY)));
  assert.ok(![out, err, JSON.stringify(drafters)].some((text) => text.includes(KEY)));
});

test("Bedrock is asked as whoever the process is, in its region", async (t) => {
  const headers = { "content-type": "application/vnd.amazon.eventstream" };
  const body = eventStream(eventsOf(messageOf(REPLY)));
  const server = await replayServer(t, { kind: "answer", status: 200, headers, body });
  const credentials = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "a-secret-of-nobody" };

  const { code, drafters } = await playedBy(
    { ANTHROPIC_BEDROCK_BASE_URL: server.url, AWS_REGION: "eu-central-1", ...credentials },
    "bedrock",
  );

  const signed = server.received.map(({ headers: { authorization } }) => authorization ?? "");
  assert.deepEqual([code, drafters[0]?.name, drafters[0]?.because], [0, "bedrock", null]);
  assert.ok(signed.length > 0 && signed.every((one) => /AKIDEXAMPLE\/\d+\/eu-central-1\/bedrock\//.test(one)));
});

test("a hosted model that nobody can reach is replaced by the offline drafter, and the record says why", async (t) => {
  const server = await openReplayServer([]);
  await server.close();

  const { code, out, pauses, drafters } = await playedHere(t, "anthropic", server.url);

  const offline = await playedHere(t, "offline", server.url);
  assert.deepEqual([code, pauses.length > 0, offline.pauses], [0, true, []]);
  assert.deepEqual(
    { ...JSON.parse(out), timing: null },
    { ...JSON.parse(offline.out), timing: null },
    "the same incident, answered as without a model",
  );
  assert.deepEqual([drafters[0]?.name, drafters[0]?.because?.code], ["offline", "unreachable"]);
});

test("a redirect takes no prompt to another host", async (t) => {
  const elsewhere = await replayServer(t, saying(REPLY));
  const headers = { location: `${elsewhere.url}/v1/messages` };
  const server = await replayServer(t, { kind: "answer", status: 307, headers, body: "" });

  const { drafters } = await playedHere(t, "anthropic", server.url);

  assert.equal(drafters[0]?.because?.code, "unreachable");
  assert.deepEqual([server.received.length > 0, elsewhere.received.length], [true, 0]);
});

for (const [drafter, variable] of [
  ["anthropic", "ANTHROPIC_API_KEY"],
  ["bedrock", "AWS_REGION"],
] as const)
  test(`--drafter ${drafter} without ${variable} is bad input that says what to do`, async () => {
    const { code, out, err } = await gameday(["--drafter", drafter, "--json"], { [variable]: " " });

    assert.deepEqual([code, out], [2, ""]);
    assert.match(
      err,
      new RegExp(`--drafter ${drafter}: ${variable} is not set; set it to .*, or give --drafter offline`),
    );
  });
