import assert from "node:assert/strict";
import { test } from "node:test";
import { type SlackApprovalsParts, slackApprovals } from "../adapters/slack/approvals.ts";
import { bodyOf, CHANNEL, clickPayload, SECRET, signedEvent, TEAM } from "../adapters/slack/click.fixture.ts";
import { ringIncident } from "../core/answer.ts";
import { cardKey, newestCardKey, parseAskedCard } from "../core/asked-card.ts";
import type { Configuration } from "../core/configuration.ts";
import type { Ports } from "../core/ports.ts";
import type { Vote } from "../core/stages.ts";
import { erringDeployment } from "../world/small-system.fixture.ts";
import { type Flow, play } from "./flow.fixture.ts";
import { type SlackPorts, slackWith } from "./slack.ts";

const configuration: Pick<Configuration, "slack" | "approvers"> = {
  slack: {
    ...{ teamId: TEAM, channelId: CHANNEL, botTokenSecret: { secret: "bot" }, signingSecret: { secret: "signing" } },
    apiUrl: "https://slack.com/api/",
  },
  approvers: [
    { group: "oncall", people: [{ slackUser: "U00000001", person: "ana" }] },
    { group: "owners", people: [{ slackUser: "U00000002", person: "ben" }] },
  ],
};

type Desk = Readonly<{
  /** Somebody clicks, by the deployed handler; the bell is rung, or the function dies before it. */
  click: (user: string, action?: string, ringing?: "rings" | "dies") => Promise<void>;
  ring: () => Promise<void>;
}>;

/**
 * The deployed handlers on the embedded engine, with Slack's channel and its people between them.
 * @param onPost what people do when a card appears, before Slack has answered the bot
 * @param onBell what happens before the incident's n-th bell while it asks is stored, from 1
 */
const flowWith = (
  onPost: (desk: Desk) => Promise<void>,
  onBell: (desk: Desk, bell: number) => Promise<void> = async () => {},
): Flow => {
  const stored = new Map<string, Vote>();
  const votes: SlackApprovalsParts["votes"] = async (decisionId) =>
    [...stored].flatMap(([key, vote]) => (key.startsWith(`${decisionId} `) ? [vote] : []));
  const vote: SlackPorts["vote"] = async (decisionId, given) => {
    const key = `${decisionId} ${given.person}`;
    const stands = stored.get(key) ?? given;
    stored.set(key, stands);
    return stands;
  };
  const around = (ports: Ports): Ports => {
    const { ledger, clock, executions } = ports;
    let asked = "";
    let bells = 0;
    const desk = (opaqueId: string, incidentId: string): Desk => {
      const ring = () => ringIncident({ ledger, executions })(incidentId);
      const click: Desk["click"] = async (user, action = "approve", ringing = "rings") => {
        const handle = slackWith(
          {
            ...{ ledger, vote, votes, secret: async () => SECRET, nowMs: clock.nowMs, say: () => {} },
            ring: ringing === "rings" ? ring : () => Promise.reject(new Error("it died")),
            tell: async () => {},
          },
          configuration,
        );
        const body = bodyOf(clickPayload({ user, opaqueId, messageTs: "1.1", action, reason: "it is the release" }));
        assert.equal((await handle(signedEvent(body, clock.nowMs()))).statusCode, 200);
      };
      return { click, ring };
    };
    let people: Desk | null = null;
    const postMessage: SlackApprovalsParts["web"]["chat"]["postMessage"] = async () => {
      const opaqueId = String((await ledger.read(newestCardKey(asked)))?.item);
      const card = parseAskedCard((await ledger.read(cardKey(opaqueId)))?.item);
      people = desk(opaqueId, card?.incidentId ?? "");
      await onPost(people);
      return { ts: "1.1", channel: CHANNEL };
    };
    const slack = slackApprovals({
      ...{ web: { chat: { postMessage, update: async () => null } }, channelId: CHANNEL, ledger, votes },
      environmentOf: () => "production",
    });
    const approvals: Ports["approvals"] = {
      ...slack,
      ask: (card) => {
        asked = card.decisionId;
        return slack.ask(card);
      },
    };
    const heard: Ports["ledger"] = {
      ...ledger,
      write: async (key, item, expected) => {
        const isBell =
          typeof item === "object" &&
          item !== null &&
          "doorbell" in item &&
          item.doorbell !== ((await ledger.read(key))?.item as typeof item | undefined)?.doorbell;
        if (isBell && people !== null) {
          bells += 1;
          await onBell(people, bells);
        }
        return ledger.write(key, item, expected);
      },
    };
    return { ...ports, approvals, ledger: heard };
  };
  return { scenario: erringDeployment(), settings: { mode: "approve" }, around };
};

/** What became of the one plan that people were asked about. */
const playAsked = async (flow: Flow) => {
  const { records, runs } = await play(flow);
  const [asked] = records.flatMap(({ terminal, decisions }) =>
    decisions.filter(({ plan }) => plan !== null).map((decision) => ({ terminal, ...decision })),
  );
  if (asked === undefined) throw new Error("nobody was asked");
  const started = runs.filter(({ tags }) => tags.role === "run");
  const startedMinutes = ((started[0]?.startedAtMs ?? Number.NaN) - Date.parse(asked.decidedAt)) / 60_000;
  return { ...asked, startedMinutes, runs: started };
};

test("a click that comes before Slack has answered the bot is heard at once", async () => {
  const { consent, startedMinutes, runs } = await playAsked(flowWith(({ click }) => click("U00000001")));

  assert.deepEqual([consent?.by, consent?.people], ["people", ["ana"]]);
  assert.ok(startedMinutes < 1, `started after ${startedMinutes} minutes`);
  assert.equal(runs.length, 1);
});

test("a rejection in Slack starts nothing, and the incident is theirs", async () => {
  const { terminal, refusal, runs } = await playAsked(flowWith(({ click }) => click("U00000002", "reject")));

  assert.deepEqual([terminal, refusal?.by, runs.length], ["REJECTED", "ben", 0]);
});

test("a click between two bells, which rings the one that is closed, is heard when the next is stored", async () => {
  const flow = flowWith(
    ({ ring }) => ring(),
    ({ click }, bell) => (bell === 1 ? click("U00000001") : Promise.resolve()),
  );

  const { consent, runs, startedMinutes } = await playAsked(flow);

  assert.deepEqual([consent?.people, runs.length], [["ana"], 1]);
  assert.ok(startedMinutes < 1, `started after ${startedMinutes} minutes`);
});

test("an answer whose bell was never rung is heard when somebody rings again, and lost by nobody", async () => {
  const flow = flowWith(async ({ click, ring }) => {
    await click("U00000001", "approve", "dies");
    await ring();
  });

  const { consent, runs } = await playAsked(flow);

  assert.deepEqual([consent?.people, runs.length], [["ana"], 1]);
});
