import assert from "node:assert/strict";
import { test } from "node:test";
import { simulatedLedger } from "../adapters/simulated/ledger.ts";
import { slackApprovals } from "../adapters/slack/approvals.ts";
import { ASKED_MS, cardWith, EXPIRES_MS } from "../adapters/slack/card.fixture.ts";
import {
  bodyOf,
  CHANNEL,
  type Clicked,
  clickPayload,
  SECRET,
  signatureOf,
  signedEvent,
  TEAM,
} from "../adapters/slack/click.fixture.ts";
import { slackClient } from "../adapters/slack/client.ts";
import { slackServer } from "../adapters/slack/slack-server.fixture.ts";
import { slackTell } from "../adapters/slack/tell.ts";
import { ringIncident } from "../core/answer.ts";
import { judge } from "../core/approve.ts";
import { opaqueIdOf } from "../core/asked-card.ts";
import type { Configuration } from "../core/configuration.ts";
import { incidentWith, questionWith } from "../core/example.fixture.ts";
import { createIncident } from "../core/incident.ts";
import type { Card, Vote } from "../core/stages.ts";
import { type SlackPorts, slackWith } from "./slack.ts";

const person = (index: number) => ({ slackUser: `U${String(index).padStart(8, "0")}`, person: `person-${index}` });
const [ANA, BEN, CAT] = [person(1), person(2), person(3)];
const CROWD = Array.from({ length: 100 }, (_, i) => person(100 + i));
const configuration: Pick<Configuration, "slack" | "approvers"> = {
  slack: {
    ...{ teamId: TEAM, channelId: CHANNEL, botTokenSecret: { secret: "bot" }, signingSecret: { secret: "signing" } },
    apiUrl: "https://slack.com/api/",
  },
  approvers: [
    { group: "oncall", people: [ANA, BEN] },
    { group: "owners", people: [CAT] },
    { group: "crowd", people: CROWD },
  ],
};

/** Votes as the approvals table keeps them: one a person, the first. */
const votesStore = () => {
  const stored = new Map<string, Vote>();
  return {
    vote: async (decisionId: string, vote: Vote): Promise<Vote> => {
      const key = `${decisionId} ${vote.person}`;
      const stands = stored.get(key) ?? vote;
      stored.set(key, stands);
      return stands;
    },
    votes: async (decisionId: string): Promise<readonly Vote[]> =>
      [...stored].flatMap(([key, vote]) => (key.startsWith(`${decisionId} `) ? [vote] : [])),
  };
};

/** A card that was asked, in Slack on the loopback, and a person at the buttons. */
const room = async (
  t: Parameters<typeof slackServer>[0],
  given: Readonly<{ card?: Card; ports?: Partial<SlackPorts>; configuration?: typeof configuration }> = {},
) => {
  const server = await slackServer(t);
  const { card = cardWith() } = given;
  const ledger = simulatedLedger();
  await createIncident(ledger, incidentWith({ id: card.incidentId, doorbell: "bell-1" }));
  const { vote, votes } = votesStore();
  const rung: string[] = [];
  const said: string[] = [];
  let nowMs = ASKED_MS + 60_000;
  const approvals = slackApprovals({
    web: slackClient("xoxb-0", server.apiUrl),
    ...{ channelId: CHANNEL, ledger, votes, environmentOf: () => "production" },
  });
  await approvals.ask(card);
  const handle = slackWith(
    {
      ...{
        ledger,
        vote,
        votes,
        secret: async () => SECRET,
        nowMs: () => nowMs,
        say: (text: string) => said.push(text),
      },
      ring: ringIncident({ ledger, executions: { ring: async (bell) => void rung.push(bell) } }),
      tell: slackTell([server.host]),
      ...given.ports,
    },
    given.configuration ?? configuration,
  );
  const opaqueId = opaqueIdOf(card.decisionId, card.plan.hash);
  const messageTs = server.calls[0]?.text === undefined ? "" : "1700000000.000001";
  const bodyFrom = ({ slackUser }: typeof ANA, changes: Partial<Clicked> = {}): string =>
    bodyOf(clickPayload({ user: slackUser, opaqueId, messageTs, responseUrl: server.responseUrl, ...changes }));
  return {
    ...{ approvals, card, handle, ledger, rung, said, votes: () => votes(card.decisionId) },
    click: (who: typeof ANA, changes: Partial<Clicked> = {}) => handle(signedEvent(bodyFrom(who, changes), nowMs)),
    bodyFrom,
    told: () => server.calls.filter(({ path }) => path.startsWith("/actions")).map(({ text }) => text),
    moveTo: (ms: number) => {
      nowMs = ms;
    },
    now: () => nowMs,
  };
};

test("a click of an approver is written as a vote on the plan that was shown, the bell is rung, the person is told", async (t) => {
  const { click, votes, rung, told, card, now } = await room(t);

  const answer = await click(ANA);

  assert.deepEqual(answer, { statusCode: 200, body: "" });
  assert.deepEqual(await votes(), [
    ...[{ person: "person-1", group: "oncall", answer: "approve", planHash: card.plan.hash, reason: "", atMs: now() }],
  ]);
  assert.deepEqual(rung, ["bell-1"]);
  assert.deepEqual(told(), ["Approved. It starts if fresh numbers still speak for it."]);
});

test("the same request again changes nothing: the vote that stands is the same", async (t) => {
  const { handle, bodyFrom, votes, moveTo, now } = await room(t);
  const event = signedEvent(bodyFrom(ANA), now());
  await handle(event);
  const before = await votes();
  moveTo(now() + 299_000);

  const answer = await handle(event);

  assert.equal(answer.statusCode, 200);
  assert.deepEqual(await votes(), before);
});

for (const seconds of [301, -301])
  test(`a request that is ${seconds} s old is refused before it is read`, async (t) => {
    const { handle, bodyFrom, votes, rung, moveTo, now } = await room(t);
    const event = signedEvent(bodyFrom(ANA), now());
    moveTo(now() + seconds * 1000);

    const answer = await handle(event);

    assert.deepEqual([answer.statusCode, await votes(), rung], [401, [], []]);
  });

for (const [name, change] of [
  ["without a signature", { headers: {} }],
  ["with a signature of another version", "v1"],
  ["with another body", { body: "payload=%7B%7D" }],
  ["that is no event of an HTTP API", { version: "1.0" }],
] as const)
  test(`a request ${name} is refused, and no port is asked`, async (t) => {
    const never = () => Promise.reject(new Error("nobody may be asked"));
    const { handle, bodyFrom, now } = await room(t, { ports: { ledger: { read: never }, vote: never, ring: never } });
    const body = bodyFrom(ANA);
    const seconds = Math.floor(now() / 1000);
    const changes = change === "v1" ? { "x-slack-signature": signatureOf(body, seconds, SECRET, "v1") } : {};
    const event = signedEvent(body, now(), changes);

    const answer = await handle(change === "v1" ? event : { ...event, ...change });

    assert.deepEqual(answer, { statusCode: 401, body: "" });
  });

test("a body that came in base64 is judged as the bytes that were sent", async (t) => {
  const { handle, bodyFrom, votes, now } = await room(t);
  const event = signedEvent(bodyFrom(ANA, { reason: "é 🔥" }), now());

  const encoded = { ...event, body: Buffer.from(event.body).toString("base64"), isBase64Encoded: true };
  const answer = await handle(encoded);

  assert.equal(answer.statusCode, 200);
  assert.deepEqual(
    (await votes()).map(({ reason }) => reason),
    ["é 🔥"],
  );
});

test("a body that was decoded and encoded again on its way is refused", async (t) => {
  const { handle, bodyFrom, now } = await room(t);
  const event = signedEvent(bodyFrom(ANA, { reason: "a b" }), now());

  const again = { ...event, body: new URLSearchParams(event.body).toString() };
  const answer = await handle(again);

  assert.notEqual(again.body, event.body);
  assert.equal(answer.statusCode, 401);
});

for (const [name, changes, says] of [
  ["of another workspace", { team: "T00000009" }, /Only people of this workspace/],
  ["who is a guest from another workspace", { userTeam: "T00000009" }, /Only people of this workspace/],
  ["whom nobody named, under an approver's name", { user: "U99999999", name: "person-1" }, /not among the approvers/],
  ["who is a bot", { user: "B00000001" }, /not among the approvers/],
  ["at another message", { messageTs: "1700000000.999999" }, /not the newest message/],
  ["in another channel", { channel: "C00000009" }, /not the newest message/],
  ["with an id that nobody gave", { opaqueId: "f".repeat(32) }, /Nobody is asked about this any more/],
] as const)
  test(`a click of somebody ${name} is refused in a friendly way, and does nothing`, async (t) => {
    const { click, votes, rung, told } = await room(t);

    const answer = await click(ANA, changes);

    assert.equal(answer.statusCode, 200);
    assert.deepEqual([await votes(), rung], [[], []]);
    assert.match(told().join(), says);
  });

for (const [name, changes] of [
  ["a value that is no id of ours", { opaqueId: "quell-one/0" }],
  ["another button", { action: "approve-all" }],
] as const)
  test(`a click on ${name} does nothing`, async (t) => {
    const { click, votes, rung, told } = await room(t);

    const answer = await click(ANA, changes);

    assert.equal(answer.statusCode, 200);
    assert.deepEqual([await votes(), rung, told()], [[], [], []]);
  });

test("the id of another incident's card, in this one's message, votes for neither", async (t) => {
  const { click, approvals, votes, told } = await room(t);
  const other = cardWith({ incidentId: "quell-two", decisionId: "quell-two/0" });
  await approvals.ask(other);

  await click(ANA, { opaqueId: opaqueIdOf(other.decisionId, other.plan.hash) });

  assert.deepEqual(await votes(), []);
  assert.match(told().join(), /not the newest message/);
});

for (const [name, settled, says] of [
  ["expired", null, /It expired at 03:30 UTC/],
  ["recovered", "withdrawn", /already ended \(withdrawn\)/],
] as const)
  test(`an answer after it ${name} counts nothing, and says so`, async (t) => {
    const { click, approvals, card, votes, rung, told, moveTo } = await room(t);
    if (settled === null) moveTo(EXPIRES_MS + 1);
    else await approvals.settle(card.decisionId, settled);

    await click(ANA);

    assert.deepEqual([await votes(), rung], [[], []]);
    assert.match(told().join(), says);
  });

test("a grave plan is approved only with a reason, and rejected without one", async (t) => {
  const { click, votes, told } = await room(t, { card: cardWith({ tier: 3 }) });

  await click(ANA, { reason: "  " });
  const before = await votes();
  await click(ANA, { reason: "the release is broken" });
  await click(BEN, { action: "reject" });

  assert.deepEqual(before, []);
  assert.match(told()[0] ?? "", /type why/);
  assert.deepEqual(
    (await votes()).map(({ person: who, answer, reason }) => [who, answer, reason]),
    [
      ["person-1", "approve", "the release is broken"],
      ["person-2", "reject", ""],
    ],
  );
});

const questionOn = (card: Card) => questionWith({ plan: card.plan, consents: 1, incidentId: card.incidentId });

test("a hundred people who click twice each at one moment give a hundred votes and one consent", async (t) => {
  const { click, votes, card, rung } = await room(t);

  const answers = await Promise.all([...CROWD, ...CROWD].map((who) => click(who)));

  const given = await votes();
  assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 200);
  assert.equal(new Set(given.map(({ person: who }) => who)).size, 100);
  assert.equal(given.length, 100);
  assert.deepEqual([...new Set(rung)], ["bell-1"]);
  assert.equal(judge(questionOn(card), given, ASKED_MS + 60_000).kind, "consented");
});

test("of approving and rejecting at one moment the rejection wins, and whoever approved is told by whom", async (t) => {
  const { click, votes, card, told } = await room(t);

  await Promise.all([click(BEN, { action: "reject" }), click(ANA)]);

  assert.equal(judge(questionOn(card), await votes(), ASKED_MS + 60_000).kind, "refused");
  assert.ok(
    told().some((text) => /^person-2 rejected it at \d\d:\d\d UTC/.test(text)),
    told().join("\n"),
  );
});

test("a person who changes their mind is told that the first answer stands", async (t) => {
  const { click, votes, told } = await room(t);
  await click(ANA);

  await click(ANA, { action: "reject" });

  assert.deepEqual(
    (await votes()).map(({ answer }) => answer),
    ["approve"],
  );
  assert.match(told()[1] ?? "", /^Your first answer stands: you approved at \d\d:\d\d UTC\. Approved\./);
});

test("where two consents are needed, a second of the same group is told that another group's is missing", async (t) => {
  const { click, told } = await room(t, { card: cardWith({ consentsNeeded: 2 }) });

  for (const who of [ANA, BEN, CAT]) await click(who);

  assert.deepEqual(told(), [
    ...Array(2).fill("Approved by you. One more is needed, from somebody of another group."),
    "Approved. It starts if fresh numbers still speak for it.",
  ]);
});

test("a vote that could not be written fails aloud and rings nobody", async (t) => {
  const throttled = () => Promise.reject(new Error("throttled"));
  const { click, rung } = await room(t, { ports: { vote: throttled } });

  await assert.rejects(click(ANA), /throttled/);

  assert.deepEqual(rung, []);
});

for (const [name, ports] of [
  ["a bell that fails", { ring: () => Promise.reject(new Error("no such callback")) }],
  ["a bell that hangs", { ring: () => new Promise<void>(() => {}) }],
  ["an address that is not Slack's", { tell: slackTell() }],
] as const)
  test(`${name} does not fail an answer that is written, and is told`, async (t) => {
    const { click, votes, said } = await room(t, { ports });

    const answer = await click(ANA);

    assert.deepEqual([answer.statusCode, (await votes()).length, said.length], [200, 1, 1]);
  });

test("nobody is an approver where Slack is not configured", async (t) => {
  const { click, votes } = await room(t, { configuration: { slack: undefined, approvers: configuration.approvers } });

  const answer = await click(ANA);

  assert.deepEqual([answer.statusCode, await votes()], [200, []]);
});
