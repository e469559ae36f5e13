import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import { settingsWith } from "../../core/example.fixture.ts";
import { TRIED_AGAIN } from "../../core/next-try.ts";
import type { DraftedOfflineCode } from "../../core/reasons.ts";
import { type Answer, eventsOf, refusedWith, replayServer, sse, streamed } from "./replay-server.fixture.ts";
import { draftBy, modelAt, spentIn } from "./wire.fixture.ts";

type Branch = DraftedOfflineCode | "said";

/** Where each recorded message goes. None of them was asked for by Quell, so what is said is no reply to it. */
const MESSAGES: Readonly<Record<string, Branch>> = {
  "sdk-typescript/basic_response.txt": "said",
  "sdk-typescript/incomplete_partial_json_response.txt": "truncated",
  "sdk-typescript/stream-a-refusal.sse": "refused-by-model",
  "sdk-typescript/stream-a-toolrefusal.sse": "refused-by-model",
  "sdk-typescript/stream-b-fallback.sse": "said",
  "sdk-typescript/tool_use_response.txt": "unexpected-tool-use",
};
/** Those of vercel-ai that are text and thoughts alone, that were damaged, or that were refused; the others hold tools. */
const OF_VERCEL: Readonly<Record<string, Branch>> = {
  "anthropic-claude-opus-5-reasoning-high.1": "said",
  "anthropic-clear-thinking.1": "said",
  "anthropic-clear-tool-uses.1": "said",
  "anthropic-combined-context-editing.1": "said",
  "anthropic-json-output-format.1": "said",
  "anthropic-message-delta-input-tokens": "said",
  "anthropic-text": "said",
  "anthropic-refusal": "refused-by-model",
  "anthropic-refusal-no-details": "refused-by-model",
  "duplicate-message-start": "cut-off",
  "spliced-message-start": "cut-off",
};
const ERRORS: readonly Branch[] = [
  ...["overloaded", "overloaded", "overloaded", "overloaded", "overloaded", "rate-limited", "rate-limited"],
  ...["bad-request", "context-too-long", "bad-request", "bad-request", "bad-request", "bad-request"],
] as readonly Branch[];

type Fixture = Readonly<{ name: string; answer: Answer; branch: Branch }>;

const event = z.looseObject({ type: z.string() });
const toolRun = z.array(z.object({ response: z.looseObject({ stop_reason: z.string() }) }));
const errors = z.array(
  z.object({
    status: z.number(),
    body: z.unknown().optional(),
    sse: z.string().optional(),
    headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
  }),
);

const fixturesIn = (folder: string): readonly Fixture[] => {
  const text = (file: string): string => readFileSync(join(folder, file), "utf8");
  const ofSdk = readdirSync(join(folder, "sdk-typescript")).flatMap((file): readonly Fixture[] => {
    const name = `sdk-typescript/${file}`;
    if (!file.endsWith(".json")) return [{ name, answer: streamed(text(name)), branch: branchOf(MESSAGES, name) }];
    return toolRun.parse(JSON.parse(text(name))).map(({ response }, index) => ({
      name: `${name}/${index}`,
      answer: streamed(sse(eventsOf(response))),
      branch: response.stop_reason === "tool_use" ? "unexpected-tool-use" : "said",
    }));
  });
  const ofVercel = readdirSync(join(folder, "vercel-ai")).map((file): Fixture => {
    const name = `vercel-ai/${file}`;
    const isChunks = file.endsWith(".chunks.txt");
    const lines = text(name)
      .split("\n")
      .filter((line) => line.trim() !== "");
    const events = isChunks ? lines.map((line) => event.parse(JSON.parse(line))) : eventsOf(JSON.parse(text(name)));
    const branch = OF_VERCEL[file.replace(/(\.chunks)?\.\w+$/, "")] ?? "unexpected-tool-use";
    return { name, answer: streamed(sse(events)), branch };
  });
  const observed = errors.parse(JSON.parse(text("error-bodies-observed.json")));
  const ofErrors = observed.map(({ status, body, sse: stream, headers }, index): Fixture => {
    const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]));
    const answer = stream === undefined ? refusedWith(status, body, flat) : streamed(stream);
    return { name: `error-bodies-observed.json/${index}`, answer, branch: ERRORS[index] ?? "said" };
  });
  return [...ofSdk, ...ofVercel, ...ofErrors];
};

const branchOf = (branches: Readonly<Record<string, Branch>>, name: string): Branch => {
  const branch = branches[name];
  if (branch === undefined) throw new Error(`${name}: say in this file where it goes`);
  return branch;
};

/** How often a drafter asks that is answered the same each time. */
const REQUESTS = { later: 3, once: 2, never: 1 } as const;

const testData = process.env.QUELL_TEST_DATA;
if (testData === undefined) {
  const how = "set QUELL_TEST_DATA to the folder of recorded inputs";
  process.stdout.write(`recorded messages and errors of the Anthropic API are skipped: ${how}\n`);
  it("recorded messages and errors end in their branches", { skip: how }, () => {});
} else {
  describe("recorded messages and errors of the Anthropic API", () => {
    const fixtures = fixturesIn(join(testData, "anthropic"));

    it("are all there", () => {
      const counted = ["sdk-typescript/", "vercel-ai/", "error-bodies-observed.json/"].map(
        (prefix) => fixtures.filter(({ name }) => name.startsWith(prefix)).length,
      );

      assert.deepEqual(counted, [16, 53, 13]);
    });

    for (const { name, answer, branch } of fixtures)
      it(`${name} is ${branch}, and the drafter falls back within its tries and its budget`, async (t) => {
        const alone = await replayServer(t, answer);
        const server = await replayServer(t, answer);

        const heard = await modelAt(alone.url).ask({
          ...{ model: "claude-test", effort: "low", system: "s", catalogue: "c", data: "d", schema: {} },
          ...{ maxOutputTokens: 100_000, timeoutMs: 20_000 },
        });
        const { drafted, ledger } = await draftBy(modelAt(server.url));

        const code = branch === "said" ? "malformed-reply" : branch;
        const spent = await spentIn(ledger);
        const { usdPerIncident, tokensPerIncident } = settingsWith().budgets;
        t.diagnostic(`${name} | ${branch} | ${code} | ${server.received.length} | ${drafted.usd.toFixed(5)}`);
        assert.equal(heard.kind === "said" ? "said" : heard.code, branch);
        assert.deepEqual([drafted.name, drafted.because?.code], ["offline", code]);
        assert.equal(server.received.length, REQUESTS[TRIED_AGAIN[code]]);
        assert.ok(spent.usd <= usdPerIncident && spent.tokens <= tokensPerIncident);
        assert.ok(Math.abs(drafted.usd - spent.usd) < 1e-9);
      });
  });
}
