import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { allow, candidateWith, PAGE, refuse } from "../../core/example.fixture.ts";
import { openScoringServer, type ScoringServer, ScoringServerFailed } from "./scoring-server.ts";

const MODELS = ["a", "b"].map((name) => ({ name, folder: `models/${name}` }));
const SCENE = {
  state: [1, 2],
  candidates: [[3], [4], [5]],
  verdicts: [allow(PAGE), refuse(candidateWith()), allow(PAGE)],
};

/** A script in the place of the package: `reply` is the body of a function of the line that was read and its number. */
const serverSaying = (reply: string) => ({
  python: process.execPath,
  args: [
    "-e",
    `let number = 0;
     require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
       const said = ((asked, number) => { ${reply} })(JSON.parse(line), number++);
       if (said !== undefined) console.log(typeof said === "string" ? said : JSON.stringify(said));
     });`,
  ],
  models: MODELS,
});

const LOADS = 'if (number === 0) return { loaded: asked.load.map(({ name }) => name), features_hash: "f00d" };';
/** Adds up what it is given: `a` says 1 for what is allowed, `b` says the first feature. */
const SCORES = `${LOADS}
  const [{ candidates, allowed }] = asked.scenes;
  const of = { a: allowed.map(Number), b: candidates.map(([first]) => first) };
  const scores = asked.models.map((name) => [name, [{ mean: of[name], sd: of[name].map(() => 0.5) }]]);
  return { id: asked.id, scores: Object.fromEntries(scores) };`;

const opened = async (t: TestContext, reply: string): Promise<ScoringServer> => {
  const server = await openScoringServer(serverSaying(reply));
  t.after(server.close);
  return server;
};

const score = (mean: number) => ({ q: { mean, sd: 0.5 } });

test("a scene is scored under each model that is asked for, by its vectors and by what is allowed", async (t) => {
  const server = await opened(t, SCORES);

  const scores = await server.score(SCENE, ["a", "b"]);

  assert.equal(server.featuresHash, "f00d");
  assert.deepEqual(Object.fromEntries(scores), { a: [1, 0, 1].map(score), b: [3, 4, 5].map(score) });
});

test("questions that are asked at the same time get their own answers", async (t) => {
  const server = await opened(t, SCORES);

  const answers = await Promise.all(
    [7, 8, 9].map((first) => server.score({ ...SCENE, candidates: [[first], [0], [0]] }, ["b"])),
  );

  assert.deepEqual(
    answers.map((scores) => scores.get("b")?.[0]),
    [7, 8, 9].map(score),
  );
});

test("a number that is not finite is not scored, and nothing is asked about it", async (t) => {
  const server = await opened(t, `${LOADS} process.exit(1);`);

  const scores = await server.score({ ...SCENE, state: [Number.NaN] }, ["a"]);

  assert.deepEqual(Object.fromEntries(scores), { a: null });
});

for (const [what, reply, message] of [
  ["dies while it loads", 'console.error("no torch"); process.exit(3);', /exit code 3; the last it said:\nno torch$/],
  ["cannot load a model", 'return { error: "models/a: no model.json" };', /cannot be loaded: models\/a: no model.json/],
  ["has not loaded one", 'return { loaded: ["a"], features_hash: "" };', /it has not loaded b from models\/b/],
  ["says something else", 'return "Welcome!";', /it answered Welcome!/],
] as const)
  test(`a server that ${what} does not open, and the error says so`, async () => {
    const open = openScoringServer(serverSaying(reply));

    await assert.rejects(open, (error: Error) => error instanceof ScoringServerFailed && message.test(error.message));
  });

test("an interpreter that is not there is said with what to do", async () => {
  const open = openScoringServer({ ...serverSaying(LOADS), python: "/nowhere/python" });

  await assert.rejects(open, /\/nowhere\/python.*cannot be started.*give the path of a Python/);
});

for (const [what, reply, message] of [
  ["dies", 'console.error("out of memory"); process.exit(9);', /exit code 9; the last it said:\nout of memory$/],
  ["answers something else", "return { id: asked.id };", /it answered {"id":1}/],
  [
    "says why it cannot",
    'return { id: asked.id, error: "a takes no 2 numbers" };',
    /cannot score a scene: a takes no 2 numbers/,
  ],
  ["cannot read it", 'return { id: null, error: "not a line of JSON" };', /cannot score a scene: not a line of JSON/],
  ["answers another question", "return { id: 5, scores: {} };", /it answered question 5 instead of 1/],
  ["leaves a model out", "return { id: asked.id, scores: {} };", /it has no 3 scores of a/],
  ["scores too few", "return { id: asked.id, scores: { a: [{ mean: [1], sd: [0] }] } };", /it has no 3 scores of a/],
] as const)
  test(`a server that ${what} between two questions fails the one that waits and all after it`, async (t) => {
    const server = await opened(t, `${LOADS} ${reply}`);

    const first = server.score(SCENE, ["a"]);

    await assert.rejects(first, (error: Error) => error instanceof ScoringServerFailed && message.test(error.message));
    await assert.rejects(server.score(SCENE, ["a"]), ScoringServerFailed);
  });

test("what is closed has ended, and answers nothing more", async () => {
  const server = await openScoringServer(serverSaying(SCORES));

  await server.close();

  await assert.rejects(server.score(SCENE, ["a"]), /it ended with exit code 0/);
});
