import assert from "node:assert/strict";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { z } from "zod";
import { catalogue } from "../../runbooks/catalogue.ts";
import { remoteModel } from "../adapters/aws/remote-model.ts";
import { countedHost, listening } from "../adapters/http/listening.fixture.ts";
import { type Answer, openReplayServer, saying } from "../adapters/llm/replay-server.fixture.ts";
import { modelAt } from "../adapters/llm/wire.fixture.ts";
import type { Context } from "../core/context.ts";
import { settingsWith } from "../core/example.fixture.ts";
import { hostedDrafter } from "../core/hosted-drafter.ts";
import type { Ports } from "../core/ports.ts";
import type { Params, Runbook } from "../core/runbook.ts";
import { erringDeployment, webBlip } from "../world/small-system.fixture.ts";
import { draftWith } from "./draft.ts";
import { play } from "./flow.fixture.ts";

// A model that names addresses wherever it may name anything: through draft and all of respond none of them is asked.

/** A host that nobody but the model named. */
const { host: INSIDE, visits } = await countedHost();

const URLS: readonly string[] = [
  `http://${INSIDE}/latest/meta-data/iam/security-credentials/`,
  `user@${INSIDE}`,
  "http://169.254.169.254/latest/meta-data/",
  "http://2852039166/latest/meta-data/",
  "http://[::ffff:169.254.169.254]/",
  "http://localhost/",
  "file:///proc/self/environ",
  "gopher://127.0.0.1:6379/_FLUSHALL",
  "//internal.test/admin",
  "https://sqs.169.254.169.254/111122223333/orders",
  `https://sqs.eu-west-1.amazonaws.com@${INSIDE}/111122223333/orders`,
  "https://sqs.eu-west-1.amazonaws.com.internal.test/111122223333/orders",
  "https://sqs.eu-west-1.amazonaws.com:8443/111122223333/orders",
  "https://sqs.eu-west-1.amazonaws.com/111122223333/../../internal",
];

/** What is a host to a browser and a name to everybody else: who names it must still name the target. */
const HOSTS: readonly string[] = [INSIDE, "169.254.169.254", "internal.test", "localhost"];

const EFFECTS = catalogue.runbooks.filter(({ documents }) => documents !== null);

// By itself no runbook takes a URL.

type Text = Readonly<{ runbook: Runbook; name: string; takes: (value: string) => boolean }>;

const property = z.looseObject({
  type: z.string(),
  pattern: z.string().optional(),
  const: z.string().optional(),
  enum: z.array(z.string()).optional(),
});

/** Every text that a runbook takes, and whether it takes this one, by the schema that its parameters are parsed with. */
const TEXTS: readonly Text[] = EFFECTS.flatMap((runbook) =>
  Object.entries(z.toJSONSchema(runbook.parameters).properties ?? {}).flatMap(([name, schema]): readonly Text[] => {
    if (typeof schema !== "object" || schema.type !== "string") return [];
    const { pattern = "", enum: listed, const: only } = property.parse(schema);
    const words = listed ?? (only === undefined ? null : [only]);
    return [{ runbook, name, takes: (value) => words?.includes(value) ?? new RegExp(pattern).test(value) }];
  }),
);

test("no runbook takes a URL as any of its parameters, but that of a queue of SQS", () => {
  const taken = TEXTS.flatMap(({ runbook, name, takes }) =>
    URLS.filter(takes).map((url) => `${runbook.id} ${name} ${url}`),
  );

  assert.ok(TEXTS.length > 30, `${TEXTS.length} texts`);
  assert.deepEqual(taken, []);
});

// Whole incidents.

/** Thirty candidates that fit what stands there but for one text, which is an address. @param from which of all it begins with */
const wishesIn = ({ resources }: Context, from: number) => {
  const all = EFFECTS.flatMap((runbook) =>
    resources
      .filter(({ type }) => type === runbook.targetType)
      .flatMap((target) => {
        const fitting = runbook.aim(target) ?? {};
        const names = TEXTS.filter((one) => one.runbook === runbook).map(({ name }) => name);
        const wish = { runbook: runbook.id, version: runbook.version, target: target.arn, params: fitting };
        return names.flatMap((name) =>
          [...URLS, ...HOSTS].flatMap((url) => [
            { ...wish, params: { ...fitting, [name]: url } },
            { ...wish, target: url },
          ]),
        );
      }),
  );
  const stride = Math.floor(all.length / 30);
  return all.filter((_, i) => i % stride === from % stride).slice(0, 30);
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
};

/** Every host that this process opens a socket to meanwhile. */
const dialledBy = async (work: () => Promise<void>): Promise<readonly string[]> => {
  const { connect } = Socket.prototype;
  const dialled = new Set<string>();
  Socket.prototype.connect = new Proxy(connect, {
    apply: (target, socket, given) => {
      const [first] = given;
      const { host, port, path } = Array.isArray(first) ? first[0] : first;
      dialled.add(path ?? `${host}:${port}`);
      return Reflect.apply(target, socket, given);
    },
  });
  try {
    await work();
  } finally {
    Socket.prototype.connect = connect;
  }
  return [...dialled].sort();
};

const CREDENTIALS = { accessKeyId: "none", secretAccessKey: "none" };

for (const [from, [name, scenario]] of [
  ["an erring deployment", erringDeployment()] as const,
  ["a blip", webBlip()] as const,
].entries())
  test(`through ${name} draft asks its model, respond asks draft, and nobody asks an address that the model named`, async (t) => {
    const replies: Answer[] = [];
    const named: Readonly<{ runbook: string; params: Params; target: string }>[] = [];
    const provider = await openReplayServer(replies);
    t.after(provider.close);
    const draft = draftWith(async () => modelAt(provider.url));
    // As Lambda calls the function that respond asks.
    const lambda = createHttpServer(async (request, response) => {
      response.end(JSON.stringify(await draft(JSON.parse(await bodyOf(request)))));
    });
    const host = await listening(lambda);
    const client = new LambdaClient({ endpoint: `http://${host}`, region: "eu-west-1", credentials: CREDENTIALS });
    const { drafter: hosted } = settingsWith({ drafter: { name: "anthropic" } });
    const settings = { mode: "auto" as const, drafter: hosted };

    const around = (ports: Ports): Ports => {
      const model = remoteModel(client, "arn:aws:lambda:eu-west-1:111122223333:function:quell-draft", "anthropic");
      const { ledger, clock } = ports;
      const parts = { model, ledger, settings: settingsWith(settings), nowMs: clock.nowMs, pause: async () => {} };
      const drafter = hostedDrafter(parts);
      const draftHostile: Ports["drafter"]["draft"] = (context, all) => {
        const wishes = wishesIn(context, from);
        named.push(...wishes);
        replies[provider.received.length] = saying(JSON.stringify({ candidates: wishes, hypotheses: [] }));
        return drafter.draft(context, all);
      };
      return { ...ports, drafter: { draft: draftHostile } };
    };
    let flown: Awaited<ReturnType<typeof play>> | null = null;
    const dialled = await dialledBy(async () => {
      flown = await play({ scenario, settings, around });
    });

    const { runs, records, incidents } = flown ?? { runs: [], records: [], incidents: [] };
    const of = new Set(named.map(({ runbook }) => runbook)).size;
    t.diagnostic(
      `asked ${provider.received.length} times, ${named.length} candidates of ${of} runbooks named an address`,
    );
    assert.ok(provider.received.length > 0 && named.length >= 30 && of > 3 && incidents.length > 0);
    assert.deepEqual([dialled, visits()], [[host, new URL(provider.url).host].toSorted(), 0]);
    const done = JSON.stringify([runs.map(({ parameters }) => parameters), records.map(({ effects }) => effects)]);
    assert.deepEqual(
      [...URLS, ...HOSTS].filter((one) => done.includes(one)),
      [],
    );
  });
