import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import fc from "fast-check";
import { loadGuardrails } from "../../policies/guardrails/load.ts";
import { catalogue } from "../../runbooks/catalogue.ts";
import { cedarGuardrails } from "../adapters/cedar/guardrails.ts";
import { openDatabase } from "../adapters/sqlite/database.ts";
import { sqliteEpisodes } from "../adapters/sqlite/episodes.ts";
import type { EpisodeRow } from "../core/episode.ts";
import type { Runbook } from "../core/runbook.ts";
import { quell } from "./quell.ts";
import { leastTier, needsOf } from "./runbooks-consents.ts";
import { countsOf } from "./runbooks-counts.ts";
import { nearest } from "./runbooks-nearest.ts";
import { radiusOfUnknown } from "./runbooks-radius.ts";
import { sheetsOf } from "./runbooks-sheet.ts";

const folder = mkdtempSync(join(tmpdir(), "quell-runbooks-test-"));
after(() => rmSync(folder, { recursive: true }));

const run = async (...args: readonly string[]) => {
  const said = { out: "", err: "" };
  const code = await quell(["runbooks", ...args], {
    write: (text) => {
      said.out += text;
    },
    writeError: (text) => {
      said.err += text;
    },
    paint: (_format, text) => text,
    isLive: false,
    canAsk: false,
  });
  return { code, ...said };
};

const anEffect = (): Runbook => {
  const found = catalogue.runbooks.find(({ documents }) => documents !== null && documents.undo !== null);
  assert.ok(found);
  return found;
};

/** A row of which only the members that are counted matter here. */
const row = (decision: string, given: Partial<EpisodeRow>): EpisodeRow =>
  ({
    decision_id: decision,
    row_version: 0,
    catalogue_hash: catalogue.hash,
    executed_runbook: "wait",
    recovered_by: "",
    undone: false,
    harm: "none",
    ...given,
  }) as EpisodeRow;

const storeWith = async (name: string, rows: readonly EpisodeRow[]): Promise<string> => {
  const file = join(folder, name);
  const database = openDatabase(file);
  for (const one of rows) await sqliteEpisodes(database).append(one);
  database.close();
  return file;
};

type Listed = Readonly<{ id: string; tier: number; leastTier: number; consents: number; helped: unknown }>;
const listed = async (...args: readonly string[]): Promise<readonly Listed[]> =>
  JSON.parse((await run("list", "--json", ...args)).out).runbooks;

test("the list has every runbook with its version, and no line is wider than 100 columns", async () => {
  const { code, out, err } = await run("list");

  assert.deepEqual([code, err], [0, ""]);
  for (const { id, version, title, suitsWhen } of catalogue.runbooks) {
    assert.match(out, new RegExp(`^${id}@${version.replaceAll(".", "\\.")} `, "m"));
    const said = out.replace(/\s+/g, " ");
    assert.ok(said.includes(title), title);
    assert.ok(said.includes(`When: ${suitsWhen}`), id);
  }
  for (const line of out.split("\n")) assert.ok(line.length <= 100, `${line.length}: ${line}`);
});

test("consents are those of the contract: none for T0, one for T1 and T2, two for T3, none for what has no effect", async () => {
  const consents = [0, 1, 1, 2];

  for (const one of await listed()) assert.equal(one.consents, consents[one.leastTier], one.id);
});

test("what always touches data has tier 3 at least, whatever it says of itself", async () => {
  const base = anEffect();
  const blastRadius: Runbook["blastRadius"] = (target) => ({ ...base.blastRadius(target, {}), dataStore: true });

  assert.equal(leastTier({ ...base, tier: 0, blastRadius }), 3);
});

test("what cannot be undone has tier 2 at least, and a runbook that cannot measure an unknown target keeps its own", () => {
  const base: Runbook = { ...anEffect(), tier: 0 };
  const silent: Runbook["blastRadius"] = () => {
    throw new TypeError("no such attribute");
  };

  assert.equal(leastTier({ ...base, reversal: "none" }), 2);
  assert.equal(leastTier({ ...base, blastRadius: silent }), 0);
  assert.equal(radiusOfUnknown({ ...base, blastRadius: silent }), null);
});

test("the guardrails are asked, not a table: where they permit nothing, every runbook is refused", async () => {
  const { policies, schema } = loadGuardrails();
  const permitless = Object.fromEntries(Object.entries(policies).filter(([, text]) => !/\bpermit\b/.test(text)));

  const needs = await needsOf(catalogue, cedarGuardrails(permitless, schema));

  assert.deepEqual([...new Set(needs.values())], ["refused"]);
  assert.ok(sheetsOf(catalogue, needs).every(({ needsWords }) => needsWords === "the guardrails permit it to nobody"));
});

test("without a store nothing is counted, and the list says how to count", async () => {
  const { out } = await run("list");
  const runbooks = await listed();

  assert.match(out, /`quell gameday --store FILE`, then `quell runbooks list --store FILE`/);
  assert.ok(runbooks.every(({ helped }) => helped === null));
});

test("a store's episodes are counted by what was executed, each decision once as its newest row says", async () => {
  const { id } = anEffect();
  const file = await storeWith("counted.db", [
    row("a/0", { executed_runbook: id, recovered_by: "action" }),
    row("b/0", { executed_runbook: id, undone: true, harm: "confirmed" }),
    row("c/0", { executed_runbook: id, harm: "unknown" }),
    row("c/0", { executed_runbook: id, harm: "none", recovered_by: "self", row_version: 1 }),
    row("d/0", { executed_runbook: "" }),
  ]);

  const runbooks = await listed("--store", file);

  assert.deepEqual(runbooks.find((one) => one.id === id)?.helped, { runs: 3, recovered: 1, undone: 1, harm: 1 });
  for (const one of runbooks)
    if (one.id !== id) assert.deepEqual(one.helped, { runs: 0, recovered: 0, undone: 0, harm: 0 });
});

test("counts do not depend on the order in which a decision's rows were written", () => {
  const rows = fc.uniqueArray(
    fc.record({ decision: fc.constantFrom("a", "b", "c"), version: fc.nat(3), undone: fc.boolean() }),
    { selector: ({ decision, version }) => `${decision}/${version}` },
  );
  fc.assert(
    fc.property(rows, fc.infiniteStream(fc.nat()), (drawn, order) => {
      const made = drawn.map(({ decision, version, undone }) => row(decision, { row_version: version, undone }));
      const shuffled = made
        .map((one) => ({ one, place: order.next().value }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ one }) => one);

      assert.deepEqual(countsOf(shuffled, catalogue.hash), countsOf(made, catalogue.hash));
    }),
  );
});

test("decisions made from another catalogue are counted, and said to be", async () => {
  const file = await storeWith("foreign.db", [row("a/0", {}), row("b/0", { catalogue_hash: "another" })]);

  const { out } = await run("list", "--store", file);

  assert.match(out, /Counts are of 2 decisions/);
  assert.match(out, /1 of them were made from another catalogue/);
});

test("a real gameday's store is counted: every action that was started is a run", async () => {
  const file = join(folder, "gameday.db");
  let report = "";
  const terminal = {
    write: (text: string) => {
      report += text;
    },
    writeError: () => {},
    paint: (_format: string, text: string) => text,
    isLive: false,
    canAsk: false,
  };
  const code = await quell(["gameday", "--incidents", "2", "--approve", "yes", "--json", "--store", file], terminal);
  assert.equal(code, 0);

  const runbooks = await listed("--store", file);

  const effects = catalogue.runbooks.filter(({ kind }) => kind === "effect").map(({ id }) => id);
  const runs = runbooks
    .filter(({ id }) => effects.includes(id))
    .map(({ helped }) => (helped as Readonly<{ runs: number }>).runs);
  assert.equal(
    runs.reduce((total, count) => total + count, 0),
    JSON.parse(report).actions,
  );
});

test("a store that is absent or of another kind is bad input, and is neither made nor changed", async () => {
  const absent = join(folder, "absent.db");
  const text = join(folder, "notes.txt");
  writeFileSync(text, "no database at all, but a text that is long enough to be read as one".repeat(20));
  const foreign = join(folder, "foreign-kind.db");
  const other = new DatabaseSync(foreign);
  other.exec("CREATE TABLE notes (note TEXT)");
  other.close();
  const before = readdirSync(folder);

  const answers = [absent, text, foreign].map((file) => run("list", "--store", file));

  for (const { code, out, err } of await Promise.all(answers)) {
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /--store .*: its episodes cannot be read \(.*\); name a file that/);
  }
  assert.equal(existsSync(absent), false);
  assert.deepEqual(readdirSync(folder), before);
  assert.equal(new DatabaseSync(foreign).prepare("SELECT count(*) AS tables FROM sqlite_schema").get()?.tables, 1);
});

test("every runbook can be shown, with its parameters, patterns, steps and permissions", async () => {
  for (const { id, version, effect, documents } of catalogue.runbooks) {
    const { code, out } = await run("show", id);

    assert.equal(code, 0);
    const said = out.replace(/\s+/g, " ");
    assert.ok(out.startsWith(`${id}@${version}  `));
    assert.ok(said.includes(effect), id);
    for (const document of [documents?.automation, documents?.undo].filter(
      (one) => one !== undefined && one !== null,
    )) {
      assert.ok(out.includes(document.name));
      for (const [name, { allowedPattern }] of Object.entries(document.content.parameters)) {
        assert.ok(out.includes(`  - ${name}: `), `${id}: ${name}`);
        assert.ok(out.includes(allowedPattern ?? name), `${id}: ${name}`);
      }
      for (const [index, { name, inputs }] of document.content.mainSteps.entries()) {
        assert.ok(said.includes(` ${index + 1}. ${name} `), `${id}: ${name}`);
        if ("Api" in inputs) assert.ok(out.includes(`${inputs.Service}:${inputs.Api}`), `${id}: ${inputs.Api}`);
      }
    }
  }
});

test("a runbook is shown by its id, with its version or without, and as one JSON document", async () => {
  const { id, version } = anEffect();

  const [bare, full, json] = [
    await run("show", id),
    await run("show", `${id}@${version}`),
    await run("show", id, "--json"),
  ];

  assert.equal(bare.out, full.out);
  const { schema, hash, runbook } = JSON.parse(json.out);
  assert.deepEqual([schema, hash, runbook.id], [1, catalogue.hash, id]);
  assert.equal(runbook.automation.steps.length, anEffect().documents?.automation.content.mainSteps.length);
});

test("an unknown runbook is bad input that names the nearest ids", async () => {
  const { id } = anEffect();

  const { code, out, err } = await run("show", id.slice(0, -1));

  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, new RegExp(`no runbook is called .*; nearest are ${id}, `));
});

test("the nearest name is the one that was mistyped by a letter, or of which a part was typed", () => {
  const names = ["rds-reboot", "wait", "page", "ecs-rollback"];
  const nearestTo = (asked: string) => nearest(asked, names)[0];

  const found = ["rds-rebot", "reboot", "Wait", "paeg", "rollback", "ecs_rollback"].map(nearestTo);

  assert.deepEqual(found, ["rds-reboot", "rds-reboot", "wait", "page", "ecs-rollback", "ecs-rollback"]);
});

test("a known name is always nearest to itself", () => {
  const names = catalogue.runbooks.map(({ id }) => id);

  for (const name of names) assert.equal(nearest(name, names)[0], name);
});
