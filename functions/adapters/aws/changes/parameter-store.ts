import { z } from "zod";
import { type ChangeSource, changeOf, reading } from "./change-source.ts";

const TYPE = "Parameter Store Change";
const WRITTEN = ["Create", "Update", "Delete"];

const detail = z.object({ operation: z.string(), name: z.string() });

/** A parameter was written. It is seen with a service among whose resources the parameter's ARN is listed. */
export const parameterStore: ChangeSource = {
  source: "aws.ssm",
  detailTypes: [TYPE],
  patterns: [{ source: ["aws.ssm"], "detail-type": [TYPE], detail: { operation: WRITTEN } }],
  read: reading(detail, ({ operation, name }, { id, resources }, atMs) =>
    WRITTEN.includes(operation)
      ? resources.map((target) =>
          changeOf({ id: `parameter/${id}`, kind: "config", atMs, target, title: `${operation} parameter ${name}` }),
        )
      : `${operation} leaves the parameter's value as it is`,
  ),
};
