import { z } from "zod";
import { partitionOf } from "../resources/arn.ts";
import { type ChangeEvent, type ChangeSource, changeOf, reading } from "./change-source.ts";

const TYPES = ["On Deployment Start", "On Deployment Rollback"];

const named = z.object({ Id: z.string().min(1) });
const detail = z.object({
  Type: z.string().catch(""),
  Application: named,
  Environment: named,
  DeploymentNumber: z.int().positive(),
  ConfigurationVersion: z.string().nullable().catch(null),
});

/** The id under which a deployment to an environment is remembered, whoever tells of it. */
export const appConfigId = (application: string, environment: string, number: number | string): string =>
  `appconfig/${application}/${environment}/${number}`;

const placeOf = ({ account, region }: Pick<ChangeEvent, "account" | "region">): string =>
  `arn:${partitionOf(region)}:appconfig:${region}:${account}`;

/** AppConfig's deployments: only where its EventBridge extension is attached; the calls that begin them are told anyway. */
export const appConfigDeployment: ChangeSource = {
  source: "aws.appconfig",
  detailTypes: TYPES,
  patterns: [{ source: ["aws.appconfig"], "detail-type": TYPES }],
  read: reading(detail, (said, event, atMs) => {
    const { Application, Environment, DeploymentNumber, ConfigurationVersion } = said;
    const isBack = event["detail-type"].endsWith("Rollback");
    const id = appConfigId(Application.Id, Environment.Id, DeploymentNumber);
    return [
      changeOf({
        id: isBack ? `${id}/rollback` : id,
        kind: "config",
        atMs,
        target: `${placeOf(event)}:application/${Application.Id}/environment/${Environment.Id}`,
        // What a rollback brings back, the event does not say.
        to: isBack ? null : ConfigurationVersion,
        title: `AppConfig deployment ${DeploymentNumber}${isBack ? " rolled back" : ""}`,
      }),
    ];
  }),
};
