import { flowNow, servedBy } from "../flow.ts";
import { between } from "../random.ts";
import { isApiStage } from "../resources/api-gateway-stage.ts";
import { ACCOUNT_CONCURRENCY, isLambdaAccount } from "../resources/lambda-account.ts";
import { isLambdaFunction } from "../resources/lambda-versions.ts";
import { codeBehind } from "./code-behind.ts";
import { type Fault, numberOf, stateAt, textOf } from "./fault.ts";
import { reserve } from "./lambda-place.ts";
import { placeOf } from "./place.ts";
import { shows } from "./symptom.ts";

const ROOM = 3; // times what it needs: a person does not come back for it next week

/**
 * Another function of the account, which no graph of the system knows, runs away and asks for several times the pool:
 * whoever has no reservation gets a part of what it needs. A reservation would keep it out of that.
 */
export const accountConcurrencyExhausted: Fault = {
  id: "account-concurrency-exhausted",
  family: "capacity",
  likelihood: 1,
  needs: ["api-stage"],
  draw: (system, stream) => {
    const entry = placeOf(system, `${stream}|where`, isApiStage).arn;
    const arn = codeBehind(system, entry);
    const pool = system.states.filter(isLambdaFunction).find((state) => state.arn === arn)?.pool ?? "";
    return { entry, arn, pool, wants: Math.round(ACCOUNT_CONCURRENCY * between(`${stream}|severity`, 0, 1.8, 4)) };
  },
  remedies: () => [
    { runbook: "lambda-alias-rollback", at: "arn", does: "nothing" },
    // What the cache answers needs no function.
    { runbook: "api-stage-cache-flush", at: "entry", does: "harms" },
  ],
  course: () => ({ kind: "persists" }),
  symptoms: (system, parameters) => [shows(system, textOf(parameters, "arn"), ["Throttles", "Sum"], "up")],
  start: (world, active) => {
    const account = stateAt(world, active, "pool", isLambdaAccount);
    active.memory = { others: account.others };
    account.others = numberOf(active.parameters, "wants");
  },
  isPresent: (world, active) =>
    stateAt(world, active, "pool", isLambdaAccount).others > Number(active.memory.others) &&
    stateAt(world, active, "arn", isLambdaFunction).reservedConcurrency === null,
  heal: (world, active, act) => {
    const state = stateAt(world, active, "arn", isLambdaFunction);
    const wanted = servedBy(world, flowNow(world), state.arn)?.gauges.wanted ?? 1;
    act(reserve(state, Math.ceil(wanted * ROOM) + 1));
  },
};
