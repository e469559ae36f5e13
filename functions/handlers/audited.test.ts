import assert from "node:assert/strict";
import { test } from "node:test";
import type { Sandbox } from "../adapters/durable/sandbox.ts";
import { simulatedAuditStore } from "../adapters/simulated/audit-store.ts";
import { auditTrail } from "../core/audit.ts";
import { verifyTrail } from "../core/audit-manifest.ts";
import type { AuditEntry, AuditStore } from "../core/audit-store.ts";
import { recordHash, withAudit } from "../core/audited.ts";
import type { Json } from "../core/json.ts";
import type { Ports } from "../core/ports.ts";
import { erringDeployment } from "../world/small-system.fixture.ts";
import { crashing, placesOf } from "./crash.fixture.ts";
import { type Flow, type Flown, play } from "./flow.fixture.ts";
import { eagerToScale, fated, mistaken, sideBySide, wrongs } from "./paths.fixture.ts";

/** A flow whose ports write a trail; `fate` wraps the ports below it, the trail's own store is called through `port`. */
const audited = (flow: Flow, store: AuditStore = simulatedAuditStore(), unheard: string[] = []) => {
  const { around } = flow;
  const wrapped: Flow = {
    ...flow,
    around: (ports: Ports, sandbox: Sandbox) => {
      const below = around?.(ports, sandbox) ?? ports;
      const trail = auditTrail(store, ports.clock);
      return withAudit(below, trail, (what) => void unheard.push(what));
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

test("the trail of an incident tells who decided, who was asked and consented, what was started and how it ended", async () => {
  const { flow, store, unheard } = audited(resolving);

  const flown = await play(flow);

  const entries = await entriesOf(store, flown);
  assert.deepEqual(kindsOf(entries), ["decided", "asked", "answered", "started", "started", "closed"]);
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

test("an undo stands in the trail as an effect of its own, and the page after it", async () => {
  const mistakes: Flow = { scenario: erringDeployment(), scorer: mistaken, drafter: eagerToScale };
  const { flow, store } = audited(mistakes);

  const flown = await play(flow);

  const entries = await entriesOf(store, flown);
  const roles = entries.flatMap(({ body }) => (body as Readonly<{ what?: { role?: string } }>).what?.role ?? []);
  assert.ok(roles.includes("run") && roles.includes("undo"), roles.join(", "));
  assert.ok(kindsOf(entries).includes("paged"));
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
  assert.deepEqual(kinds.toSorted(), ["answered", "asked", "closed", "decided"]);
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

test("a sandbox that dies before or after any call of the trail's own store doubles no entry and no effect", async () => {
  const clean = audited(resolving);
  const flownClean = await play(clean.flow);
  const expected = (await entriesOf(clean.store, flownClean)).map(keyOf).toSorted();
  const dying = (most: number, when: "before" | "after") => {
    const store = simulatedAuditStore();
    let calls = 0;
    const flow: Flow = {
      ...resolving,
      around: (ports, sandbox) => {
        const below = fated(() => "live")(ports, sandbox);
        const put: AuditStore["put"] = (entry) =>
          sandbox.call(async () => {
            calls += 1;
            if (calls === most && when === "before") return sandbox.die();
            const answer = await store.put(entry);
            return calls === most ? sandbox.die() : answer;
          });
        return withAudit(below, auditTrail({ ...store, put }, ports.clock));
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
