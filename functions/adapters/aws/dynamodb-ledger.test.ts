import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { incidentWith } from "../../core/example.fixture.ts";
import { createIncident, type Incident, incidentKey } from "../../core/incident.ts";
import type { Json } from "../../core/json.ts";
import { change } from "../../core/ledger.ts";
import { noteRows } from "../../core/owed-rows.ts";
import type { Ledger } from "../../core/ports.ts";
import { ledgerContract } from "../contracts/ledger.contract.ts";
import { type Emulator, startMinistack } from "../emulators/emulators.fixture.ts";
import { dynamoDbLedger, groupOf, ItemTooLarge } from "./dynamodb-ledger.ts";
import { createLedgerTable } from "./dynamodb-tables.fixture.ts";
import { failuresContract } from "./failures.contract.ts";
import { clientFor, openLoopback, type Reply, refusal } from "./loopback.fixture.ts";

let emulator: Emulator;
let client: DynamoDBClient;
before(async () => {
  emulator = await startMinistack();
  client = new DynamoDBClient(emulator.clientConfig);
});
after(() => emulator.stop());

/** A ledger whose table is made when it is first asked. */
const emptyLedger = (): Ledger => {
  let ready: Promise<Ledger> | null = null;
  const ledger = (): Promise<Ledger> => {
    ready ??= createLedgerTable(client).then((table) => dynamoDbLedger(client, table));
    return ready;
  };
  return {
    read: async (key) => (await ledger()).read(key),
    write: async (key, item, expected) => (await ledger()).write(key, item, expected),
    list: async (prefix) => (await ledger()).list(prefix),
  };
};

ledgerContract("the DynamoDB ledger", emptyLedger, "groups");

for (const [action, what, call] of [
  ["dynamodb:GetItem", "lease#web of t", (ledger: Ledger) => ledger.read("lease#web")],
  ["dynamodb:PutItem", "lease#web of t", (ledger: Ledger) => ledger.write("lease#web", 1, null)],
  ["dynamodb:Query", "effect#a/* of t", (ledger: Ledger) => ledger.list("effect#a/")],
] as const)
  failuresContract("the DynamoDB ledger", {
    ...{ protocol: "json-1.0", action, what },
    call: (config) => call(dynamoDbLedger(new DynamoDBClient(config), "t")),
  });

test("of 50 writers of one version exactly one wins, at every version", async () => {
  const table = await createLedgerTable(client);
  const writers = Array.from({ length: 50 }, () => dynamoDbLedger(client, table));

  const wins: number[] = [];
  for (const version of [null, 1, 2]) {
    const wrote = await Promise.all(writers.map((ledger, who) => ledger.write("lease#web", { who }, version)));
    wins.push(wrote.filter(Boolean).length);
  }

  assert.deepEqual(wins, [1, 1, 1]);
  assert.equal((await dynamoDbLedger(client, table).read("lease#web"))?.version, 3);
});

test("50 writers that change one item at once lose no change", async () => {
  const table = await createLedgerTable(client);
  const add = (who: number) => (item: Json | null) => ({ write: [...((item ?? []) as number[]), who] });

  await Promise.all(
    Array.from({ length: 50 }, (_, who) => change(dynamoDbLedger(client, table), "spend#hour/now", add(who), 200)),
  );

  const { item, version } = (await dynamoDbLedger(client, table).read("spend#hour/now")) ?? {};
  assert.equal((item as number[]).toSorted((a, b) => a - b).join(), Array.from({ length: 50 }, (_, n) => n).join());
  assert.equal(version, 50);
});

/** Adds a token once: who finds it there has written it before. */
const adding = (token: string) => (item: Json | null) => {
  const tokens = (item ?? []) as string[];
  return tokens.includes(token) ? { stop: null } : { write: [...tokens, token] };
};

const isPut = (headers: Readonly<Record<string, string | undefined>>): boolean =>
  /PutItem/.test(headers["x-amz-target"] ?? "");

for (const maxAttempts of [1, 3])
  test(`written, but the answer was lost: the change is there once, with ${maxAttempts} tries of the SDK`, async (context) => {
    const table = await createLedgerTable(client);
    let puts = 0;
    const between = await openLoopback(context, ({ headers }) => {
      puts += isPut(headers) ? 1 : 0;
      return { kind: isPut(headers) && puts === 1 ? "lose" : "pass", to: emulator.endpoint };
    });
    const ledger = dynamoDbLedger(new DynamoDBClient({ ...clientFor(between.url), maxAttempts }), table);

    await change(ledger, "budget#running", adding("mine"));

    assert.deepEqual(await dynamoDbLedger(client, table).read("budget#running"), { item: ["mine"], version: 1 });
  });

test("a write that is throttled twice is written by the third try of core, once", async (context) => {
  const table = await createLedgerTable(client);
  let puts = 0;
  const between = await openLoopback(context, ({ headers }) => {
    puts += isPut(headers) ? 1 : 0;
    if (isPut(headers) && puts <= 2) return refusal("json-1.0", 400, "ProvisionedThroughputExceededException");
    return { kind: "pass", to: emulator.endpoint };
  });
  const ledger = dynamoDbLedger(new DynamoDBClient(clientFor(between.url)), table);

  await change(ledger, "budget#running", adding("mine"));

  assert.equal(puts, 3);
  assert.deepEqual(await ledger.read("budget#running"), { item: ["mine"], version: 1 });
});

const incident = (id: string, over: Partial<Incident> = {}): Incident => incidentWith({ id, ...over });

test("incidents that are open, watched or owe a row are found without a scan, others and other items are not", async () => {
  const table = await createLedgerTable(client);
  const ledger = dynamoDbLedger(client, table);
  await createIncident(ledger, incident("quell-open"));
  await createIncident(ledger, incident("quell-watched", { terminal: "ESCALATED", watching: true }));
  await createIncident(ledger, incident("quell-owing", { terminal: "RESOLVED", decided: 2, rows: [0] }));
  await createIncident(ledger, incident("quell-closed", { terminal: "RESOLVED", decided: 2, rows: [0, 1] }));
  await createIncident(ledger, incident("quell-older", { terminal: "RESOLVED", decided: 2 }));
  await ledger.write("lease#web", { terminal: null, watching: true }, null);

  const open = await ledger.openIncidents();

  assert.deepEqual(open.toSorted(), ["quell-open", "quell-owing", "quell-watched"]);
});

test("an incident that closes leaves the index, once the rows of its decisions are written", async () => {
  const table = await createLedgerTable(client);
  const ledger = dynamoDbLedger(client, table);
  await createIncident(ledger, incident("quell-a", { decided: 1, rows: [] }));

  await change(ledger, incidentKey("quell-a"), (item) => ({
    write: { ...(item as Readonly<Record<string, Json>>), terminal: "RESOLVED" },
  }));
  const owing = await ledger.openIncidents();
  await noteRows(ledger, "quell-a", [0]);

  assert.deepEqual([owing, await ledger.openIncidents()], [["quell-a"], []]);
});

test("more than one answer of DynamoDB holds is listed whole, effects and open incidents alike", async (context) => {
  // The emulator answers everything at once.
  const paged = (page: number, keys: readonly string[]): Reply => ({
    ...{ kind: "answer", status: 200, headers: { "content-type": "application/x-amz-json-1.0" } },
    body: JSON.stringify({
      Items: [{ group: { S: "g" }, key: { S: keys[page] }, version: { N: "1" }, item: { S: `{"page":${page}}` } }],
      LastEvaluatedKey: page + 1 < keys.length ? { group: { S: "g" }, key: { S: keys[page] } } : undefined,
    }),
  });
  const effects = await openLoopback(context, (_, nth) =>
    paged(nth, ["effect#a/0/run", "effect#a/1/run", "effect#a/2/run"]),
  );
  const incidents = await openLoopback(context, (_, nth) => paged(nth, ["incident#a", "incident#b"]));

  const listed = await dynamoDbLedger(new DynamoDBClient(clientFor(effects.url)), "t").list("effect#a/");
  const open = await dynamoDbLedger(new DynamoDBClient(clientFor(incidents.url)), "t").openIncidents();

  assert.deepEqual(
    listed.map(({ item }) => item),
    [{ page: 0 }, { page: 1 }, { page: 2 }],
  );
  assert.deepEqual(JSON.parse(String(effects.sent[1]?.body)).ExclusiveStartKey.key, { S: "effect#a/0/run" });
  assert.deepEqual(open, ["a", "b"]);
});

test("an incident of 2,000 alarms fits, open or listed as open, and comes back equal", async () => {
  const table = await createLedgerTable(client);
  const ledger = dynamoDbLedger(client, table);
  const keys = Array.from({ length: 2_000 }, (_, n) => `123456789012/eu-west-1/checkout-service-latency-${n}`);
  const big = incident("quell-big", {
    keys,
    covers: Object.fromEntries(keys.map((key, n) => [key, 1_790_000_000_000 + n])),
    rings: Object.fromEntries(keys.map((key, n) => [key, [1_790_000_000_000 + n]])),
    states: Object.fromEntries(keys.map((key, n) => [key, { state: "ALARM" as const, atMs: 1_790_000_000_000 + n }])),
  });

  await createIncident(ledger, big);

  assert.ok(JSON.stringify(big).length > 500_000);
  assert.deepEqual((await ledger.read(incidentKey("quell-big")))?.item, JSON.parse(JSON.stringify(big)));
  assert.deepEqual(await ledger.openIncidents(), ["quell-big"]);
});

test("an item that DynamoDB does not hold is refused by name and size before anything is sent", async (context) => {
  const { url, sent } = await openLoopback(context, () => ({ kind: "cut" }));
  const ledger = dynamoDbLedger(new DynamoDBClient(clientFor(url)), "t");
  const noise = randomBytes(450_000).toString("base64");

  const tooLong = ledger.write("incident#quell-a", noise, null);
  const longKey = ledger.read(`open#${"x".repeat(1100)}`);

  await assert.rejects(tooLong, (error: unknown) => {
    assert.ok(error instanceof ItemTooLarge);
    assert.match(
      error.message,
      /^incident#quell-a: 600002 bytes of JSON are 4\d{5} packed, and DynamoDB holds 409600$/,
    );
    return true;
  });
  await assert.rejects(longKey, ItemTooLarge);
  assert.equal(sent.length, 0);
});

test("the largest item that passes the check is one that DynamoDB takes", async () => {
  const table = await createLedgerTable(client);
  const ledger = dynamoDbLedger(client, table);
  const fits = async (bytes: number): Promise<boolean> => {
    const noise = randomBytes(bytes).toString("latin1");
    try {
      return await ledger.write(`any/${bytes}`, noise, null);
    } catch (error) {
      if (error instanceof ItemTooLarge) return false;
      throw error;
    }
  };

  const took = [];
  for (let bytes = 300_000; bytes < 420_000; bytes += 4_000) took.push(await fits(bytes));

  assert.equal(took[0], true);
  assert.equal(took.at(-1), false);
});

test("a prefix that names no group is refused and says which do", async () => {
  const ledger = dynamoDbLedger(client, "t");

  for (const prefix of ["", "incident#", "effect#", "open#1/eu", "lease#a/", "constructor#"])
    await assert.rejects(ledger.list(prefix), /the ledger lists one group.*effect# with 1.*open# with 3/, prefix);
});

test("what is listed together lies in one group, and every other item in its own", () => {
  const groups = {
    "effect#quell-a/0/run": "effect#quell-a",
    "storm#quell-a/123456789012/eu-west-1/cpu": "storm#quell-a",
    "storm#123456789012/eu-west-1": "storm#123456789012",
    "decision#quell-a/3": "decision#quell-a",
    "attempt#quell-a/respond": "attempt#quell-a",
    "open#123456789012/eu-west-1/cpu/contributor": "open#123456789012/eu-west-1/cpu",
    "open#123456789012/eu-west-1/cpu": "open#123456789012/eu-west-1/cpu",
    "autonomy#restart/production": "autonomy#",
    "incident#quell-a": "incident#quell-a",
    "switch#agent": "switch#agent",
    "mode#shop": "mode#shop",
    "breaker#restart/arn:aws:ecs:eu-west-1:123456789012:service/shop": null,
    "no kind at all": null,
  };

  for (const [key, group] of Object.entries(groups)) assert.equal(groupOf(key), group ?? key);
});

test("an item that somebody else wrote is no item: the throw names it", async () => {
  const table = await createLedgerTable(client);
  const key = "switch#agent";
  const items = [
    { item: { S: "{" }, version: { N: "1" } },
    { item: { S: "1" } },
    { packed: { B: Buffer.from("no gzip") }, version: { N: "1" } },
    { version: { N: "1" } },
  ];

  for (const item of items) {
    await client.send(new PutItemCommand({ TableName: table, Item: { group: { S: key }, key: { S: key }, ...item } }));
    await assert.rejects(dynamoDbLedger(client, table).read(key), /switch#agent of ledger-\d+: no item of the ledger/);
  }
});

test("what is read of an item or a group is what was last written: reads are strongly consistent", async (context) => {
  const { url, sent } = await openLoopback(context, () => ({
    ...{ kind: "answer", status: 200, headers: { "content-type": "application/x-amz-json-1.0" } },
    body: "{}",
  }));
  const ledger = dynamoDbLedger(new DynamoDBClient(clientFor(url)), "t");

  await ledger.read("lease#web");
  await ledger.list("effect#a/");

  assert.deepEqual(
    sent.map(({ body }) => JSON.parse(body.toString("utf8")).ConsistentRead),
    [true, true],
  );
});
