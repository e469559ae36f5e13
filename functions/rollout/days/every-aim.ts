import type { Resource } from "../../core/evidence.ts";
import type { Proposal } from "../../core/ports.ts";
import type { Catalogue } from "../../core/runbook.ts";

/** Everything that could be done to these resources: each runbook where it applies, as somebody who knows nothing more would run it. */
export const everyAim = ({ runbooks }: Catalogue, resources: readonly Resource[]): readonly Proposal[] =>
  runbooks
    .filter(({ kind }) => kind === "effect")
    .flatMap(({ id, version, targetType, aim }) =>
      resources
        .filter(({ type }) => type === targetType)
        .flatMap((target) => {
          const params = aim(target);
          if (params === null) return [];
          return [{ runbook: id, version, target: target.arn, params, because: "", evidence: [], recovers: null }];
        }),
    );
