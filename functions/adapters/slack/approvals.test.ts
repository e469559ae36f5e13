import assert from "node:assert/strict";
import { after, test } from "node:test";
import { cardKey, opaqueIdOf, parseAskedCard } from "../../core/asked-card.ts";
import type { Ledger } from "../../core/ports.ts";
import type { Card, Vote } from "../../core/stages.ts";
import { approvalsContract } from "../contracts/approvals.contract.ts";
import type { Pace } from "../http/patiently.ts";
import { simulatedLedger } from "../simulated/ledger.ts";
import { type SlackApprovalsParts, slackApprovals } from "./approvals.ts";
import { ASKED_MS, cardWith } from "./card.fixture.ts";
import { CHANNEL } from "./click.fixture.ts";
import { slackClient } from "./client.ts";
import { type SlackServer, slackServer } from "./slack-server.fixture.ts";

/** A clock that waiting moves: nothing here takes as long as it says. */
const paced = () => {
  const waits: number[] = [];
  let nowMs = ASKED_MS;
  const pace: Pace = {
    nowMs: () => nowMs,
    wait: async (ms) => {
      waits.push(ms);
      nowMs += ms;
    },
  };
  return { pace, waits };
};

const voteOn = (card: Card, answer: Vote["answer"] = "approve"): Vote => ({
  ...{ person: "ana", group: "oncall", answer, planHash: card.plan.hash, reason: "", atMs: ASKED_MS + 60_000 },
});

type Given = Readonly<{ card?: Card; ledger?: Ledger; server?: SlackServer; votes?: SlackApprovalsParts["votes"] }>;

const asked = async (t: Parameters<typeof slackServer>[0], given: Given = {}) => {
  const { card = cardWith(), ledger = simulatedLedger(), server = await slackServer(t) } = given;
  const told: string[] = [];
  const stored: Vote[] = [];
  const { pace, waits } = paced();
  const approvals = slackApprovals({
    web: slackClient("xoxb-0", server.apiUrl),
    channelId: CHANNEL,
    ledger,
    votes: given.votes ?? (async (decisionId) => (decisionId === card.decisionId ? stored : [])),
    environmentOf: () => "production",
    fallback: async (incidentId, text) => void told.push(`${incidentId}: ${text}`),
    pace,
  });
  const item = async () =>
    parseAskedCard((await ledger.read(cardKey(opaqueIdOf(card.decisionId, card.plan.hash))))?.item);
  return { approvals, card, ledger, server, told, stored, waits, item };
};

approvalsContract("slack approvals", async () => {
  const { approvals, card, stored } = await asked({ after });
  return { approvals, card, letPeopleAnswer: async (answer) => void stored.push(voteOn(card, answer)) };
});

const paths = ({ calls }: SlackServer): readonly string[] => calls.map(({ path }) => path.replace("/api/", ""));

test("a card is posted once, to the channel, by the bot, and the ledger knows the message", async (t) => {
  const { approvals, card, server, item } = await asked(t);

  await approvals.ask(card);
  await approvals.ask(card);

  assert.deepEqual(paths(server), ["chat.postMessage"]);
  assert.deepEqual([server.calls[0]?.channel, server.calls[0]?.token], [CHANNEL, "Bearer xoxb-0"]);
  assert.equal((await item())?.ts, "1700000000.000001");
});

test("the ledger knows the card before Slack is asked, so that the first click finds it", async (t) => {
  const ledger = simulatedLedger();
  const seen: unknown[] = [];
  const card = cardWith();
  const { approvals } = await asked(t, { ledger });
  const before = slackApprovals({
    web: {
      chat: {
        postMessage: async () => {
          seen.push(parseAskedCard((await ledger.read(cardKey(opaqueIdOf(card.decisionId, card.plan.hash))))?.item));
          return { ts: "1.1", channel: CHANNEL };
        },
        update: async () => null,
      },
    },
    ...{ channelId: CHANNEL, ledger, votes: approvals.votes, environmentOf: () => null },
  });

  await before.ask(card);

  assert.equal(seen.length, 1);
  assert.notEqual(seen[0], null);
});

for (const [name, answers, waits] of [
  ["asks it to wait", [{ kind: "status", status: 429, headers: { "retry-after": "3" } }], [3000]],
  ["asks it to wait and does not say how long", [{ kind: "status", status: 429 }], [500]],
  ["fails", [{ kind: "status", status: 503 }], [500]],
  [
    "fails twice",
    [
      { kind: "status", status: 500 },
      { kind: "refused", error: "internal_error" },
    ],
    [500, 1000],
  ],
  ["tears the connection", [{ kind: "reset" }], [500]],
] as const)
  test(`a card is posted though Slack ${name} at first`, async (t) => {
    const { approvals, card, server, waits: waited, told, item } = await asked(t);
    server.answers.push(...answers);

    await approvals.ask(card);

    assert.deepEqual(waited, waits);
    assert.notEqual((await item())?.ts, null);
    assert.deepEqual(told, []);
  });

for (const [name, answers, calls] of [
  ["is down for good", Array(9).fill({ kind: "status", status: 500 }), 4],
  ["wants a longer wait than there is", [{ kind: "status", status: 429, headers: { "retry-after": "60" } }], 1],
  ["refuses it for good", [{ kind: "refused", error: "channel_not_found" }], 1],
] as const)
  test(`where Slack ${name}, people are told elsewhere once, and whoever asks hears it each time`, async (t) => {
    const { approvals, card, server, told } = await asked(t);
    server.answers.push(...answers);

    await assert.rejects(approvals.ask(card), { name: "CardNotShown" });
    const first = server.calls.length;
    server.answers.unshift({ kind: "refused", error: "channel_not_found" });
    await assert.rejects(approvals.ask(card), /invite the bot to the channel that slack\.channelId names/);

    assert.equal(first, calls);
    assert.deepEqual(told, ["quell-one: approval needed for ecs-rollback; Slack does not answer"]);
  });

test("a card that Slack did not take is posted when it is asked again and Slack is back, and counts from then", async (t) => {
  const { approvals, card, server, item } = await asked(t);
  server.answers.push({ kind: "refused", error: "channel_not_found" });
  await assert.rejects(approvals.ask(card), { name: "CardNotShown" });
  const expiresAtMs = card.expiresAtMs + 60_000;

  await approvals.ask({ ...card, expiresAtMs });

  const kept = await item();
  assert.notEqual(kept?.ts, null);
  assert.equal(kept?.expiresAtMs, expiresAtMs);
});

test("a card that people see keeps the time that they were told", async (t) => {
  const { approvals, card, item } = await asked(t);
  await approvals.ask(card);

  await approvals.ask({ ...card, expiresAtMs: card.expiresAtMs + 60_000 });

  assert.equal((await item())?.expiresAtMs, card.expiresAtMs);
});

test("a fallback that fails hides nothing: whoever asks hears of Slack", async (t) => {
  const { card, ledger, server } = await asked(t);
  server.answers.push({ kind: "refused", error: "invalid_auth" });
  const approvals = slackApprovals({
    web: slackClient("xoxb-0", server.apiUrl),
    ...{ channelId: CHANNEL, ledger, votes: async () => [], environmentOf: () => null, pace: paced().pace },
    fallback: () => Promise.reject(new Error("the topic is gone")),
  });

  await assert.rejects(approvals.ask(card), /slack\.botTokenSecret/);
});

test("a crash after posting posts once more: the newest message is the one that counts and is settled", async (t) => {
  const ledger = simulatedLedger();
  let dies = true;
  const mortal: Ledger = {
    ...ledger,
    write: (key, item, expected) => {
      if (dies && typeof item === "object" && item !== null && "ts" in item && item.ts !== null)
        throw new Error("the sandbox died");
      return ledger.write(key, item, expected);
    },
  };
  const { approvals, card, server, told, item } = await asked(t, { ledger: mortal });
  await assert.rejects(approvals.ask(card));
  dies = false;

  await approvals.ask(card);
  await approvals.settle(card.decisionId, "approved");

  assert.deepEqual(paths(server), ["chat.postMessage", "chat.postMessage", "chat.update"]);
  assert.deepEqual(told, []);
  assert.deepEqual([(await item())?.ts, server.calls[2]?.ts], ["1700000000.000002", "1700000000.000002"]);
});

test("a settled message says how it ended and by whom, and has no button any more", async (t) => {
  const { approvals, card, server, stored, item } = await asked(t, { card: cardWith({ tier: 2 }) });
  await approvals.ask(card);
  stored.push({ ...voteOn(card), reason: "it is <!here> the release" });

  await approvals.settle(card.decisionId, "approved");

  const update = server.calls[1];
  assert.ok(update?.text.startsWith("Ended: approved. ana (oncall) approved: it is &lt;!here&gt; the release"));
  assert.ok(update?.text.includes("deployed 4 min before"));
  assert.deepEqual(
    update?.blocks.filter(({ type }) => type === "actions" || type === "input"),
    [],
  );
  assert.equal((await item())?.settled, "approved");
});

for (const answer of [
  { kind: "refused", error: "message_not_found" },
  { kind: "refused", error: "channel_not_found" },
  { kind: "status", status: 500 },
] as const)
  test(`settling ends a card though Slack answers ${JSON.stringify(answer)}`, async (t) => {
    const { approvals, card, server, item } = await asked(t);
    await approvals.ask(card);
    server.answers.push(answer, answer, answer);

    await assert.doesNotReject(approvals.settle(card.decisionId, "expired"));

    assert.equal((await item())?.settled, "expired");
  });

test("settling does not need the votes to be readable", async (t) => {
  const { approvals, card, server, item } = await asked(t, { votes: () => Promise.reject(new Error("throttled")) });
  await approvals.ask(card);

  await approvals.settle(card.decisionId, "withdrawn");

  assert.deepEqual([(await item())?.settled, paths(server)], ["withdrawn", ["chat.postMessage", "chat.update"]]);
});

test("a silent Slack is given up, and asked again, not waited for", async (t) => {
  const { card, ledger, server, item } = await asked(t);
  server.answers.push({ kind: "silence" });
  const approvals = slackApprovals({
    web: slackClient("xoxb-0", server.apiUrl, 50),
    ...{ channelId: CHANNEL, ledger, votes: async () => [], environmentOf: () => null, pace: paced().pace },
  });

  await approvals.ask(card);

  assert.deepEqual([paths(server).length, (await item())?.ts], [2, "1700000000.000002"]);
});
