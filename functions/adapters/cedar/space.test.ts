import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { policyToJson } from "@cedar-policy/cedar-wasm/nodejs";
import { loadGuardrails } from "../../../policies/guardrails/load.ts";
import { cedarGuardrails } from "./guardrails.ts";
import { INVARIANTS } from "./invariants.fixture.ts";
import { ALL_FACTS, type Asked, askAll, nearlyGood } from "./space.fixture.ts";
import { FORBIDDING, tableGuardrails } from "./table.fixture.ts";

const files = loadGuardrails();
const names = Object.keys(files.policies);

describe("over the whole request space", () => {
  let asked: readonly Asked[] = [];
  before(async () => {
    const guardrails = cedarGuardrails(files.policies, files.schema);
    const noEffect = await askAll(guardrails, false, nearlyGood(1));
    asked = [...(await askAll(guardrails, true, ALL_FACTS)), ...noEffect];
  });

  test("every effect that can be asked for was asked for: 4 tiers, 2 environments, 3 modes, 12 facts", () => {
    const effects = asked.filter(({ request }) => request.effect);

    assert.equal(effects.length, 4 * 2 * 3 * 2 ** 12);
  });

  test("of requests without an effect a few stand for all: no policy that applies to them has a condition", () => {
    const parsed = names.map((name) => policyToJson(files.policies[name] ?? ""));

    const applying = parsed.flatMap((one) =>
      one.type === "success" && !isOfEffects(one.json.action) ? [one.json] : [],
    );

    assert.ok(parsed.every(({ type }) => type === "success"));
    assert.deepEqual(
      applying.map(({ effect, principal, resource, conditions }) => ({ effect, principal, resource, conditions })),
      [{ effect: "permit", principal: { op: "All" }, resource: { op: "All" }, conditions: [] }],
    );
  });

  for (const invariant of INVARIANTS) {
    test(invariant.name, () => {
      const broken = invariant.broken(asked);

      assert.deepEqual(broken.slice(0, 3), []);
    });
  }

  test("each fact that forbids gives its own reason when it is the only one", () => {
    for (const { fact, when, code } of FORBIDDING) {
      const alone = asked.filter(
        ({ request, bad }) =>
          request.effect && request.mode === "auto" && request.facts[fact] === when && isOneBit(bad),
      );

      const codes = new Set(alone.map(({ answer }) => answer.kind === "refused" && answer.because.code));

      assert.deepEqual([...codes], [code]);
    }
  });

  test("Cedar answers as the contract does, written a second time as a table", async () => {
    const table = tableGuardrails();

    const expected = await Promise.all(asked.map(({ request }) => table.ask(request)));

    const differing = asked.filter(({ answer }, i) => summary(answer) !== summary(expected[i]));
    assert.deepEqual(differing.slice(0, 3), []);
  });
});

describe("the invariants notice when the policies are weakened", () => {
  const noticed = async (policies: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const guardrails = cedarGuardrails(policies, files.schema);
    const asked = [
      ...(await askAll(guardrails, true, nearlyGood(2))),
      ...(await askAll(guardrails, false, nearlyGood(0))),
    ];
    return INVARIANTS.filter((invariant) => invariant.broken(asked).length > 0).map(({ name }) => name);
  };

  test("as they are, nothing is noticed", async () => {
    const broken = await noticed(files.policies);

    assert.deepEqual(broken, []);
  });

  const forbids = names.filter((name) => files.policies[name]?.includes("@because"));
  for (const name of forbids) {
    test(`without the forbid ${name}`, async () => {
      const { [name]: _, ...weakened } = files.policies;

      const broken = await noticed(weakened);

      assert.notDeepEqual(broken, []);
    });
  }

  const lowered = names.flatMap((name) => {
    const text = files.policies[name] ?? "";
    const from = Number(/@approvals\("(\d)"\)/.exec(text)?.[1] ?? 0);
    return Array.from({ length: from }, (_, to) => ({
      name,
      to,
      text: text.replace(/@approvals\("\d"\)/, `@approvals("${to}")`),
    }));
  });
  for (const { name, to, text } of lowered) {
    test(`with ${name} at ${to} consents`, async () => {
      const weakened = { ...files.policies, [name]: text };

      const broken = await noticed(weakened);

      assert.notDeepEqual(broken, []);
    });
  }

  test("every forbid was removed and every number above 0 was lowered", () => {
    assert.equal(forbids.length, FORBIDDING.length + 1);
    assert.equal(lowered.length, 1 + 1 + 2);
  });
});

const isOneBit = (bad: number): boolean => bad !== 0 && (bad & (bad - 1)) === 0;

const isOfEffects = (action: Readonly<{ op: string }>): boolean =>
  JSON.stringify(action) === JSON.stringify({ op: "==", entity: { type: "Quell::Action", id: "effect" } });

const summary = (answer: Asked["answer"] | undefined): string =>
  answer?.kind === "permitted" ? `${answer.consents} consents` : `refused: ${answer?.because.code}`;
