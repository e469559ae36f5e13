import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import { bodyOf, CHANNEL, clickPayload, TEAM } from "./click.fixture.ts";
import { readHttpEvent } from "./http-event.ts";
import { readInteraction } from "./interaction.ts";

const folder = process.env.QUELL_TEST_DATA;
const skip = folder === undefined ? "set QUELL_TEST_DATA to a folder with slack/java-sdk-json-logs" : false;
const read = (...path: readonly string[]): unknown =>
  JSON.parse(readFileSync(join(folder ?? "", "slack", "java-sdk-json-logs", ...path), "utf8"));

const objects = z.record(z.string(), z.unknown());

/** The recorded skeleton, every field of which is empty, with what a click fills in. */
const filled = (skeleton: unknown, given: unknown): unknown => {
  if (Array.isArray(given)) return given.map((one, i) => filled(Array.isArray(skeleton) ? skeleton[i] : null, one));
  const [whole, part] = [objects.safeParse(skeleton).data, objects.safeParse(given).data];
  if (whole === undefined || part === undefined) return given;
  return { ...whole, ...Object.fromEntries(Object.entries(part).map(([key, one]) => [key, filled(whole[key], one)])) };
};

const CLICK = { user: "U00000001", opaqueId: "0123456789abcdef".repeat(2), messageTs: "1700000000.000001" };
const component = (name: string): unknown => read("app-backend", "interactive-components", `${name}.json`);

describe("Slack's payloads as they were recorded", { skip }, () => {
  it("a click is read from a payload with every field that Slack may send", () => {
    const payload = filled(component("BlockActionPayload"), clickPayload({ ...CLICK, reason: "the release" }));

    const interaction = readInteraction(Buffer.from(bodyOf(payload)));

    assert.deepEqual(interaction?.click, {
      ...{ teamId: TEAM, userTeamId: TEAM, userId: "U00000001", answer: "approve", opaqueId: CLICK.opaqueId },
      ...{ channelId: CHANNEL, messageTs: CLICK.messageTs, reason: "the release" },
    });
  });

  for (const [folderName, name] of [
    ["interactive-components", "BlockActionPayload"],
    ["interactive-components", "MessageShortcutPayload"],
    ["interactive-components", "AttachmentActionPayload"],
    ["views", "ViewSubmissionPayload"],
    ["views", "ViewClosedPayload"],
    ["dialogs", "DialogSubmissionPayload"],
    ["slash-commands", "SlashCommandPayload"],
  ] as const)
    it(`an empty ${name} is no click`, () => {
      const body = Buffer.from(bodyOf(read("app-backend", folderName, `${name}.json`)));

      assert.equal(readInteraction(body), null);
    });

  it("an event of an older kind of API is no request", () => {
    assert.equal(readHttpEvent(read("aws", "ApiGatewayRequest.json")), null);
  });
});
