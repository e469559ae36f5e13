import assert from "node:assert/strict";
import { test } from "node:test";
import { noteConfigChange } from "./config-changes.ts";
import { changesOf } from "./graph.ts";
import { edgeWorld } from "./resources/edge-topology.fixture.ts";
import { MINUTE_MS } from "./state.ts";
import { advance } from "./world.ts";

test("four changes of configuration in five leave a marker, with the versions that the control plane names", () => {
  const world = edgeWorld();
  const arn = Object.keys(world.resources)[0] ?? "";

  for (let change = 1; change <= 300; change += 1) {
    advance(world, world.nowMs + MINUTE_MS);
    noteConfigChange(world, arn, { from: String(change - 1), to: String(change) });
  }

  const marked = changesOf(world, [arn], 0, world.nowMs);
  assert.ok(marked.length > 210 && marked.length < 270, `${marked.length} of 300`);
  assert.ok(marked.every(({ kind, from, to }) => kind === "config" && Number(to) === Number(from) + 1));
  assert.equal(new Set(marked.map(({ id }) => id)).size, marked.length);
});
