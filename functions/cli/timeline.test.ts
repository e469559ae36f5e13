import assert from "node:assert/strict";
import { test } from "node:test";
import { learntScore } from "../core/example.fixture.ts";
import { because } from "../core/reasons.ts";
import type { Candidate, Weighed } from "../core/stages.ts";
import type { Paint } from "./terminal-text.ts";
import { offset, type Told, timelineLines } from "./timeline.ts";

const unpainted: Paint = (_format, text) => text;
const lines = (told: Told): string => timelineLines(told, 0, unpainted).join("\n");

const candidate = (runbook: string, target: string | null, fit: number): Candidate => ({
  runbook,
  version: "1.0.0",
  target,
  params: {},
  source: "rules",
  fit,
  rank: null,
  recovers: null,
  doubt: null,
  says: null,
  because: "it changed 3 min before",
  evidence: [],
});

const weighed = (verdict: unknown, mean: number): Weighed =>
  ({ verdict, excluded: null, features: [], score: { q: { mean, sd: 0 } }, probability: 0 }) as unknown as Weighed;

test("an offset counts minutes past the hour and shows what came before zero", () => {
  const shown = [0, 61_000, 3_661_000, -5000].map(offset);

  assert.deepEqual(shown, ["00:00", "01:01", "61:01", "-00:05"]);
});

test("a decision shows every candidate with its target, fit, score, verdict and reason, the chosen one marked", () => {
  const chosen = candidate("ecs-rollback", "arn:aws:ecs:eu-west-1:1:service/shop/web", 0.93);
  const refused = candidate("rds-reboot", "arn:aws:rds:eu-west-1:1:db:shop", 0.4);
  const told: Told = {
    kind: "decided",
    atMs: 62_000,
    seen: { series: 20, resources: 7, logLines: 324, changes: [] },
    decision: {
      step: 0,
      policy: "rules",
      missing: [{ source: "logs", because: "denied" }],
      facts: ["1 of 1 alarms ringing"],
      weighed: [
        weighed({ kind: "allowed", candidate: chosen, tier: 1, consents: 1, facts: null }, 0.91),
        weighed(
          { kind: "refused", candidate: refused, tier: 2, because: because("blast-radius", "too much at once") },
          0.2,
        ),
      ],
      result: { kind: "chosen", index: 0, candidate: chosen, tier: 1, consents: 1, plan: null, asks: null } as never,
    },
  };

  const shown = lines(told);

  assert.match(shown, /01:02 ◇ saw 20 series, 7 resources, 324 log lines; no change; missing: logs \(denied\)/);
  assert.match(shown, /1 of 1 alarms ringing/);
  assert.match(shown, /> +ecs-rollback@1\.0\.0 +service\/shop\/web +0\.93 +0\.91 +allowed T1, 1 to consent/);
  assert.match(shown, /rds-reboot@1\.0\.0 +shop +0\.40 +0\.20 +refused T2 +blast-radius: too much at once/);
});

test("a learnt decision shows what is expected of every effect, what was left out, and why a person is asked", () => {
  const [chosen, out] = [candidate("ecs-rollback", "arn:x:web", 0.9), candidate("rds-reboot", "arn:x:shop", 0.4)];
  const harms = { mean: 0.3, low: 0.22, high: 0.41 };
  const learnt = (one: Candidate, excluded: Weighed["excluded"]): Weighed => ({
    ...weighed({ kind: "allowed", candidate: one, tier: 1, consents: 0, facts: null }, 0),
    score: learntScore(-0.5, { harms }),
    excluded,
  });
  const asks = because("low-support", "people seldom do it");
  const result = { kind: "chosen", index: 0, candidate: chosen, tier: 1, consents: 1, plan: null, asks } as never;
  const left = because("harm-limit", "harm in up to 41 of 100 such runs, 40 allowed at tier 1");
  const rows = [learnt(chosen, null), learnt(out, left), learnt(candidate("wait", null, 0.3), null)];

  const shown = lines({
    kind: "decided",
    atMs: 0,
    seen: { series: 0, resources: 0, logLines: 0, changes: [] },
    decision: { step: 0, policy: "qnet", missing: [], facts: [], weighed: rows, result },
  });

  assert.match(shown, /decision 0 by qnet: ecs-rollback on web; asks a person, low-support: people seldom do it$/m);
  assert.match(shown, /runbook +target +fit +score +recovers +harm +verdict/);
  assert.match(shown, /> +ecs-rollback@1\.0\.0 +web +0\.90 +-0\.50 +50% \(40-60\) +30% \(22-41\) +allowed T1/);
  assert.match(
    shown,
    /rds-reboot.* excluded T1 +harm-limit: harm in up to 41 of 100 such runs, 40 allowed at tier 1$/m,
  );
  assert.match(shown, /wait@1\.0\.0 +- +0\.30 +-0\.50 +- +- +allowed T1/);
});

test("a drafter's words are labelled in the table, and a doubt stands in their place", () => {
  const said = { ...candidate("ecs-rollback", "arn:x", 0), source: "drafter" as const, because: "", says: "trust me" };
  const doubted = { ...said, doubt: because("no-evidence", "It cites no evidence.") };
  const rows = [said, doubted].map((one) => weighed({ kind: "allowed", candidate: one, tier: 1, consents: 1 }, 0));
  const result = { kind: "abstained", because: because("all-refused", "none"), falls: "page" } as const;

  const shown = lines({
    kind: "decided",
    atMs: 0,
    seen: { series: 0, resources: 0, logLines: 0, changes: [] },
    decision: { step: 0, policy: "rules", missing: [], facts: [], weighed: rows, result },
  });

  assert.match(shown, /the model's words: trust me$/m);
  assert.match(shown, /doubted, no-evidence: It cites no evidence\.$/m);
});

test("an abstention says why and what happens instead", () => {
  const result = { kind: "abstained", because: because("all-refused", "nothing is allowed"), falls: "page" } as const;

  const shown = lines({
    kind: "decided",
    atMs: 0,
    seen: { series: 0, resources: 0, logLines: 0, changes: [] },
    decision: { step: 2, policy: "rules", missing: [], facts: [], weighed: [], result },
  });

  assert.match(shown, /decision 2 by rules: abstains, all-refused: nothing is allowed; falls to page/);
});

test("a start that was refused is not shown as one", () => {
  const told = { kind: "started", atMs: 0, role: "run", document: "Quell-x", parameters: { Service: "web" } } as const;

  assert.match(lines({ ...told, refused: null }), /▶ starts Quell-x \(Service=web\)$/);
  assert.match(lines({ ...told, refused: "no such document" }), /not started, no such document$/);
});
