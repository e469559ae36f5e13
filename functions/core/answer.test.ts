import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf, type Click, ringIncident, wordsAfter } from "./answer.ts";
import { type AskedCard, cardKey, opaqueIdOf, parseAskedCard, readAskedCard } from "./asked-card.ts";
import type { Configuration } from "./configuration.ts";
import { incidentWith, MINUTE_MS, OPENED_MS } from "./example.fixture.ts";
import type { Json } from "./json.ts";
import type { Vote } from "./stages.ts";

const people: Pick<Configuration, "slack" | "approvers"> = {
  slack: {
    ...{ teamId: "T00000001", channelId: "C00000001" },
    ...{ botTokenSecret: { secret: "bot" }, signingSecret: { secret: "signing" } },
    apiUrl: "https://slack.com/api/",
  },
  approvers: [
    { group: "oncall", people: [{ slackUser: "U00000001", person: "ana" }] },
    { group: "owners", people: [{ slackUser: "U00000002", person: "ben" }] },
  ],
};
const OPAQUE = opaqueIdOf("quell-test/0", "p");
const cardWith = (changes: Partial<AskedCard> = {}): AskedCard => ({
  ...{ decisionId: "quell-test/0", incidentId: "quell-test", planHash: "p", tier: 1, consentsNeeded: 1 },
  ...{ expiresAtMs: OPENED_MS + 30 * MINUTE_MS, channel: "C00000001", ts: "1.1", settled: null },
  ...{ isToldElsewhere: false, shown: "" },
  ...changes,
});
const clickWith = (changes: Partial<Click> = {}): Click => ({
  ...{ teamId: "T00000001", userTeamId: "T00000001", userId: "U00000001", answer: "approve", opaqueId: OPAQUE },
  ...{ channelId: "C00000001", messageTs: "1.1", reason: "" },
  ...changes,
});
const voteWith = (changes: Partial<Vote> = {}): Vote => ({
  ...{ person: "ana", group: "oncall", answer: "approve", planHash: "p", reason: "", atMs: OPENED_MS },
  ...changes,
});

test("an approver's click is a vote on the plan that the ledger's card names, at the time of the click", () => {
  const answered = answerOf(people, clickWith({ answer: "reject", reason: "  not now " }), cardWith(), OPENED_MS);

  assert.deepEqual(answered, { kind: "counts", vote: voteWith({ answer: "reject", reason: "not now" }) });
});

for (const [name, click, card, code] of [
  ["a stranger, who does not learn whether there is a card", { userId: "U99999999" }, null, "no-approver"],
  ["somebody of another workspace, whoever they are", { teamId: "T00000009" }, null, "wrong-team"],
  ["an approver, of nothing", {}, null, "unknown-card"],
  ["an approver, at a message that was replaced", { messageTs: "1.0" }, {}, "other-message"],
  ["an approver, after it ended", {}, { settled: "approved" }, "settled"],
  ["an approver, too late", {}, { expiresAtMs: OPENED_MS - 1 }, "expired"],
  ["an approver of a grave plan, without a reason", {}, { tier: 2 }, "reason-needed"],
] as const)
  test(`no vote comes of the click of ${name}`, () => {
    const answered = answerOf(people, clickWith(click), card === null ? null : cardWith(card), OPENED_MS);

    assert.equal(answered.kind === "refused" && answered.code, code);
  });

test("a click counts at the very end of its time, and before the message is known", () => {
  const last = answerOf(people, clickWith(), cardWith({ expiresAtMs: OPENED_MS }), OPENED_MS);
  const early = answerOf(people, clickWith({ messageTs: "9.9" }), cardWith({ ts: null, channel: null }), OPENED_MS);

  assert.deepEqual([last.kind, early.kind], ["counts", "counts"]);
});

test("votes on another plan, and votes that came too late, are not counted in what a person is told", () => {
  const others = [voteWith({ person: "ben", group: "owners", planHash: "other" })];
  const late = [voteWith({ person: "ben", group: "owners", atMs: OPENED_MS + 31 * MINUTE_MS })];
  const card = cardWith({ consentsNeeded: 2 });

  const words = [others, late].map((more) => wordsAfter(card, voteWith(), voteWith(), [voteWith(), ...more]));

  assert.deepEqual(words, Array(2).fill("Approved by you. One more is needed, from somebody of another group."));
});

test("a card is read back as it was written, and what is no card, or no opaque id, is none", async () => {
  const items = new Map<string, Json>([
    [cardKey(OPAQUE), cardWith()],
    ["card#f", { decisionId: "x" }],
  ]);
  const ledger = {
    read: async (key: string) => {
      const item = items.get(key);
      return item === undefined ? null : { item, version: 1 };
    },
  };

  const read = await Promise.all([OPAQUE, "f", "quell-test/0", "0".repeat(32)].map((id) => readAskedCard(ledger, id)));

  assert.deepEqual(read, [cardWith(), null, null, null]);
  assert.equal(parseAskedCard({ decisionId: "x" }), null);
});

test("the opaque id is the same for the same plan of the same decision, and for no other", () => {
  const ids = [opaqueIdOf("a/0", "p"), opaqueIdOf("a/0", "p"), opaqueIdOf("a/1", "p"), opaqueIdOf("a/0", "q")];

  assert.equal(ids[0], ids[1]);
  assert.equal(new Set(ids).size, 3);
  assert.ok(ids.every((id) => /^[0-9a-f]{32}$/.test(id)));
});

for (const [name, incident, bells] of [
  ["that sleeps is woken", incidentWith({ doorbell: "bell-1" }), ["bell-1"]],
  ["that never slept needs no bell", incidentWith(), []],
  ["that nobody knows needs none", null, []],
] as const)
  test(`an incident ${name}`, async () => {
    const rung: string[] = [];
    const ledger = { read: async () => (incident === null ? null : { item: incident as unknown as Json, version: 1 }) };

    await ringIncident({ ledger, executions: { ring: async (bell) => void rung.push(bell) } })("quell-test");

    assert.deepEqual(rung, bells);
  });
