import assert from "node:assert/strict";
import { test } from "node:test";
import { madeFrom } from "./made-from.ts";

/** A client that is made of a token, and how often one was. */
const clientOf = (read: () => Promise<string>) => {
  let count = 0;
  const client = madeFrom(read, (token) => {
    count += 1;
    return { token };
  });
  return { client, count: () => count };
};

test("a client is made once of one token, however many ask", async () => {
  const { client, count } = clientOf(async () => "old");

  const clients = await Promise.all([client(), client(), client()]);

  assert.equal(new Set(clients).size, 1);
  assert.equal(count(), 1);
});

test("a token that was changed is used by the next who asks", async () => {
  let token = "old";
  const { client } = clientOf(async () => token);
  const before = await client();

  token = "new";
  const later = await client();

  assert.deepEqual([before.token, later.token], ["old", "new"]);
});

test("where the token cannot be read any more, the client that was made of the last one goes on", async () => {
  let isDown = false;
  const { client } = clientOf(async () => {
    if (isDown) throw new Error("throttled");
    return "old";
  });
  const before = await client();

  isDown = true;

  assert.equal(await client(), before);
});

test("a token that was never read is an error for each who asks, until it is there", async () => {
  let isDown = true;
  const { client } = clientOf(async () => {
    if (isDown) throw new Error("there is no secret quell/slack");
    return "new";
  });

  await assert.rejects(client(), /there is no secret quell\/slack/);
  isDown = false;

  assert.equal((await client()).token, "new");
});

test("what could not be made is tried anew by the next who asks", async () => {
  let isBroken = true;
  const client = madeFrom(
    async () => "token",
    async (token) => {
      if (isBroken) throw new Error("the client's code does not load");
      return { token };
    },
  );

  await assert.rejects(Promise.all([client(), client()]), /does not load/);
  isBroken = false;

  assert.deepEqual(await client(), { token: "token" });
});
