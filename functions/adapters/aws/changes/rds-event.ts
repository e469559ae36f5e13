import { z } from "zod";
import { type ChangeSource, changeOf, momentOf, reading } from "./change-source.ts";

const TYPES = ["RDS DB Instance Event", "RDS DB Cluster Event"];
/** Categories that change how a database serves; backups, notifications and the rest change nothing. */
const CHANGING = ["configuration change", "failover", "maintenance"];

const detail = z.object({
  EventCategories: z.array(z.string()).catch([]),
  SourceArn: z.string().min(1),
  Date: z.string().optional(),
  Message: z.string().catch(""),
  EventID: z.string().catch(""),
});

/** What RDS says that it did with a database, whoever asked for it. */
export const rdsEvent: ChangeSource = {
  source: "aws.rds",
  detailTypes: TYPES,
  patterns: [{ source: ["aws.rds"], "detail-type": TYPES, detail: { EventCategories: CHANGING } }],
  read: reading(detail, ({ EventCategories, SourceArn, Date: date, Message, EventID }, { id }, atMs) =>
    EventCategories.some((category) => CHANGING.includes(category))
      ? [
          changeOf({
            ...{ id: `rds/${id}`, kind: "config", target: SourceArn, ref: EventID, author: "rds", title: Message },
            atMs: momentOf(date) ?? atMs,
          }),
        ]
      : `RDS changes nothing by ${EventCategories.join(", ") || "an event of no category"}`,
  ),
};
