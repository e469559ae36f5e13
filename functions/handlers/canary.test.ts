import assert from "node:assert/strict";
import { test } from "node:test";
import { metricAlarmEvent } from "../adapters/aws/alarm-events.fixture.ts";
import { memoryEngineStore } from "../adapters/durable/memory-engine-store.ts";
import { recordingFolder } from "../adapters/recorded/recording.fixture.ts";
import { scriptedPeople } from "../adapters/simulated/approvals.ts";
import { replay } from "../cli/replay.ts";
import type { Context } from "../core/context.ts";
import { DETECTORS } from "../core/detectors.ts";
import { draftOffline } from "../core/draft.ts";
import type { Json } from "../core/json.ts";
import type { Ports } from "../core/ports.ts";
import { positives } from "../core/redaction-corpus.fixture.ts";
import { erringDeployment } from "../world/small-system.fixture.ts";
import type { Delivery } from "../world/types.ts";
import { type Flow, play } from "./flow.fixture.ts";
import { sideBySide } from "./paths.fixture.ts";

const CLASSES = [...new Set(DETECTORS.filter(({ sure }) => sure !== null).map(({ name }) => name))];
/** Classes that show by themselves: looked for in names too, in which a word about a secret may stand. */
const TOKENS = new Set(DETECTORS.filter(({ sure }) => sure === "token").map(({ name }) => name));
/** Carriers whose text is compared later: it is never changed for a word that stands in it. */
const NAMES: readonly string[] = ["attribute", "change target", "metric id", "run output"];
/** Everything through which somebody else's text comes in. */
const CARRIERS = [
  ...[
    "log line",
    "alarm description",
    "alarm reason",
    "tag key",
    "tag value",
    "attribute",
    "change target",
    "commit title",
  ],
  ...[
    "commit author",
    "commit ref",
    "deployment title",
    "metric id",
    "evidence error",
    "vote reason",
    "drafter's words",
  ],
  ...[
    "hypothesis",
    "failed step",
    "run reason",
    "run output",
    "refused start",
    "scorer error",
    "pager error",
    "approvals error",
  ],
] as const;
type Carrier = (typeof CARRIERS)[number];
const SINKS = ["prompt", "card", "settle", "record", "episode", "page", "ledger", "incident", "journal"] as const;
type Sink = (typeof SINKS)[number];

type Canary = Readonly<{ text: string; secret: string }>;
/** A canary of one class for every carrier, each another. */
const canariesOf = (name: string): Readonly<Record<Carrier, Canary>> => {
  const all = positives().filter((one) => one.name === name);
  return Object.fromEntries(CARRIERS.map((carrier, i) => [carrier, all[i] as Canary])) as Record<Carrier, Canary>;
};

/** What somebody could read: every text that was handed to a sink. */
const sinks = () => {
  const held: Record<Sink, string[]> = Object.fromEntries(SINKS.map((sink) => [sink, [] as string[]])) as Record<
    Sink,
    string[]
  >;
  return { held, tell: (sink: Sink, value: unknown): void => void held[sink].push(JSON.stringify(value)) };
};

const planted =
  (
    canary: Readonly<Record<Carrier, Canary>>,
    tell: (sink: Sink, value: unknown) => void,
    broken: ReadonlySet<Carrier>,
  ) =>
  (ports: Ports): Ports => ({
    ...ports,
    evidence: {
      ...ports.evidence,
      logs: async (groups, fromMs, toMs) => [
        ...(await ports.evidence.logs(groups, fromMs, toMs)),
        ...Array.from({ length: 50 }, () => ({
          atMs: toMs,
          logGroup: groups[0] ?? "",
          message: canary["log line"].text,
        })),
      ],
      changes: async (arns, fromMs, toMs) => {
        const bare = {
          atMs: toMs - 1000,
          target: "shop/checkout",
          ref: "main",
          from: null,
          to: null,
          author: "",
          title: "",
        };
        return [
          ...(await ports.evidence.changes(arns, fromMs, toMs)),
          {
            ...bare,
            id: "c-1",
            kind: "commit",
            title: canary["commit title"].text,
            author: canary["commit author"].text,
          },
          { ...bare, id: "c-2", kind: "commit", ref: canary["commit ref"].text, target: canary["change target"].text },
          { ...bare, id: "c-3", kind: "deployment", title: canary["deployment title"].text },
        ];
      },
      resources: async (arns) =>
        (await ports.evidence.resources(arns)).map((resource) => ({
          ...resource,
          tags: { ...resource.tags, note: canary["tag value"].text, [canary["tag key"].text]: "yes" },
          attributes: { ...resource.attributes, description: canary.attribute.text },
        })),
      metrics: async (metrics, fromMs, toMs) => {
        const series = await ports.evidence.metrics(metrics, fromMs, toMs);
        const [first] = series;
        return first === undefined ? series : [...series, { ...first, id: canary["metric id"].text }];
      },
      history: async () => {
        throw new Error(`cannot read: ${canary["evidence error"].text}`);
      },
    },
    drafter: {
      draft: async (context: Context, catalogue) => {
        tell("prompt", context);
        const offline = draftOffline(context, catalogue, null);
        return {
          ...offline,
          name: "recorded",
          hypotheses: [{ cause: canary.hypothesis.text, for: [], against: [] }],
          proposals: offline.proposals.map((one) => ({ ...one, because: canary["drafter's words"].text })),
        };
      },
    },
    scorer: {
      ...ports.scorer,
      score: async (state, candidates) => {
        if (broken.has("scorer error")) throw new Error(`model: ${canary["scorer error"].text}`);
        return ports.scorer.score(state, candidates);
      },
    },
    approvals: {
      ...ports.approvals,
      ask: async (card) => {
        tell("card", card);
        if (broken.has("approvals error")) throw new Error(`cannot post: ${canary["approvals error"].text}`);
        await ports.approvals.ask(card);
      },
      settle: async (id, text) => {
        tell("settle", text);
        await ports.approvals.settle(id, text);
      },
    },
    actuator: {
      ...ports.actuator,
      start: async (request) =>
        broken.has("refused start")
          ? { kind: "refused", detail: `refused: ${canary["refused start"].text}` }
          : ports.actuator.start(request),
      poll: async (executionId) => {
        const run = await ports.actuator.poll(executionId);
        if (!broken.has("run reason")) return run;
        return {
          ...run,
          status: "unknown",
          failedStep: canary["failed step"].text,
          reason: canary["run reason"].text,
          outputs: { ...run.outputs, "Step.Said": canary["run output"].text },
        };
      },
    },
    ledger: {
      ...ports.ledger,
      write: async (key, item: Json, expected) => {
        tell("ledger", { key, item });
        return ports.ledger.write(key, item, expected);
      },
    },
    records: {
      put: async (record) => {
        tell("record", record);
        await ports.records.put(record);
      },
    },
    episodes: {
      append: async (row) => {
        tell("episode", row);
        await ports.episodes.append(row);
      },
    },
    pager: {
      page: async (request) => {
        tell("page", request);
        if (broken.has("pager error")) throw new Error(`cannot page: ${canary["pager error"].text}`);
        await ports.pager.page(request);
      },
      update: async (id, text) => {
        tell("page", text);
        await ports.pager.update(id, text);
      },
      resolve: async (id, text) => {
        tell("page", text);
        await ports.pager.resolve(id, text);
      },
    },
  });

type Event = Readonly<{ detail: Readonly<{ state: Json; configuration: Json }> }>;
/** The alarm as somebody else described it. */
const described =
  (canary: Readonly<Record<Carrier, Canary>>) =>
  (due: readonly Delivery[]): readonly Delivery[] =>
    due.map((delivery) => {
      const event = structuredClone(delivery.event) as unknown as Event;
      Object.assign(event.detail.state as object, { reason: canary["alarm reason"].text });
      Object.assign(event.detail.configuration as object, { description: canary["alarm description"].text });
      return { ...delivery, event: event as unknown as Json };
    });

/** The ways through an incident, so that each carrier is read and each sink is written. */
const WAYS: readonly Readonly<{ name: string; broken: readonly Carrier[]; people: "approve" | "reject" }>[] = [
  { name: "people reject", broken: [], people: "reject" },
  { name: "people approve", broken: [], people: "approve" },
  { name: "a run ends unknown", broken: ["run reason"], people: "approve" },
  { name: "a start is refused", broken: ["refused start", "pager error"], people: "approve" },
  { name: "the scorer is down", broken: ["scorer error"], people: "approve" },
  { name: "nobody can be asked", broken: ["approvals error"], people: "approve" },
];

const flown = async (name: string, way: (typeof WAYS)[number], tell: (sink: Sink, value: unknown) => void) => {
  const canary = canariesOf(name);
  const store = memoryEngineStore();
  const flow: Flow = {
    scenario: erringDeployment(),
    store,
    settings: { mode: "approve" },
    people: {
      ...scriptedPeople(way.people),
      answer: async () => ({ answer: way.people, reason: canary["vote reason"].text }),
    },
    deliver: described(canary),
    around: planted(canary, tell, new Set(way.broken)),
  };
  const { incidents } = await play(flow);
  tell("incident", incidents);
  for (const id of store.names()) tell("journal", [store.execution(id), store.operations(id)]);
  assert.ok(incidents.length > 0 && incidents.every(({ terminal }) => terminal !== null), `${name}: ${way.name}`);
};

test("no canary of any class that came in by any carrier is in any sink, whichever way the incident goes", async (t) => {
  const leaks: string[] = [];
  const written = new Set<Sink>();
  let checked = 0;
  const flights = CLASSES.flatMap((name) => WAYS.map((way) => ({ name, way })));

  await sideBySide(flights, async ({ name, way }) => {
    const { held, tell } = sinks();
    await flown(name, way, tell);
    const canary = canariesOf(name);
    for (const sink of SINKS) {
      if (held[sink].length > 0) written.add(sink);
      const all = held[sink].join("\n");
      for (const carrier of CARRIERS) {
        if (NAMES.includes(carrier) && !TOKENS.has(name)) continue;
        checked += 1;
        if (all.includes(canary[carrier].secret)) leaks.push(`${name} from ${carrier} in ${sink}, ${way.name}`);
      }
    }
  });

  t.diagnostic(
    `${CLASSES.length} classes x ${CARRIERS.length} carriers x ${SINKS.length} sinks x ${WAYS.length} ways: ${checked} checked`,
  );
  assert.deepEqual([...written].toSorted(), [...SINKS].toSorted());
  assert.deepEqual([...new Set(leaks)], []);
});

test("a carrier without its secret reaches the sinks: what is checked above is really written", async () => {
  const { held, tell } = sinks();

  for (const way of WAYS) await flown("aws-access-key", way, tell);

  for (const sink of ["prompt", "ledger", "journal", "record", "card"] as const)
    assert.ok(held[sink].join("").includes("<aws-access-key>"), sink);
});

/** Replays a recording in which eight canaries of a class stand, in every mode and form, and gives all that it printed. */
const printedBy = async (canaries: readonly Canary[]): Promise<string> => {
  const [line, description, reason, tag, title, author, reply, damage] = canaries.map(({ text }) => text);
  const alarm = metricAlarmEvent() as unknown as Event;
  Object.assign(alarm.detail.state as object, { reason });
  Object.assign(alarm.detail.configuration as object, { description });
  const arn = "arn:aws:ecs:eu-west-1:123456789012:service/main/checkout";
  const at = "2026-01-05T10:02:00.000Z";
  const said = { runbook: reply, version: "1.0.0", target: arn, params: { Service: reply }, because: reply };
  const dir = recordingFolder({
    "alarm.json": JSON.stringify(alarm),
    "logs.jsonl": `${JSON.stringify({ timestamp: at, logGroup: "/ecs/checkout", message: line })}\n{"broken": "${damage}`,
    "changes.json": JSON.stringify([
      { kind: "deployment", at, target: arn, ref: "7", author, title, description: title },
    ]),
    "resources.json": JSON.stringify([{ arn, type: "AWS::ECS::Service", tags: { note: tag }, dependsOn: [] }]),
    "drafter.json": JSON.stringify({ candidates: [said] }),
  });
  const printed: string[] = [];
  const write = (text: string): void => void printed.push(text);
  for (const flags of [{ json: true }, {}] as const)
    for (const mode of ["observe", "auto"])
      await replay(dir, { mode, policy: "drafter", ...flags }, { write, writeError: write });
  return printed.join("");
};

test("nothing that a replay prints or warns of holds a canary of the recording", async (t) => {
  const leaks: string[] = [];
  let checked = 0;

  await sideBySide(CLASSES, async (name) => {
    const canaries = positives()
      .filter((one) => one.name === name)
      .slice(0, 8);
    const printed = await printedBy(canaries);
    for (const [i, { secret }] of canaries.entries()) {
      checked += 1;
      if (printed.includes(secret)) leaks.push(`${name}: canary ${i}`);
    }
  });

  t.diagnostic(`${checked} canaries looked for in what replays print`);
  assert.deepEqual(leaks, []);
});
