import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadGuardrails } from "../../../policies/guardrails/load.ts";
import type { GuardFacts, GuardRequest } from "../../core/stages.ts";
import { guardrailsContract } from "../contracts/guardrails.contract.ts";
import { cedarGuardrails } from "./guardrails.ts";
import { askAll, factsOf, nearlyGood, strictness } from "./space.fixture.ts";
import { tableGuardrails } from "./table.fixture.ts";

const files = loadGuardrails();
const cedar = () => cedarGuardrails(files.policies, files.schema);
const shared = cedar();
const good: GuardRequest = { effect: true, tier: 0, environment: "production", mode: "auto", facts: factsOf(0) };
const codeOf = async (policies: Readonly<Record<string, string>>, schema: string): Promise<string | false> => {
  const answer = await cedarGuardrails(policies, schema).ask(good);
  return answer.kind === "refused" && answer.because.code;
};

guardrailsContract("Cedar", cedar);
guardrailsContract("the table", tableGuardrails);

describe("an attribute that is missing refuses, whichever policy it would have decided", () => {
  for (const name of Object.keys(files.policies)) {
    for (const attribute of [...Object.keys(factsOf(0)), "tier", "mode"]) {
      test(`${name} without ${attribute}`, async () => {
        const asked = [...(await near(true)), ...(await near(false))];
        const decided = asked.find(({ answer }) => answer.policies.includes(name));

        const answer = await shared.ask(strip(decided?.request, attribute));

        assert.ok(decided, `${name} decides some request`);
        assert.equal(answer.kind === "refused" && answer.because.code, "guard-error");
      });
    }
  }
});

const nearby = new Map<boolean, ReturnType<typeof askAll>>();
const near = (effect: boolean): ReturnType<typeof askAll> => {
  const asked = nearby.get(effect) ?? askAll(shared, effect, nearlyGood(1));
  nearby.set(effect, asked);
  return asked;
};

const strip = (request: GuardRequest | undefined, attribute: string): GuardRequest => {
  assert.ok(request);
  const { [attribute]: _, ...rest } = request as unknown as Readonly<Record<string, unknown>>;
  const { [attribute]: __, ...facts } = request.facts as Readonly<Record<string, boolean>>;
  return { ...rest, facts: facts as unknown as GuardFacts } as unknown as GuardRequest;
};

describe("guardrails that are broken refuse everything", () => {
  test("a policy that does not parse", async () => {
    const broken = { ...files.policies, off: "forbid (principal, action" };

    const code = await codeOf(broken, files.schema);

    assert.equal(code, "guard-error");
  });

  test("a permit that does not say how many consents it takes", async () => {
    const broken = { ...files.policies, more: "permit (principal, action, resource);" };

    const code = await codeOf(broken, files.schema);

    assert.equal(code, "guard-error");
  });

  test("a permit that asks for three consents, which nobody can give", async () => {
    const broken = { ...files.policies, more: '@approvals("3") permit (principal, action, resource);' };

    const code = await codeOf(broken, files.schema);

    assert.equal(code, "guard-error");
  });

  test("a forbid whose reason is not in the list", async () => {
    const broken = { ...files.policies, more: '@because("mood") forbid (principal, action, resource);' };

    const code = await codeOf(broken, files.schema);

    assert.equal(code, "guard-error");
  });

  test("a forbid that errs, which Cedar alone would skip and allow", async () => {
    const erring = '@because("freeze-window") forbid (principal, action, resource) when { context.typo };';
    const broken = { ...files.policies, more: erring };

    const code = await codeOf(broken, files.schema);

    assert.equal(code, "guard-error");
  });

  test("a schema that does not parse", async () => {
    const code = await codeOf(files.policies, "namespace Quell {");

    assert.equal(code, "guard-error");
  });

  test("no policies at all", async () => {
    const code = await codeOf({}, files.schema);

    assert.equal(code, "guard-error");
  });

  test("a request that is no request", async () => {
    const guardrails = cedar();

    const answers = await Promise.all([null, undefined, 1, {}].map((one) => guardrails.ask(one as never)));

    assert.ok(answers.every((answer) => answer.kind === "refused" && answer.because.code === "guard-error"));
  });
});

test("of the permits that hold the fewest consents count, in whatever order the policies come", async () => {
  const reversed = Object.fromEntries(Object.entries(files.policies).reverse());
  const requests = (await near(true)).map(({ request }) => request);

  const [one, other] = await Promise.all(
    [shared, cedarGuardrails(reversed, files.schema)].map((guardrails) =>
      Promise.all(requests.map(async (request) => strictness(await guardrails.ask(request)))),
    ),
  );

  assert.deepEqual(other, one);
});

test("a request is answered from memory as by an engine that was never asked, and what is no request never is", async () => {
  const guardrails = cedar();
  const requests = [...(await near(true)), ...(await near(false))].slice(0, 60).map(({ request }) => request);
  const more = (request: GuardRequest): readonly unknown[] => [
    { ...request, facts: { ...request.facts, more: true } },
    { ...request, facts: { ...request.facts, frozen: "no" } },
    { ...request, tier: 4 },
    { ...request, mode: "manual" },
    { ...request, environment: "elsewhere" },
  ];

  const first = await Promise.all(requests.map((request) => guardrails.ask(request)));
  const again = await Promise.all(requests.map((request) => guardrails.ask(request)));
  const fresh = await Promise.all(requests.map((request) => cedar().ask(request)));
  const wrong = requests.slice(0, 5).flatMap(more) as GuardRequest[];

  assert.deepEqual(again, first);
  assert.deepEqual(fresh, first);
  for (const request of wrong) assert.deepEqual(await guardrails.ask(request), await cedar().ask(request));
});

test("the hash changes with any policy and with the schema", () => {
  const changed = { ...files.policies, off: `${files.policies.off} ` };

  const hashes = [cedar(), cedarGuardrails(changed, files.schema), cedarGuardrails(files.policies, `${files.schema} `)];

  assert.equal(new Set(hashes.map(({ hash }) => hash)).size, 3);
});
