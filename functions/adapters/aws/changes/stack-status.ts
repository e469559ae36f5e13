import { z } from "zod";
import { type ChangeSource, changeOf, reading } from "./change-source.ts";

const TYPE = "CloudFormation Stack Status Change";
const STARTED = ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"];

const detail = z.object({ "stack-id": z.string().min(1), "status-details": z.object({ status: z.string() }) });

/** A stack begins to change, or to go back. It is seen with a service among whose resources its ARN is listed. */
export const stackStatus: ChangeSource = {
  source: "aws.cloudformation",
  detailTypes: [TYPE],
  // A field within a field, which the plain shape of a pattern has no place for, is looked at when it is read.
  patterns: [{ source: ["aws.cloudformation"], "detail-type": [TYPE] }],
  read: reading(detail, ({ "stack-id": target, "status-details": { status } }, { id }, atMs) =>
    STARTED.includes(status)
      ? [changeOf({ id: `stack/${id}`, kind: "deployment", atMs, target, title: `Stack ${status}` })]
      : `${status} ends a change whose start is known`,
  ),
};
