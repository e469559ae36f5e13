import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { s3AuditStore } from "../adapters/aws/s3-audit.ts";
import { type Emulator, startMoto } from "../adapters/emulators/emulators.fixture.ts";
import { fileAuditStore } from "../adapters/files/audit-store.ts";
import { auditTrail } from "../core/audit.ts";
import { manifestOf } from "../core/audit-manifest.ts";
import type { AuditStore } from "../core/audit-store.ts";
import { run, speakTo, temporaryFolder } from "./account.fixture.ts";

const DAY_MS = 86_400_000;
const A = "quell-aaaaaaaaaaaaaaaaaaaaaaaaaa";
const B = "quell-bbbbbbbbbbbbbbbbbbbbbbbbbb";

/** Three days of two incidents, two of them closed by a manifest. */
const fill = async (store: AuditStore): Promise<void> => {
  let nowMs = Date.UTC(2026, 0, 5, 10);
  const trail = auditTrail(store, { nowMs: () => nowMs });
  for (const step of [0, 1, 2]) await trail.append(A, "decided", { key: `decision/${step}`, said: `step ${step}` });
  await manifestOf(store, "2026-01-05");
  nowMs += DAY_MS;
  await trail.append(A, "closed", { key: "closed" });
  await trail.append(B, "decided", { key: "decided" });
  await manifestOf(store, "2026-01-06");
  nowMs += DAY_MS;
  await trail.append(B, "closed", { key: "closed" });
};

const filled = async (): Promise<string> => {
  const folder = temporaryFolder();
  await fill(fileAuditStore(folder));
  return folder;
};
const link = (folder: string, incident: string, seq: number): string =>
  join(folder, "audit", "chains", incident, `${String(seq).padStart(6, "0")}.json`);

it("a trail in a folder that is whole says so, as words and as one JSON document", async () => {
  const folder = await filled();

  const [words, json] = [await run("audit", "verify", folder), await run("audit", "verify", folder, "--json")];

  assert.deepEqual(
    [words.code, words.out, words.err],
    [0, "audit: 2 manifests, 2 chains with 6 links; faults: 0\n", ""],
  );
  const { schema, ok, faults, links } = JSON.parse(json.out);
  assert.deepEqual([json.code, schema, ok, faults, links], [0, 1, true, [], 6]);
});

const DAMAGE: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
  [
    "a changed word",
    (folder) => writeFileSync(link(folder, A, 1), readFileSync(link(folder, A, 1), "utf8").replace("step 1", "step 9")),
    new RegExp(`fault +${A}: link 1 was changed`),
  ],
  ["a link that is gone", (folder) => rmSync(link(folder, A, 1)), new RegExp(`fault +${A}: link 1 bears the number 2`)],
  [
    "a chain without its end",
    (folder) => rmSync(link(folder, A, 3)),
    new RegExp(`fault +${A}: link 3, which the manifest of 2026-01-06 names, is not there`),
  ],
  [
    "a link that is no JSON",
    (folder) => writeFileSync(link(folder, B, 0), "{"),
    new RegExp(`fault +${B}: link 0 is no entry`),
  ],
  [
    "a manifest that is gone",
    (folder) => rmSync(join(folder, "audit", "manifests", "2026-01-05.json")),
    /fault +the manifest of 2026-01-06 does not follow the one before it/,
  ],
];

for (const [name, damage, says] of DAMAGE)
  it(`${name} is exit 1, and is named`, async () => {
    const folder = await filled();
    damage(folder);

    const { code, out } = await run("audit", "verify", folder);

    assert.equal(code, 1);
    assert.match(out, says);
    assert.match(out, /\naudit: .*; faults: [1-9]\d*\n$/);
  });

it("verifying changes nothing in the folder", async () => {
  const folder = await filled();
  const before = readdirSync(folder, { recursive: true }).toSorted();

  await run("audit", "verify", folder);

  assert.deepEqual(readdirSync(folder, { recursive: true }).toSorted(), before);
});

describe("a trail in a bucket", () => {
  let moto: Emulator;
  let s3: S3Client;
  before(async () => {
    moto = await startMoto();
    s3 = new S3Client(moto.clientConfig);
    speakTo(moto.endpoint);
    const CreateBucketConfiguration = { LocationConstraint: "eu-west-1" as const };
    for (const Bucket of ["whole", "damaged", "empty"])
      await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
    await fill(s3AuditStore(s3, "whole"));
    await fill(s3AuditStore(s3, "damaged"));
    await s3.send(new PutObjectCommand({ Bucket: "damaged", Key: `audit/chains/${A}/000002.json`, Body: "{}" }));
  });
  after(() => moto.stop());

  it("is verified as one in a folder is", async () => {
    const { code, out } = await run("audit", "verify", "s3://whole");

    assert.deepEqual([code, out], [0, "audit: 2 manifests, 2 chains with 6 links; faults: 0\n"]);
  });

  it("that was changed is exit 1", async () => {
    const { code, out } = await run("audit", "verify", "s3://damaged/");

    assert.equal(code, 1);
    assert.match(out, new RegExp(`fault +${A}: link 2 is no entry of an audit chain\n`));
  });

  it("with nothing in it, and one that is not there, are bad input", async () => {
    const [empty, absent] = [await run("audit", "verify", "s3://empty"), await run("audit", "verify", "s3://absent")];

    assert.deepEqual([empty.code, empty.out, absent.code, absent.out], [2, "", 2, ""]);
    assert.match(empty.err, /s3:\/\/empty: neither a manifest nor a chain of today lies there/);
    assert.match(absent.err, /s3:\/\/absent: s3:ListBucket .*not there/);
  });
});

const BAD: readonly (readonly [string, RegExp])[] = [
  ["/no/such/folder", /\/no\/such\/folder: no folder that holds audit\/; name the folder above it/],
  ["s3://a/b", /s3:\/\/a\/b: cannot be used; give s3:\/\/BUCKET, without a path/],
  ["s3://UPPER", /s3:\/\/UPPER: cannot be used/],
];
for (const [source, says] of BAD)
  it(`\`quell audit verify ${source}\` is bad input`, async () => {
    const { code, out, err } = await run("audit", "verify", source);

    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, says);
  });

it("a copy of a folder verifies like the folder", async () => {
  const [folder, copy] = [await filled(), temporaryFolder()];
  mkdirSync(join(copy, "audit"), { recursive: true });
  cpSync(join(folder, "audit"), join(copy, "audit"), { recursive: true });

  const { code } = await run("audit", "verify", copy);

  assert.equal(code, 0);
});
