import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { dynamoDbLedger } from "../adapters/aws/dynamodb-ledger.ts";
import { createLedgerTable } from "../adapters/aws/dynamodb-tables.fixture.ts";
import { startMinistack } from "../adapters/emulators/emulators.fixture.ts";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { sqliteLedger } from "../adapters/sqlite/ledger.ts";
import { type Lock, lockKey, readIncident } from "../core/incident.ts";
import type { Ledger } from "../core/ports.ts";
import { settingsSchema } from "../core/settings.ts";
import { membersOf } from "../core/storm.ts";
import { intakeBatchWith } from "./intake.ts";

/** A storm through the deployed intake, as SQS delivers it, onto stores whose conditional writes are real. */
const ACCOUNT = "123456789012";
const REGION = "eu-west-1";
const START_MS = Date.UTC(2026, 0, 5);
const OVER_MS = 60_000;
const BATCH = 10;
/** How many batches SQS has intake take at one time, by its event source's maximum concurrency. */
const AT_ONCE = 5;
const settings = settingsSchema.parse({ account: ACCOUNT, region: REGION, services: [] });

const emulator = await startMinistack();
const folder = mkdtempSync(join(tmpdir(), "quell-storm-"));
after(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

const messageOf = (alarmName: string, atMs: number, id: string) => ({
  messageId: id,
  body: JSON.stringify({
    ...{ version: "0", source: "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change" },
    ...{ account: ACCOUNT, region: REGION },
    detail: {
      alarmName,
      state: { value: "ALARM", reason: "", timestamp: new Date(atMs).toISOString().replace("Z", "+0000") },
      configuration: { metrics: [] },
    },
  }),
});

/** Every alarm once and each third twice, in an order that has nothing to do with time. */
const delivered = (count: number) =>
  Array.from({ length: count }, (_, i) => i)
    .flatMap((i) => (i % 3 === 0 ? [i, i] : [i]))
    .map((i, place) => ({ i, place, draw: (place * 7919) % 10_007 }))
    .toSorted((one, other) => one.draw - other.draw)
    .map(({ i, place }) => messageOf(`storm-${i}`, START_MS + Math.round((i * OVER_MS) / count), `m${place}`));

/** What came of a storm: the incidents, and how often each alarm is held by them. */
const stormOn = async (ledger: Ledger, count: number) => {
  const starts: string[] = [];
  const executions = { start: async (id: string) => void starts.push(id), ring: async () => {} };
  const ports = { ledger, executions, clock: { nowMs: () => START_MS + 2 * OVER_MS } };
  const refused: unknown[] = [];
  const take = intakeBatchWith(ports, settings, (_id, because) => refused.push(because));
  const waiting = delivered(count);
  const worker = async (): Promise<void> => {
    for (let batch = waiting.splice(0, BATCH); batch.length > 0; batch = waiting.splice(0, BATCH)) {
      const { batchItemFailures } = await take({ Records: batch });
      // What was not taken comes again, as SQS does it.
      const again = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
      waiting.push(...batch.filter(({ messageId }) => again.includes(messageId)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const held = new Map<string, string>();
  for (let i = 0; i < count; i += 1) {
    const key = `${ACCOUNT}/${REGION}/storm-${i}`;
    const lock = (await ledger.read(lockKey(key)))?.item as Lock | undefined;
    if (lock !== undefined) held.set(key, lock.incidentId);
  }
  const ids = [...new Set(held.values())];
  const incidents = await Promise.all(ids.map((id) => readIncident(ledger, id)));
  const umbrellas = incidents.filter((one) => one?.umbrella === true);
  const members = await Promise.all(umbrellas.map((one) => membersOf(ledger, one?.id ?? "")));
  const own = incidents.filter((one) => one?.umbrella === false).flatMap((one) => one?.keys ?? []);
  const keys = [...members.flat().map(({ key }) => key), ...own];
  return { held, incidents, umbrellas, keys, starts: new Set(starts), refused };
};

const STORES = [
  {
    name: "SQLite",
    count: 10_000,
    open: async (): Promise<Ledger> => sqliteLedger(openDatabase(join(folder, "storm.sqlite"))),
  },
  {
    name: "DynamoDB, emulated",
    count: 1_000,
    open: async (): Promise<Ledger> => {
      const client = new DynamoDBClient({ ...emulator.clientConfig, maxAttempts: 3 });
      return dynamoDbLedger(client, await createLedgerTable(client));
    },
  },
] as const;

for (const { name, count, open } of STORES)
  test(`${name}: of ${count} alarms that storm in disorder, each is held exactly once, by few incidents`, async (t) => {
    const ledger = await open();

    const startedMs = performance.now();
    const { held, incidents, umbrellas, keys, starts, refused } = await stormOn(ledger, count);
    t.diagnostic(
      `${count} alarms, ${delivered(count).length} deliveries: ${incidents.length} incidents, ${umbrellas.length} of them an umbrella, ` +
        `${keys.length} alarms held, ${refused.length} deliveries came again, ${Math.round(performance.now() - startedMs)} ms`,
    );

    assert.equal(held.size, count);
    assert.deepEqual([keys.length, new Set(keys).size], [count, count]);
    assert.ok(incidents.every((one) => one !== null && starts.has(one.id)));
    assert.equal(umbrellas.length, 1);
    assert.ok(incidents.length <= settings.storm.alarms + 1, `${incidents.length} incidents`);
  });
