import assert from "node:assert/strict";
import { test } from "node:test";
import { rate, time } from "./measured.ts";
import { tableLines } from "./table.ts";

test("a figure is shown with its budget, its ratio and whether it keeps to the budget, in aligned columns", () => {
  const figures = [
    { ...time("slow", 12.345, 5), ratio: 4.2 },
    { ...rate("storms", 10_000, 1000, 2000), ratio: 0.031 },
    { ...time("told", 0.5, null), ratio: null },
  ];

  const lines = tableLines(figures);

  assert.deepEqual(lines, [
    "figure      measured          budget  x yardstick",
    "slow         12.3 ms      <= 5.00 ms         4.20  over budget",
    "storms  10,000 per s  >= 2,000 per s       0.0310  within",
    "told        0.500 ms",
  ]);
});
