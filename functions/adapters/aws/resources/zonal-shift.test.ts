import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import {
  ElasticLoadBalancingV2Client,
  ModifyLoadBalancerAttributesCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateDocumentCommand, SSMClient } from "@aws-sdk/client-ssm";
import { loadGuardrails } from "../../../../policies/guardrails/load.ts";
import { catalogue } from "../../../../runbooks/catalogue.ts";
import { undoParameters } from "../../../core/automation-document.ts";
import type { Context } from "../../../core/context.ts";
import { candidatesFor, draftOffline } from "../../../core/draft.ts";
import { gatherContext } from "../../../core/gather.ts";
import { guard } from "../../../core/guard.ts";
import { leaseRootOf } from "../../../core/guard-scope.ts";
import { alarmKey } from "../../../core/ids.ts";
import { fakeLedger } from "../../../core/ledger.fixture.ts";
import type { Candidate } from "../../../core/stages.ts";
import type { ApiCall, ApiReply } from "../../../world/types.ts";
import { cedarGuardrails } from "../../cedar/guardrails.ts";
import { startAutomationServer } from "../../emulators/automation-server.fixture.ts";
import { type Emulator, REGION, startMoto } from "../../emulators/emulators.fixture.ts";
import { liveEvidence } from "../live-evidence.ts";
import { clientFor } from "../loopback.fixture.ts";
import { answer, openOperations } from "../operations.fixture.ts";
import { ssmActuator } from "../ssm-actuator.ts";
import { zoneIds } from "../zone-ids.ts";
import { planesAt, settingsOf } from "./account.fixture.ts";
import { ACCOUNT, type Filled, fillAccount } from "./emulated-account.fixture.ts";
import { liveResources } from "./live-resources.ts";

const MINUTE_MS = 60_000;
const PLACE = { account: ACCOUNT, region: REGION };
const NOW_MS = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
const OPENED_MS = NOW_MS - 10 * MINUTE_MS;
const FAILING = `${REGION}b`;
const ERRORS = "HTTPCode_Target_5XX_Count";

/** The end of an ARN, as CloudWatch's dimensions name it. */
const endOf = (arn: string): string => arn.split(":")[5]?.replace(/^loadbalancer\//, "") ?? "";

describe("a zone of a live load balancer fails", () => {
  let moto: Emulator;
  let made: Filled;
  const closing: (() => void)[] = [];
  before(async () => {
    moto = await startMoto();
    made = await fillAccount(moto, planesAt(clientFor(moto.endpoint, 60_000)));
    await putMetrics();
    await ring();
  });
  after(async () => {
    for (const close of closing) close();
    await moto.stop();
  });

  /** An hour in which the targets of one zone fail a third of its requests since the alarm. */
  const putMetrics = async (): Promise<void> => {
    const group = { LoadBalancer: endOf(made.balancer), TargetGroup: endOf(made.targetGroup) };
    const [, ClusterName = "", ServiceName = ""] = made.service.split("/");
    const put = (
      Namespace: string,
      MetricName: string,
      dimensions: Readonly<Record<string, string>>,
      at: (ms: number) => number,
    ) =>
      new CloudWatchClient(moto.clientConfig).send(
        new PutMetricDataCommand({
          Namespace,
          MetricData: Array.from({ length: 60 }, (_, minute) => NOW_MS - (minute + 1) * MINUTE_MS).map((ms) => ({
            ...{ MetricName, Value: at(ms), Timestamp: new Date(ms) },
            Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
          })),
        }),
      );
    const errorsAt = (ms: number): number => (ms >= OPENED_MS ? 330 : 2);
    await put("AWS/ApplicationELB", "RequestCount", group, () => 3000);
    await put("AWS/ApplicationELB", ERRORS, group, errorsAt);
    await put("AWS/ApplicationELB", ERRORS, { ...group, AvailabilityZone: FAILING }, errorsAt);
    await put("AWS/ApplicationELB", ERRORS, { ...group, AvailabilityZone: `${REGION}a` }, () => 3);
    await put("AWS/ECS", "CPUUtilization", { ClusterName, ServiceName }, () => 30);
  };
  const ring = async (): Promise<void> => {
    const cloudWatch = new CloudWatchClient(moto.clientConfig);
    const AlarmName = "web-5xx";
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        ...{ AlarmName, Namespace: "AWS/ApplicationELB", MetricName: ERRORS, Statistic: "Sum", Threshold: 50 },
        ...{ Period: 60, EvaluationPeriods: 3, ComparisonOperator: "GreaterThanThreshold" },
      }),
    );
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: "ALARM", StateReason: "tried out" }));
  };
  const switchOn = (Value: "true" | "false"): Promise<unknown> =>
    planesAt(clientFor(moto.endpoint))(ElasticLoadBalancingV2Client).send(
      new ModifyLoadBalancerAttributesCommand({
        LoadBalancerArn: made.balancer,
        Attributes: [{ Key: "zonal_shift.config.enabled", Value }],
      }),
    );

  const settings = () => settingsOf(PLACE, { web: { resources: [made.targetGroup, made.balancer, made.service] } });
  const ids = () => zoneIds(new EC2Client(clientFor(moto.endpoint, 60_000)), 60_000);

  /** What is known of it, over the wire of every service. */
  const gathered = async (): Promise<Context> => {
    const history = () => answer({ AlarmHistoryItems: [] });
    const after = (close: () => void) => void closing.push(close);
    const { loopback } = await openOperations({ after }, { DescribeAlarmHistory: history }, { to: moto.endpoint });
    const client = { ...clientFor(loopback.url, 60_000) };
    const cloudWatch = new CloudWatchClient(client);
    const evidence = liveEvidence({
      ...{ cloudWatch, globalCloudWatch: cloudWatch, logs: new CloudWatchLogsClient(client) },
      ...{ place: PLACE, clock: { nowMs: () => NOW_MS }, changes: async () => [] },
      resources: liveResources(planesAt(client), settings(), { zoneIds: ids() }),
    });
    const [service] = settings().services;
    assert.ok(service);
    return gatherContext(
      evidence,
      settings(),
      service,
      {
        ...{ incidentId: "quell-zone", openedAtMs: OPENED_MS, service: "web", alarmMetrics: [], words: [], rings: {} },
        ...{ keys: [alarmKey({ ...PLACE, alarmName: "web-5xx", contributorId: null })], storm: false },
      },
      { nowMs: NOW_MS, step: 0, tried: [] },
    );
  };
  const shiftsIn = (context: Context): readonly Candidate[] =>
    candidatesFor(context, catalogue, draftOffline(context, catalogue, null)).filter(
      ({ runbook }) => runbook === "zonal-shift",
    );

  it("a shift away from that zone is proposed, by its id, and the guard lets people be asked for it", async () => {
    await switchOn("true");

    const context = await gathered();
    const [shift, ...others] = shiftsIn(context);

    assert.ok(shift);
    assert.deepEqual([others, context.missing], [[], []]);
    assert.deepEqual(
      [shift.target, shift.params],
      [made.targetGroup, { LoadBalancerArn: made.balancer, AwayFrom: (await ids()())[FAILING] }],
    );
    assert.ok((shift.fit ?? 0) > 0.7, shift.because);
    const { policies, schema } = loadGuardrails();
    const [verdict] = await guard(
      {
        ...{ guardrails: cedarGuardrails(policies, schema), ledger: fakeLedger(), catalogue },
        ...{ switch: { read: async () => "on" }, clock: { nowMs: () => NOW_MS } },
      },
      settings(),
      "approve",
      context,
      [shift],
    );
    assert.ok(verdict?.kind === "allowed", JSON.stringify(verdict));
    assert.deepEqual([verdict.tier, verdict.consents], [1, 1]);
    assert.equal(
      leaseRootOf(context.resources.find(({ arn }) => arn === shift.target) ?? assert.fail()),
      made.balancer,
    );
  });

  it("its document starts with these parameters, shifts the load balancer, and its undo ends that shift", async () => {
    await switchOn("true");
    const [shift] = shiftsIn(await gathered());
    const documents = catalogue.runbooks.find(({ id }) => id === "zonal-shift")?.documents;
    assert.ok(shift !== undefined && documents?.undo != null);
    const calls: ApiCall[] = [];
    const server = await startAutomationServer({ call: recovery(calls), mostSleepMs: 1 });
    closing.push(() => void server.stop());
    const ssm = new SSMClient(clientFor(server.endpoint));
    for (const { name, content } of [documents.automation, documents.undo])
      await ssm.send(
        new CreateDocumentCommand({
          ...{ Name: name, Content: JSON.stringify(content), DocumentType: "Automation", DocumentFormat: "JSON" },
        }),
      );
    const run = async ({ name, hash }: typeof documents.automation, parameters: Candidate["params"]) => {
      const actuator = ssmActuator(ssm);
      const named = { documentName: name, documentHash: hash, clientToken: crypto.randomUUID(), tags: {} };
      const started = await actuator.start({ ...named, parameters });
      assert.ok(started.kind === "started", JSON.stringify(started));
      await server.settled();
      return actuator.poll(started.executionId);
    };

    const shifted = await run(documents.automation, shift.params);
    const back = undoParameters(documents.undo, shifted.outputs);
    const undone = await run(documents.undo, back ?? assert.fail(JSON.stringify(shifted)));

    assert.deepEqual([shifted.status, undone.status], ["succeeded", "succeeded"]);
    assert.deepEqual(
      calls.filter(({ api }) => api !== "GetManagedResource").map(({ api, input }) => [api, input]),
      [
        [
          "StartZonalShift",
          {
            ...{ resourceIdentifier: made.balancer, awayFrom: shift.params.AwayFrom },
            ...{ expiresIn: "2h", comment: "Started by Quell" },
          },
        ],
        ["CancelZonalShift", { zonalShiftId: SHIFT_ID }],
      ],
    );
  });

  it("nothing is proposed where the load balancer's owner has not switched zonal shift on", async () => {
    await switchOn("false");

    const shifts = shiftsIn(await gathered());

    assert.deepEqual(shifts, []);
  });
});

const SHIFT_ID = "2222abcd-1111-4444-8888-0123456789ab";

/** The part of ARC that the documents speak to. */
const recovery = (calls: ApiCall[]): ((asked: ApiCall) => Promise<ApiReply>) => {
  let shifts: readonly string[] = [];
  return async (asked) => {
    calls.push(asked);
    const { api, input } = asked;
    if (api === "StartZonalShift") shifts = [SHIFT_ID];
    if (api === "CancelZonalShift") shifts = [];
    const output =
      api === "GetManagedResource"
        ? {
            arn: input.resourceIdentifier ?? null,
            appliedWeights: {},
            zonalShifts: shifts.map((zonalShiftId) => ({ zonalShiftId })),
          }
        : { zonalShiftId: SHIFT_ID };
    return { ok: true, output };
  };
};
