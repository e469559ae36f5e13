import assert from "node:assert/strict";
import { test } from "node:test";
import type { Actuator, StartRequest } from "../../core/ports.ts";

/** An actuator to be judged, a request that it can start, and a way to let simulated or real time pass. */
export type ActuatorUnderTest = Readonly<{
  actuator: Actuator;
  request: StartRequest;
  letItEnd: () => Promise<void>;
}>;

const startedId = async (actuator: Actuator, request: StartRequest): Promise<string> => {
  const reply = await actuator.start(request);
  assert.equal(reply.kind, "started", reply.kind === "refused" ? reply.detail : "");
  return reply.kind === "started" ? reply.executionId : "";
};

/** What every actuator promises. @param make a fresh one that has started nothing */
export const actuatorContract = (name: string, make: () => Promise<ActuatorUnderTest>): void => {
  test(`${name}: the same client token finds the run that it started`, async () => {
    const { actuator, request } = await make();
    const first = await startedId(actuator, request);

    const second = await startedId(actuator, request);

    assert.equal(second, first);
  });

  test(`${name}: another client token starts another run`, async () => {
    const { actuator, request } = await make();
    const first = await startedId(actuator, request);

    const second = await startedId(actuator, { ...request, clientToken: "7d2ce8a4-30bb-4d3a-8f1f-0a5f3a4b9c11" });

    assert.notEqual(second, first);
  });

  test(`${name}: a client token that was used for other parameters starts nothing`, async () => {
    const { actuator, request } = await make();
    await startedId(actuator, request);
    const [parameter] = Object.keys(request.parameters);

    const reply = await actuator.start({
      ...request,
      parameters: { ...request.parameters, [parameter ?? ""]: "other" },
    });

    assert.equal(reply.kind, "refused");
  });

  test(`${name}: a document that does not exist is refused`, async () => {
    const { actuator, request } = await make();

    const reply = await actuator.start({ ...request, documentName: "Quell-no-such-document-000000000000" });

    assert.equal(reply.kind, "refused");
  });

  test(`${name}: a document whose content is not the one that was approved is refused`, async () => {
    const { actuator, request } = await make();

    const reply = await actuator.start({ ...request, documentHash: "0".repeat(64) });

    assert.equal(reply.kind, "refused");
  });

  test(`${name}: a run that was started can be polled until it has ended`, async () => {
    const { actuator, request, letItEnd } = await make();
    const executionId = await startedId(actuator, request);

    await letItEnd();

    const run = await actuator.poll(executionId);
    assert.notEqual(run.status, "running");
    assert.notEqual(run.endedAtMs, null);
  });

  test(`${name}: stopping a run twice, the second time after its end, is success`, async () => {
    const { actuator, request, letItEnd } = await make();
    const executionId = await startedId(actuator, request);

    await actuator.stop(executionId);
    await letItEnd();
    await actuator.stop(executionId);

    assert.notEqual((await actuator.poll(executionId)).status, "running");
  });

  test(`${name}: an execution that nobody started cannot be polled`, async () => {
    const { actuator } = await make();

    const polled = actuator.poll("00000000-0000-0000-0000-000000000000");

    await assert.rejects(polled);
  });
};
