import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { settingsWith } from "./guard.fixture.ts";
import type { Json } from "./json.ts";
import { fakeLedger, type Mishap } from "./ledger.fixture.ts";
import { tellOfOverrides } from "./override-news.ts";
import { championOf, ledgerSwitch, setChampion, setMode, setSwitch, withOverrides } from "./overrides.ts";
import type { Pager } from "./ports.ts";

const who = { by: "ana", because: "the model misbehaves" };
const AT_MS = 1_700_000_000_000;

const portsWith = (writes: readonly Mishap[] = []) => {
  const pages: string[] = [];
  const ledger = fakeLedger({ writes });
  const pager: Pager = {
    page: async ({ summary }) => void pages.push(summary),
    update: async () => {},
    resolve: async () => {},
  };
  return { ledger, pager, pages, clock: { nowMs: () => AT_MS } };
};
const ledgerOf = (key: string, item: Json) => {
  const ledger = fakeLedger();
  ledger.items.set(key, { item, version: 1 });
  return ledger;
};
const broken = { read: () => Promise.reject(new Error("throttled")) };
const said = { by: "ana", atMs: 1, because: "why" };

describe("the switch", () => {
  const damaged: readonly Json[] = [
    "on",
    { position: "on" },
    { position: "ON", ...said },
    { position: "on", ...said, by: "" },
    { position: "on", ...said, force: true },
  ];

  test("is off where nobody ever set it, and what it was set to from then on", async () => {
    const ports = portsWith();
    const { read } = ledgerSwitch(ports.ledger);

    const unset = await read();
    await setSwitch(ports, "on", who);
    const on = await read();
    await setSwitch(ports, "off", who);

    assert.deepEqual([unset, on, await read()], ["off", "on", "off"]);
  });

  for (const item of damaged) {
    test(`is never on where its item is ${JSON.stringify(item)}`, async () => {
      const read = ledgerSwitch(ledgerOf("switch#agent", item)).read();

      await assert.rejects(read);
    });
  }

  test("throws where the ledger cannot be read, which is off", async () => {
    await assert.rejects(ledgerSwitch(broken).read());
  });
});

test("a change says who, why and when, and people on call are told of it; the same again tells nobody", async () => {
  const ports = portsWith();

  const first = await setSwitch(ports, "off", who);
  const second = await setSwitch(ports, "off", { by: "bo", because: "again" });

  assert.deepEqual([first, second], ["changed", "same"]);
  assert.deepEqual(ports.ledger.items.get("switch#agent")?.item, { position: "off", ...who, atMs: AT_MS });
  assert.equal(ports.pages.length, 1);
  assert.match(ports.pages[0] ?? "", /the switch is off .* by ana: the model misbehaves/);
});

describe("what was set by hand, past every command, is told of", () => {
  const on: Json = { position: "on", by: "mallory", atMs: AT_MS, because: "\u001b[2J" };

  test("once for each change, and never what stood there before the first look", async () => {
    const ports = portsWith();
    ports.ledger.items.set("mode#shop", { item: { mode: "auto", ...said }, version: 1 });
    const first = await tellOfOverrides(ports, settingsWith());
    ports.ledger.items.set("switch#agent", { item: on, version: 1 });

    const [second, third] = [
      await tellOfOverrides(ports, settingsWith()),
      await tellOfOverrides(ports, settingsWith()),
    ];

    assert.deepEqual([first, second, third], [0, 1, 0]);
    assert.match(ports.pages[0] ?? "", /^switch#agent was set by hand: .*"on".*mallory.*2023-11-14T22:13:20.000Z/);
    assert.ok([...(ports.pages[0] ?? "")].every((character) => character >= " "));
  });

  test("again where nobody could be told", async () => {
    const ports = portsWith();
    await tellOfOverrides(ports, settingsWith());
    ports.ledger.items.set("switch#agent", { item: on, version: 1 });
    const silent = { ...ports, pager: { ...ports.pager, page: () => Promise.reject(new Error("away")) } };
    await assert.rejects(tellOfOverrides(silent, settingsWith()));

    const told = await tellOfOverrides(ports, settingsWith());

    assert.equal(told, 1);
  });
});

test("a change whose reply was lost is told of once", async () => {
  const ports = portsWith(["reply-lost"]);

  const changed = await setChampion(ports, "rules", who);

  assert.deepEqual([changed, ports.pages.length], ["changed", 1]);
});

test("nothing is set without a name and a reason, nor for a service that nobody configured", async () => {
  const ports = portsWith();

  const nameless = setSwitch(ports, "on", { by: "", because: "x" });
  const unreasoned = setSwitch(ports, "on", { by: "ana", because: "" });
  const unknown = setMode(ports, settingsWith(), "nobody", "auto", who);

  await assert.rejects(nameless);
  await assert.rejects(unreasoned);
  await assert.rejects(unknown, RangeError);
  assert.deepEqual([ports.ledger.items.size, ports.pages], [0, []]);
});

test("a change of which nobody could be told stands, and throws", async () => {
  const ports = portsWith();
  const silent = { ...ports, pager: { ...ports.pager, page: () => Promise.reject(new Error("away")) } };

  await assert.rejects(setSwitch(silent, "off", who), /away/);

  assert.equal(await ledgerSwitch(ports.ledger).read(), "off");
  assert.equal(ports.ledger.items.size, 1);
});

test("a mode that was set holds for its service alone, whatever was deployed", async () => {
  const ports = portsWith();
  await setMode(ports, settingsWith(), "shop", "observe", who);

  const { services, mode } = await withOverrides(ports.ledger, settingsWith());

  assert.deepEqual(
    services.map((service) => [service.name, service.mode ?? mode]),
    [
      ["shop", "observe"],
      ["billing", "auto"],
    ],
  );
});

describe("a mode that cannot be read lets nothing happen unasked, and keeps people told", () => {
  const cases = [
    ["auto", "approve"],
    ["approve", "approve"],
    ["observe", "observe"],
  ] as const;
  for (const [configured, expected] of cases)
    for (const [how, ledger] of [
      ["unreadable", broken],
      ["damaged", ledgerOf("mode#shop", { mode: "everything" })],
    ] as const) {
      test(`${configured} is ${expected} where it is ${how}`, async () => {
        const { services } = await withOverrides(ledger, settingsWith({ mode: configured }));

        assert.equal(services[0]?.mode, expected);
      });
    }
});

test("who chooses is configured until it is set, and rules where that cannot be read", async () => {
  const ports = portsWith();
  const unset = await championOf(ports.ledger, "qnet");
  await setChampion(ports, "rules", who);

  const answers = [
    await championOf(ports.ledger, "qnet"),
    await championOf(broken, "qnet"),
    await championOf(ledgerOf("champion#policy", { policy: "other", ...said }), "qnet"),
  ];

  assert.deepEqual([unset, ...answers], ["qnet", "rules", "rules", "rules"]);
});
