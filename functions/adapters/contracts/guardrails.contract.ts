import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Guardrails } from "../../core/ports.ts";
import type { GuardFacts, GuardRequest } from "../../core/stages.ts";

const GOOD: GuardFacts = {
  switchOn: true,
  frozen: false,
  overBlastRadius: false,
  belowCapacityFloor: false,
  budgetSpent: false,
  coolingDown: false,
  breakerOpen: false,
  leaseHeld: false,
  changeInProgress: false,
  evidenceStale: false,
  autonomyEarned: false,
  reversible: true,
};

const request = (changed: Partial<GuardRequest> = {}, facts: Partial<GuardFacts> = {}): GuardRequest => ({
  effect: true,
  tier: 0,
  environment: "production",
  mode: "auto",
  ...changed,
  facts: { ...GOOD, ...facts },
});

const without = (name: string): GuardRequest => {
  const { [name]: _, ...facts } = GOOD as Readonly<Record<string, boolean>>;
  return { ...request(), facts: facts as unknown as GuardFacts };
};

/** What every Guardrails keeps to. @param make a fresh one, with the project's own policies */
export const guardrailsContract = (name: string, make: () => Guardrails): void => {
  describe(`${name} keeps the contract of guardrails`, () => {
    test("its hash is a sha256 that the same guardrails have again", () => {
      const one = make();

      const again = make();

      assert.match(one.hash, /^[0-9a-f]{64}$/);
      assert.equal(one.hash, again.hash);
    });

    test("the consents in production follow the tier", async () => {
      const guardrails = make();

      const answers = await Promise.all(([0, 1, 2, 3] as const).map((tier) => guardrails.ask(request({ tier }))));

      const consents = answers.map((answer) => (answer.kind === "permitted" ? answer.consents : null));
      assert.deepEqual(consents, [0, 1, 1, 2]);
    });

    test("the same request gets the same answer, in any order of its facts", async () => {
      const guardrails = make();
      const reversed = Object.fromEntries(Object.entries(GOOD).reverse()) as unknown as GuardFacts;

      const answers = [await guardrails.ask(request()), await guardrails.ask({ ...request(), facts: reversed })];

      assert.deepEqual(answers[0], answers[1]);
    });

    test("a refusal says the code of the fact that refused, and which policies spoke", async () => {
      const guardrails = make();

      const answer = await guardrails.ask(request({}, { leaseHeld: true }));

      assert.equal(answer.kind === "refused" && answer.because.code, "lease-held");
      assert.notEqual(answer.policies.length, 0);
    });

    test("a switch that is off gives the reason, whatever else forbids", async () => {
      const guardrails = make();

      const answer = await guardrails.ask(request({ mode: "observe" }, { switchOn: false, frozen: true }));

      assert.equal(answer.kind === "refused" && answer.because.code, "kill-switch");
    });

    test("waiting and handing over need no fact to be good", async () => {
      const guardrails = make();

      const answer = await guardrails.ask(request({ effect: false, mode: "observe" }, { switchOn: false }));

      assert.equal(answer.kind === "permitted" && answer.consents, 0);
    });

    for (const fact of Object.keys(GOOD)) {
      test(`a request without ${fact} is refused with guard-error, not read as if the fact were good`, async () => {
        const guardrails = make();

        const answer = await guardrails.ask(without(fact));

        assert.equal(answer.kind === "refused" && answer.because.code, "guard-error");
      });
    }

    const nonsense: readonly (readonly [string, Partial<Record<keyof GuardRequest, unknown>>])[] = [
      ["a tier of its own", { tier: 4 }],
      ["a tier between two", { tier: 0.5 }],
      ["a mode of its own", { mode: "yolo" }],
      ["an environment of its own", { environment: "prod" }],
      ["no facts", { facts: {} }],
      ["a fact that is text", { facts: { ...GOOD, frozen: "false" } }],
      ["a fact that is null", { facts: { ...GOOD, switchOn: null } }],
    ];
    for (const [what, changed] of nonsense) {
      test(`a request with ${what} is refused with guard-error`, async () => {
        const guardrails = make();

        const answer = await guardrails.ask({ ...request(), ...changed } as GuardRequest);

        assert.equal(answer.kind === "refused" && answer.because.code, "guard-error");
      });
    }
  });
};
