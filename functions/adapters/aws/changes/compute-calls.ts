import { functionArnOf } from "../resources/arn.ts";
import {
  type ApiCall,
  type ApiCalls,
  arnAt,
  type Effect,
  memberOf,
  membersOf,
  settingsIn,
  textIn,
  titled,
} from "./api-call.ts";
import { refreshId } from "./instance-refresh.ts";

/** A new deployment, or other settings of the service: how many tasks, mostly. */
const updateService = (call: ApiCall): Effect | null => {
  const service = membersOf(memberOf(call.response, "service"));
  const target = textIn(service, "serviceArn") ?? serviceNamed(call);
  if (target === null) return null;
  const isDeployment =
    textIn(call.request, "taskDefinition") !== null || memberOf(call.request, "forceNewDeployment") === true;
  if (!isDeployment) {
    const title = titled(call.name, settingsIn(call.request, ["desiredCount", "platformVersion"]));
    return { kind: "config", target, title, isScaling: memberOf(call.request, "desiredCount") !== undefined };
  }
  const all = memberOf(service, "deployments");
  const deployments = (Array.isArray(all) ? all : []).map(membersOf);
  const primary = deployments.find((one) => textIn(one, "status") === "PRIMARY") ?? {};
  const to = textIn(service, "taskDefinition") ?? textIn(primary, "taskDefinition");
  const from =
    deployments.map((one) => textIn(one, "taskDefinition")).find((one) => one !== null && one !== to) ?? null;
  const id = textIn(primary, "id");
  const title = titled(call.name, to === null ? "" : `task definition ${to.slice(to.lastIndexOf("/") + 1)}`);
  return { kind: "deployment", target, from, to, title, ...(id === null ? {} : { id }) };
};

const serviceNamed = (call: ApiCall): string | null => {
  const name = textIn(call.request, "service");
  if (name === null || name.startsWith("arn:")) return name;
  const cluster = textIn(call.request, "cluster") ?? "default";
  return arnAt(call, "ecs", `service/${cluster.slice(cluster.lastIndexOf("/") + 1)}/${name}`);
};

export const ecsCalls: ApiCalls = {
  eventSource: "ecs.amazonaws.com",
  source: "aws.ecs",
  names: { UpdateService: updateService },
};

/** A function by its name, its ARN or a part of it; an alias is named apart. */
const functionNamed = (call: ApiCall): string | null => {
  const named = textIn(call.request, "functionName") ?? textIn(call.response, "functionName");
  if (named === null) return null;
  if (named.startsWith("arn:")) return functionArnOf(named);
  const [name = ""] = named.split(":function:").at(-1)?.split(":") ?? [];
  return arnAt(call, "lambda", `function:${name}`);
};

const ofFunction =
  (kind: Effect["kind"], settings: readonly string[], to: (call: ApiCall) => string | null = () => null) =>
  (call: ApiCall): Effect | null => {
    const target = functionNamed(call);
    return target === null
      ? null
      : { kind, target, to: to(call), title: titled(call.name, settingsIn(call.request, settings)) };
  };

/** The version that an alias points at now, and the one that gets a share of its calls besides. */
const updateAlias = (call: ApiCall): Effect | null => {
  const target = functionNamed(call);
  const alias = textIn(call.request, "name");
  if (target === null || alias === null) return null;
  const to = textIn(call.response, "functionVersion") ?? textIn(call.request, "functionVersion");
  const routing = membersOf(memberOf(call.response, "routingConfig") ?? memberOf(call.request, "routingConfig"));
  const [canary] = Object.entries(membersOf(memberOf(routing, "additionalVersionWeights")));
  const told = canary === undefined ? "" : `, version ${canary[0]} gets ${String(canary[1])}`;
  return {
    kind: "deployment",
    target: `${target}:${alias}`,
    to,
    title: `${call.name}: version ${to ?? "unchanged"}${told}`,
  };
};

const updateMapping = (call: ApiCall): Effect | null => {
  const uuid = textIn(call.request, "uuid") ?? textIn(call.response, "uuid");
  if (uuid === null) return null;
  const title = titled(call.name, settingsIn(call.request, ["enabled", "batchSize"]));
  return { kind: "config", target: arnAt(call, "lambda", `event-source-mapping:${uuid}`), title };
};

const published = (call: ApiCall): string | null => textIn(call.response, "version");

export const lambdaCalls: ApiCalls = {
  eventSource: "lambda.amazonaws.com",
  source: "aws.lambda",
  names: {
    UpdateAlias: updateAlias,
    UpdateFunctionCode: ofFunction("deployment", [], published),
    PublishVersion: ofFunction("deployment", [], published),
    // It changes the unpublished version alone, like new code.
    UpdateFunctionConfiguration: ofFunction("deployment", ["timeout", "memorySize", "runtime"]),
    PutFunctionConcurrency: ofFunction("config", ["reservedConcurrentExecutions"]),
    DeleteFunctionConcurrency: ofFunction("config", []),
    UpdateEventSourceMapping: updateMapping,
  },
};

/** The group's ARN holds an id that no call names: see targets.ts. */
const ofGroup =
  (kind: Effect["kind"], settings: readonly string[], isScaling: boolean) =>
  (call: ApiCall): Effect | null => {
    const name = textIn(call.request, "autoScalingGroupName");
    if (name === null) return null;
    const target = arnAt(call, "autoscaling", `autoScalingGroup::autoScalingGroupName/${name}`);
    const refresh = textIn(call.response, "instanceRefreshId");
    const id = refresh === null ? {} : { id: refreshId(refresh) };
    return { kind, target, title: titled(call.name, settingsIn(call.request, settings)), isScaling, ...id };
  };

export const autoScalingCalls: ApiCalls = {
  eventSource: "autoscaling.amazonaws.com",
  source: "aws.autoscaling",
  names: {
    UpdateAutoScalingGroup: ofGroup("config", ["minSize", "maxSize", "desiredCapacity"], false),
    SetDesiredCapacity: ofGroup("config", ["desiredCapacity"], true),
    StartInstanceRefresh: ofGroup("deployment", [], false),
    RollbackInstanceRefresh: ofGroup("deployment", [], false),
  },
};
