import assert from "node:assert/strict";
import { test } from "node:test";
import type { DurableContext } from "@aws/durable-execution-sdk-js";
import type { Json } from "../../core/json.ts";
import type { Journal, Ledger } from "../../core/ports.ts";
import { simulatedLedger } from "../simulated/ledger.ts";
import { durableJournal, StepAbandoned } from "./journal.ts";
import { type Rehearsal, rehearse } from "./rehearsal.fixture.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";

type Scene = Readonly<{ rehearsal: Rehearsal; ledger: Ledger; sandbox: Sandbox }>;

/** An execution whose handler has a journal of the incident "i"; the scene is there before the handler runs. */
const scene = (fn: (journal: Journal, context: DurableContext) => Promise<Json>): Scene => {
  const ledger = simulatedLedger();
  const sandbox = createSandbox();
  const rehearsal = rehearse(async (_input, context) => fn(durableJournal(context, ledger, "i"), context), { sandbox });
  rehearsal.engine.start("run", null);
  return { rehearsal, ledger, sandbox };
};

const describeError = (error: unknown): Json =>
  error instanceof StepAbandoned && error.cause instanceof Error
    ? [error.message, error.cause.name, error.cause.message]
    : `unexpected ${error}`;

test("a step that works runs once, is named in the history and counts one attempt in the ledger", async () => {
  const { rehearsal, ledger } = scene((journal) => journal.step("read", async () => ({ seen: [1, null] })));

  await rehearsal.untilQuiet();

  assert.deepEqual(rehearsal.told().result, { seen: [1, null] });
  assert.deepEqual(
    rehearsal.told().operations.map(({ name, status }) => [name, status]),
    [["read", "SUCCEEDED"]],
  );
  assert.deepEqual(await ledger.read("attempt#i/read"), { item: 1, version: 1 });
});

test("a step that throws is tried three times, 2 s and 8 s apart, and then abandoned with its last error", async () => {
  const triedAt: number[] = [];
  const { rehearsal } = scene((journal) =>
    journal
      .step("flaky", async () => {
        triedAt.push(rehearsal.nowSeconds());
        throw new RangeError(`try ${triedAt.length}`);
      })
      .catch(describeError),
  );

  await rehearsal.untilQuiet();

  assert.deepEqual(triedAt, [0, 2, 10]);
  assert.deepEqual(rehearsal.told().result, ['step "flaky" of i was abandoned: try 3', "RangeError", "try 3"]);
});

test("an abandoned step looks the same after a replay, and is not tried again", async () => {
  const seen: Json[] = [];
  let tries = 0;
  const { rehearsal } = scene(async (journal, context) => {
    const caught = await journal
      .step("flaky", async () => {
        tries += 1;
        throw new TypeError("no");
      })
      .catch(describeError);
    seen.push(caught);
    await context.wait("pause", { seconds: 1 });
    return caught;
  });

  await rehearsal.untilQuiet();

  assert.equal(seen.length, 2);
  assert.deepEqual(seen[0], seen[1]);
  assert.deepEqual([tries, seen[0]], [3, ['step "flaky" of i was abandoned: no', "TypeError", "no"]]);
});

test("an abandoned step that nobody catches fails the execution under its own name", async () => {
  const { rehearsal } = scene((journal) => journal.step("doomed", async () => assert.fail("broken")));

  await rehearsal.untilQuiet();

  assert.deepEqual(rehearsal.told().error, {
    type: "StepAbandoned",
    message: 'step "doomed" of i was abandoned: broken',
  });
});

test("a poison step dies three times and the fourth try is not made", async () => {
  let tries = 0;
  const { rehearsal, sandbox } = scene((journal) =>
    journal
      .step("poison", async () => {
        tries += 1;
        return sandbox.die();
      })
      .catch(describeError),
  );

  await rehearsal.untilQuiet();

  assert.deepEqual([tries, rehearsal.told().deaths], [3, 3]);
  const spent = "3 tries were made and the last one never answered";
  assert.deepEqual(rehearsal.told().result, [`step "poison" of i was abandoned: ${spent}`, "StepAbandoned", spent]);
});

test("deaths and failures share the three tries", async () => {
  const tries: string[] = [];
  const { rehearsal, sandbox } = scene((journal) =>
    journal
      .step("mixed", async () => {
        tries.push("try");
        if (tries.length === 1) return sandbox.die();
        throw new Error(`failure ${tries.length}`);
      })
      .catch(describeError),
  );

  await rehearsal.untilQuiet();

  assert.equal(tries.length, 3);
  assert.equal(rehearsal.nowSeconds(), 8);
  assert.deepEqual(rehearsal.told().result, ['step "mixed" of i was abandoned: failure 3', "Error", "failure 3"]);
});

test("a step whose result JSON cannot hold is poison too: three tries, then abandoned", async () => {
  let tries = 0;
  const { rehearsal } = scene((journal) =>
    journal
      .step("big", async () => {
        tries += 1;
        return 10n as unknown as Json;
      })
      .catch(() => "abandoned"),
  );

  await rehearsal.untilQuiet();

  assert.deepEqual([tries, rehearsal.told().result], [3, "abandoned"]);
});

const SIZES: readonly (readonly [string, string, boolean])[] = [
  ["256 KiB of ASCII, its quotes counted", "x".repeat(256 * 1024 - 2), true],
  ["one byte more", "x".repeat(256 * 1024 - 1), false],
  ["fewer characters of more bytes each", "\u20ac".repeat(100_000), false],
  ["what JSON has to escape", "\u0000".repeat(50_000), false],
];
for (const [what, result, isKept] of SIZES)
  test(`a result of ${what} is ${isKept ? "kept" : "abandoned after one try, and the execution goes on"}`, async () => {
    let tries = 0;
    const { rehearsal } = scene(async (journal) => {
      const size = await journal
        .step("big", async () => {
          tries += 1;
          return result;
        })
        .then((kept) => kept.length, describeError);
      return [size, await journal.step("next", async () => "went on")];
    });

    await rehearsal.untilQuiet();

    const bytes = Buffer.byteLength(JSON.stringify(result));
    const why = `its result has ${bytes} bytes, more than the 262144 that are kept of a step`;
    const abandoned = [`step "big" of i was abandoned: ${why}`, "StepAbandoned", why];
    assert.deepEqual(rehearsal.told().result, [isKept ? result.length : abandoned, "went on"]);
    assert.deepEqual([tries, rehearsal.told().status, rehearsal.nowSeconds()], [1, "SUCCEEDED", 0]);
  });

test("a result too large is abandoned alike on a replay, and its body does not run again", async () => {
  const seen: Json[] = [];
  let tries = 0;
  const { rehearsal } = scene(async (journal, context) => {
    const big = async () => {
      tries += 1;
      return "x".repeat(300_000);
    };
    seen.push(await journal.step("big", big).catch(describeError));
    await context.wait("pause", { seconds: 1 });
    return null;
  });

  await rehearsal.untilQuiet();

  assert.deepEqual([seen.length, tries], [2, 1]);
  assert.deepEqual(seen[0], seen[1]);
});

test("a step without a result is kept", async () => {
  const { rehearsal } = scene(async (journal) => {
    await journal.step("none", async () => undefined as unknown as Json);
    return "went on";
  });

  await rehearsal.untilQuiet();

  assert.equal(rehearsal.told().result, "went on");
});

test("a ledger that cannot be written means that the body does not run", async () => {
  let ran = 0;
  const ledger: Ledger = { ...simulatedLedger(), write: () => Promise.reject(new Error("ledger down")) };
  const rehearsal = rehearse(async (_input, context) =>
    durableJournal(context, ledger, "i")
      .step("read", async () => {
        ran += 1;
        return null;
      })
      .catch(describeError),
  );
  rehearsal.engine.start("run", null);

  await rehearsal.untilQuiet();

  assert.deepEqual([ran, rehearsal.nowSeconds()], [0, 10]);
  assert.deepEqual(rehearsal.told().result, ['step "read" of i was abandoned: ledger down', "Error", "ledger down"]);
});

test("an attempt that another writer counted at the same moment is counted after it", async () => {
  const ledger = simulatedLedger();
  let races = 1;
  const racing: Ledger = {
    ...ledger,
    read: async (key) => {
      const held = await ledger.read(key);
      if (races-- > 0) await ledger.write(key, 1, held?.version ?? null);
      return held;
    },
  };
  const rehearsal = rehearse(async (_input, context) =>
    durableJournal(context, racing, "i").step("read", async () => "ran"),
  );
  rehearsal.engine.start("run", null);

  await rehearsal.untilQuiet();

  assert.equal(rehearsal.told().result, "ran");
  assert.equal((await ledger.read("attempt#i/read"))?.item, 2);
});

test("two steps of one name in one incident are refused before the second runs", async () => {
  const ran: string[] = [];
  const { rehearsal } = scene(async (journal) => {
    await journal.step("same", async () => ran.push("first"));
    return journal.step("same", async () => ran.push("second"));
  });

  await rehearsal.untilQuiet();

  assert.deepEqual(ran, ["first"]);
  assert.match(rehearsal.told().error?.message ?? "", /named twice/);
});

test("a bell that is rung wakes the sleeper, in its own submitter as well as later", async () => {
  const wokeAt: number[] = [];
  const { rehearsal } = scene(async (journal) => {
    const atOnce = await journal.doze("eager", 60, async (id) => void rehearsal.engine.ring(id));
    const later = await journal.doze("patient", 60, async () => {});
    wokeAt.push(rehearsal.nowSeconds());
    return [atOnce, later];
  });

  await rehearsal.at(0);
  await rehearsal.at(30);
  rehearsal.engine.ring(rehearsal.callbacks()[0] ?? "");
  await rehearsal.at(31);

  assert.deepEqual(rehearsal.told().result, ["rung", "rung"]);
  assert.deepEqual(wokeAt, [31]);
});

test("a bell that is failed has rung: it carries no word of its own", async () => {
  const { rehearsal } = scene((journal) => journal.doze("bell", 60, async () => {}));
  await rehearsal.at(0);

  rehearsal.engine.fail(rehearsal.callbacks()[0] ?? "", "no");
  await rehearsal.untilQuiet();

  assert.equal(rehearsal.told().result, "rung");
});

test("a bell that nobody rings times out after its seconds, rounded up to at least one, on every replay", async () => {
  const { rehearsal } = scene(async (journal, context) => {
    const first = await journal.doze("bell", 0.2, async () => {});
    const second = await journal.doze("other", 89.5, async () => {});
    await context.wait("pause", { seconds: 9 });
    return [first, second];
  });

  await rehearsal.untilQuiet();

  assert.deepEqual(rehearsal.told().result, ["timed-out", "timed-out"]);
  assert.equal(rehearsal.nowSeconds(), 100);
});

test("a submitter is tried three times in all and its failure abandons the doze, on a replay too", async () => {
  const triedAt: number[] = [];
  const seen: Json[] = [];
  const { rehearsal } = scene(async (journal, context) => {
    const submit = async () => {
      triedAt.push(rehearsal.nowSeconds());
      throw new Error("no chat");
    };
    seen.push(await journal.doze("bell", 60, submit).catch(describeError));
    await context.wait("pause", { seconds: 1 });
    return null;
  });

  await rehearsal.untilQuiet();

  assert.deepEqual(triedAt, [0, 2, 10]);
  assert.deepEqual(seen[0], seen[1]);
  assert.deepEqual(seen[0], ['submitter "bell" of i was abandoned: no chat', "StepError", "no chat"]);
});

test("a submitter that kills its sandbox is abandoned after three deaths", async () => {
  const { rehearsal, sandbox } = scene((journal) =>
    journal.doze("bell", 60, () => sandbox.die()).catch((error: unknown) => String(error)),
  );

  await rehearsal.untilQuiet();

  assert.equal(rehearsal.told().deaths, 3);
  assert.match(String(rehearsal.told().result), /^StepAbandoned: submitter "bell" of i was abandoned: 3 tries/);
});
