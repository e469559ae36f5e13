import { GetAliasCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { Change } from "../../../core/evidence.ts";
import { callAws } from "../call.ts";
import { eachOf, orAbsent } from "../resources/asking.ts";
import { configurationOf } from "../resources/lambda-alias.ts";
import { lambdaAlias } from "../resources/shapes.ts";
import { changeOf } from "./change-source.ts";
import type { ChangesIn } from "./control-plane-changes.ts";

/** The version that an alias points at, as published: when the alias was moved to it, no control plane says. */
export const changesIn: ChangesIn = async (clientOf, arns) => {
  const lambda = clientOf(LambdaClient);
  const found = await eachOf(arns, async (target): Promise<readonly Change[]> => {
    const { name: FunctionName = "", qualifier: Name = "" } = lambdaAlias.nameIn(target) ?? {};
    const alias = await orAbsent(["ResourceNotFoundException"], () =>
      callAws("lambda:GetAlias", target, () => lambda.send(new GetAliasCommand({ FunctionName, Name }))),
    );
    const version = alias?.FunctionVersion ?? null;
    if (version === null || version === "$LATEST") return [];
    const { modifiedAtMs: atMs } = await configurationOf(lambda, FunctionName, version);
    const id = `lambda-version/${target}/${version}`;
    const title = `Version ${version} was published`;
    return atMs === undefined ? [] : [changeOf({ id, kind: "deployment", atMs, target, to: version, title })];
  });
  return found.flat();
};
