import { z } from "zod";
import { type ChangeSource, changeOf, reading } from "./change-source.ts";

const TYPE = "CodePipeline Pipeline Execution State Change";
const STARTED = "STARTED";

const detail = z.object({ pipeline: z.string(), state: z.string(), "execution-id": z.string().min(1) });

/** A pipeline has begun. It is seen with a service among whose resources the pipeline's ARN is listed. */
export const codePipeline: ChangeSource = {
  source: "aws.codepipeline",
  detailTypes: [TYPE],
  patterns: [{ source: ["aws.codepipeline"], "detail-type": [TYPE], detail: { state: [STARTED] } }],
  read: reading(detail, ({ pipeline, state, "execution-id": id }, { resources }, atMs) =>
    state === STARTED
      ? resources.map((target) => changeOf({ id, kind: "deployment", atMs, target, title: `Pipeline ${pipeline}` }))
      : "it goes on with a run whose start is known",
  ),
};
