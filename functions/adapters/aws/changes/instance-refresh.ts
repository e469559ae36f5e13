import { z } from "zod";
import { type ChangeSource, changeOf, reading } from "./change-source.ts";

const STARTED = "EC2 Auto Scaling Instance Refresh Started";

const detail = z.object({ InstanceRefreshId: z.string().min(1) });

/** The id under which a refresh is remembered, whoever tells of it. */
export const refreshId = (id: string): string => `instance-refresh/${id}`;

/** Instances of an Auto Scaling group are being replaced. */
export const instanceRefresh: ChangeSource = {
  source: "aws.autoscaling",
  detailTypes: [STARTED],
  patterns: [{ source: ["aws.autoscaling"], "detail-type": [STARTED] }],
  read: reading(detail, ({ InstanceRefreshId }, { resources }, atMs) =>
    resources.map((target) =>
      changeOf({ id: refreshId(InstanceRefreshId), kind: "deployment", atMs, target, title: "Instance refresh" }),
    ),
  ),
};
