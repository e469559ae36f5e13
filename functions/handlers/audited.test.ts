import assert from "node:assert/strict";
import { test } from "node:test";
import type { Sandbox } from "../adapters/durable/sandbox.ts";
import { simulatedAuditStore } from "../adapters/simulated/audit-store.ts";
import { auditTrail } from "../core/audit.ts";
import { verifyTrail } from "../core/audit-manifest.ts";
import type { AuditEntry, AuditStore } from "../core/audit-store.ts";
import { recordHash, tellTrail, toldPager, toldRecords } from "../core/audit-tell.ts";
import { withAudit } from "../core/audited.ts";
import { readIncidents } from "../core/incident.ts";
import type { Json } from "../core/json.ts";
import { isLookedAfter } from "../core/open-incidents.ts";
import type { Ports } from "../core/ports.ts";
import { settingsSchema } from "../core/settings.ts";
import { settingsFor } from "../world/settings-for.ts";
import { erringDeployment } from "../world/small-system.fixture.ts";
import { createWorld } from "../world/world.ts";
import { crashing, placesOf } from "./crash.fixture.ts";
import { type Flow, type Flown, play } from "./flow.fixture.ts";
import { eagerToScale, fated, mistaken, sideBySide, wrongs } from "./paths.fixture.ts";
import { reconcileWith } from "./reconcile.ts";

/** A flow whose ports write a trail; `fate` wraps the ports below it, the trail's own store is called through `port`. */
const audited = (flow: Flow, store: AuditStore = simulatedAuditStore(), unheard: string[] = []) => {
  const { around } = flow;
  const wrapped: Flow = {
    ...flow,
    around: (ports: Ports, sandbox: Sandbox) => {
      const below = around?.(ports, sandbox) ?? ports;
      const trail = auditTrail(store, ports.clock);
      return withAudit(
        below,
        tellTrail(below.ledger, trail, (what) => void unheard.push(what)),
      );
    },
  };
  return { flow: wrapped, store, unheard };
};

const entriesOf = async (store: AuditStore, { incidents }: Flown): Promise<readonly AuditEntry[]> => {
  const [incident] = incidents;
  return (await store.chain(incident?.id ?? "")) as unknown as readonly AuditEntry[];
};

const keyOf = ({ kind, body }: AuditEntry): string => `${kind} ${(body as Readonly<{ key: string }>).key}`;
const kindsOf = (entries: readonly AuditEntry[]): readonly string[] => entries.map(({ kind }) => kind);
const resolving: Flow = { scenario: erringDeployment(), settings: { mode: "approve" } };

test("the trail of an incident tells what opened it, who decided, who was asked and consented, what was started and how it ended", async () => {
  const { flow, store, unheard } = audited(resolving);

  const flown = await play(flow);

  const entries = await entriesOf(store, flown);
  assert.deepEqual(kindsOf(entries), ["opened", "decided", "asked", "answered", "started", "started", "closed"]);
  const [incident] = flown.incidents;
  const { alarm, openedAt, execution } = (entries[0]?.body ?? {}) as Readonly<Record<string, string>>;
  assert.deepEqual(
    [alarm, openedAt, execution],
    [incident?.keys[0], new Date(incident?.openedAtMs ?? 0).toISOString(), incident?.startedBy],
  );
  const [intent, answer] = entries.filter(({ kind }) => kind === "started").map(({ body }) => body);
  const said = intent as Readonly<{ who: { policy: string }; why: string; what: Json; approval: { people: Json[] } }>;
  assert.equal(said.who.policy, "rules");
  assert.equal(said.approval.people.length, 1);
  assert.notEqual(said.why, "");
  assert.equal((answer as Readonly<{ executionId: string }>).executionId, flown.runs[0]?.executionId);
  const closed = entries.at(-1)?.body as Readonly<{ record: string; terminal: string }>;
  const [record] = flown.records;
  assert.deepEqual([closed.terminal, record && recordHash(record)], ["RESOLVED", closed.record]);
  assert.deepEqual([unheard, (await verifyTrail(store, "2026-01-06")).faults], [[], []]);
});

test("an undo stands in the trail as an effect of its own, the page after it, and that people were told it is over", async () => {
  const mistakes: Flow = { scenario: erringDeployment(), scorer: mistaken, drafter: eagerToScale };
  const { flow, store } = audited(mistakes);

  const flown = await play(flow);

  const entries = await entriesOf(store, flown);
  const roles = entries.flatMap(({ body }) => (body as Readonly<{ what?: { role?: string } }>).what?.role ?? []);
  assert.ok(roles.includes("run") && roles.includes("undo"), roles.join(", "));
  assert.deepEqual(kindsOf(entries).slice(-3), ["paged", "closed", "reported"]);
  assert.equal(kindsOf(entries).filter((kind) => kind === "started").length, 2 * flown.runs.length);
});

test("no effect starts whose entry cannot be written, and the incident still ends, with people told", async () => {
  const store = simulatedAuditStore();
  const down: AuditStore = {
    ...store,
    put: (entry) => (entry.kind === "started" ? Promise.reject(new Error("the bucket is away")) : store.put(entry)),
  };
  const { flow } = audited(resolving, down);

  const flown = await play(flow);

  assert.deepEqual(flown.runs, []);
  assert.deepEqual(
    flown.incidents.map(({ terminal }) => terminal),
    ["ESCALATED"],
  );
  assert.ok(flown.inputs.length > 0, "a person was paged");
});

test("whatever is no effect goes on without its entry, and that is said", async () => {
  const store = simulatedAuditStore();
  const down: AuditStore = {
    ...store,
    put: (entry) => (entry.kind === "started" ? store.put(entry) : Promise.reject(new Error("the bucket is away"))),
  };
  const { flow, unheard } = audited(resolving, down);

  const flown = await play(flow);

  assert.deepEqual(
    flown.incidents.map(({ terminal }) => terminal),
    ["RESOLVED"],
  );
  const kinds = [...new Set(unheard.map((what) => what.split(" ")[0]))];
  assert.deepEqual(kinds.toSorted(), ["answered", "asked", "closed", "decided", "opened"]);
});

test("a sandbox that dies anywhere leaves every entry in the trail once, and a chain that verifies", async () => {
  const clean = crashing(resolving, []);
  const whole = audited(clean.flow);
  const expected = (await entriesOf(whole.store, await play(whole.flow))).map(keyOf);
  // Every sixth place: those between are of the same kinds, and the trail's own crashes come below.
  const places = placesOf(clean.counts).filter((_, index) => index % 6 === 0);

  const told = await sideBySide(places, async (place) => {
    const { flow, store } = audited(crashing(resolving, [place]).flow);
    const flown = await play(flow);
    return {
      entries: (await entriesOf(store, flown)).map(keyOf),
      flown,
      faults: (await verifyTrail(store, "2026-01-06")).faults,
    };
  });

  assert.ok(places.length > 30, `${places.length} places`);
  for (const [index, { entries, flown, faults }] of told.entries()) {
    const at = JSON.stringify(places[index]);
    assert.deepEqual([flown.deaths, faults], [1, []], `after a crash at ${at}`);
    assert.deepEqual(entries.toSorted(), expected.toSorted(), `after a crash at ${at}`);
  }
});

const PLAYED: readonly (readonly [what: string, flow: Flow])[] = [
  ["acts and is resolved", resolving],
  ["is handed to people", { ...resolving, switch: { read: async () => "off" } }],
];

for (const [what, incident] of PLAYED)
  test(`a sandbox that dies before or after any call of the trail's own store doubles no entry and no effect: it ${what}`, async () => {
    const clean = audited(incident);
    const flownClean = await play(clean.flow);
    const expected = (await entriesOf(clean.store, flownClean)).map(keyOf).toSorted();
    const dying = (most: number, when: "before" | "after") => {
      const store = simulatedAuditStore();
      let calls = 0;
      const flow: Flow = {
        ...incident,
        around: (ports, sandbox) => {
          const below = fated(() => "live")(ports, sandbox);
          const put: AuditStore["put"] = (entry) =>
            sandbox.call(async () => {
              calls += 1;
              if (calls === most && when === "before") return sandbox.die();
              const answer = await store.put(entry);
              return calls === most ? sandbox.die() : answer;
            });
          return withAudit(below, tellTrail(below.ledger, auditTrail({ ...store, put }, ports.clock)));
        },
      };
      return { flow, store };
    };

    for (let most = 1; most <= expected.length; most += 1)
      for (const when of ["before", "after"] as const) {
        const { flow, store } = dying(most, when);

        const flown = await play(flow);

        assert.deepEqual([flown.deaths, flown.runs.length, wrongs(flown)], [1, flownClean.runs.length, []]);
        assert.deepEqual((await entriesOf(store, flown)).map(keyOf).toSorted(), expected, `${when} put ${most}`);
      }
  });

/** The ports of an incident whose execution died before it could write anything. */
const orphaned = async (): Promise<Readonly<{ ports: Ports; id: string }>> => {
  const kept: Ports[] = [];
  const around = (ports: Ports): Ports => {
    kept.push(ports);
    const write: Ports["ledger"]["write"] = async (key, item, expected) => {
      if (key.startsWith("incident#")) throw new Error("the ledger is away");
      return ports.ledger.write(key, item, expected);
    };
    return { ...ports, ledger: { ...ports.ledger, write } };
  };
  const { incidents } = await play({ ...resolving, around, mostHours: 2 });
  const [ports] = kept;
  if (ports === undefined) throw new Error("nothing was played");
  return { ports, id: incidents[0]?.id ?? "" };
};

/** Runs reconcile once, as it is deployed: with a trail of whom it pages and what it closes. */
const reconciled = async (ports: Ports, store: AuditStore): Promise<void> => {
  const tell = tellTrail(ports.ledger, auditTrail(store, ports.clock));
  const settings = settingsSchema.parse({ ...settingsFor(createWorld(resolving.scenario)), ...resolving.settings });
  const run = reconcileWith(
    {
      ...{ ...ports, pager: toldPager(ports.pager, tell), records: toldRecords(ports.records, tell) },
      openIncidents: async () => (await readIncidents(ports.ledger)).filter(isLookedAfter).map(({ id }) => id),
      ...{ ringing: async () => [], executionState: async () => "ended" as const },
    },
    settings,
  );
  await run();
};

test("what reconcile ends in an execution's place stands in the trail like any other ending, once", async () => {
  const { ports, id } = await orphaned();
  const store = simulatedAuditStore();

  await reconciled(ports, store);
  await reconciled(ports, store);

  const chain = (await store.chain(id)) as unknown as readonly AuditEntry[];
  assert.deepEqual(kindsOf(chain), ["opened", "paged", "closed"]);
  assert.match(JSON.stringify(chain.at(-1)?.body), /"terminal":"ESCALATED"/);
  assert.deepEqual((await verifyTrail(store, "2026-01-06")).faults, []);
});
