import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { S3Client } from "@aws-sdk/client-s3";
import type { EpisodeRow } from "../../core/episode.ts";
import { pastRunOf } from "../../core/track-record.ts";
import { rowWith } from "../contracts/rows.fixture.ts";
import { type Emulator, startMinistack } from "../emulators/emulators.fixture.ts";
import { failuresContract } from "./failures.contract.ts";
import { type Closing, clientFor, type Loopback, openLoopback } from "./loopback.fixture.ts";
import { createBucket } from "./s3-bucket.fixture.ts";
import { s3Episodes } from "./s3-episodes.ts";
import { putObject } from "./s3-objects.ts";
import { s3TrackRecord } from "./s3-track-record.ts";

let emulator: Emulator;
let client: S3Client;
before(async () => {
  emulator = await startMinistack();
  client = new S3Client(emulator.clientConfig);
});
after(() => emulator.stop());

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 3, 1, 12);

const ranAt = (decidedAtMs: number, id: string, changes: Partial<EpisodeRow> = {}): EpisodeRow =>
  rowWith({
    ...{ decided_at: decidedAtMs, incident_id: id, decision_id: `${id}/0`, row_version: 1 },
    ...{ executed_runbook: "restart", exit_status: "succeeded", matured_at: decidedAtMs + DAY_MS },
    ...{ recovered: true, recovered_by: "action" },
    ...changes,
  });

const held = async (rows: readonly EpisodeRow[]): Promise<string> => {
  const bucket = await createBucket(client);
  for (const row of rows) await s3Episodes(client, bucket).append(row);
  return bucket;
};

/** The emulator, with its reads of objects counted. */
const counting = async (context: Closing): Promise<Loopback & { gets: () => number }> => {
  const between = await openLoopback(context, () => ({ kind: "pass", to: emulator.endpoint }));
  const isGet = ({ method, path }: (typeof between.sent)[number]) => method === "GET" && path.includes(".json?");
  return { ...between, gets: () => between.sent.filter(isGet).length };
};

failuresContract("the S3 track record", {
  ...{ protocol: "rest-xml", action: "s3:ListBucket", what: "episodes/ in b" },
  call: (config) => s3TrackRecord(new S3Client(config), "b").since(0, DAY_MS),
});

test("a bucket without rows has no past", async () => {
  const bucket = await createBucket(client);

  const runs = await s3TrackRecord(client, bucket).since(NOW_MS - 90 * DAY_MS, NOW_MS);

  assert.deepEqual(runs, []);
});

test("effects that have matured are told, from the first instant of the span and before its last", async () => {
  const [fromMs, untilMs] = [NOW_MS - 90 * DAY_MS, NOW_MS];
  const inside = [ranAt(fromMs, "quell-a"), ranAt(NOW_MS - DAY_MS, "quell-b"), ranAt(untilMs - 1, "quell-c")];
  const bucket = await held([
    ...inside,
    ranAt(fromMs - 1, "quell-d"),
    ranAt(untilMs, "quell-e"),
    ranAt(untilMs + 5 * DAY_MS, "quell-f"),
    ranAt(fromMs - 5 * DAY_MS, "quell-g"),
    ranAt(NOW_MS - DAY_MS, "quell-h", { exit_status: "none" }),
    ranAt(NOW_MS - DAY_MS, "quell-i", { matured_at: null }),
  ]);

  const runs = await s3TrackRecord(client, bucket).since(fromMs, untilMs);

  assert.deepEqual(runs, inside.map(pastRunOf));
});

test("the newest version of a row counts, past the ninth too", async () => {
  const versions = [0, 1, 2, 9, 10].map((row_version) =>
    ranAt(NOW_MS - DAY_MS, "quell-a", {
      ...{ row_version, harm: row_version === 10 ? "confirmed" : "none" },
      matured_at: row_version === 0 ? null : NOW_MS,
    }),
  );
  const bucket = await held(versions);

  const runs = await s3TrackRecord(client, bucket).since(NOW_MS - 90 * DAY_MS, NOW_MS);

  assert.deepEqual(runs, versions.slice(-1).map(pastRunOf));
  assert.equal(runs[0]?.harmed, true);
});

test("what reconcile left of a run is no past; what its execution told of it is, once it has matured weeks later", async () => {
  const left = ranAt(NOW_MS - 30 * DAY_MS, "quell-a", {
    ...{ row_version: 0, exit_status: "unknown", harm: "unknown", recovered: false, recovered_by: "unknown" },
    matured_at: null,
  });
  const told = ranAt(left.decided_at, "quell-a", { row_version: 1, matured_at: null });
  const matured = { ...told, row_version: 2, matured_at: NOW_MS - DAY_MS };
  const bucket = await held([left]);
  const past = s3TrackRecord(client, bucket);

  const known: number[] = [];
  for (const row of [left, told, matured, { ...left, harm: "confirmed" as const }]) {
    await s3Episodes(client, bucket).append(row);
    known.push((await past.since(NOW_MS - 90 * DAY_MS, NOW_MS)).length);
  }

  assert.deepEqual(known, [0, 0, 1, 1]);
  assert.deepEqual(await past.since(NOW_MS - 90 * DAY_MS, NOW_MS), [pastRunOf(matured)]);
});

test("a row is read once, however often the past is asked for, and a new version is read when it is there", async (context) => {
  const young = ranAt(NOW_MS - DAY_MS, "quell-b", { row_version: 0, matured_at: null });
  const bucket = await held([ranAt(NOW_MS - 2 * DAY_MS, "quell-a"), young]);
  const { url, gets } = await counting(context);
  const past = s3TrackRecord(new S3Client(clientFor(url)), bucket);

  const read: number[] = [];
  for (const row of [young, { ...young, row_version: 1, matured_at: NOW_MS }, young]) {
    await s3Episodes(client, bucket).append(row);
    const runs = await past.since(NOW_MS - 90 * DAY_MS, NOW_MS);
    read.push(gets(), runs.length);
  }

  assert.deepEqual(read, [2, 1, 3, 2, 3, 2]);
});

test("where there are more rows than it may read, the newest count", async (context) => {
  const rows = Array.from({ length: 30 }, (_, n) => ranAt(NOW_MS - (30 - n) * DAY_MS, `quell-${n + 10}`));
  const bucket = await held(rows);
  const { url, gets } = await counting(context);

  const runs = await s3TrackRecord(new S3Client(clientFor(url)), bucket, 20).since(NOW_MS - 90 * DAY_MS, NOW_MS);

  assert.deepEqual(runs, rows.slice(-20).map(pastRunOf));
  assert.equal(gets(), 20);
});

test("a row that cannot be read is no past at all: the throw names the object", async () => {
  const bucket = await held([ranAt(NOW_MS - DAY_MS, "quell-a")]);
  await putObject({ client, name: bucket }, "episodes/2026-03-30/quell-b_0-0.json", '{"schema_version":1}');

  const asked = s3TrackRecord(client, bucket).since(NOW_MS - 90 * DAY_MS, NOW_MS);

  await assert.rejects(asked, /episodes\/2026-03-30\/quell-b_0-0\.json in quell-bucket-\d+: no episode row/);
});
