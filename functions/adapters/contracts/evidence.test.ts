import { recordedEvidence } from "../recorded/evidence.ts";
import { at, BALANCER, recordingOf } from "../recorded/recording.fixture.ts";
import { evidenceContract } from "./evidence.contract.ts";

evidenceContract("recorded evidence", async () => {
  const recording = recordingOf();
  const nowMs = at(9);
  return {
    evidence: recordedEvidence(recording, { nowMs: () => nowMs }),
    nowMs,
    alarmKey: recording.alarm.key,
    metrics: recording.alarm.metrics,
    logGroups: ["/ecs/checkout"],
    arns: [BALANCER],
  };
});
