import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { S3Client } from "@aws-sdk/client-s3";
import type { AuditEntry } from "../../core/audit-store.ts";
import { auditStoreContract } from "../contracts/audit-store.contract.ts";
import { episodesContract } from "../contracts/episodes.contract.ts";
import { recordsContract } from "../contracts/records.contract.ts";
import { recordOf, rowWith } from "../contracts/rows.fixture.ts";
import { type Emulator, startMinistack } from "../emulators/emulators.fixture.ts";
import { failuresContract } from "./failures.contract.ts";
import { clientFor, openLoopback, refusal } from "./loopback.fixture.ts";
import { s3AuditStore } from "./s3-audit.ts";
import { createBucket, objectsIn } from "./s3-bucket.fixture.ts";
import { s3Episodes } from "./s3-episodes.ts";
import { putObject } from "./s3-objects.ts";
import { s3Records } from "./s3-records.ts";

let emulator: Emulator;
let client: S3Client;
before(async () => {
  emulator = await startMinistack();
  client = new S3Client(emulator.clientConfig);
});
after(() => emulator.stop());

const textsIn = async (bucket: string) =>
  [...(await objectsIn(client, bucket)).values()].map((text) => JSON.parse(text));

recordsContract("the S3 records", async () => {
  const bucket = await createBucket(client);
  return { records: s3Records(client, bucket), all: () => textsIn(bucket) };
});
episodesContract("the S3 episodes", async () => {
  const bucket = await createBucket(client);
  return { episodes: s3Episodes(client, bucket), rows: () => textsIn(bucket) };
});
auditStoreContract("the S3 audit store", async () => s3AuditStore(client, await createBucket(client)));

const link: AuditEntry = {
  ...{ schema: 1, incidentId: "quell-a", seq: 7, at: "2026-01-05T10:00:00.000Z", kind: "decided", body: null },
  ...{ previous: "0".repeat(64), hash: "a".repeat(64) },
};

failuresContract("the S3 records", {
  ...{ protocol: "rest-xml", action: "s3:PutObject", what: "records/quell-a.json in b" },
  call: (config) => s3Records(new S3Client(config), "b").put(recordOf("quell-a", "RESOLVED")),
});
failuresContract("the S3 episodes", {
  ...{ protocol: "rest-xml", action: "s3:PutObject", what: "episodes/2026-09-21/quell-a_0-0.json in b" },
  call: (config) => s3Episodes(new S3Client(config), "b").append(rowWith()),
});
failuresContract("the S3 audit store, writing", {
  ...{ protocol: "rest-xml", action: "s3:PutObject", what: "audit/grew/2026-01-05/quell-a in b" },
  call: (config) => s3AuditStore(new S3Client(config), "b").put(link),
});
failuresContract("the S3 audit store, reading", {
  ...{ protocol: "rest-xml", action: "s3:ListBucket", what: "audit/chains/quell-a/ in b" },
  call: (config) => s3AuditStore(new S3Client(config), "b").chain("quell-a"),
});

test("everything lies where the layout of the bucket says", async () => {
  const bucket = await createBucket(client);
  const audit = s3AuditStore(client, bucket);

  await s3Records(client, bucket).put(recordOf("quell-a", "RESOLVED"));
  await s3Episodes(client, bucket).append(rowWith({ decided_at: Date.UTC(2026, 0, 5, 23, 59), row_version: 2 }));
  await audit.put(link);
  await audit.putManifest({ schema: 1, day: "2026-01-05", heads: [], previous: null, hash: "c".repeat(64) });

  assert.deepEqual(
    [...(await objectsIn(client, bucket)).keys()],
    [
      "audit/chains/quell-a/000007.json",
      "audit/grew/2026-01-05/quell-a",
      "audit/manifests/2026-01-05.json",
      "episodes/2026-01-05/quell-a_0-2.json",
      "records/quell-a.json",
    ],
  );
});

test("a row whose answer was lost is appended once, and again is a success", async (context) => {
  const bucket = await createBucket(client);
  const between = await openLoopback(context, (_, nth) => ({
    kind: nth === 0 ? "lose" : "pass",
    to: emulator.endpoint,
  }));
  const { append } = s3Episodes(new S3Client(clientFor(between.url)), bucket);

  await assert.rejects(append(rowWith()));
  await append(rowWith({ service: "changed" }));

  assert.deepEqual(await textsIn(bucket), [rowWith()]);
});

test("a link whose answer was lost is there, and a second try is told that it lies there", async (context) => {
  const bucket = await createBucket(client);
  const between = await openLoopback(context, ({ path }, nth) => ({
    ...{ kind: path.includes("/chains/") && nth === 1 ? "lose" : "pass", to: emulator.endpoint },
  }));
  const store = s3AuditStore(new S3Client(clientFor(between.url)), bucket);

  await assert.rejects(store.put(link));
  const again = await store.put(link);

  assert.equal(again, false);
  assert.deepEqual(await store.chain("quell-a"), [link]);
});

test("a crash before the link leaves a day that names the incident, and nothing more", async (context) => {
  const bucket = await createBucket(client);
  const between = await openLoopback(context, ({ path }) =>
    path.includes("/chains/") ? { kind: "cut" } : { kind: "pass", to: emulator.endpoint },
  );

  await assert.rejects(s3AuditStore(new S3Client(clientFor(between.url)), bucket).put(link));

  const store = s3AuditStore(client, bucket);
  assert.deepEqual([await store.grewOn("2026-01-05"), await store.chain("quell-a")], [["quell-a"], []]);
});

test("a write under a condition that meets another is tried again, and gives up after the fourth", async (context) => {
  const conflict = refusal("rest-xml", 409, "ConditionalRequestConflict");
  const patient = await openLoopback(context, (_, nth) => (nth < 3 ? conflict : { kind: "answer", status: 200 }));
  const hopeless = await openLoopback(context, () => conflict);

  await s3Episodes(new S3Client(clientFor(patient.url)), "b").append(rowWith());
  const failed = s3Episodes(new S3Client(clientFor(hopeless.url)), "b").append(rowWith());

  await assert.rejects(failed, /ConditionalRequestConflict/);
  assert.deepEqual([patient.sent.length, hopeless.sent.length], [4, 4]);
  assert.equal(hopeless.sent[0]?.headers["if-none-match"], "*");
});

test("a link that somebody spoilt comes back as it lies there, for whoever verifies the chain", async () => {
  const bucket = await createBucket(client);
  const store = s3AuditStore(client, bucket);
  await store.put({ ...link, seq: 0 });
  await putObject({ client, name: bucket }, "audit/chains/quell-a/000001.json", "{ spoilt");

  const chain = await store.chain("quell-a");

  assert.deepEqual(chain, [{ ...link, seq: 0 }, "{ spoilt"]);
});

test("what would lead out of its folder, or is no time or number, is refused before anything is sent", async (context) => {
  const { url, sent } = await openLoopback(context, () => ({ kind: "cut" }));
  const client = new S3Client(clientFor(url));
  const store = s3AuditStore(client, "b");

  await assert.rejects(s3Records(client, "b").put(recordOf("../records/x", "RESOLVED")), /cannot be part of a key/);
  await assert.rejects(
    s3Episodes(client, "b").append(rowWith({ decision_id: "quell a/0" })),
    /cannot be part of a key/,
  );
  await assert.rejects(store.put({ ...link, incidentId: "a/b" }), /cannot be part of a key/);
  await assert.rejects(store.put({ ...link, seq: 1_000_000 }), /no link's number/);
  await assert.rejects(store.put({ ...link, at: "yesterday" }), /no time/);
  await assert.rejects(store.grewOn("../x"), /cannot be part of a key/);

  assert.equal(sent.length, 0);
});
