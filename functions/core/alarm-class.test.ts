import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { alarmClassIn, alarmClassOf } from "./alarm-class.ts";
import { contextWith, ERRORS, LATENCY, REQUESTS } from "./example.fixture.ts";
import { encodeState, STATE_FEATURES } from "./features.ts";
import { familyOf } from "./metric-family.ts";

test("a share of errors over requests is a matter of errors, in either order", () => {
  const classes = [[ERRORS, REQUESTS], [REQUESTS, ERRORS], [REQUESTS], [LATENCY, ERRORS], []].map(alarmClassOf);

  assert.deepEqual(classes, ["errors", "errors", "traffic", "latency", null]);
});

test("a metric that AWS does not publish, or a name that every object knows, has no class", () => {
  for (const metricName of ["Revenue", "constructor", "__proto__", ""])
    assert.equal(alarmClassOf([{ ...ERRORS, metricName }]), null);
});

test("the class that a vector says is the one that it was encoded from", () => {
  const metrics = fc.array(fc.constantFrom(ERRORS, REQUESTS, LATENCY, { ...ERRORS, metricName: "Custom" }));
  fc.assert(
    fc.property(metrics, (alarmMetrics) => {
      const state = encodeState(contextWith({ alarmMetrics }));

      assert.equal(alarmClassIn(STATE_FEATURES, state), alarmClassOf(alarmMetrics));
    }),
  );
});

test("every metric is of one family at most", () => {
  assert.equal(familyOf(LATENCY)?.family, "latency");
  assert.equal(familyOf({ metricName: "CPUUtilization" })?.family, "cpu");
});
